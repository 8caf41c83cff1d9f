"""A whole fill: the city entered, days divided among processes, progress, going on after an end."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from queue import Empty
from typing import Any

import asyncpg

from hengyuan.platform.home import home_dir
from hengyuan.world.fill.entering import Entered, enter
from hengyuan.world.fill.preparing import NOTE, FillPlan, divided, note_plan, prepare
from hengyuan.world.fill.storing import Book, HeadMoved, store
from hengyuan.world.fill.worker import Task, process

_LISTEN_S = 1.0
_BOOKS_WAITING = 2
_GRACE_S = 20.0


class FillFailed(RuntimeError):
    """A process has failed; what was committed is kept, and the same command goes on from there."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What came of it. `records` and `seconds` are of this run, the other figures of the table."""

    records: int
    seconds: float
    entering_seconds: float
    worker_us: float
    terminals: int
    total_records: int
    bytes: int
    index_bytes: int
    count_rows: int
    count_bytes: int
    batches: int
    batch_bytes: int

    def figures(self) -> dict[str, Any]:
        """For people and programs."""
        found = asdict(self)
        found["records_per_s"] = round(self.records / self.seconds) if self.seconds else 0
        total = self.total_records or 1
        found["bytes_per_record"] = round((self.bytes + self.index_bytes) / total, 1)
        found["bytes_per_record_with_counts_and_batches"] = round(
            (self.bytes + self.index_bytes + self.count_bytes + self.batch_bytes) / total, 1
        )
        found["cores"] = os.cpu_count()
        found["load"] = [round(load, 1) for load in os.getloadavg()]
        return found


def fill(
    plan: FillPlan,
    database_url: str,
    workers: int,
    password: str | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[Filled, Entered]:
    """Fill the database of this home. Django is set up and the tables are there.

    CannotFill, FillFailed, and what `entering.enter` raises.
    """
    plan.check(datetime.now(UTC))
    note_plan(plan, home_dir() / NOTE)
    begun = time.monotonic()
    entered = enter(plan.units, plan.seed, plan.scale, password, say)
    tasks = asyncio.run(prepare(plan, database_url, entered.terminals))
    entering_s = time.monotonic() - begun
    begun, spent = time.monotonic(), _spent_by_children()
    records = run(divided(plan, database_url, entered.habits, tasks, workers), database_url, say)
    spent = _spent_by_children() - spent
    say("整理表和统计信息")
    sizes = asyncio.run(_finish(database_url))
    seconds = time.monotonic() - begun
    filled = Filled(
        records=records,
        seconds=round(seconds, 1),
        entering_seconds=round(entering_s, 1),
        worker_us=round(spent * 1e6 / records, 1) if records else 0.0,
        terminals=len(tasks),
        **sizes,
    )
    return filled, entered


def run(tasks: list[Task], url: str, say: Callable[[str], None]) -> int:
    """Run the processes and store what they make; how many records that was. FillFailed."""
    if not tasks:
        return 0
    context = multiprocessing.get_context("spawn")
    queues = [context.Queue(maxsize=_BOOKS_WAITING) for _ in tasks]
    running = [
        context.Process(target=process, args=(task, queue), daemon=True, name=f"fill-{number}")
        for number, (task, queue) in enumerate(zip(tasks, queues, strict=True), start=1)
    ]
    progress = _Progress(len(tasks[0].parts), say)
    heard = zip(*map(_heard, queues, running, tasks), strict=True)
    try:
        for one in running:
            one.start()
        asyncio.run(store_parts(url, heard, progress.hear))
        for one in running:
            one.join(_GRACE_S)
    except (HeadMoved, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise FillFailed(f"{type(error).__name__}: {error}") from error
    finally:
        for one in running:
            if one.is_alive():
                one.terminate()
                one.join(_GRACE_S)
    return progress.records


async def store_parts(
    url: str, parts: Iterable[tuple[Book, ...]], hear: Callable[[int], None]
) -> None:
    """Store part after part, each of the books that all processes have made of it.

    One transaction holds the days of the whole city, so that rows stand in the order of time and
    indexes grow as they do in life. `hear` is told how many records each part has. HeadMoved.
    """
    connection = await asyncpg.connect(url)
    try:
        for first, *others in parts:
            for book in others:
                first.merge(book)
            await store(connection, first)
            hear(len(first.rows))
    finally:
        await connection.close()


def _heard(queue: Any, process: Any, task: Task) -> Iterator[Book]:
    """The books of a process as they come. FillFailed when it fails or dies."""
    for _ in task.parts:
        while True:
            try:
                book = queue.get(timeout=_LISTEN_S)
                break
            except Empty:
                if process.exitcode:
                    raise FillFailed(f"进程 {process.name} 已退出（{process.exitcode}）") from None
        if isinstance(book, str):
            raise FillFailed(book)
        yield book


def _spent_by_children() -> float:
    """Processor time of the processes that have ended, in seconds."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


class _Progress:
    """How far it is, told every few seconds."""

    EVERY_S = 5.0

    def __init__(self, parts: int, say: Callable[[str], None]) -> None:
        self.records = 0
        self._parts = parts
        self._done = 0
        self._say = say
        self._begun = self._told = time.monotonic()

    def hear(self, records: int) -> None:
        self.records += records
        self._done += 1
        now = time.monotonic()
        if self._done < self._parts and now - self._told < self.EVERY_S:
            return
        self._told = now
        spent = now - self._begun
        left = spent / self._done * (self._parts - self._done)
        self._say(
            f"{self._done * 100 // self._parts:3d}%  {self.records:,} 条"
            f"  {self.records / spent:,.0f} 条/秒  约剩 {int(left) // 60}:{int(left) % 60:02d}"
        )


async def _finish(url: str) -> dict[str, int]:
    """Leave the tables as a database that has had its rest: vacuumed and analysed; their sizes."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM (ANALYZE) weighing")
        await connection.execute("VACUUM (ANALYZE) weighing_count, intake_batch, intake_chainhead")
        row = await connection.fetchrow(
            "SELECT (SELECT coalesce(sum(last_seq), 0) FROM intake_chainhead)::bigint"
            " AS total_records,"
            " sum(pg_table_size(relid))::bigint AS bytes,"
            " sum(pg_indexes_size(relid))::bigint AS index_bytes,"
            " (SELECT count(*) FROM weighing_count) AS count_rows,"
            " pg_total_relation_size('weighing_count') AS count_bytes,"
            " (SELECT count(*) FROM intake_batch) AS batches,"
            " pg_total_relation_size('intake_batch') AS batch_bytes"
            " FROM pg_partition_tree('weighing') WHERE isleaf"
        )
    finally:
        await connection.close()
    return dict(row)
