"""One process of a fill: its terminals, day by day."""

from __future__ import annotations

import asyncio
import gc
import random
import signal
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from hengyuan.platform.weighing import rule_pack_numbers
from hengyuan.record.suites import SM2_SM3
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.fill import calendar
from hengyuan.world.fill.chains import ChainEnd, link_day
from hengyuan.world.fill.fleet import Fleet
from hengyuan.world.fill.loads import loaded_shares
from hengyuan.world.fill.passages import Gate, Traffic
from hengyuan.world.fill.recording import Recorder
from hengyuan.world.fill.storing import DayBook, store
from hengyuan.world.fill.units import Habits


@dataclass(frozen=True, slots=True)
class TerminalTask:
    """A terminal to be filled: who it is, and where its chain ends."""

    id: int
    code: str
    unit_id: int
    county: int
    unit: int
    """The place of its unit in the list of units."""
    number: int
    """Among the terminals of its unit, from 0."""
    secret: bytes
    seq: int
    head: bytes
    from_day: date
    """The first day that is not stored yet."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a process has to do. It shares nothing with the others but the database."""

    database_url: str
    seed: int
    first: date
    last: date
    habits: list[Habits]
    terminals: list[TerminalTask]


@dataclass(frozen=True, slots=True)
class DayDone:
    """A day that is committed."""

    day: date
    records: int


def work(task: Task, tell: Callable[[DayDone], None]) -> None:
    """Fill the terminals of a task, day by day; `tell` hears of each day once it is committed."""
    asyncio.run(_Worker(task, tell).run())


def process(task: Task, told: Any) -> None:
    """`work` as the main function of a process; `told` is a queue."""
    # Ctrl-C is the parent's to answer: it ends us, and what is not committed is done again
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # nothing here refers to itself, and walking a hundred thousand records again and again costs
    gc.disable()
    try:
        work(task, told.put)
    except Exception as error:
        told.put(f"{type(error).__name__}: {error}")
        raise
    finally:
        told.close()
        told.join_thread()


class _Worker:
    def __init__(self, task: Task, tell: Callable[[DayDone], None]) -> None:
        self._task = task
        self._tell = tell
        records = load_axle_records()
        self._fleet = Fleet(task.habits, records, task.seed)
        self._traffic = Traffic(task.seed, loaded_shares(records))
        self._units = frozenset(terminal.unit for terminal in task.terminals)
        self._ends = [
            ChainEnd(
                terminal.id,
                terminal.code,
                terminal.unit_id,
                terminal.county,
                SM2_SM3,
                SM2_SM3.load_private(terminal.secret),
                terminal.seq,
                terminal.head,
            )
            for terminal in task.terminals
        ]

    async def run(self) -> None:
        task = self._task
        connection = await asyncpg.connect(task.database_url)
        try:
            await rule_pack_numbers.read(connection)
            storing: asyncio.Task[DayDone] | None = None
            for ordinal in range(task.first.toordinal(), task.last.toordinal() + 1):
                # the database stores a day while the next one is made
                book = await asyncio.to_thread(self._fill, date.fromordinal(ordinal))
                if storing is not None:
                    self._tell(await storing)
                storing = asyncio.create_task(_stored(connection, book))
            if storing is not None:
                self._tell(await storing)
        finally:
            await connection.close()

    def _fill(self, day: date) -> DayBook:
        received_at = datetime.fromtimestamp(calendar.end_ms(day) // 1000, UTC)
        book = DayBook(day, received_at)
        at_work = self._fleet.at_work(day, self._units)
        for terminal, end in zip(self._task.terminals, self._ends, strict=True):
            if day < terminal.from_day:
                continue
            gate = Gate(end.code, terminal.number, self._task.habits[terminal.unit])
            chance = random.Random(f"{self._task.seed}/{end.code}/{day}")
            trucks = at_work.get(terminal.unit, [])
            happened = self._traffic.day(gate, trucks, day, chance)
            records = Recorder(gate, day, chance).records(happened, end.seq + 1)
            if records:
                before = (end.seq, end.head)
                book.add(before, end, link_day(end, records))
        return book


async def _stored(connection: Any, book: DayBook) -> DayDone:
    await store(connection, book)
    return DayDone(book.day, len(book.rows))
