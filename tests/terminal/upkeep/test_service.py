"""What upkeep writes down of devices, zeros, certificates and the clock, over restarts too."""

import asyncio
import sqlite3
from datetime import timedelta

import pytest

from hengyuan.terminal.store import plans, repairs
from hengyuan.terminal.store import upkeep as store
from hengyuan.terminal.upkeep.settings import PlanTable, UpkeepTable
from tests.terminal.upkeep.keeper import NOON, SETTINGS, HandClock, keeper


def run(scenario):
    asyncio.run(scenario)


def quiet(**more):
    """Without emergency plans, which have tests of their own."""
    return UpkeepTable(**{"failed_after_s": 30, "sound_after_s": 30, "plans": []} | more)


def test_an_outage_is_written_down_with_its_beginning_and_its_length(tmp_path):
    async def scenario():
        async with keeper(tmp_path, quiet()) as keep:
            await keep.pass_s(10)
            keep.states["LED"] = "offline"
            began_ms = keep.clock.now_ms() + 1_000
            await keep.pass_s(45)
            assert keep.journal() == [("device_failed", {"device": "LED", "state": "offline"})]
            keep.states["LED"] = "ok"
            await keep.pass_s(40)
            assert keep.journal()[1:] == [("device_recovered", {"device": "LED", "for_s": 45})]
            [outage] = await keep.worker.read(lambda db: store.newest_outages(db, 10))
            assert (outage.device, outage.kind, outage.for_s) == ("LED", "display", 45)
            assert outage.since_ms == began_ms

    run(scenario())


def test_an_outage_goes_on_over_a_restart_and_ends_once(tmp_path):
    async def scenario():
        clock = HandClock()
        async with keeper(tmp_path, quiet(), clock) as keep:
            keep.states["LED"] = "offline"
            await keep.pass_s(60)
        clock.step(3_600)
        async with keeper(tmp_path, quiet(), clock) as keep:
            keep.states["LED"] = "offline"
            await keep.pass_s(60)
            keep.states["LED"] = "ok"
            await keep.pass_s(60)
            assert keep.whats() == ["device_failed", "device_recovered"]
            assert 3_600 <= keep.journal()[1][1]["for_s"] <= 3_800

    run(scenario())


def test_a_device_that_stays_broken_asks_for_its_repair_once(tmp_path):
    async def scenario():
        async with keeper(tmp_path, quiet(ticket_after_s=300)) as keep:
            keep.states["front"] = "stale"
            await keep.pass_s(1_000)
            assert keep.whats() == ["device_failed", "ticket_opened"]
            [ticket] = await keep.worker.read(lambda db: repairs.tickets(db, 10))
            assert (ticket.device, ticket.opened_by) == ("front", "")
            assert "5" in ticket.problem

    run(scenario())


def test_a_ticket_that_is_open_for_the_device_is_enough(tmp_path):
    async def scenario():
        async with keeper(tmp_path, quiet(ticket_after_s=300)) as keep:
            await keep.upkeep.do(lambda db: repairs.open_ticket(db, 1, "front", "镜头破", "甲"))
            keep.states["front"] = "stale"
            await keep.pass_s(400)
            assert keep.whats() == ["ticket_opened", "device_failed"]

    run(scenario())


def test_a_failed_scale_begins_the_plan_and_a_second_one_does_not_begin_it_again(tmp_path):
    async def scenario():
        async with keeper(tmp_path, SETTINGS) as keep:
            keep.states["东磅"] = "offline"
            await keep.pass_s(70)
            keep.states["西磅"] = "fault"
            await keep.pass_s(70)
            [run_] = await keep.worker.read(plans.running_plans)
            assert (run_.title, run_.cause, run_.begun_by) == ("称重设备故障", "东磅", "")
            assert len(run_.steps) == 7
            assert keep.whats() == ["device_failed", "plan_begun", "device_failed"]
            assert any("称重设备故障" in text for text in keep.texts())

    run(scenario())


def test_a_short_outage_begins_no_plan(tmp_path):
    async def scenario():
        async with keeper(tmp_path, SETTINGS) as keep:
            keep.states["东磅"] = "offline"
            await keep.pass_s(50)
            keep.states["东磅"] = "ok"
            await keep.pass_s(60)
            assert keep.whats() == ["device_failed", "device_recovered"]

    run(scenario())


def test_a_plan_that_was_ended_begins_again_only_with_the_next_outage(tmp_path):
    async def scenario():
        clock = HandClock()
        async with keeper(tmp_path, SETTINGS, clock) as keep:
            keep.states["LED"] = "offline"
            await keep.pass_s(70)
            await keep.upkeep.do(lambda db: plans.end_plan(db, 1, 1, "by word of mouth", "甲"))
            await keep.pass_s(100)
        async with keeper(tmp_path, SETTINGS, clock) as keep:
            keep.states["LED"] = "offline"
            await keep.pass_s(100)
            assert keep.whats().count("plan_begun") == 1
            keep.states["LED"] = "ok"
            await keep.pass_s(40)
            keep.states["LED"] = "offline"
            await keep.pass_s(70)
            assert keep.whats().count("plan_begun") == 2

    run(scenario())


def test_the_plans_of_the_configuration_take_the_place_of_the_others(tmp_path):
    own = PlanTable(title="本单位预案", begins_with=["display"], steps=["一", "二"])

    async def scenario():
        async with keeper(tmp_path, quiet(plans=[own])) as keep:
            keep.states["LED"] = "offline"
            keep.states["东磅"] = "offline"
            await keep.pass_s(70)
            [run_] = await keep.worker.read(plans.running_plans)
            assert (run_.title, run_.steps) == ("本单位预案", ("一", "二"))

    run(scenario())


def test_a_free_scale_s_zero_is_kept_and_a_drift_stands_over_a_restart(tmp_path):
    async def scenario():
        clock = HandClock()
        async with keeper(tmp_path, quiet(zero_bound_kg=60), clock) as keep:
            keep.scales[0].kg, keep.scales[1].kg = 8, None
            await keep.pass_s(90)
            keep.scales[0].kg = 100
            await keep.pass_s(40)
            readings = await keep.worker.read(lambda db: store.zeros(db, "东磅", 10))
            assert [(each.kg, each.why) for each in readings] == [(8, "hourly"), (100, "drifted")]
            assert await keep.worker.read(lambda db: store.zeros(db, "西磅", 10)) == []
            assert keep.journal() == [
                ("zero_drifted", {"scale": "东磅", "kg": 100, "bound_kg": 60})
            ]
        async with keeper(tmp_path, quiet(zero_bound_kg=60), clock) as keep:
            assert keep.texts() == ["东磅：零点超差"]
            keep.scales[0].kg = 100
            await keep.pass_s(100)
            keep.scales[0].kg = 0
            await keep.pass_s(100)
            assert keep.whats() == ["zero_drifted", "zero_returned"]
            assert keep.texts() == []

    run(scenario())


def test_each_day_s_zeros_are_summed_up_once(tmp_path):
    async def scenario():
        clock = HandClock()
        async with keeper(tmp_path, quiet(), clock) as keep:
            for kg in (4, -6, 10):
                keep.scales[0].kg = kg
                await keep.pass_s(3_600, every_s=4)
            clock.step(10 * 3_600)
            keep.scales[0].kg = None
            await keep.pass_s(200)
            daily = [detail for what, detail in keep.journal() if what == "zero_daily"]
            assert [each["scale"] for each in daily] == ["东磅", "西磅"]
            assert (daily[0]["low_kg"], daily[0]["high_kg"]) == (-6, 10)
        async with keeper(tmp_path, quiet(), clock) as keep:
            await keep.pass_s(200)
            assert keep.whats().count("zero_daily") == 2

    run(scenario())


def test_a_certificate_is_warned_of_once_when_it_ends_soon_and_once_when_it_has_ended(tmp_path):
    async def scenario():
        clock = HandClock()
        until = (NOON + timedelta(days=20)).date().isoformat()
        async with keeper(tmp_path, quiet(), clock) as keep:
            keep.scales[0].kg = keep.scales[1].kg = None
            await keep.upkeep.do(
                lambda db: store.enter_verification(
                    db, 1, "东磅", "检2026-001", "某某计量所", until, "甲"
                )
            )
            await keep.pass_s(200)
            assert keep.whats() == ["scale_verified", "verification_due"]
            assert keep.texts() == ["东磅：检定将于 20 天后到期"]
        clock.step(21 * 86_400)
        async with keeper(tmp_path, quiet(), clock) as keep:
            keep.scales[0].kg = keep.scales[1].kg = None
            await keep.pass_s(200)
            assert keep.whats()[2:] == ["verification_expired"]
            assert keep.upkeep.notices[0].level == "bad"
            renewed = (NOON + timedelta(days=400)).date().isoformat()
            await keep.upkeep.do(
                lambda db: store.enter_verification(db, 2, "东磅", "检2027-001", "", renewed, "甲")
            )
            assert keep.texts() == []

    run(scenario())


def test_a_clock_that_steps_away_is_told_and_when_it_comes_back(tmp_path):
    async def scenario():
        clock = HandClock()
        async with keeper(tmp_path, quiet(), clock) as keep:
            await keep.pass_s(5)
            clock.wall_ms += 3_600_000
            await keep.pass_s(15)
            assert keep.journal() == [("clock_off", {"offset_ms": 3_600_000})]
            assert "3600" in keep.texts()[0]
            clock.wall_ms -= 3_600_000
            await keep.pass_s(15)
            assert keep.whats() == ["clock_off", "clock_right"]
            assert keep.texts() == []

    run(scenario())


def test_what_a_full_disk_refuses_is_written_later_in_its_order(tmp_path, monkeypatch):
    async def scenario():
        async with keeper(tmp_path, quiet()) as keep:
            whole = keep.worker.store.within

            def full(work):
                raise sqlite3.OperationalError("database or disk is full")

            monkeypatch.setattr(keep.worker.store, "within", full)
            keep.states["LED"] = "offline"
            await keep.pass_s(40)
            keep.states["LED"] = "ok"
            await keep.pass_s(40)
            monkeypatch.setattr(keep.worker.store, "within", whole)
            await keep.pass_s(2)
            assert keep.whats() == ["device_failed", "device_recovered"]

    run(scenario())


def test_spare_parts_are_counted_and_short_ones_told(tmp_path):
    async def scenario():
        async with keeper(tmp_path, quiet()) as keep:
            do = keep.upkeep.do
            part = await do(lambda db: repairs.new_part(db, 1, "传感器", "BM-30", 3, 2, "甲"))
            ticket = await do(lambda db: repairs.open_ticket(db, 2, "东磅", "漂移", "甲"))
            await do(lambda db: repairs.move_part(db, 3, part, -2, "甲", ticket))
            await do(lambda db: repairs.move_part(db, 4, part, 5, "甲"))
            assert keep.journal() == [
                ("part_stocked", {"part": "传感器 BM-30", "count": 3, "left": 3, "by": "甲"}),
                ("ticket_opened", {"ticket": 1, "device": "东磅", "problem": "漂移", "by": "甲"}),
                ("part_taken",
                 {"part": "传感器 BM-30", "count": 2, "left": 1, "by": "甲", "ticket": 1}),
                ("part_low", {"part": "传感器 BM-30", "left": 1, "minimum": 2}),
                ("part_stocked", {"part": "传感器 BM-30", "count": 5, "left": 6, "by": "甲"}),
                ("part_restocked", {"part": "传感器 BM-30", "left": 6}),
            ]  # fmt: skip
            with pytest.raises(repairs.Impossible):
                await do(lambda db: repairs.move_part(db, 5, part, -7, "甲"))
            with pytest.raises(repairs.Impossible):
                await do(lambda db: repairs.new_part(db, 5, "传感器", "BM-30", 1, 1, "甲"))
            assert len(keep.journal()) == 6

    run(scenario())


def test_a_closed_ticket_takes_nothing_more(tmp_path):
    async def scenario():
        async with keeper(tmp_path, quiet()) as keep:
            do = keep.upkeep.do
            number = await do(lambda db: repairs.open_ticket(db, 1, "LED", "无显示", "甲"))
            await do(lambda db: repairs.note_on(db, 2, number, "已联系维修", "甲"))
            await do(lambda db: repairs.close_ticket(db, 3, number, "换电源", "显示正常", "乙"))
            with pytest.raises(repairs.Impossible):
                await do(lambda db: repairs.note_on(db, 4, number, "又", "甲"))
            with pytest.raises(repairs.Impossible):
                await do(lambda db: repairs.close_ticket(db, 4, number, "又", "又", "甲"))
            with pytest.raises(repairs.Impossible):
                await do(lambda db: repairs.swap(db, 4, "LED", "A1", "B2", "坏", "甲", number))
            assert keep.whats() == ["ticket_opened", "ticket_noted", "ticket_closed"]

    run(scenario())


def test_a_plan_is_gone_through_step_by_step_and_ends_once(tmp_path):
    async def scenario():
        async with keeper(tmp_path, quiet()) as keep:
            do = keep.upkeep.do
            number = await do(lambda db: plans.begin_plan(db, 1, "停电", "", ["一", "二"], "甲"))
            await do(lambda db: plans.go_through(db, 2, number, 1, "done", "甲"))
            # a second tap on the panel says nothing new
            await do(lambda db: plans.go_through(db, 3, number, 1, "impossible", "乙"))
            await do(lambda db: plans.go_through(db, 4, number, 2, "impossible", "乙"))
            with pytest.raises(repairs.Impossible):
                await do(lambda db: plans.go_through(db, 5, number, 3, "done", "乙"))
            await do(lambda db: plans.end_plan(db, 6, number, "stopped", "乙"))
            with pytest.raises(repairs.Impossible):
                await do(lambda db: plans.end_plan(db, 7, number, "repaired", "乙"))
            assert keep.whats() == ["plan_begun", "plan_step", "plan_step", "plan_ended"]
            steps = await keep.worker.read(lambda db: plans.steps_of(db, number))
            assert [(s.result, s.by) for s in steps.values()] == [
                ("done", "甲"),
                ("impossible", "乙"),
            ]

    run(scenario())
