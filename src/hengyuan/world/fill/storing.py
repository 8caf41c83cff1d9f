"""Days of many terminals into the database, in one transaction: rows, heads, batches, counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from hengyuan.platform.intake.rows import Counts, local_day_and_hour
from hengyuan.platform.intake.writer import ORDER_LOCK
from hengyuan.platform.weighing.copying import COPY_COLUMNS, HEADER, TRAILER
from hengyuan.world.fill.chains import ChainEnd, Linked

FOLLOWER = "missing-files"
"""It asks terminals for pictures that have not come; those of a fill never will."""

_ADVANCE = """
WITH v AS (
    SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bytea[], $4::bigint[], $5::bytea[])
           AS v(terminal_id, after_seq, after_head, last_seq, head)
)
UPDATE intake_chainhead c SET last_seq = v.last_seq, head = v.head FROM v
WHERE c.terminal_id = v.terminal_id AND c.last_seq = v.after_seq AND c.head = v.after_head
RETURNING c.terminal_id
"""
_BATCHES = """
INSERT INTO intake_batch (terminal_id, first_seq, last_seq, received_at, prev, head, signature)
SELECT * FROM unnest($1::integer[], $2::bigint[], $3::bigint[], $4::timestamptz[],
                     $5::bytea[], $6::bytea[], $7::bytea[])
"""
_FOLLOW = """
INSERT INTO intake_follower SELECT $1, coalesce(max(id), 0) FROM intake_batch
ON CONFLICT (name) DO UPDATE SET last_batch = excluded.last_batch
"""
_COUNT = """
INSERT INTO weighing_count AS c
       (unit_id, day, hour, kind, band, county, trucks, gross_kg, overload_kg)
SELECT * FROM unnest($1::integer[], $2::date[], $3::smallint[], $4::smallint[], $5::smallint[],
                     $6::integer[], $7::integer[], $8::bigint[], $9::bigint[])
ON CONFLICT (unit_id, day, hour, kind, band) DO UPDATE SET
    trucks = c.trucks + excluded.trucks,
    gross_kg = c.gross_kg + excluded.gross_kg,
    overload_kg = c.overload_kg + excluded.overload_kg
"""


class HeadMoved(RuntimeError):
    """Somebody else stores records of these terminals at the same time; nothing of the
    book was stored."""


@dataclass(slots=True)
class Book:
    """What is stored at once."""

    last: date
    """The last of its days."""
    received_at: datetime
    rows: list[tuple[int, bytes]] = field(default_factory=list)
    counts: dict[tuple[Any, ...], list[int]] = field(default_factory=dict)
    batches: list[tuple[Any, ...]] = field(default_factory=list)
    heads: list[tuple[int, int, bytes, int, bytes]] = field(default_factory=list)

    def add(self, before: tuple[int, bytes], end: ChainEnd, linked: Linked) -> None:
        """Take what a terminal has added to the seq and head of `before`."""
        self.rows += linked.rows
        self.heads.append((end.id, *before, end.seq, end.head))
        for header in linked.headers:
            digests = (bytes.fromhex(header.prev), bytes.fromhex(header.head))
            signature = bytes.fromhex(header.signature)
            self.batches.append(
                (end.id, header.first, header.last, self.received_at, *digests, signature)
            )
        self._count(end.unit_id, end.county, linked.counts)

    def merge(self, other: Book) -> None:
        """Take what another process has made of the same days; no terminal is in both."""
        self.rows += other.rows
        self.batches += other.batches
        self.heads += other.heads
        # the terminals of a unit are one process's, so no count is in both
        self.counts |= other.counts

    def _count(self, unit_id: int, county: int, each: Iterable[Counts]) -> None:
        counts = self.counts
        for one in each:
            for (hour, kind, band), (trucks, gross_kg, overload_kg) in one.items():
                entry = counts.setdefault((unit_id, hour, kind, band, county), [0, 0, 0])
                entry[0] += trucks
                entry[1] += gross_kg
                entry[2] += overload_kg


async def store(connection: Any, book: Book) -> None:
    """Store it all or nothing. HeadMoved."""
    if not book.rows:
        return
    # records stand in the order of time, as if each had come when it was weighed
    book.rows.sort(key=lambda row: row[0])
    async with connection.transaction():
        advanced = await connection.fetch(_ADVANCE, *_columns(book.heads))
        if len(advanced) != len(book.heads):
            raise HeadMoved(
                f"{book.last}: the chain of a terminal does not end where the fill ended"
            )
        await connection.copy_to_table(
            "weighing",
            source=memoryview(b"".join((HEADER, *(row for _, row in book.rows), TRAILER))),
            columns=COPY_COLUMNS,
            format="binary",
        )
        await _count(connection, book)
        # the ids of batches rise in the order of the commits: whoever follows them relies on it
        await connection.execute("SELECT pg_advisory_xact_lock($1)", ORDER_LOCK)
        await connection.execute(_BATCHES, *_columns(book.batches))
        await connection.execute(_FOLLOW, FOLLOWER)


async def _count(connection: Any, book: Book) -> None:
    # sorted, so that two processes always lock the rows in the same order
    keys = sorted(book.counts)
    units, hours, kinds, bands, counties = _columns(keys)
    days, hours_of_day = _columns([local_day_and_hour(hour) for hour in hours])
    sums = _columns([tuple(book.counts[key]) for key in keys])
    await connection.execute(_COUNT, units, days, hours_of_day, kinds, bands, counties, *sums)


def _columns(rows: list[tuple[Any, ...]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
