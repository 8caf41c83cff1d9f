"""Power cuts on the way: programs killed with SIGKILL while trucks are on the scales."""

import asyncio
import contextlib
import os
import random
import signal
from collections import deque
from collections.abc import Coroutine
from dataclasses import dataclass

import structlog

from hengyuan.world.demo.town import Station, Town

log = structlog.get_logger(__name__)

MOMENT_S = (0.0, 0.5)
"""When after a truck has driven onto the scale."""
DOWN_S = (0.3, 2.0)
"""How long something stays away."""


@dataclass(frozen=True, slots=True)
class Chaos:
    """What is to be killed in a run of so many trucks."""

    platform_kills: int = 0
    kill_terminals: bool = False


class Killer:
    """Kills as planned, spread evenly over the run, each time at a moment of chance."""

    def __init__(self, town: Town, chaos: Chaos, trucks: int, seed: int) -> None:
        self._town = town
        self._chance = random.Random(seed)
        kills = chaos.platform_kills
        self._platform_at = deque(round((n + 1) / (kills + 1) * trucks) for n in range(kills))
        stations = town.stations if chaos.kill_terminals else []
        self._terminal_at = {
            station.terminal.code: round((number + 0.5) / len(stations) * trucks)
            for number, station in enumerate(stations)
        }
        self._killing: list[asyncio.Task[None]] = []
        self.platform_kills = 0
        self.database_kills = 0
        self.terminal_kills = 0

    def entering(self, station: Station, trucks: int) -> None:
        """The `trucks`th truck of the run drives onto the scale of this station now."""
        if self._platform_at and trucks >= self._platform_at[0]:
            self._platform_at.popleft()
            self._begin(self._platform_dies())
        due = self._terminal_at.get(station.terminal.code)
        if due is not None and trucks >= due:
            del self._terminal_at[station.terminal.code]
            self._begin(self._terminal_dies(station))

    async def finish(self) -> None:
        """Until everything that was killed runs again. Raises what went wrong on the way."""
        await asyncio.gather(*self._killing)

    async def cancel(self) -> None:
        """Kill nothing more."""
        for task in self._killing:
            task.cancel()
        await asyncio.gather(*self._killing, return_exceptions=True)

    def _begin(self, killing: Coroutine[None, None, None]) -> None:
        self._killing.append(asyncio.create_task(killing))

    async def _platform_dies(self) -> None:
        town = self._town
        assert town.platform is not None
        # every second time the whole machine's power goes, the database's too
        with_database = self.platform_kills % 2 == 1
        await asyncio.sleep(self._chance.uniform(*MOMENT_S))
        town.platform_down_on_purpose = True
        try:
            town.platform.kill()
            self.platform_kills += 1
            if with_database and (pid := town.postgres.pid()) is not None:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                self.database_kills += 1
            log.warning("chaos.platform_killed", with_database=with_database)
            await asyncio.sleep(self._chance.uniform(*DOWN_S))
            town.platform.start()
            await town.wait_for_platform()
        finally:
            town.platform_down_on_purpose = False

    async def _terminal_dies(self, station: Station) -> None:
        """With a truck on its scale, at any point of its weighing."""
        await asyncio.sleep(self._chance.uniform(*MOMENT_S))
        station.down_on_purpose = True
        try:
            station.child.kill()
            self.terminal_kills += 1
            log.warning("chaos.terminal_killed", terminal=station.terminal.code)
            await asyncio.sleep(self._chance.uniform(*DOWN_S))
            station.child.start()
            await self._town.wait_for_terminal(station)
        finally:
            station.down_on_purpose = False
