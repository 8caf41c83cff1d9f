"""One process of a fill: it makes what its terminals add, day by day."""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import random
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from hengyuan.platform.weighing import rule_pack_numbers
from hengyuan.record.model import Record
from hengyuan.record.suites import SM2_SM3
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.fill import calendar
from hengyuan.world.fill.chains import ChainEnd, link
from hengyuan.world.fill.fleet import Fleet, FleetTruck
from hengyuan.world.fill.loads import loaded_shares
from hengyuan.world.fill.passages import Gate, Traffic
from hengyuan.world.fill.recording import Recorder
from hengyuan.world.fill.storing import Book
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
    days_at_once: int
    """So many days are one batch of each terminal, and one transaction."""
    habits: list[Habits]
    terminals: list[TerminalTask]

    @property
    def parts(self) -> list[list[date]]:
        """The days, as they are stored together."""
        ordinals = range(self.first.toordinal(), self.last.toordinal() + 1)
        days = [date.fromordinal(ordinal) for ordinal in ordinals]
        step = self.days_at_once
        return [days[at : at + step] for at in range(0, len(days), step)]


def books(task: Task) -> Iterator[Book]:
    """The books of a task, one for each of its parts; `learn` comes first."""
    return _Worker(task).books()


async def learn(database_url: str) -> None:
    """Learn the numbers that the database has given to rule packs."""
    connection = await asyncpg.connect(database_url)
    try:
        await rule_pack_numbers.read(connection)
    finally:
        await connection.close()


def process(task: Task, told: Any) -> None:
    """`books` as the main function of a process; into a queue, which bounds what waits there."""
    # Ctrl-C is the parent's to answer: it ends us, and what is not committed is done again
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # nothing here refers to itself, and walking a hundred thousand records again and again costs
    gc.disable()
    try:
        asyncio.run(learn(task.database_url))
        for book in books(task):
            told.put(book)
    except Exception as error:
        told.put(f"{type(error).__name__}: {error}")
        raise
    finally:
        told.close()
        told.join_thread()


def _end_with_parent() -> None:
    """However the parent ends, nobody waits for what we make any more."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Worker:
    def __init__(self, task: Task) -> None:
        self._task = task
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

    def books(self) -> Iterator[Book]:
        return map(self._fill, self._task.parts)

    def _fill(self, days: list[date]) -> Book:
        received_at = datetime.fromtimestamp(calendar.end_ms(days[-1]) // 1000, UTC)
        book = Book(days[-1], received_at)
        at_work = {day: self._fleet.at_work(day, self._units) for day in days}
        for terminal, end in zip(self._task.terminals, self._ends, strict=True):
            records: list[Record] = []
            for day in days:
                if day >= terminal.from_day:
                    trucks = at_work[day].get(terminal.unit, [])
                    records += self._day(terminal, day, trucks, end.seq + len(records) + 1)
            if records:
                before = (end.seq, end.head)
                book.add(before, end, link(end, records))
        return book

    def _day(
        self, terminal: TerminalTask, day: date, trucks: list[FleetTruck], first_seq: int
    ) -> list[Record]:
        gate = Gate(terminal.code, terminal.number, self._task.habits[terminal.unit])
        chance = random.Random(f"{self._task.seed}/{terminal.code}/{day}")
        happened = self._traffic.day(gate, trucks, day, chance)
        return Recorder(gate, day, chance).records(happened, first_seq)
