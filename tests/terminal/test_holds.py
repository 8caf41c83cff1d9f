"""Over the limit: held, told how much to unload, linked to the first weighing when it is back."""

import asyncio
import sqlite3

import pytest

from hengyuan.law.verdict import JudgeSettings
from hengyuan.terminal.judging import to_unload_kg
from hengyuan.terminal.lane.orders import Loading, OrderRefused
from hengyuan.terminal.store import held, search
from tests.terminal.county import County
from tests.terminal.outbox import identity_for
from tests.terminal.post import GATEKEEPER, SUPERVISOR, lane_table, open_post

PLATE = "晋L12345"
OVER_KG = 31_500
"""6.5 t above the 25 t of a three-axle truck."""


@pytest.fixture
def identity():
    return identity_for(County())


def run(scenario):
    asyncio.run(scenario())


def held_now(post):
    return {each.seq: each.plate for each in post.store.within(held.all_held)}


@pytest.mark.parametrize(
    ("gross_kg", "settings", "unload_kg"),
    [
        (25_000, JudgeSettings(), 0),
        (25_001, JudgeSettings(), 100),
        (25_100, JudgeSettings(), 100),
        (31_505, JudgeSettings(), 6_600),
        (31_505, JudgeSettings(tolerance_kg=500, tolerance_basis="x"), 6_100),
        (25_500, JudgeSettings(tolerance_kg=500, tolerance_basis="x"), 0),
        (31_500, JudgeSettings(tolerance_bp=500, tolerance_basis="x"), 5_300),
    ],
)
def test_what_is_to_be_unloaded_is_rounded_up_and_counts_the_tolerance(
    gross_kg, settings, unload_kg
):
    assert to_unload_kg(gross_kg, 25_000, settings) == unload_kg
    left_kg = gross_kg - unload_kg
    assert left_kg <= 25_000 + settings.tolerance_at_kg(25_000)


def test_driver_and_gatekeeper_are_told_how_much_to_unload(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            await lane.drive_on(PLATE, OVER_KG)
            assert lane.display.shown[-1].lines[2:] == ("限重 25.00 吨", "超限 6.50 吨")
            await lane.show(OVER_KG, 1.5)
            shown = lane.display.shown[-1]
            assert shown.lines == (PLATE, "总重 31.50 吨", "超限 6.50 吨", "至少卸 6.50 吨")
            assert shown.level == "over"
            assert lane.service.view.current.finding.unload_kg == 6_500
            assert lane.service.view.hold == "over"
            assert [m.lines[-1] for m in lane.display.shown].count("至少卸 6.50 吨") == 1

    run(scenario)


def test_the_tolerance_counts_in_what_is_told(identity, tmp_path):
    async def scenario():
        judge = {"tolerance_kg": 500, "tolerance_basis": "示例文件〔2024〕1号"}
        async with open_post(tmp_path, identity, judge=judge) as post:
            await post.lane.drive_on(PLATE, OVER_KG)
            assert post.lane.service.view.current.finding.unload_kg == 6_000
            assert post.lane.service.view.current.finding.overload_kg == 6_500

    run(scenario)


def test_a_truck_that_unloads_and_comes_back_is_linked_to_its_first_weighing(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            first = await lane.pass_over(PLATE, OVER_KG)
            assert held_now(post) == {1: PLATE}
            (line,) = post.journal("left_held")
            assert (line["seq"], line["over_kg"], line["unload_kg"]) == (1, 6_500, 6_500)
            await lane.pass_over("晋L00002", 20_000)
            await lane.orders.loading(1, Loading(cargo="0100"), GATEKEEPER)
            still = await lane.pass_over(PLATE, 27_000)
            assert (still.kind, still.corrects, still.verdict) == ("reweigh", 3, "over")
            assert still.cargo == "0100"
            await post.later(hours=3)
            back = await lane.pass_over(PLATE, 24_000)
            assert (back.kind, back.corrects, back.verdict) == ("reweigh", 4, "pass")
            assert held_now(post) == {}
            assert first.seq == 1
            assert (await lane.pass_over(PLATE, 24_000)).kind == "exit"
            assert post.journal("hold_ended") == []

    run(scenario)


def test_it_may_come_back_over_another_scale(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(1), lane_table(2)) as post:
            await post.lanes[1].pass_over(PLATE, OVER_KG)
            back = await post.lanes[2].pass_over(PLATE, 24_000)
            assert (back.kind, back.corrects, back.lane) == ("reweigh", 1, 2)

    run(scenario)


def test_a_hold_ends_after_its_time_with_a_line_in_the_journal(identity, tmp_path):
    async def scenario():
        table = lane_table(hold={"reweigh_h": 2})
        async with open_post(tmp_path, identity, table) as post:
            await post.lane.pass_over(PLATE, OVER_KG)
            await post.later(hours=1)
            assert held_now(post) == {1: PLATE}
            await post.later(hours=2)
            assert held_now(post) == {}
            (line,) = post.journal("hold_ended")
            assert (line["seq"], line["plate"], line["over_kg"]) == (1, PLATE, 6_500)
            assert (await post.lane.pass_over(PLATE, 24_000)).kind == "exit"

    run(scenario)


def test_the_time_of_a_hold_runs_from_the_last_weighing_and_not_from_what_is_written_later(
    identity, tmp_path
):
    async def scenario():
        table = lane_table(hold={"reweigh_h": 2})
        async with open_post(tmp_path, identity, table) as post:
            lane = post.lane
            await lane.pass_over("晋L00001", OVER_KG)
            await lane.pass_over("晋L00002", OVER_KG)
            await post.later(hours=1.5)
            assert (await lane.pass_over("晋L00001", 27_000)).seq == 3
            await lane.orders.loading(2, Loading(cargo="0100"), GATEKEEPER)
            await post.later(hours=1)
            assert list(held_now(post)) == [3]
            await lane.orders.loading(3, Loading(cargo="0100"), GATEKEEPER)
            await post.later(hours=1.5)
            assert held_now(post) == {}

    run(scenario)


def test_a_truck_that_stands_on_the_scale_is_held_for_as_long_as_it_does(identity, tmp_path):
    async def scenario():
        table = lane_table(hold={"reweigh_h": 0.01})
        async with open_post(tmp_path, identity, table) as post:
            await post.lane.drive_on(PLATE, OVER_KG)
            for _ in range(3):
                await post.lane.show(OVER_KG, 31)
            assert held_now(post) == {1: PLATE}
            await post.lane.drive_off()
            await post.lane.show(0, 31)
            assert held_now(post) == {}

    run(scenario)


def test_an_override_a_void_and_an_entry_end_a_hold(identity, tmp_path):
    async def scenario():
        tables = lane_table(1), lane_table(2, kind="entry")
        async with open_post(tmp_path, identity, *tables) as post:
            lane = post.lane
            for plate in ("晋L00001", "晋L00002", "晋L00003"):
                await lane.pass_over(plate, OVER_KG)
            await lane.orders.override(1, GATEKEEPER, SUPERVISOR, "x")
            await lane.orders.void(2, "x", GATEKEEPER, SUPERVISOR)
            await post.lanes[2].pass_over("晋L00003", 9_000)
            assert held_now(post) == {}
            kinds = [
                (await lane.pass_over(plate, 24_000)).kind
                for plate in ("晋L00001", "晋L00002", "晋L00003")
            ]
            assert kinds == ["exit", "exit", "exit"]

    run(scenario)


def test_a_truck_without_a_verdict_is_held_too_where_the_lane_says_so(identity, tmp_path):
    async def scenario():
        tables = lane_table(1), lane_table(2, hold={"unknown": False, "over": False})
        async with open_post(tmp_path, identity, *tables) as post:
            await post.lanes[1].pass_over("晋L00001", 20_000, axles=None)
            back = await post.lanes[1].pass_over("晋L00001", 20_000)
            assert (back.kind, back.corrects, back.verdict) == ("reweigh", 1, "pass")
            await post.lanes[2].pass_over("晋L00002", OVER_KG)
            assert (await post.lanes[2].pass_over("晋L00002", 24_000)).kind == "exit"
            await post.later(hours=5)
            assert post.journal("hold_ended") == []
            assert held_now(post) == {}

    run(scenario)


def test_a_plate_that_is_typed_later_links_the_truck(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.pass_over(None, OVER_KG, picture=True)
            assert held_now(post) == {1: None}
            await post.lane.orders.type_plate(1, PLATE, "yellow", GATEKEEPER)
            back = await post.lane.pass_over(PLATE, 24_000)
            assert (back.kind, back.corrects) == ("reweigh", 2)

    run(scenario)


@pytest.mark.parametrize("standing", [True, False])
def test_a_truck_that_came_back_with_an_unread_plate_is_linked_once_it_is_typed(
    identity, tmp_path, standing
):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            await lane.pass_over(PLATE, OVER_KG)
            await lane.orders.loading(1, Loading(cargo="0100"), GATEKEEPER)
            back = await lane.drive_on(None, 24_000, picture=True)
            assert (back.kind, held_now(post)) == ("exit", {2: PLATE})
            if not standing:
                await lane.drive_off()
            await lane.orders.type_plate(3, PLATE, "yellow", GATEKEEPER)
            await lane.quiet()
            void, again = post.records()[-2:]
            assert (void.kind, void.corrects, void.operator) == ("void", 3, "门卫甲")
            assert void.reason == "第 2 号记录的复磅：车牌由人工录入"
            assert (again.kind, again.corrects, again.plate) == ("reweigh", 2, PLATE)
            assert (again.gross_kg, again.verdict, again.cargo) == (24_000, "pass", "0100")
            assert set(again.flags) == {"plate_typed", "plate_unread"}
            assert {file.digest for file in back.files} <= {file.digest for file in again.files}
            assert held_now(post) == {}
            (line,) = post.journal("hold_linked")
            assert (line["seq"], line["back_seq"]) == (2, again.seq)
            assert not post.journal("hold_came_back")
            day = post.store.within(lambda db: search.totals(db, search.Wanted(), "lane"))
            assert [each.trucks for each in day.values()] == [1]
            if standing:
                assert lane.service.view.current.record.seq == again.seq
                assert lane.display.shown[-1].lines[0] == PLATE
                clock = post.clock
        if standing:
            async with open_post(tmp_path, identity, clock=clock) as post:
                await post.lane.show(24_000, 3.0)
                assert len(post.records()) == 5
                assert post.lane.service.view.current.record.kind == "reweigh"

    run(scenario)


def test_a_weighing_that_cannot_be_of_the_held_truck_is_linked_in_the_journal_only(
    identity, tmp_path
):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.pass_over(PLATE, OVER_KG)
            back = await post.lane.pass_over(None, 17_000, axles=2, picture=True)
            await post.lane.orders.type_plate(back.seq, PLATE, "yellow", GATEKEEPER)
            assert [each.kind for each in post.records()] == ["exit", "exit", "exit"]
            (line,) = post.journal("hold_came_back")
            assert (line["seq"], line["back_seq"]) == (1, 3)

    run(scenario)


def test_a_weighing_from_before_the_hold_or_after_its_time_is_not_linked(identity, tmp_path):
    async def scenario():
        table = lane_table(hold={"reweigh_h": 2})
        async with open_post(tmp_path, identity, table) as post:
            early = await post.lane.pass_over(None, 24_000, picture=True)
            await post.lane.pass_over(PLATE, OVER_KG)
            await post.lane.orders.type_plate(early.seq, PLATE, "yellow", GATEKEEPER)
            assert [each.kind for each in post.records()] == ["exit", "exit", "exit"]
            assert held_now(post) == {2: PLATE}
            await post.later(hours=3)
            late = await post.lane.pass_over(None, 24_000, picture=True)
            await post.lane.orders.type_plate(late.seq, PLATE, "yellow", GATEKEEPER)
            assert "void" not in [each.kind for each in post.records()]

    run(scenario)


def test_a_disk_that_refuses_leaves_neither_of_the_two_records(identity, tmp_path, monkeypatch):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.pass_over(PLATE, OVER_KG)
            back = await post.lane.pass_over(None, 24_000, picture=True)
            whole = post.store._append

            def full(draft):
                if post.store.head()[0] == 3:
                    raise sqlite3.OperationalError("database or disk is full")
                return whole(draft)

            monkeypatch.setattr(post.store, "_append", full)
            with pytest.raises(OrderRefused):
                await post.lane.orders.type_plate(back.seq, PLATE, "yellow", GATEKEEPER)
            assert [each.kind for each in post.records()] == ["exit", "exit"]
            monkeypatch.undo()
            again = await post.lane.orders.type_plate(back.seq, PLATE, "yellow", GATEKEEPER)
            assert (again.kind, again.corrects) == ("reweigh", 1)

    run(scenario)


def test_who_is_held_is_known_after_a_restart(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.pass_over(PLATE, OVER_KG)
            clock = post.clock
        async with open_post(tmp_path, identity, clock=clock) as post:
            await post.lane.show(0, 0.3)
            back = await post.lane.pass_over(PLATE, 24_000)
            assert (back.kind, back.corrects) == ("reweigh", 1)

    run(scenario)


def test_a_truck_that_unloads_on_the_scale_keeps_no_override(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            await lane.drive_on(PLATE, OVER_KG)
            await lane.orders.override(1, GATEKEEPER, SUPERVISOR, "抢险")
            await lane.show(34_000, 1.5)
            more = post.records()[-1]
            assert (more.kind, more.corrects, more.gross_kg) == ("reweigh", 2, 34_000)
            assert more.flags == ()
            assert (more.reason, more.witness) == (None, None)
            assert lane.service.view.hold == "over"

    run(scenario)


def test_the_plate_that_comes_late_keeps_what_was_ordered(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            await lane.drive_on(None, OVER_KG)
            await lane.orders.loading(1, Loading(cargo="0100"), GATEKEEPER)
            await lane.orders.override(2, GATEKEEPER, SUPERVISOR, "抢险")
            await lane.camera(PLATE)
            late = post.records()[-1]
            assert (late.corrects, late.plate, late.cargo) == (3, PLATE, "0100")
            assert set(late.flags) == {"camera_late", "override"}
            assert (late.reason, late.operator, late.witness) == ("抢险", "门卫甲", "班长乙")

    run(scenario)


def test_a_camera_behind_the_scale_that_sees_a_held_truck_leave_says_so(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.pass_over(PLATE, OVER_KG)
            post.store.within(lambda db: held.drove_out(db, 1, post.clock.now_ms()))
            assert held_now(post) == {}
            (line,) = post.journal("left_unreleased")
            assert (line["seq"], line["plate"], line["why"]) == (1, PLATE, "over")
            post.store.within(lambda db: held.drove_out(db, 1, post.clock.now_ms()))
            assert len(post.journal("left_unreleased")) == 1

    run(scenario)
