"""Bringing a barrier or a lamp to where it is wanted, again and again, and saying what fails.

Nothing here raises: what a device does not do is a fault of the lane and a line in its journal.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Literal, Protocol

import structlog

from hengyuan.terminal.board import BarrierView
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config_tables import ControlTable
from hengyuan.terminal.devices import BarrierPosition, LampColour, ShowResult
from hengyuan.terminal.drivers.base import BarrierDriver, LampDriver
from hengyuan.terminal.lane.detail import detail_of

log = structlog.get_logger(__name__)

Wanted = Literal["open", "closed"]
Spawn = Callable[[Coroutine[Any, Any, None]], None]


class Reporter(Protocol):
    """Who hears of what a device did not do."""

    def fault(self, code: str, why: str) -> None:
        """Something cannot be done at the moment."""
        ...

    def sound(self, code: str) -> None:
        """It can be done again."""
        ...

    async def note(self, what: str, detail: str) -> None:
        """A line for the journal."""
        ...


class BarrierKeeper:
    """One barrier. An acknowledged order is believed only as far as the arm's inputs go."""

    def __init__(
        self,
        driver: BarrierDriver,
        view: BarrierView,
        rule: ControlTable,
        clock: Clock,
        spawn: Spawn,
        reporter: Reporter,
    ) -> None:
        self.driver = driver
        self.view = view
        self._rule = rule
        self._clock = clock
        self._spawn = spawn
        self._reporter = reporter
        self._code = f"barrier {driver.name}"
        self._ordered: Wanted | None = None
        self._occasion = 0
        self._ordered_at = self._wanted_at = self._next_at = float("-inf")
        self._busy = self._arrived = self._has_inputs = False

    def want(self, wanted: Wanted | None, may: bool = True, occasion: int = 0) -> None:
        """Called many times a second; an order is given when it is needed and `may` be given.

        With every new `occasion` it is given once more: a barrier that closes by itself has done
        so behind the truck before.
        """
        now = self._clock.monotonic()
        view = self.view
        view.position = self.driver.position
        self._has_inputs |= view.position is not BarrierPosition.UNKNOWN
        if wanted != view.wanted or occasion != self._occasion:
            view.wanted, self._occasion = wanted, occasion
            self._ordered = None
            self._wanted_at = now
            self._next_at = float("-inf")
            self._right()
        if wanted is None:
            return
        if self._ordered == wanted:
            self._follow(wanted, now)
        elif may and not self._busy and now >= self._next_at:
            self._busy = True
            self._spawn(self._give_unasked(wanted))

    async def order(self, wanted: Wanted, occasion: int = 0) -> ShowResult:
        """Give an order now and say what came of it. Never raises."""
        self.view.wanted, self._wanted_at = wanted, self._clock.monotonic()
        self._occasion = occasion
        return await self._give(wanted)

    async def _give_unasked(self, wanted: Wanted) -> None:
        await self._give(wanted)

    async def _give(self, wanted: Wanted) -> ShowResult:
        self._busy = True
        try:
            driver = self.driver
            result = await (driver.open() if wanted == "open" else driver.close())
        except Exception as error:
            log.exception("barrier.failed", barrier=self.driver.name)
            result = ShowResult(False, str(error) or type(error).__name__, 0)
        finally:
            self._busy = False
        now = self._clock.monotonic()
        self._next_at = now + self._rule.retry_s
        if result.acknowledged:
            log.info("barrier.ordered", barrier=self.driver.name, order=wanted)
            self._ordered, self._ordered_at, self._arrived = wanted, now, False
            if not self._has_inputs:
                self._right()
            return result
        # an order without an answer may have been carried out all the same
        self._ordered = None
        if wanted == "open" or now - self._wanted_at >= self._rule.move_s:
            # what is under the arm may go away; an arm that does not rise will not by itself
            await self._wrong(wanted, result.error or "not acknowledged")
        return result

    def _follow(self, wanted: Wanted, now: float) -> None:
        if not self._has_inputs:
            return
        there = BarrierPosition.OPEN if wanted == "open" else BarrierPosition.CLOSED
        if self.view.position is there:
            self._arrived = True
            self._right()
        elif self._arrived:
            if not self.driver.closes:
                return
            if self.view.position is not BarrierPosition.UNKNOWN:
                self._arrived = False
                self._ordered_at = float("inf")
                self._spawn(self._wrong(wanted, "moved by another hand", "barrier_moved_by_hand"))
        elif now - self._ordered_at >= self._rule.move_s:
            self._ordered = None
            self._spawn(self._wrong(wanted, "ordered, but it did not move"))

    async def _wrong(self, wanted: Wanted, why: str, what: str = "barrier_failed") -> None:
        if self.view.trouble == why:
            return
        self.view.trouble = why
        self._reporter.fault(self._code, why)
        detail = detail_of(barrier=self.driver.name, place=self.view.place, wanted=wanted, why=why)
        await self._reporter.note(what, detail)

    def _right(self) -> None:
        if self.view.trouble is not None:
            self.view.trouble = None
            self._reporter.sound(self._code)


class LampKeeper:
    """One lamp. A colour that it has not is shown as red."""

    def __init__(
        self, driver: LampDriver, rule: ControlTable, clock: Clock, spawn: Spawn, reporter: Reporter
    ) -> None:
        self.driver = driver
        self.colour: LampColour | None = None
        self._rule = rule
        self._clock = clock
        self._spawn = spawn
        self._reporter = reporter
        self._code = f"lamp {driver.name}"
        self._busy = self._shown = self._faulty = False
        self._next_at = self._wanted_at = float("-inf")

    def want(self, colour: LampColour) -> None:
        """Called many times a second."""
        if colour not in self.driver.colours:
            colour = "red"
        if colour != self.colour:
            if self._shown or self.colour is None:
                self._wanted_at = self._clock.monotonic()
            self.colour, self._shown, self._next_at = colour, False, float("-inf")
        if not self._shown and not self._busy and self._clock.monotonic() >= self._next_at:
            self._busy = True
            self._spawn(self._light(colour))

    async def _light(self, colour: LampColour) -> None:
        try:
            result = await self.driver.light(colour)
        except Exception as error:
            log.exception("lamp.failed", lamp=self.driver.name)
            result = ShowResult(False, str(error) or type(error).__name__, 0)
        self._busy = False
        self._next_at = self._clock.monotonic() + self._rule.retry_s
        if result.acknowledged:
            self._shown = self.colour == colour
            self._faulty = False
            self._reporter.sound(self._code)
        elif not self._faulty and self._next_at - self._wanted_at >= self._rule.move_s:
            self._faulty = True
            why = result.error or "not acknowledged"
            self._reporter.fault(self._code, why)
            detail = detail_of(lamp=self.driver.name, why=why)
            await self._reporter.note("lamp_failed", detail)
