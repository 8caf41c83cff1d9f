"""Where a lane wants its barriers and lamps: the rules alone; `keepers.py` brings them there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from hengyuan.terminal.board import BarrierView, Hold, LaneView, Weighed
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config_tables import ControlTable, HoldTable
from hengyuan.terminal.devices import BarrierPosition, DeviceState, LampColour, SensorPlace
from hengyuan.terminal.drivers.base import BarrierDriver, LampDriver
from hengyuan.terminal.lane.keepers import BarrierKeeper, LampKeeper, Reporter, Spawn, Wanted
from hengyuan.terminal.lane.lane import Lane
from hengyuan.terminal.lane.phases import Phase

log = structlog.get_logger(__name__)

_STANDING = (Phase.SETTLING, Phase.WEIGHED, Phase.JUDGED, Phase.TOLD)


def hold_of(weighed: Weighed, rule: HoldTable) -> Hold | None:
    """Why a truck is not let out; None for one that may go."""
    finding = weighed.finding
    if finding is None or "override" in weighed.record.flags:
        return None
    if finding.verdict == "over" and rule.over:
        return "over"
    if finding.verdict == "unknown" and rule.unknown:
        return "unknown"
    return None


@dataclass(slots=True)
class ExitRule:
    """Whether the exit barrier is to be open, as things happen. Times in s, monotonic.

    It opens for a truck that may go, and closes behind it: when nothing is known to be under the
    arm, and only then. `guarded` says that no sensor looks there because the barrier does itself.
    """

    rule: ControlTable
    guarded: bool
    """The lane has no sensor under the arm."""
    wanted: Wanted | None = None
    occasion: int = 0
    """How often it was opened."""
    leaving: bool = False
    """Whoever it was opened for has left the scale."""
    _left_at: float = 0.0
    _under: bool = False
    """Something was under the arm since."""
    _clear_since: float | None = None
    _closed_at: float = float("-inf")

    def open(self, now: float, truck: bool) -> None:
        """Let out the truck on the scale, or, without one, whoever stands before the arm."""
        self.wanted = "open"
        self.occasion += 1
        self.leaving = not truck
        self._left_at, self._under = now, False
        self._closed_at = float("-inf")

    def departed(self, now: float) -> None:
        """The truck that it was opened for has left the scale."""
        if self.wanted == "open" and not self.leaving:
            self.leaving, self._left_at = True, now

    def hold(self, now: float) -> None:
        """The truck on the scale may not go: whatever is open for others closes behind them."""
        if self.wanted == "open" and not self.leaving:
            self.leaving, self._left_at, self._under = True, now, False

    def tick(self, now: float, covered: bool | None) -> None:
        """Time passed; `covered`: whether something is under the arm, None where not known."""
        if not self.guarded and covered is not False and now - self._closed_at < self.rule.move_s:
            # something came, or may have come, under the falling arm
            self.open(now, truck=False)
        if covered is False:
            if self._clear_since is None:
                self._clear_since = now
        else:
            self._clear_since = None
            self._under |= covered is True
        if self.wanted == "open" and self.leaving and self._may_close(now):
            self.wanted, self._closed_at = "closed", now

    def clear(self, now: float) -> bool:
        """Nothing is under the arm, and has not been for a moment."""
        since = self._clear_since
        return since is not None and (now - since) * 1000 >= self.rule.clear_ms

    def _may_close(self, now: float) -> bool:
        waited = now - self._left_at >= self.rule.close_after_s
        if self.guarded:
            return waited
        return self.clear(now) and (self._under or waited)


class Control:
    """The barriers and lamps of one lane."""

    def __init__(
        self,
        view: LaneView,
        hold: HoldTable,
        rule: ControlTable,
        barriers: list[BarrierDriver],
        lamps: list[LampDriver],
        places: frozenset[SensorPlace],
        clock: Clock,
        spawn: Spawn,
        reporter: Reporter,
    ) -> None:
        """`places`: what the lane's sensors look at."""
        self._view = view
        self._hold = hold
        self._places = places
        self._clock = clock
        self._exits: list[BarrierKeeper] = []
        self._entries: list[BarrierKeeper] = []
        for driver in barriers:
            barrier = BarrierView(getattr(driver.settings, "place", "exit"))
            view.barriers[driver.name] = barrier
            keeper = BarrierKeeper(driver, barrier, rule, clock, spawn, reporter)
            (self._exits if barrier.place == "exit" else self._entries).append(keeper)
        self._lamps = [LampKeeper(lamp, rule, clock, spawn, reporter) for lamp in lamps]
        for keeper in self._exits + self._entries:
            blind = not keeper.driver.guards_itself and not self._looked_under(keeper)
            if blind and keeper.driver.closes:
                log.warning("lane.barrier_never_closed", barrier=keeper.driver.name)
        self._exit = ExitRule(rule, guarded="barrier" not in places)
        self._entry: Wanted | None = None
        self._entry_closed_at = float("-inf")
        self._judged: int | None = None
        self._by_order = False
        """The truck on the scale was let out by the gatekeeper."""
        self._lit: LampColour = "yellow"
        self._watched_since = clock.monotonic()

    def _looked_under(self, keeper: BarrierKeeper) -> bool:
        """Whether a sensor says what is under the arm; without one it is not told to close."""
        return ("barrier" if keeper.view.place == "exit" else "approach") in self._places

    async def open_exit(self, truck: bool) -> str | None:
        """Open the exit barrier by order; why it did not take the order, None where it did."""
        if not self._exits:
            return "this lane has no exit barrier"
        self._exit.open(self._clock.monotonic(), truck)
        self._by_order = truck
        errors = [await self._opened(keeper) for keeper in self._exits]
        return next((error for error in errors if error), None)

    async def _opened(self, keeper: BarrierKeeper) -> str | None:
        result = await keeper.order("open", self._exit.occasion)
        return None if result.acknowledged else result.error or "not acknowledged"

    def departed(self) -> None:
        """The truck that was weighed last has left the scale."""
        self._exit.departed(self._clock.monotonic())
        self._view.hold, self._by_order = None, False

    def tick(self, lane: Lane, covered: Mapping[SensorPlace, bool | None]) -> None:
        """Bring everything to where it belongs now; `covered` is what the sensors see."""
        now = self._clock.monotonic()
        self._judge(lane, now)
        self._take_over(lane, now)
        self._exit.tick(now, covered.get("barrier"))
        for keeper in self._exits:
            wanted = self._exit_of(keeper)
            sure = self._exit.guarded or self._exit.clear(now)
            keeper.want(wanted, wanted == "open" or sure, self._exit.occasion)
        for keeper in self._entries:
            sure = self._entry_clear(keeper, covered)
            wanted = self._entry_of(lane, sure, now)
            if wanted == "open" or keeper.driver.closes:
                keeper.want(wanted, wanted == "open" or sure)
            else:
                keeper.want(None)
        for lamp in self._lamps:
            colour = self._colour(lane)
            if getattr(lamp.driver.settings, "place", "exit") == "entry":
                colour = "green" if colour == "green" and lane.phase is Phase.EMPTY else "red"
            lamp.want(colour)
            if lamp.colour is not None:
                self._view.lamps[lamp.driver.name] = lamp.colour

    def _judge(self, lane: Lane, now: float) -> None:
        """A record that is stored holds its truck, one that is told too lets it out; so does a
        later one of the truck that still stands there."""
        current, passage = self._view.current, lane.passage
        if lane.phase is Phase.EMPTY:
            self._judged, self._view.hold = None, None
        if lane.phase not in (Phase.JUDGED, Phase.TOLD) or current is None or passage is None:
            return
        if current.record.seq != passage.seq:
            return
        self._view.hold = hold_of(current, self._hold)
        if lane.phase is not Phase.TOLD or self._judged == passage.seq:
            return
        self._judged = passage.seq
        if self._by_order:
            return
        if self._view.hold is None:
            self._exit.open(now, truck=True)
        else:
            self._exit.hold(now)

    def _take_over(self, lane: Lane, now: float) -> None:
        """An arm that was found up when the terminal started closes like one that it opened."""
        let_out = lane.phase is not Phase.EMPTY and self._view.hold is None
        if self._exit.wanted is not None or let_out:
            return
        if any(keeper.driver.position is BarrierPosition.OPEN for keeper in self._exits):
            self._exit.open(now, truck=False)

    def _exit_of(self, keeper: BarrierKeeper) -> Wanted | None:
        wanted = self._exit.wanted
        if wanted != "closed":
            return wanted
        blind = self._exit.guarded and not keeper.driver.guards_itself
        # it closes by itself, or by hand, as nobody here knows what is under it
        return None if blind or not keeper.driver.closes else wanted

    def _entry_of(self, lane: Lane, sure: bool, now: float) -> Wanted | None:
        falling = now - self._entry_closed_at < self._exit.rule.move_s
        in_the_way = self._entry == "closed" and falling and not sure
        if in_the_way or (lane.phase is Phase.EMPTY and lane.scale is DeviceState.OK):
            self._entry = "open"
        elif lane.phase in _STANDING and sure and self._entry != "closed":
            self._entry, self._entry_closed_at = "closed", now
        return self._entry

    def _entry_clear(
        self, keeper: BarrierKeeper, covered: Mapping[SensorPlace, bool | None]
    ) -> bool:
        """The truck on the scale has its tail away from the entry's arm, and nothing else is there.

        `approach` looks under that arm; without it, the arm has to guard itself.
        """
        if "rear_edge" in self._places and covered.get("rear_edge") is not False:
            return False
        if "approach" in self._places:
            return covered.get("approach") is False
        return keeper.driver.guards_itself

    def _colour(self, lane: Lane) -> LampColour:
        if lane.scale is not DeviceState.OK or "store" in self._view.faults:
            return "red"
        match lane.phase:
            case Phase.EMPTY:
                self._lit = "green"
            case Phase.TOLD:
                self._lit = "red" if self._view.hold else "green"
            case Phase.LEAVING:
                pass
            case _:
                self._lit = "yellow"
        return self._lit
