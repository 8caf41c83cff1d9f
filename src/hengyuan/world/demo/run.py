"""A counted run from start to figures."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hengyuan.world.axle_records import AxleRecord
from hengyuan.world.city.counts import count_city
from hengyuan.world.demo.chaos import Chaos, Killer
from hengyuan.world.demo.outcome import outcome
from hengyuan.world.demo.town import DIVISION_KG, Town
from hengyuan.world.demo.traffic import Traffic
from hengyuan.world.gate import Passage
from hengyuan.world.tally import PlatformBooks, count
from hengyuan.world.trucks import trucks

STAGGER_S = 2.5
LONGEST_PAUSE_S = 4.0


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Which trucks come, how many of them (None: for ever), and what is killed meanwhile."""

    records: Sequence[AxleRecord]
    seed: int
    made_share: float
    wanted: int | None = None
    chaos: Chaos = field(default_factory=Chaos)


async def drive_for_ever(town: Town, plan: RunPlan, seen: Callable[[Passage], None]) -> None:
    """Keep trucks coming, now one, now another gate, until cancelled."""
    chance = random.Random(plan.seed)
    await Traffic(
        town,
        trucks(plan.records, plan.seed, plan.made_share),
        wanted=None,
        seen=seen,
        stagger_s=STAGGER_S,
        pause_s=lambda: chance.uniform(0, LONGEST_PAUSE_S),
    ).run()


async def counted_run(town: Town, plan: RunPlan, seen: Callable[[Passage], None]) -> dict[str, Any]:
    """Drive the wanted number of trucks, wait for the outboxes, count, return the figures."""
    assert plan.wanted is not None, "a run for ever cannot be counted"
    codes = [station.terminal.code for station in town.stations]
    traffic = Traffic(
        town, trucks(plan.records, plan.seed, plan.made_share), plan.wanted, seen=seen
    )
    # what an earlier run left in the outboxes is none of this one's
    await traffic.wait_until_handed_over()
    books = await asyncio.to_thread(PlatformBooks, town.postgres.url(), town.platform_home)
    try:
        before = await asyncio.to_thread(books.watermarks, codes)
    finally:
        books.close()
    killer = Killer(town, plan.chaos, plan.wanted, plan.seed)
    traffic.entering = killer.entering
    began = time.monotonic()
    try:
        await traffic.run()
        await killer.finish()
        await traffic.wait_until_handed_over()
    finally:
        await killer.cancel()
    seconds = time.monotonic() - began
    books = await asyncio.to_thread(PlatformBooks, town.postgres.url(), town.platform_home)
    try:
        tally = await asyncio.to_thread(count, books, traffic.passages, before, DIVISION_KG)
    finally:
        books.close()
    city = await asyncio.to_thread(count_city, town.postgres.url())
    return outcome(tally, traffic.passages, town.stations, killer, city, seconds)
