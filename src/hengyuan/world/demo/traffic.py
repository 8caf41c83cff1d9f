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
    entered: int = 0
    passages: list[Passage] = field(default_factory=list)

    async def run(self) -> None:
        """Until `wanted` trucks have passed, or for ever. A dead program raises ChildDied."""
        drivers = [asyncio.create_task(self._drive(station)) for station in self.town.stations]
        watch = asyncio.create_task(self._watch())
        try:
            driving: asyncio.Future[Any] = asyncio.gather(*drivers)
            both: set[asyncio.Future[Any]] = {driving, watch}
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        finally:
            watch.cancel()
            for driver in drivers:
                driver.cancel()
            await asyncio.gather(watch, *drivers, return_exceptions=True)

    async def wait_until_handed_over(self) -> None:
        """Until every terminal says that it holds nothing back: neither records nor files."""
        loop = asyncio.get_running_loop()
        waiting: dict[str, int] = {}
        progress_at = loop.time()
        while True:
            now_waiting = {}
            for station in self.town.stations:
                self.town.check()
                held = await self._held(station)
                if held != 0:
                    now_waiting[station.terminal.code] = held
            if not now_waiting:
                return
            if now_waiting != waiting:
                waiting, progress_at = now_waiting, loop.time()
            if loop.time() - progress_at > EMPTY_WITHIN_S:
                raise TownFailed(f"terminals hold back for too long: {waiting}")
            await asyncio.sleep(0.2)

    async def _held(self, station: Station) -> int:
        """What it still holds; -1 where it does not say."""
        status = await self.town.status(station)
        if status is None:
            return -1
        return held_back(status)

    async def _drive(self, station: Station) -> None:
        while self.wanted is None or self.entered < self.wanted:
            self.entered += 1
            self.entering(station, self.entered)
            passage = await station.gate.pass_truck(next(self.trucks))
            if self.wanted is not None:
                self.passages.append(passage)
            self.seen(passage)

    async def _watch(self) -> None:
        while True:
            self.town.check()
            await asyncio.sleep(0.5)


def held_back(status: dict[str, object]) -> int:
    """Records and files that a terminal has not handed over, from its `/status.json`."""
    queue = status["queue"]
    if isinstance(queue, dict):
        return sum(int(value) for value in queue.values() if isinstance(value, int))
    assert isinstance(queue, int)
    return queue
