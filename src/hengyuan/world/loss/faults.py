"""What goes wrong, and when: spread over the run by the seed, each at a moment of chance."""

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from hengyuan.world.loss.site import Site

HOUR_MS = 3_600_000
MOMENT_S = 0.6
"""A fault strikes within so long after the passage that calls it."""
KILL_AGAIN_SHARE = 0.1
KILL_AGAIN_WITHIN_S = 1.5
OUTAGE_S = (0.3, 4.0)
FULL_S = (0.8, 3.0)
_REFUSED = (b"not_stored", b'"fault": "store"')
"""What the terminal logs when the disk refuses a record, an event, a picture or a note."""


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """How many of each; those of the line come by chance, see `line.Odds`."""

    kills: int
    platform_kills: int
    database_kills: int
    closed_ports: int
    busy_spells: int
    clock_steps: int
    full_disks: int

    @staticmethod
    def of(kills: int) -> "FaultPlan":
        """As many of the others as suit so many kills, one of each at least."""
        return FaultPlan(
            kills=kills,
            platform_kills=max(1, kills // 20),
            database_kills=max(1, kills // 40),
            closed_ports=max(1, kills // 8),
            busy_spells=max(1, kills // 8),
            clock_steps=max(2, kills // 5),
            full_disks=max(1, kills // 10),
        )


class Faults:
    """Strikes as planned while passages begin; see `entering`."""

    def __init__(self, site: Site, plan: FaultPlan, passages: int, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self.full_disk_said = 0
        """Full disks of which the terminal said that it could not store something, or not start."""
        self._site = site
        self._plan = plan
        self._chance = random.Random(seed)
        self._due = deque(sorted(self._schedule(passages), key=lambda each: each[0]))
        self._tasks: set[asyncio.Task[None]] = set()
        self._outage = asyncio.Lock()
        self._disk = asyncio.Lock()
        self._failed: list[BaseException] = []

    def entering(self, passage: int) -> None:
        """The `passage`th truck drives onto a scale now."""
        while self._due and passage >= self._due[0][0]:
            _, strike = self._due.popleft()
            self._begin(strike())

    async def finish(self) -> None:
        """Until nothing is wrong any more; then the kills that fell on a dead terminal are made
        up for, and line and disk are mended."""
        while self._tasks:
            await asyncio.gather(*self._tasks)
        while self._site.kills < self._plan.kills:
            await self._site.wait_for_terminal()
            await asyncio.sleep(self._chance.uniform(0, MOMENT_S))
            self._site.kill_terminal()
        self._site.line.mend()
        await self._site.line.open()

    async def cancel(self) -> None:
        """Strike no more."""
        self._due.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        async def after_a_moment() -> None:
            await asyncio.sleep(self._chance.uniform(0, MOMENT_S))
            await work

        task = asyncio.create_task(after_a_moment())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _schedule(self, passages: int) -> list[tuple[float, Callable[[], Any]]]:
        plan = self._plan
        times: list[tuple[int, Callable[[], Any]]] = [
            (plan.kills, self._kill),
            (plan.platform_kills, lambda: self._platform_dies(False)),
            (plan.database_kills, lambda: self._platform_dies(True)),
            (plan.closed_ports, self._port_closed),
            (plan.busy_spells, self._busy),
            (plan.clock_steps, self._clock_steps),
            (plan.full_disks, self._disk_full),
        ]
        # one in each part of the run, so that they are spread and yet come by chance
        return [
            ((n + self._chance.random()) / count * passages, strike)
            for count, strike in times
            for n in range(count)
        ]

    # the faults

    async def _kill(self) -> None:
        again = self._chance.random() < KILL_AGAIN_SHARE
        self._site.kill_terminal()
        if again and self._site.kills < self._plan.kills:
            # while it starts
            await asyncio.sleep(self._chance.uniform(0, KILL_AGAIN_WITHIN_S))
            self._site.kill_terminal()

    async def _platform_dies(self, with_database: bool) -> None:
        async with self._outage:
            self.done["database_kills" if with_database else "platform_kills"] += 1
            await self._site.kill_platform(with_database, self._chance.uniform(*OUTAGE_S))

    async def _port_closed(self) -> None:
        async with self._outage:
            self.done["closed_ports"] += 1
            await self._site.line.shut()
            await asyncio.sleep(self._chance.uniform(*OUTAGE_S))
            await self._site.line.open()

    async def _busy(self) -> None:
        async with self._outage:
            self.done["busy_spells"] += 1
            self._site.line.out_of_service = True
            await asyncio.sleep(self._chance.uniform(*OUTAGE_S))
            self._site.line.out_of_service = False

    async def _clock_steps(self) -> None:
        self.done["clock_steps"] += 1
        clock = self._site.clock
        others = [each for each in (-HOUR_MS, 0, HOUR_MS) if each != clock.offset_ms]
        clock.set_offset(self._chance.choice(others))

    async def _disk_full(self) -> None:
        async with self._disk:
            site = self._site
            self.done["full_disks"] += 1
            refused = site.refused_starts
            log_end = site.terminal.log_file.stat().st_size
            site.disk.fill(site.terminal.pid)
            await asyncio.sleep(self._chance.uniform(*FULL_S))
            site.disk.free(site.terminal.pid)
            with site.terminal.log_file.open("rb") as log:
                log.seek(log_end)
                said = log.read()
            # a store that has room in its own file goes on; what it refuses, it says
            if any(word in said for word in _REFUSED) or site.refused_starts > refused:
                self.full_disk_said += 1
