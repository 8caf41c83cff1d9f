"""Sensors, barrier and lamp of a lane on one Modbus module, true bytes on the loopback."""

import asyncio
import contextlib
import json
from datetime import UTC, datetime

import pytest

from hengyuan.terminal.devices import DeviceState, Picture
from hengyuan.terminal.drivers.hikvision_stream.driver import Driver as StreamCamera
from hengyuan.terminal.people import Person
from tests.terminal.county import County
from tests.terminal.drivers.at_hand import listening, tcp
from tests.terminal.drivers.modbus_module import Module, module_at
from tests.terminal.gate import JPEG, JPEG_END, open_gate, site
from tests.terminal.outbox import identity_for

NOWHERE = "http://127.0.0.1:1"
FRONT, REAR, UNDER, UP, DOWN = range(5)
"""The module's inputs: edges, the beam under the arm, the arm's ends."""
OPEN, CLOSE, RED, GREEN, YELLOW = range(1, 6)
"""Its relays."""


class Lane(Module):
    """A module whose relays move an arm, and whose inputs see it."""

    def __init__(self):
        super().__init__()
        self.inputs[DOWN] = True
        self.on_switch = self._moved

    def _moved(self, relay, on):
        if on and relay in (OPEN, CLOSE):
            self.inputs[UP], self.inputs[DOWN] = relay == OPEN, relay == CLOSE

    @property
    def orders(self):
        """What the arm was told."""
        return [{OPEN: "open", CLOSE: "close"}[r] for r, on in self.switched if on and r < RED]

    @property
    def lit(self):
        colours = {RED: "red", GREEN: "green", YELLOW: "yellow"}
        return {name for relay, name in colours.items() if self.relays[relay - 1]}


def tables(port):
    line = {"transport": tcp(port), "poll_s": 0.01, "stale_s": 0.3, "answer_s": 0.1}
    return {
        "sensors": {
            "driver": "modbus_sensors",
            "name": "beams",
            "inputs": {
                "front_edge": {"number": FRONT + 1},
                "rear_edge": {"number": REAR + 1},
                "barrier": {"number": UNDER + 1},
            },
            "settle_ms": 0,
        }
        | line,
        "barriers": [
            {"driver": "modbus_barrier", "name": "arm", "pulse_ms": 50,
             "open_input": UP + 1, "closed_input": DOWN + 1} | line
        ],
        "lamps": [
            {"driver": "modbus_lamp", "name": "lamp", "red_relay": RED, "green_relay": GREEN,
             "yellow_relay": YELLOW} | line
        ],
        "control": {"clear_ms": 100, "close_after_s": 60, "retry_s": 0.2, "move_s": 1},
        "position": {"lost_s": 2},
    }  # fmt: skip


@contextlib.asynccontextmanager
async def lane_at(folder, identity, gate, module, url=NOWHERE, **more):
    async with (
        listening() as server,
        module_at(server, module),
        site(folder, url, identity, gate, **(tables(server.port) | more)) as at,
    ):
        await at.until(lambda: module.lit == {"green"})
        yield at


@pytest.fixture
def identity():
    return identity_for(County())


async def told(at, *texts):
    """The driver has the verdict, and the lane knows it."""
    await at.shown(*texts)
    await at.until(lambda: view(at).phase.value == "told")


def journal(at):
    rows = at.terminal.worker.store._db.execute("SELECT what, detail FROM journal ORDER BY id")
    return [(what, json.loads(detail)) for what, detail in rows]


def view(at):
    return at.terminal.board.lanes[1]


def test_a_truck_is_told_to_move_up_weighed_let_out_and_the_arm_falls_behind_it(identity, tmp_path):
    module = Lane()

    async def scenario():
        async with open_gate() as gate, lane_at(tmp_path, identity, gate, module) as at:
            await at.push("晋L12345")
            module.inputs[REAR] = True
            at.roll_on(20_000)
            at.axles()
            await at.shown("车辆未完全上磅", "请向前移动")
            assert view(at).held_by == ("rear_edge",)
            assert view(at).next_step == "move_forward"
            assert module.lit == {"yellow"}
            assert at.records() == []
            module.inputs[REAR] = False
            await at.until(lambda: module.orders == ["open"])
            await told(at, "晋L12345", "未超限")
            await at.until(lambda: module.lit == {"green"})
            assert view(at).next_step == "drive_off"
            at.roll_off()
            await at.until(lambda: view(at).phase.value == "empty")
            module.inputs[UNDER] = True
            await at.until(lambda: view(at).sensors["barrier"])
            module.inputs[UNDER] = False
            await at.until(lambda: module.orders == ["open", "close"])
            await at.until(lambda: view(at).barriers["arm"].position.value == "closed")
            assert [r.gross_kg for r in at.records()] == [20_000]
            assert view(at).faults == {}
            assert journal(at) == []

    asyncio.run(scenario())


def test_who_is_over_stays_before_the_arm_also_after_a_restart(identity, tmp_path):
    module = Lane()

    async def scenario():
        async with open_gate() as gate:
            async with lane_at(tmp_path, identity, gate, module) as at:
                await at.push("晋L12345")
                at.roll_on(31_500)
                at.axles(31_500)
                await told(at, "晋L12345", "超限 6.50 吨")
                await at.until(lambda: module.lit == {"red"})
                assert (view(at).hold, view(at).next_step) == ("over", "unload")
            module.relays[RED - 1], module.relays[GREEN - 1] = False, True
            async with lane_at(tmp_path, identity, gate, module) as at:
                await told(at, "晋L12345", "超限 6.50 吨")
                await at.until(lambda: module.lit == {"red"})
                assert view(at).hold == "over"
                assert module.orders == []
                clerk, head = Person("甲", "gatekeeper"), Person("乙", "supervisor")
                await at.terminal.lanes[1].orders.override(1, clerk, head, "放行示例")
                await at.until(lambda: module.orders == ["open"])
                await at.until(lambda: module.lit == {"green"})
                assert [r.flags for r in at.records()] == [(), ("override",)]

    asyncio.run(scenario())


def test_dead_sensors_are_a_fault_and_a_line_in_the_journal_and_trucks_are_weighed(
    identity, tmp_path
):
    module = Lane()

    async def scenario():
        async with open_gate() as gate, lane_at(tmp_path, identity, gate, module) as at:
            module.silent = True
            await at.until(lambda: "sensors" in view(at).faults)
            assert view(at).sensors == {"front_edge": None, "rear_edge": None, "barrier": None}
            await at.push("晋L12345")
            at.roll_on(20_000)
            at.axles()
            await at.until(lambda: "barrier arm" in view(at).faults)
            at.roll_off()
            await at.until(lambda: view(at).phase.value == "empty")
            assert at.terminal.device_states()["beams"] != "ok"
            module.silent = False
            await at.until(lambda: view(at).faults == {})
            lines = dict(journal(at))
            assert lines["sensor_lost"]["lost"] == ["barrier", "front_edge", "rear_edge"]
            assert lines["barrier_failed"]["wanted"] == "open"
            assert lines["sensor_back"]["weighed_meanwhile"] == 1
            # the arm went up for a truck that nobody saw leave: it stays up until it is clear
            assert "close" not in module.orders

    asyncio.run(scenario())


def test_a_lane_whose_rules_fail_says_so_and_weighs_the_truck(identity, tmp_path, monkeypatch):
    async def scenario():
        async with open_gate() as gate, site(tmp_path, NOWHERE, identity, gate) as at:
            lane = at.terminal.lanes[1].lane
            settle, failed = lane._settle, []

            def fail(mass_kg, reading):
                if lane.phase.value == "settling" and len(failed) < 3:
                    failed.append(mass_kg)
                    raise AssertionError("no truck in phase settling")
                settle(mass_kg, reading)

            monkeypatch.setattr(lane, "_settle", fail)
            await at.push("晋L12345")
            at.roll_on(20_000)
            at.axles()
            await told(at, "晋L12345", "未超限")
            assert len(failed) == 3
            (line,) = journal(at)
            assert line[0] == "lane_error"
            assert line[1]["phase"] == "settling"
            assert "no truck in phase settling" in line[1]["error"]
            assert "lane" in view(at).faults
            at.roll_off()
            await at.until(lambda: view(at).faults == {})
            (record,) = at.records()
            assert record.gross_kg == 20_000
            assert "resumed" in record.flags

    asyncio.run(scenario())


def test_what_fails_beside_the_weighing_does_not_stop_it(identity, tmp_path, monkeypatch):
    async def scenario():
        async with open_gate() as gate, site(tmp_path, NOWHERE, identity, gate) as at:
            service = at.terminal.lanes[1]

            for part in (service.control, service.exits, service.clips, service.holds):

                def fail(*more, part=part):
                    raise AssertionError(type(part).__name__)

                monkeypatch.setattr(part, "tick", fail)
            await at.push("晋L12345")
            at.roll_on(20_000)
            at.axles()
            await told(at, "晋L12345", "未超限")
            assert [r.flags for r in at.records()] == [()]
            lines = [line for what, line in journal(at) if what == "lane_error"]
            parts = ["ClipKeeper", "Control", "ExitWatch", "Holds"]
            assert sorted(line["error"].split("'")[1] for line in lines) == parts
            assert "AssertionError" in view(at).faults["lane"]

    asyncio.run(scenario())


def test_a_truck_that_cannot_be_judged_does_not_stop_the_lane(identity, tmp_path, monkeypatch):
    async def scenario():
        async with open_gate() as gate, site(tmp_path, NOWHERE, identity, gate) as at:
            service = at.terminal.lanes[1]
            with monkeypatch.context() as broken:

                def fail(passage, at_ms):
                    raise RuntimeError("no such law")

                broken.setattr(service.recorder, "judge", fail)
                await at.push("晋L12345")
                at.roll_on(20_000)
                at.axles()
                await at.until(lambda: journal(at))
                assert journal(at)[0][0] == "record_impossible"
                assert "no such law" in view(at).faults["record"]
                at.roll_off()
                await at.until(lambda: view(at).phase.value == "empty")
            await at.push("晋L12346")
            at.roll_on(20_000)
            at.axles()
            await told(at, "晋L12346", "未超限")
            assert [r.plate for r in at.records()] == ["晋L12346"]

    asyncio.run(scenario())


# pictures of cab and weigh room


@pytest.mark.parametrize("sound", [True, False])
def test_a_camera_of_the_cab_is_asked_when_the_truck_comes_to_rest(
    identity, tmp_path, monkeypatch, sound
):
    asked = []

    async def snapshot(camera):
        asked.append((camera.name, datetime.now(UTC)))
        if not sound:
            raise ConnectionError("no route")
        return Picture("panorama", "image/jpeg", JPEG + camera.name.encode() + JPEG_END)

    async def nothing(camera, keep):
        await asyncio.Event().wait()

    monkeypatch.setattr(StreamCamera, "snapshot", snapshot)
    monkeypatch.setattr(StreamCamera, "pull", nothing)
    monkeypatch.setattr(StreamCamera, "state", DeviceState.OK)
    cameras = [
        {"driver": "hikvision", "name": "front"},
        {"driver": "hikvision_stream", "name": "cab", "view": "cab", "address": "http://127.0.0.1"},
        {
            "driver": "hikvision_stream",
            "name": "room",
            "view": "weigh_room",
            "address": "http://127.0.0.1",
        },
    ]

    async def scenario():
        async with open_gate() as gate, site(
            tmp_path, NOWHERE, identity, gate, cameras=cameras
        ) as at:  # fmt: skip
            await at.push("晋L12345")
            at.roll_on(20_000)
            at.axles()
            await told(at, "晋L12345", "未超限")
            (record,) = at.records()
            kinds = ["cab", "head", "weigh_room"] if sound else ["head"]
            assert [file.kind for file in record.files] == kinds
            assert sorted(name for name, _ in asked) == ["cab", "room"]
            assert record.flags == ()

    asyncio.run(scenario())


def test_a_camera_of_the_cab_that_pushes_names_no_truck(identity, tmp_path):
    cameras = [
        {"driver": "hikvision", "name": "front"},
        {"driver": "hikvision", "name": "cab", "view": "cab"},
        {"driver": "hikvision", "name": "rear", "view": "rear"},
    ]

    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, cameras=cameras) as at,
        ):
            await at.push("晋L99999", camera="cab")
            await at.push("晋L12345")
            await at.push("晋L1234挂", camera="rear")
            at.roll_on(20_000)
            at.axles()
            await told(at, "晋L12345", "未超限")
            (record,) = at.records()
            assert (record.plate, record.trailer_plate) == ("晋L12345", "晋L1234挂")
            assert [file.kind for file in record.files] == ["cab", "head", "tail"]
            assert record.flags == ()

    asyncio.run(scenario())
