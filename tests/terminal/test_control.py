"""Who is let out, when the arm falls, what the lamp shows, and what is said when they fail."""

import asyncio
import json
from types import SimpleNamespace

import pytest

from hengyuan.record.model import Record
from hengyuan.terminal.board import LaneView, Weighed
from hengyuan.terminal.config_tables import ControlTable, HoldTable
from hengyuan.terminal.devices import BarrierPosition, DeviceState, ShowResult
from hengyuan.terminal.judging import Finding
from hengyuan.terminal.lane.control import Control, hold_of
from hengyuan.terminal.lane.phases import Phase

RULE = ControlTable(clear_ms=1000, close_after_s=15, move_s=10, retry_s=2)
OPEN, CLOSED, UNKNOWN = BarrierPosition.OPEN, BarrierPosition.CLOSED, BarrierPosition.UNKNOWN


class Barrier:
    """An arm that does as it is told, unless it is told not to."""

    def __init__(self, name="exit", place="exit", inputs=True, guards_itself=False, closes=True):
        self.closes = closes
        self.name = name
        self.settings = SimpleNamespace(place=place)
        self.guards_itself = guards_itself
        self.inputs = inputs
        self.position = CLOSED if inputs else UNKNOWN
        self.orders = []
        self.refuses = self.raises = None
        self.stuck = False

    async def _take(self, order, position):
        self.orders.append(order)
        if self.raises:
            raise self.raises
        if self.refuses:
            return ShowResult(False, self.refuses, 1)
        if self.inputs and not self.stuck:
            self.position = position
        return ShowResult(True, None, 1)

    async def open(self):
        return await self._take("open", OPEN)

    async def close(self):
        return await self._take("close", CLOSED)


class Lamp:
    def __init__(self, name="lamp", place="exit", colours=("off", "red", "yellow", "green")):
        self.name = name
        self.settings = SimpleNamespace(place=place)
        self.colours = frozenset(colours)
        self.shown = []
        self.refuses = None

    async def light(self, colour):
        self.shown.append(colour)
        return ShowResult(not self.refuses, self.refuses, 1)


class Stand:
    """Control of one lane, and what would be told of it."""

    def __init__(self, barriers=(), lamps=(), places=("barrier",), hold=None):
        self.now = 100.0
        self.view = LaneView(1, "1", "exit")
        self.lane = SimpleNamespace(phase=Phase.EMPTY, scale=DeviceState.OK, passage=None)
        self.covered = dict.fromkeys(places, False)
        self.notes = []
        self.tasks = set()
        self.control = Control(
            self.view,
            hold or HoldTable(),
            RULE,
            list(barriers),
            list(lamps),
            frozenset(places),
            self,
            self.spawn,
            self,
        )

    def monotonic(self):
        return self.now

    def spawn(self, work):
        self.tasks.add(asyncio.ensure_future(work))

    def fault(self, code, why):
        self.view.faults[code] = why

    def sound(self, code):
        self.view.faults.pop(code, None)

    async def note(self, what, detail):
        self.notes.append((what, json.loads(detail)))

    async def pass_(self, seconds=0.1):
        """Time passes, a tenth of a second after the other."""
        for _ in range(round(seconds * 10)):
            self.now += 0.1
            self.control.tick(self.lane, self.covered)
            while self.tasks:
                await self.tasks.pop()

    async def weigh(self, verdict="pass", seq=1, flags=(), seconds=0.5):
        """A truck comes to the scale and is told."""
        self.lane.phase = Phase.SETTLING
        await self.pass_(0.2)
        self.view.current = weighed(verdict, seq, flags)
        self.lane.passage = SimpleNamespace(seq=seq)
        self.lane.phase = Phase.TOLD
        await self.pass_(seconds)

    async def leave(self):
        self.lane.phase = Phase.LEAVING
        await self.pass_(0.2)
        self.lane.phase, self.lane.passage = Phase.EMPTY, None
        self.control.departed()
        self.view.current = None
        await self.pass_(0.2)

    async def pass_under(self):
        """A truck drives through below the arm."""
        self.covered["barrier"] = True
        await self.pass_(3)
        self.covered["barrier"] = False


def weighed(verdict, seq=1, flags=()):
    more = {"limit_kg": 25_000, "rule_pack": "p"} if verdict in ("pass", "over") else {}
    record = Record(
        v=1, terminal="T-01", seq=seq, kind="exit", lane=1, weighed_at=10**12, gross_kg=30_000,
        verdict=verdict, flags=flags, **more,
    )  # fmt: skip
    return Weighed(record, None if verdict is None else Finding(verdict))


def during(scenario):
    asyncio.run(asyncio.wait_for(scenario(), 20))


# who is let out


@pytest.mark.parametrize(
    ("verdict", "flags", "rule", "hold"),
    [
        ("pass", (), {}, None),
        ("over", (), {}, "over"),
        ("unknown", (), {}, "unknown"),
        (None, (), {}, None),
        ("over", ("override",), {}, None),
        ("over", (), {"over": False}, None),
        ("unknown", (), {"unknown": False}, None),
    ],
)
def test_who_is_held(verdict, flags, rule, hold):
    assert hold_of(weighed(verdict, 1, flags), HoldTable(**rule)) == hold


def test_the_arm_opens_for_who_may_go_and_only_once_it_was_told():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        at.lane.phase = Phase.JUDGED
        at.view.current = weighed("pass")
        at.lane.passage = SimpleNamespace(seq=1)
        await at.pass_(2)
        assert barrier.orders == []
        at.lane.phase = Phase.TOLD
        await at.pass_(2)
        assert barrier.orders == ["open"]
        assert at.view.barriers["exit"].position is OPEN
        assert at.view.hold is None

    during(scenario)


def test_the_arm_stays_closed_for_who_is_over_until_an_override_is_recorded():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh("over", seconds=30)
        assert barrier.orders == []
        assert at.view.hold == "over"
        await at.weigh("over", seq=2, flags=("override",))
        assert barrier.orders == ["open"]
        assert at.view.hold is None

    during(scenario)


def test_one_that_is_over_is_held_although_no_display_could_tell_it():
    async def scenario():
        barrier = Barrier()
        barrier.position = OPEN
        at = Stand([barrier])
        at.lane.phase, at.lane.passage = Phase.JUDGED, SimpleNamespace(seq=None)
        at.view.current = weighed("over", seq=4)
        await at.pass_(2)
        assert at.view.hold is None
        at.lane.passage.seq = 4
        await at.pass_(20)
        assert at.view.hold == "over"
        assert barrier.orders[-1] == "close"

    during(scenario)


def test_the_gatekeeper_opens_for_a_held_truck_and_a_later_record_does_not_close_on_it():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh("unknown")
        assert await at.control.open_exit(truck=True) is None
        await at.weigh("unknown", seq=2, seconds=60)
        assert barrier.orders == ["open"]

    during(scenario)


def test_an_order_that_the_barrier_does_not_take_says_why():
    async def scenario():
        barrier = Barrier()
        barrier.refuses = "no answer"
        at = Stand([barrier])
        assert await at.control.open_exit(truck=False) == "no answer"
        assert await Stand().control.open_exit(truck=False) == "this lane has no exit barrier"

    during(scenario)


# when the arm falls


def test_the_arm_falls_behind_the_truck_once_the_place_under_it_is_clear():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh()
        await at.leave()
        await at.pass_under()
        await at.pass_(0.8)
        assert barrier.orders == ["open"]
        await at.pass_(0.5)
        assert barrier.orders == ["open", "close"]
        assert at.view.barriers["exit"].position is CLOSED

    during(scenario)


def test_it_does_not_fall_before_the_truck_that_has_left_the_scale_has_come_to_it():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh()
        await at.leave()
        await at.pass_(14)
        assert barrier.orders == ["open"]
        await at.pass_(2)
        assert barrier.orders == ["open", "close"]

    during(scenario)


@pytest.mark.parametrize("covered", [True, None])
def test_it_never_falls_while_something_is_or_may_be_under_it(covered):
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh()
        await at.leave()
        await at.pass_under()
        at.covered["barrier"] = covered
        await at.pass_(600)
        assert barrier.orders == ["open"]
        at.covered["barrier"] = False
        await at.pass_(2)
        assert barrier.orders == ["open", "close"]

    during(scenario)


def test_an_order_to_close_that_failed_is_not_given_again_onto_a_truck():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh()
        await at.leave()
        await at.pass_under()
        barrier.refuses = "no answer"
        await at.pass_(1.5)
        assert barrier.orders == ["open", "close"]
        barrier.refuses = None
        at.covered["barrier"] = True
        await at.pass_(60)
        assert barrier.orders[-1] == "open"

    during(scenario)


@pytest.mark.parametrize("covered", [True, None])
def test_a_falling_arm_rises_again_when_something_comes_under_it(covered):
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh()
        await at.leave()
        await at.pass_under()
        await at.pass_(1.3)
        assert barrier.orders == ["open", "close"]
        at.covered["barrier"] = covered
        await at.pass_(0.2)
        assert barrier.orders == ["open", "close", "open"]
        at.covered["barrier"] = False
        await at.pass_(20)
        assert barrier.orders == ["open", "close", "open", "close"]

    during(scenario)


def test_it_does_not_fall_while_the_truck_that_may_go_still_stands_on_the_scale():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh(seconds=300)
        assert barrier.orders == ["open"]

    during(scenario)


def test_an_arm_still_up_behind_the_one_before_falls_before_one_that_is_held():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh("pass", seq=1)
        at.control.departed()
        await at.weigh("over", seq=2, seconds=0.5)
        await at.pass_under()
        await at.pass_(2)
        assert barrier.orders == ["open", "close"]

    during(scenario)


def test_a_second_weighing_that_is_over_takes_the_permission_back():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh("pass", seq=1)
        await at.weigh("over", seq=2)
        assert at.view.hold == "over"
        await at.pass_(20)
        assert barrier.orders == ["open", "close"]

    during(scenario)


@pytest.mark.parametrize("guards_itself", [True, False])
def test_without_a_sensor_only_a_barrier_that_looks_itself_is_told_to_close(guards_itself):
    async def scenario():
        barrier = Barrier(guards_itself=guards_itself)
        at = Stand([barrier], places=())
        await at.weigh()
        await at.leave()
        await at.pass_(20)
        assert barrier.orders == (["open", "close"] if guards_itself else ["open"])

    during(scenario)


@pytest.mark.parametrize("inputs", [True, False])
@pytest.mark.parametrize("seconds", [1, 60])
def test_a_barrier_that_closes_by_itself_is_opened_for_every_truck(inputs, seconds):
    async def scenario():
        barrier = Barrier(inputs=inputs, closes=False)
        at = Stand([barrier])
        for seq in (1, 2, 3):
            await at.weigh("pass", seq)
            await at.leave()
            at.covered["barrier"] = True
            await at.pass_(1)
            at.covered["barrier"] = False
            barrier.position = CLOSED if inputs else UNKNOWN
            await at.pass_(seconds)
        assert barrier.orders == ["open", "open", "open"]
        assert at.notes == []
        assert at.view.faults == {}

    during(scenario)


def test_two_trucks_on_end_are_each_let_out_though_the_arm_is_still_up():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh("pass", 1)
        at.control.departed()
        await at.weigh("pass", 2)
        await at.leave()
        assert barrier.orders == ["open", "open"]
        await at.pass_under()
        await at.pass_(2)
        assert barrier.orders == ["open", "open", "close"]

    during(scenario)


def test_an_arm_found_up_over_a_free_scale_after_a_restart_closes():
    async def scenario():
        barrier = Barrier()
        barrier.position = OPEN
        at = Stand([barrier])
        await at.pass_(20)
        assert barrier.orders[-1] == "close"

    during(scenario)


# the entry


def test_the_entry_opens_for_the_next_truck_and_closes_behind_it():
    async def scenario():
        barrier = Barrier("entry", "entry")
        at = Stand([barrier], places=("approach", "rear_edge"))
        await at.pass_(0.3)
        assert barrier.orders == ["open"]
        at.covered |= {"approach": True, "rear_edge": True}
        at.lane.phase = Phase.ARRIVED
        await at.pass_(2)
        at.covered["approach"] = False
        at.lane.phase = Phase.SETTLING
        await at.pass_(2)
        assert barrier.orders == ["open"]
        at.covered["rear_edge"] = False
        await at.pass_(0.3)
        assert barrier.orders == ["open", "close"]
        await at.weigh()
        await at.leave()
        assert barrier.orders == ["open", "close", "open"]

    during(scenario)


@pytest.mark.parametrize("covered", [True, None])
def test_the_entry_does_not_close_on_the_next_in_the_queue(covered):
    async def scenario():
        barrier = Barrier("entry", "entry")
        at = Stand([barrier], places=("approach",))
        await at.pass_(0.3)
        at.covered["approach"] = covered
        await at.weigh(seconds=60)
        assert barrier.orders == ["open"]

    during(scenario)


def test_nobody_is_let_onto_a_scale_that_gives_no_weight():
    async def scenario():
        barrier = Barrier("entry", "entry")
        at = Stand([barrier], places=("approach",))
        at.lane.scale = DeviceState.STALE
        await at.pass_(5)
        assert barrier.orders == []

    during(scenario)


# what fails


def test_a_barrier_that_does_not_answer_is_a_fault_a_line_in_the_journal_and_asked_again():
    async def scenario():
        barrier = Barrier()
        barrier.refuses = "no connection"
        at = Stand([barrier])
        await at.weigh(seconds=10)
        assert 4 <= len(barrier.orders) <= 6
        assert at.view.faults == {"barrier exit": "no connection"}
        assert at.view.barriers["exit"].trouble == "no connection"
        detail = {"barrier": "exit", "place": "exit", "wanted": "open", "why": "no connection"}
        assert at.notes == [("barrier_failed", detail)]
        barrier.refuses = None
        await at.pass_(3)
        assert at.view.faults == {}
        assert at.view.barriers["exit"].trouble is None

    during(scenario)


def test_a_driver_that_raises_is_a_fault_and_nothing_else():
    async def scenario():
        barrier = Barrier()
        barrier.raises = RuntimeError("broken")
        at = Stand([barrier])
        await at.weigh(seconds=1)
        assert at.view.faults == {"barrier exit": "broken"}

    during(scenario)


def test_an_order_that_was_taken_and_not_carried_out_is_a_fault():
    async def scenario():
        barrier = Barrier()
        barrier.stuck = True
        at = Stand([barrier])
        await at.weigh(seconds=9)
        assert at.view.faults == {}
        await at.pass_(2)
        assert at.view.faults == {"barrier exit": "ordered, but it did not move"}
        assert [what for what, _ in at.notes] == ["barrier_failed"]
        barrier.stuck = False
        await at.pass_(10)
        assert barrier.orders == ["open", "open", "open"]
        assert at.view.faults == {}

    during(scenario)


def test_an_arm_that_somebody_else_raised_is_written_down_and_not_fought():
    async def scenario():
        barrier = Barrier()
        at = Stand([barrier])
        await at.weigh()
        await at.leave()
        await at.pass_under()
        await at.pass_(2)
        barrier.position = OPEN
        await at.pass_(30)
        assert barrier.orders == ["open", "close"]
        assert [what for what, _ in at.notes] == ["barrier_moved_by_hand"]

    during(scenario)


# lamps


def test_a_lamp_follows_the_truck():
    async def scenario():
        lamp = Lamp()
        at = Stand(lamps=[lamp])
        await at.pass_(0.5)
        await at.weigh("pass")
        await at.leave()
        await at.weigh("over", seq=2)
        await at.leave()
        at.lane.scale = DeviceState.STALE
        await at.pass_(0.5)
        assert lamp.shown == ["green", "yellow", "green", "yellow", "red", "green", "red"]
        assert at.view.lamps == {"lamp": "red"}

    during(scenario)


def test_a_lamp_at_the_entry_is_green_while_the_scale_is_free():
    async def scenario():
        lamp = Lamp(place="entry")
        at = Stand(lamps=[lamp])
        await at.pass_(0.5)
        await at.weigh("pass")
        await at.leave()
        assert lamp.shown == ["green", "red", "green"]

    during(scenario)


def test_a_lamp_of_two_colours_is_red_while_a_truck_is_weighed():
    async def scenario():
        lamp = Lamp(colours=("off", "red", "green"))
        at = Stand(lamps=[lamp])
        await at.pass_(0.5)
        await at.weigh("pass")
        assert lamp.shown == ["green", "red", "green"]

    during(scenario)


def test_a_dark_lamp_is_a_fault_and_is_lit_again():
    async def scenario():
        lamp = Lamp()
        lamp.refuses = "no answer"
        at = Stand(lamps=[lamp])
        await at.pass_(7)
        assert at.view.faults == {}
        await at.pass_(4)
        assert at.view.faults == {"lamp lamp": "no answer"}
        assert [what for what, _ in at.notes] == ["lamp_failed"]
        lamp.refuses = None
        await at.pass_(3)
        assert at.view.faults == {}
        count = len(lamp.shown)
        await at.pass_(10)
        assert len(lamp.shown) == count

    during(scenario)
