"""The loss test from start to figures."""

import asyncio
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hengyuan.world.axle_records import AxleRecord
from hengyuan.world.loss.faults import FaultPlan, Faults
from hengyuan.world.loss.judge import judge
from hengyuan.world.loss.lane import LossLane, Passage
from hengyuan.world.loss.site import Site, SiteFailed, Teller
from hengyuan.world.tally import PlatformBooks
from hengyuan.world.trucks import Truck, trucks

IMPATIENT_SHARE = 0.1
MADE_SHARE = 0.1
HANDED_OVER_WITHIN_S = 300.0
TOLD_EVERY_S = 10.0


@dataclass(frozen=True, slots=True)
class LossPlan:
    """How much is to happen. The same seed drives the same trucks and plans the same faults."""

    records: Sequence[AxleRecord]
    passages: int
    kills: int
    seed: int
    lanes: int


async def loss_test(plan: LossPlan, home: Path, tell: Teller) -> dict[str, Any]:
    """Run it in `home`, an empty directory; the figures, `all_right` among them."""
    began = time.monotonic()
    disk_mb = 64 + plan.passages // 20
    async with Site(home, plan.lanes, plan.seed, disk_mb, tell) as site:
        started = time.monotonic()
        faults = Faults(site, FaultPlan.of(plan.kills), plan.passages, plan.seed)
        traffic = _Traffic(site, faults, plan, tell)
        try:
            await traffic.run()
            driven = time.monotonic()
            tell("mending everything, waiting until the terminal has handed over")
            await faults.finish()
            await _handed_over(site)
        finally:
            await faults.cancel()
        await site.stop_terminal()
        tell("comparing")
        books = await asyncio.to_thread(PlatformBooks, site.postgres.url(), home / "platform")
        try:
            found = await asyncio.to_thread(
                judge, books, site.code, site.store, traffic.passages, site.line.told, site.was_away
            )
        finally:
            books.close()
        figures = asdict(found)
        problems = figures.pop("problems")
        return {
            "seed": plan.seed,
            "lanes": plan.lanes,
            **figures,
            "terminal_kills": site.kills,
            **faults.done,
            "full_disk": site.disk.kind,
            "full_disks_said": faults.full_disk_said,
            "starts_refused": site.refused_starts,
            "line": dict(sorted(site.line.faults.items())),
            "requests": site.line.requests,
            "camera_repeats": sum(lane.camera.repeated for lane in site.lanes),
            "passages_per_s": round(plan.passages / (driven - started), 2),
            "seconds": round(time.monotonic() - began, 1),
            "all_right": found.all_right and site.kills >= plan.kills,
            "problems": problems,
        }


class _Traffic:
    """Trucks over all lanes at once until enough have passed."""

    def __init__(self, site: Site, faults: Faults, plan: LossPlan, tell: Teller) -> None:
        self.passages: list[Passage] = []
        self._site = site
        self._faults = faults
        self._plan = plan
        self._tell = tell
        self._entered = 0
        self._trucks: Iterator[Truck] = trucks(plan.records, plan.seed, MADE_SHARE)
        self._chance = random.Random(plan.seed)

    async def run(self) -> None:
        progress = asyncio.create_task(self._say_progress())
        try:
            async with asyncio.TaskGroup() as group:
                for lane in self._site.lanes:
                    group.create_task(self._drive(lane))
        finally:
            progress.cancel()

    async def _drive(self, lane: LossLane) -> None:
        while self._entered < self._plan.passages:
            self._entered += 1
            number = self._entered
            patient = self._chance.random() >= IMPATIENT_SHARE
            truck = next(self._trucks)
            passage = await lane.pass_truck(number, truck, patient, self._faults.entering)
            self.passages.append(passage)

    async def _say_progress(self) -> None:
        while True:
            await asyncio.sleep(TOLD_EVERY_S)
            self._tell(
                f"{len(self.passages)} of {self._plan.passages} passages, "
                f"{self._site.kills} of {self._plan.kills} kills"
            )


async def _handed_over(site: Site) -> None:
    """Until the terminal holds nothing back. SiteFailed where that takes too long."""
    deadline = time.monotonic() + HANDED_OVER_WITHIN_S
    while True:
        status = await site.status()
        if status is not None and not any(status["queue"].values()):
            return
        if time.monotonic() > deadline:
            said = None if status is None else (status["queue"], status["uplink"])
            raise SiteFailed(
                f"the terminal holds back for {HANDED_OVER_WITHIN_S:g} s: {said}; the end of "
                f"{site.terminal.log_file}:\n{site.terminal.tail()}"
            )
        await asyncio.sleep(0.1)
