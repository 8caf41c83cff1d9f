"""A whole terminal between real bytes: trucks pass, things fail, it is stopped and started."""

import asyncio
import contextlib
import sqlite3

import pytest

from hengyuan.terminal.lane import recorder
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

LONG = {"stability": {"window_ms": 60_000, "tolerance_kg": 20}}
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def county():
    return County()


@pytest.fixture
def identity(county):
    return identity_for(county)


@pytest.mark.parametrize("family", ["f1", "f2", "f4"])
def test_a_truck_is_weighed_read_judged_told_and_uploaded(county, identity, tmp_path, family):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate(family) as gate,
            site(tmp_path, url, identity, gate) as at,
        ):
            await at.shown("欢迎光临")
            assert await at.push("晋L12345") == 200
            at.roll_on(20_000)
            at.axles()
            await at.shown("晋L12345", "总重 20.00 吨", "限重 25.00 吨", "未超限")
            at.roll_off()
            await at.shown("欢迎光临")
            status = await at.uploaded()
            assert status["seq"] == status["watermark"] == 1
            assert status["timings"]["told"] == status["timings"]["acked"] == 1
        (record,) = county.records
        assert record.kind == "exit"
        assert (record.gross_kg, record.raw_kg, record.limit_kg) == (20_000, 20_000, 25_000)
        assert (record.verdict, record.assumed, record.flags) == ("pass", False, ())
        assert (record.plate, record.plate_colour) == ("晋L12345", "yellow")
        assert (record.axles, record.layout, record.combination) == (3, "1+2", "rigid")
        assert record.group_kg == (6670, 13330)
        assert record.spacing_mm == (3900, 1350)
        assert {file.digest for file in record.files} == set(county.files)

    asyncio.run(scenario())


def test_an_overloaded_truck_is_told_by_how_much(county, identity, tmp_path):
    async def scenario():
        async with (
            open_gate() as gate,
            county.listening() as url,
            site(tmp_path, url, identity, gate) as at,
        ):
            await at.push("晋L12345")
            at.roll_on(31_500)
            at.axles(31_500)
            await at.shown("晋L12345", "总重 31.50 吨", "限重 25.00 吨", "超限 6.50 吨")
            assert set(gate.led.now.colours) == {"red"}
            await at.uploaded()
        assert county.records[0].verdict == "over"

    asyncio.run(scenario())


def test_the_driver_is_told_although_the_platform_cannot_be_reached(identity, tmp_path):
    async def scenario():
        async with open_gate() as gate, site(tmp_path, NOWHERE, identity, gate) as at:
            for number in range(3):
                await at.push(f"晋L1234{number}")
                at.roll_on(20_000)
                at.axles()
                await at.shown(f"晋L1234{number}", "未超限")
                at.roll_off()
                await at.shown("欢迎光临")
            status = await at.status()
            assert status["queue"] == {"records": 3, "files": 3}
            assert status["timings"]["told"] == 3
            assert status["uplink"]["error"]

    asyncio.run(scenario())


def test_a_month_without_the_platform_is_uploaded_when_it_comes(county, identity, tmp_path):
    async def scenario():
        async with open_gate() as gate:
            async with site(tmp_path, NOWHERE, identity, gate) as at:
                await at.push("晋L12345")
                at.roll_on(20_000)
                at.axles()
                await at.shown("晋L12345", "未超限")
                at.roll_off()
                await at.shown("欢迎光临")
            async with county.listening() as url, site(tmp_path, url, identity, gate) as at:
                await at.uploaded()
        assert county.seqs == [1]
        assert len(county.files) == 1

    asyncio.run(scenario())


# restarts with a truck on the scale


def test_a_truck_that_was_recorded_is_told_again_and_not_weighed_again(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, open_gate() as gate:
            async with site(tmp_path, url, identity, gate) as at:
                await at.push("晋L12345")
                at.roll_on(20_000)
                at.axles()
                await at.shown("晋L12345", "未超限")
            gate.led.history.clear()
            async with site(tmp_path, url, identity, gate) as at:
                await at.shown("晋L12345", "总重 20.00 吨", "限重 25.00 吨", "未超限")
                at.roll_off()
                await at.shown("欢迎光临")
                await at.push("晋L12346")
                at.roll_on(20_000)
                at.axles()
                await at.shown("晋L12346", "未超限")
                await at.uploaded()
        assert [record.plate for record in county.records] == ["晋L12345", "晋L12346"]

    asyncio.run(scenario())


def test_a_truck_in_mid_weighing_is_weighed_after_the_restart_with_its_plate_and_axles(
    county, identity, tmp_path
):
    async def scenario():
        async with county.listening() as url, open_gate() as gate:
            async with site(tmp_path, url, identity, gate, **LONG) as at:
                assert await at.push("晋L12345") == 200
                at.roll_on(20_000)
                at.axles()
                lane = at.terminal.lanes[1].lane
                await at.until(lambda: len(lane.waiting.kept) == 2)
                await at.until(lambda: lane.phase.value in ("arrived", "settling"))
            assert not county.records
            async with site(tmp_path, url, identity, gate) as at:
                await at.shown("晋L12345", "未超限")
                await at.uploaded()
        (record,) = county.records
        assert (record.plate, record.axles, record.flags) == ("晋L12345", 3, ("resumed",))

    asyncio.run(scenario())


def test_a_camera_that_found_nobody_sends_again_after_the_restart(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, open_gate() as gate:
            at_gate = asyncio.get_running_loop().time()
            gate.deck.drive_on((6_000, 14_000), at_gate)
            async with site(tmp_path, url, identity, gate) as at:
                await at.until(lambda: at.terminal.lanes[1].lane.phase.value == "weighed")
                at.axles()
                await at.push("晋L12345", retransmission=True)
                await at.shown("晋L12345", "未超限")
                await at.uploaded()
        assert county.records[0].flags == ("resumed",)

    asyncio.run(scenario())


# what is missing or late


def test_a_missing_plate_is_flagged_and_a_late_one_corrects_the_record(county, identity, tmp_path):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate, joining={"wait_ms": 150}) as at,
        ):
            await at.until(lambda: gate.axle_wire.listeners)
            at.roll_on(20_000)
            at.axles()
            await at.shown("车牌未识别", "总重 20.00 吨")
            await at.push("晋L12345")
            await at.shown("晋L12345", "未超限")
            await at.uploaded()
        first, second = county.records
        assert (first.kind, first.plate, first.flags) == ("exit", None, ("camera_missing",))
        assert (second.kind, second.corrects, second.plate) == ("exit", 1, "晋L12345")
        assert second.flags == ("camera_late",)
        assert second.gross_kg == 20_000
        assert second.files
        assert not first.files

    asyncio.run(scenario())


def test_without_axles_there_is_no_verdict_and_no_guess(county, identity, tmp_path):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate, joining={"wait_ms": 150}) as at,
        ):
            await at.push("晋L12345")
            at.roll_on(20_000)
            await at.shown("晋L12345", "限重未知", "请等候司磅员")
            await at.uploaded()
        (record,) = county.records
        assert (record.verdict, record.limit_kg, record.rule_pack) == ("unknown", None, None)
        assert record.flags == ("axles_unknown",)

    asyncio.run(scenario())


def test_an_event_without_a_plate_is_flagged_unread(county, identity, tmp_path):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate) as at,
        ):
            await at.push(None)
            at.roll_on(20_000)
            at.axles()
            await at.shown("车牌未识别", "未超限")
            await at.uploaded()
        (record,) = county.records
        assert (record.plate, record.flags) == (None, ("plate_unread",))
        assert record.files

    asyncio.run(scenario())


def test_an_entering_truck_is_weighed_and_not_judged(county, identity, tmp_path):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate, kind="entry") as at,
        ):
            await at.push("晋L12345")
            at.roll_on(13_000)
            at.axles(13_000)
            await at.shown("晋L12345", "总重 13.00 吨", "已称重")
            await at.uploaded()
        (record,) = county.records
        assert (record.kind, record.gross_kg, record.verdict) == ("entry", 13_000, None)

    asyncio.run(scenario())


# what fails


def test_nothing_is_told_of_a_truck_that_cannot_be_stored(county, identity, tmp_path, monkeypatch):
    monkeypatch.setattr(recorder, "STORE_RETRY_S", 0.05)

    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate) as at,
        ):
            store = at.terminal.worker.store
            append = store.append
            with monkeypatch.context() as full:

                def refuse(draft):
                    raise sqlite3.OperationalError("database or disk is full")

                full.setattr(store, "append", refuse)
                await at.push("晋L12345")
                at.roll_on(20_000)
                at.axles()
                await at.shown("系统故障", "请等候司磅员")
                assert not any("晋L12345" in shown.text for shown in gate.led.history)
                status = await at.status()
                assert status["lanes"][0]["faults"] == {"store": "database or disk is full"}
                assert status["seq"] == 0
                await at.until(lambda: county.beats and _said(county, "lane 1") == "fault")
            assert store.append == append
            await at.shown("晋L12345", "未超限")
            assert (await at.status())["lanes"][0]["faults"] == {}
            await at.uploaded()
        assert county.seqs == [1]

    asyncio.run(scenario())


def _said(county, device):
    return county.beats[-1].devices.get(device)


def test_a_dark_display_is_told_when_it_comes_back(county, identity, tmp_path):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate) as at,
        ):
            await at.shown("欢迎光临")
            await gate.led.close()
            await at.push("晋L12345")
            at.roll_on(20_000)
            at.axles()
            await at.until(lambda: county.records)
            await at.until(lambda: "displays" in at.terminal.board.lanes[1].faults)
            assert at.terminal.lanes[1].lane.phase.value == "judged"
            await gate.led.open()
            await at.shown("晋L12345", "未超限")
            await at.until(lambda: at.terminal.lanes[1].lane.phase.value == "told")
            assert at.terminal.board.lanes[1].faults == {}

    asyncio.run(scenario())


def test_a_silent_scale_is_a_fault_on_display_and_heartbeat(county, identity, tmp_path):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate, stability={"stale_after_ms": 300}) as at,
        ):
            await at.shown("欢迎光临")
            gate._scale_task.cancel()
            await at.shown("称重设备故障")
            status = await at.status()
            assert status["lanes"][0]["mass_kg"] is None
            assert status["lanes"][0]["scale"] == "stale"
            await at.until(lambda: _said(county, "scale") == "stale")
            with contextlib.suppress(asyncio.CancelledError):
                await gate._scale_task
            gate._scale_task = asyncio.create_task(gate.scale.run())
            await at.shown("欢迎光临")

    asyncio.run(scenario())


def test_a_truck_that_leaves_too_early_is_written_down(county, identity, tmp_path):
    async def scenario():
        async with open_gate() as gate, site(tmp_path, NOWHERE, identity, gate, **LONG) as at:
            await at.until(lambda: at.terminal.board.lanes[1].mass_kg is not None)
            at.roll_on(20_000)
            await at.until(lambda: at.terminal.lanes[1].lane.phase.value == "arrived")
            at.roll_off()
            await at.until(lambda: at.terminal.lanes[1].lane.phase.value == "empty")
            await at.until(lambda: _journal(at) == [("left_unweighed",)])
            assert at.records() == []

    asyncio.run(scenario())


def _journal(at):
    return at.terminal.worker.store._db.execute("SELECT what FROM journal").fetchall()


def test_heartbeats_say_how_things_are(county, identity, tmp_path):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate) as at,
        ):
            await at.shown("欢迎光临")
            await at.until(lambda: county.beats and _said(county, "led") == "ok")
            beat = county.beats[-1]
            assert beat.devices == {"scale": "ok", "axles": "ok", "front": "unknown", "led": "ok"}
            assert (beat.seq, beat.queue) == (0, 0)
            assert beat.software.startswith("hengyuan ")

    asyncio.run(scenario())
