"""The same outage for the terminal: each message is a truck that drives over the scale.

The platform is there all the time behind a line that is closed while the receiver is to be away.
"""

import asyncio
import time
from pathlib import Path
from typing import Any

from bench.outage.scenario import Plan
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.loss.judge import judge
from hengyuan.world.loss.lane import LossLane, Passage
from hengyuan.world.loss.site import Site
from hengyuan.world.tally import PlatformBooks
from hengyuan.world.trucks import trucks

LANES = 4
HANDED_OVER_WITHIN_S = 300.0


async def run(plan: Plan, work: Path) -> dict[str, Any]:
    """The outage for it."""
    home = work / "hengyuan"
    async with Site(home, LANES, plan.seed, None, lambda step: None) as site:
        site.line.mend()
        drive = _Drive(site, plan)
        await drive.run()
        await _handed_over(site)
        await site.stop_terminal()
        books = PlatformBooks(site.postgres.url(), home / "platform")
        try:
            found = await asyncio.to_thread(
                judge, books, site.code, site.store, drive.passages, site.line.told, site.was_away
            )
        finally:
            books.close()
    return {
        "sent": found.told,
        "arrived": found.recorded,
        "lost": found.told_without_record + found.acknowledged_lost + found.records_differ,
        "doubled": found.stored_twice,
        "out_of_order": found.out_of_order,
    }


class _Drive:
    def __init__(self, site: Site, plan: Plan) -> None:
        self.passages: list[Passage] = []
        self._site = site
        self._plan = plan
        self._kills = set(plan.kills_after)
        self._entered = 0
        self._trucks = trucks(load_axle_records(None), plan.seed)
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for lane in self._site.lanes:
                group.create_task(self._drive(lane))
        await asyncio.gather(*self._tasks)

    async def _drive(self, lane: LossLane) -> None:
        while self._entered < self._plan.messages:
            self._entered += 1
            number = self._entered
            if number == self._plan.away.start:
                await self._site.line.shut()
            if number == self._plan.away.stop:
                await self._site.line.open()
            truck = next(self._trucks)
            self.passages.append(await lane.pass_truck(number, truck, True, lambda _: None))
            if number in self._kills:
                self._tasks.append(asyncio.create_task(self._kill()))

    async def _kill(self) -> None:
        await self._site.wait_for_terminal()
        self._site.kill_terminal()


async def _handed_over(site: Site) -> None:
    deadline = time.monotonic() + HANDED_OVER_WITHIN_S
    while time.monotonic() < deadline:
        status = await site.status()
        if status is not None and not any(status["queue"].values()):
            return
        await asyncio.sleep(0.2)
