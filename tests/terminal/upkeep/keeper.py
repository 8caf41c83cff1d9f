"""An upkeep with a real store, and clocks, devices and scales that a test moves by hand."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import msgspec

from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.clock import CheckedClock
from hengyuan.terminal.judging import CHINA
from hengyuan.terminal.store import EvidenceFiles, Store, StoreWorker
from hengyuan.terminal.store import journal as journal_table
from hengyuan.terminal.upkeep.service import Surroundings, Upkeep
from hengyuan.terminal.upkeep.settings import UpkeepTable
from hengyuan.terminal.words import translations

TERMINAL = "14102451001-01"
GENESIS = b"\x01" * 32
NOON = datetime(2026, 11, 23, 12, tzinfo=CHINA)
SETTINGS = UpkeepTable(failed_after_s=30, sound_after_s=30, ticket_after_s=600)
KINDS = {"东磅": "scale", "西磅": "scale", "LED": "display", "front": "camera"}


class HandClock:
    """Both clocks, moved by the test."""

    def __init__(self) -> None:
        self.elapsed_s = 1_000.0
        self.wall_ms = round(NOON.timestamp() * 1000)

    def monotonic(self) -> float:
        return self.elapsed_s

    def now_ms(self) -> int:
        return self.wall_ms

    def step(self, seconds: float) -> None:
        self.elapsed_s += seconds
        self.wall_ms += round(seconds * 1000)


@dataclass
class HandScale:
    """A scale whose reading the test sets; None: a truck is there."""

    name: str
    kg: int | None = 0

    def free_kg(self) -> int | None:
        return self.kg


@dataclass
class Keeper:
    """The parts under test."""

    upkeep: Upkeep
    worker: StoreWorker
    clock: HandClock
    checked: CheckedClock
    states: dict[str, str] = field(default_factory=dict)
    scales: tuple[HandScale, ...] = ()

    async def pass_s(self, seconds: int, every_s: int = 1) -> None:
        """Let time pass, with a look every so often."""
        for _ in range(0, seconds, every_s):
            self.clock.step(every_s)
            await self.upkeep.look()

    def journal(self) -> list[tuple[str, dict[str, object]]]:
        """What was written into the journal, oldest first."""
        rows = self.worker.store.within(lambda db: journal_table.entries_above(db, 0, 10_000))
        return [(row.what, msgspec.json.decode(row.detail)) for row in rows]

    def whats(self) -> list[str]:
        """The codes alone."""
        return [what for what, _ in self.journal()]

    def texts(self) -> list[str]:
        """What stands on every page."""
        return [notice.text for notice in self.upkeep.notices]


@contextlib.asynccontextmanager
async def keeper(
    folder: Path, settings: UpkeepTable = SETTINGS, clock: HandClock | None = None
) -> AsyncIterator[Keeper]:
    """An upkeep on the store in `folder`, opened or made."""
    store = Store(folder, TERMINAL, SM2_SM3, GENESIS)
    worker = StoreWorker(store, EvidenceFiles(folder / "evidence", SM2_SM3))
    clock = clock or HandClock()
    checked = CheckedClock(clock, 0)
    checked.checked(clock.now_ms(), clock.monotonic(), clock.monotonic())
    scales = (HandScale("东磅"), HandScale("西磅"))
    states = dict.fromkeys(KINDS, "ok")
    around = Surroundings(
        worker=worker,
        clock=clock,
        checked=checked,
        states=lambda: states,
        kinds=KINDS,
        scales=scales,
        words=translations("zh_Hans"),
        written=lambda: None,
    )
    upkeep = Upkeep(settings, around)
    await upkeep.load()
    try:
        yield Keeper(upkeep, worker, clock, checked, states, scales)
    finally:
        worker.close()
