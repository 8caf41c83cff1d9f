"""Group commit: many terminals' batches, one transaction, one fsync, then all the answers.

A batch is answered only after the commit that stored it. The chain head is the idempotency key:
a batch counts only if the head in the database is still the one that it builds on, so two
platforms, a repeated request and a restart can never store a record twice.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import asyncpg
import structlog

from hengyuan.platform import metrics
from hengyuan.platform.intake.registry import KnownTerminal
from hengyuan.platform.intake.rows import Prepared, local_day_and_hour
from hengyuan.platform.weighing import partitions
from hengyuan.platform.weighing.copying import COPY_COLUMNS, HEADER, TRAILER
from hengyuan.record.batch import BatchHeader
from hengyuan.record.refusal import Refusal

log = structlog.get_logger(__name__)

GROUP_RECORDS = 5_000
# A commit costs the same for one record as for twenty: while few wait, the next ones are given a
# moment to join them. It is a tenth of the time in which a terminal should have its answer.
GATHER_S = 0.005
GATHER_BELOW = 1_000
# Beyond this many waiting records a terminal is asked to come back: memory stays bounded while
# the database stalls, and nothing is lost, since nothing was acknowledged.
MAX_WAITING_RECORDS = 50_000
# Serialises the groups of several platform processes, so that the order of intake_batch.id is
# the order of the commits and a follower never overlooks a late one.
ORDER_LOCK = 0x48595249
CHANNEL = "weighing"
MAX_NOTIFY_BYTES = 7_000

# The batches of the terminals whose heads could be advanced are entered in the same statement.
# It is one in which no other group is at work: they are serialised by the lock.
_ADVANCE = """
WITH v AS (
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::timestamptz[],
                         $5::bytea[], $6::bytea[], $7::bytea[])
           AS v(terminal_id, first_seq, last_seq, received_at, prev, head, signature)
), advanced AS (
    UPDATE intake_chainhead c SET last_seq = v.last_seq, head = v.head FROM v
    WHERE c.terminal_id = v.terminal_id AND c.last_seq = v.first_seq - 1 AND c.head = v.prev
    RETURNING c.terminal_id
)
INSERT INTO intake_batch (terminal_id, first_seq, last_seq, received_at, prev, head, signature)
SELECT v.* FROM v JOIN advanced USING (terminal_id)
RETURNING terminal_id
"""
_COUNT = """
WITH counted AS (
INSERT INTO weighing_count AS c
       (unit_id, day, hour, kind, band, county, trucks, gross_kg, overload_kg)
SELECT * FROM unnest($1::integer[], $2::date[], $3::smallint[], $4::smallint[], $5::smallint[],
                     $6::integer[], $7::integer[], $8::bigint[], $9::bigint[])
ON CONFLICT (unit_id, day, hour, kind, band) DO UPDATE SET
    trucks = c.trucks + excluded.trucks,
    gross_kg = c.gross_kg + excluded.gross_kg,
    overload_kg = c.overload_kg + excluded.overload_kg
)
SELECT pg_notify($10, $11)
"""


@dataclass(slots=True)
class Waiting:
    """A verified batch on its way into the database."""

    terminal: KnownTerminal
    header: BatchHeader
    prepared: Prepared
    done: asyncio.Future[bool]
    received_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class Writer:
    """Takes verified batches, writes them in groups."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        # One batch is read at a turn of the event loop. When fifty answered terminals come back
        # at once, the database would otherwise stand idle until all of theirs are read.
        self.turn = asyncio.Lock()
        self._waiting: list[Waiting] = []
        self._waiting_records = 0
        self._writing: list[Waiting] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._months: set[date] = set()

    async def start(self) -> None:
        """Make the coming months' partitions and begin to write."""
        async with self._pool.acquire() as connection:
            for month in partitions.coming_months(datetime.now(UTC).date()):
                await self._ensure_month(connection, month)
        self._task = asyncio.create_task(self._run(), name="intake-writer")

    async def stop(self) -> None:
        """Stop; what still waits is answered `busy`, which is true: it was not stored."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._refuse(self._waiting)
        self._waiting = []

    @property
    def waiting_records(self) -> int:
        return self._waiting_records

    @property
    def oldest_waiting_s(self) -> float:
        """How long the batch that came first has been waiting, the group at work included."""
        came = [w.received_at for w in (*self._writing, *self._waiting) if not w.done.done()]
        return (datetime.now(UTC) - min(came)).total_seconds() if came else 0.0

    def refuse_if_full(self, records: int) -> None:
        """Refusal("busy") if so many more would be too many; asked before any work is done."""
        if self._waiting_records + records > MAX_WAITING_RECORDS:
            raise Refusal("busy", "the database cannot keep up; come back in a moment")

    async def store(self, terminal: KnownTerminal, header: BatchHeader, prepared: Prepared) -> bool:
        """True once the batch is committed; False if it does not build on the stored head.

        Refusal("busy") if the database cannot keep up or is away: not stored as far as we know.
        """
        count = prepared.records
        self.refuse_if_full(count)
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting = Waiting(terminal, header, prepared, done)
        self._waiting.append(waiting)
        self._waiting_records += count
        self._wake.set()
        try:
            return await waiting.done
        finally:
            self._waiting_records -= count

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            if self._waiting_records < GATHER_BELOW:
                await asyncio.sleep(GATHER_S)
            group = self._take_group()
            if not group:
                self._wake.clear()
                continue
            self._writing = group
            began = time.perf_counter()
            try:
                stored = await self._write(group)
            except asyncio.CancelledError:
                self._refuse(group)
                raise
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("intake.write_failed", error=str(error), batches=len(group))
                metrics.intake_failed_groups.inc()
                self._refuse(group)
                await asyncio.sleep(0.2)
                continue
            except Exception:
                # The writer must outlive any single group: without it intake stands still.
                log.exception("intake.write_crashed", batches=len(group))
                metrics.intake_failed_groups.inc()
                self._refuse(group)
                continue
            for waiting in group:
                if not waiting.done.done():
                    waiting.done.set_result(waiting.terminal.id in stored)
            kept = [w.prepared.records for w in group if w.terminal.id in stored]
            metrics.stored_group(sum(kept), len(kept), time.perf_counter() - began)

    def _take_group(self) -> list[Waiting]:
        """Up to GROUP_RECORDS, one batch of each terminal, in the order in which they came."""
        group: list[Waiting] = []
        left: list[Waiting] = []
        terminals: set[int] = set()
        records = 0
        for waiting in self._waiting:
            if waiting.done.done():  # the client has gone away; it will ask again
                continue
            if waiting.terminal.id in terminals or records >= GROUP_RECORDS:
                left.append(waiting)
                continue
            terminals.add(waiting.terminal.id)
            records += waiting.prepared.records
            group.append(waiting)
        self._waiting = left
        return group

    @staticmethod
    def _refuse(group: list[Waiting]) -> None:
        for waiting in group:
            if not waiting.done.done():
                waiting.done.set_exception(
                    Refusal("busy", "the database is not answering; come back in a moment")
                )

    async def _write(self, group: list[Waiting]) -> set[int]:
        """Store the group's batches that build on their heads; their terminals' ids."""
        async with self._pool.acquire() as connection:
            await self._ensure_months(connection, group)
            async with _in_order(connection):
                stored = await self._advance(connection, group)
                kept = [waiting for waiting in group if waiting.terminal.id in stored]
                if kept:
                    rows = [waiting.prepared.rows for waiting in kept]
                    await connection.copy_to_table(
                        "weighing",
                        source=memoryview(b"".join((HEADER, *rows, TRAILER))),
                        columns=COPY_COLUMNS,
                        format="binary",
                    )
                    await _count_and_tell(connection, kept)
        return stored

    @staticmethod
    async def _advance(connection: Any, group: list[Waiting]) -> set[int]:
        """Move the chain heads on and enter the batches; the terminals whose head was the one."""
        headers = [waiting.header for waiting in group]
        rows = await connection.fetch(
            _ADVANCE,
            [waiting.terminal.id for waiting in group],
            [header.first for header in headers],
            [header.last for header in headers],
            [waiting.received_at for waiting in group],
            [bytes.fromhex(header.prev) for header in headers],
            [bytes.fromhex(header.head) for header in headers],
            [bytes.fromhex(header.signature) for header in headers],
        )
        return {row["terminal_id"] for row in rows}

    async def _ensure_months(self, connection: Any, group: list[Waiting]) -> None:
        months = set().union(*(waiting.prepared.months() for waiting in group))
        today = datetime.now(UTC).date()
        for month in sorted(months - self._months):
            if partitions.has_partition(month, today):
                await self._ensure_month(connection, month)

    async def _ensure_month(self, connection: Any, month: date) -> None:
        try:
            await connection.execute(partitions.create_statement(month))
        except asyncpg.CheckViolationError:
            # The default partition holds records of this month from a clock that ran ahead;
            # they stay where they are, and so do those that join them.
            log.warning("intake.month_in_default_partition", month=str(month))
        self._months.add(month)


@contextlib.asynccontextmanager
async def _in_order(connection: Any) -> AsyncIterator[None]:
    """A transaction that no other group's runs beside; committed at the end, or rolled back.

    It begins with one round trip in place of two: each waits for a turn of the event loop.
    """
    try:
        await connection.execute(f"BEGIN; SELECT pg_advisory_xact_lock({ORDER_LOCK})")
        yield
        await connection.execute("COMMIT")
    except BaseException:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise


async def _count_and_tell(connection: Any, kept: list[Waiting]) -> None:
    counts: dict[tuple[Any, ...], list[int]] = {}
    for waiting in kept:
        unit_id, county = waiting.terminal.unit_id, waiting.terminal.county
        for (hour, kind, band), (trucks, gross_kg, overload_kg) in waiting.prepared.counts.items():
            entry = counts.setdefault((unit_id, hour, kind, band, county), [0, 0, 0])
            entry[0] += trucks
            entry[1] += gross_kg
            entry[2] += overload_kg
    # sorted, so that two writers always lock the rows in the same order
    keys = sorted(counts)
    # nothing is counted where all records replace others; who watches is told all the same
    units, hours, kinds, bands, counties = ([key[at] for key in keys] for at in range(5))
    places = [local_day_and_hour(hour) for hour in hours]
    days, hours_of_day = ([place[at] for place in places] for at in range(2))
    sums = [[counts[key][at] for key in keys] for at in range(3)]
    await connection.execute(
        _COUNT, units, days, hours_of_day, kinds, bands, counties, *sums, CHANNEL, _notice(kept)
    )


def _notice(kept: list[Waiting]) -> str:
    """Who has new records, for whoever watches: county and unit, and the range of each batch."""
    ranges = [
        [w.terminal.county, w.terminal.unit_id, w.terminal.id, w.header.first, w.header.last]
        for w in kept
    ]  # fmt: skip
    notice = json.dumps({"ranges": ranges}, separators=(",", ":"))
    if len(notice) <= MAX_NOTIFY_BYTES:
        return notice
    counties = sorted({waiting.terminal.county for waiting in kept})
    return json.dumps({"counties": counties}, separators=(",", ":"))
