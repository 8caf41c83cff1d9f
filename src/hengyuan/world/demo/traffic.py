"""Trucks over all gates of a town at once, until enough have passed or somebody stops it."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import structlog

from hengyuan.world.demo.town import Station, Town, TownFailed
from hengyuan.world.gate import Passage
from hengyuan.world.trucks import Truck

log = structlog.get_logger(__name__)

EMPTY_WITHIN_S = 180.0
"""How long terminals may take to hand over what they still hold, without any progress."""


@dataclass(slots=True)
class Traffic:
    """Drives trucks. `passages` are kept only where a number of trucks is wanted."""

    town: Town
    trucks: Iterator[Truck]
    wanted: int | None
    entering: Callable[[Station, int], None] = lambda station, trucks: None
    """Called as the `trucks`th truck drives onto a station's scale."""
    seen: Callable[[Passage], None] = lambda passage: None
    """Called after each passage."""
    stagger_s: float = 0.0
    """How much later than the one before it each gate gets its first truck."""
    pause_s: Callable[[], float] = lambda: 0.0
    """How long no truck comes to a gate after one has left it."""
    entered: int = 0
    passages: list[Passage] = field(default_factory=list)

    async def run(self) -> None:
        """Until `wanted` trucks have passed, or for ever. A dead program raises ChildDied."""
        drivers = {
            asyncio.create_task(self._drive(station, number * self.stagger_s))
            for number, station in enumerate(self.town.stations)
        }
        watch = asyncio.create_task(self._watch())
        driving = set(drivers)
        try:
            while driving:
                done, _ = await asyncio.wait({*driving, watch}, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    await task
                driving -= done
        finally:
            for task in (watch, *drivers):
                task.cancel()
            await asyncio.gather(watch, *drivers, return_exceptions=True)

    async def wait_until_handed_over(self) -> None:
        """Until every terminal says that it holds nothing back: neither records nor files."""
        loop = asyncio.get_running_loop()
        waiting: dict[str, str] = {}
        progress_at = loop.time()
        while True:
            self.town.check()
            now_waiting = {}
            for station in self.town.stations:
                held = held_back(await self.town.status(station))
                if held:
                    now_waiting[station.terminal.code] = held
            if not now_waiting:
                return
            if now_waiting != waiting:
                waiting, progress_at = now_waiting, loop.time()
            if loop.time() - progress_at > EMPTY_WITHIN_S:
                shown = "; ".join(f"{code}: {what}" for code, what in waiting.items())
                raise TownFailed(f"terminals hold back for {EMPTY_WITHIN_S:g} s: {shown}")
            await asyncio.sleep(0.2)

    async def _drive(self, station: Station, begin_after_s: float) -> None:
        await asyncio.sleep(begin_after_s)
        while self.wanted is None or self.entered < self.wanted:
            self.entered += 1
            self.entering(station, self.entered)
            passage = await station.gate.pass_truck(next(self.trucks))
            if self.wanted is not None:
                self.passages.append(passage)
            self.seen(passage)
            await asyncio.sleep(self.pause_s())

    async def _watch(self) -> None:
        while True:
            self.town.check()
            await asyncio.sleep(0.5)


def held_back(status: dict[str, Any] | None) -> str:
    """What a terminal has not handed over, in words, from its `/status.json`; empty if nothing."""
    if status is None:
        return "no answer"
    queue = status["queue"]
    if not any(queue.values()):
        return ""
    waiting = ", ".join(f"{number} {what}" for what, number in queue.items())
    why = status["uplink"]["error"] or status["uplink"]["refused"]
    return f"{waiting} ({why})" if why else waiting
