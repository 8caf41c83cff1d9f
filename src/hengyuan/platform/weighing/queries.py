"""Reading records: a page of a list, the newest, one record with its place in the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Max, Q, QuerySet
from psycopg.errors import QueryCanceled

from hengyuan.platform.accounts.scope import Scope
from hengyuan.platform.intake.models import Batch
from hengyuan.platform.weighing import columns
from hengyuan.platform.weighing.models import Weighing, WeighingQuerySet
from hengyuan.platform.weighing.proof import Chain
from hengyuan.platform.weighing.tables import Line as Line
from hengyuan.platform.weighing.tickets import Standing as Standing
from hengyuan.platform.weighing.tickets import TicketRecord as TicketRecord
from hengyuan.platform.weighing.tickets import record_of_ticket as record_of_ticket

PAGE_SIZE = 50
MAX_COUNTED = 10_000
# Each batch is a condition of its own; beyond so many the newest records are read instead.
MAX_BATCHES = 60

_NEWEST_FIRST = ("-weighed_at", "-terminal_id", "-seq")
_OLDEST_FIRST = ("weighed_at", "terminal_id", "seq")


class TooSlow(Exception):
    """A query took longer than it may."""


@contextmanager
def at_most(milliseconds: int) -> Iterator[None]:
    """Queries within end after so long, with TooSlow: no index serves every wish over years."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {milliseconds:d}")
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from error
        raise


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a record in the order of time; written `ms.terminal.seq` in addresses."""

    weighed_at: datetime
    terminal_id: int
    seq: int

    @classmethod
    def of(cls, row: Any) -> Cursor:
        return cls(row.weighed_at, row.terminal_id, row.seq)

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """The cursor of an address; None for anything that is none."""
        parts = (text or "").split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            return None
        ms, terminal_id, seq = (int(part[:19]) for part in parts)
        try:
            return cls(columns.instant(ms), min(terminal_id, 2**31 - 1), min(seq, 2**63 - 1))
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{columns.milliseconds(self.weighed_at)}.{self.terminal_id}.{self.seq}"

    def beyond(self, way: str) -> Q:
        """What lies behind it on the way `lt` (earlier) or `gt` (later).

        The first condition is the one that the index on time serves; the others only decide
        among records of the same millisecond.
        """
        return Q(**{f"weighed_at__{way}e": self.weighed_at}) & (
            Q(**{f"weighed_at__{way}": self.weighed_at})
            | Q(**{f"terminal_id__{way}": self.terminal_id})
            | Q(terminal_id=self.terminal_id, **{f"seq__{way}": self.seq})
        )


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records, and the cursors that lead to the pages before and after it."""

    rows: list[Weighing]
    before: str | None
    after: str | None


def page(
    records: WeighingQuerySet,
    *,
    after: Cursor | None = None,
    before: Cursor | None = None,
    oldest_first: bool = False,
    size: int = PAGE_SIZE,
) -> Page:
    """The page behind `after`, or the one in front of `before`, in the order of time.

    A page is found by the key of its neighbour and not by counting rows, so the thousandth costs
    what the first does.
    """
    backwards = before is not None and after is None
    cursor = before if backwards else after
    rising = oldest_first != backwards
    found = records.order_by(*(_OLDEST_FIRST if rising else _NEWEST_FIRST))
    if cursor is not None:
        found = found.filter(cursor.beyond("gt" if rising else "lt"))
    rows = list(found.prefetch_related("unit__region", "terminal")[: size + 1])
    has_more = len(rows) > size
    rows = rows[:size]
    if backwards:
        rows.reverse()
    first, last = (str(Cursor.of(rows[0])), str(Cursor.of(rows[-1]))) if rows else (None, None)
    if backwards:
        return Page(rows, first if has_more else None, last)
    return Page(rows, first if cursor is not None else None, last if has_more else None)


def count_upto(records: WeighingQuerySet, most: int = MAX_COUNTED) -> int:
    """How many records there are; `most` + 1 when there are more than that."""
    return records.order_by()[: most + 1].count()


def find(user: Any, terminal_code: str, seq: int) -> Weighing | None:
    """A record by terminal and number, if this person may see it."""
    return (
        Weighing.objects.visible_to(user)
        .filter(terminal__code=terminal_code, seq=seq)
        .select_related("unit__region", "terminal")
        .first()
    )


def corrected(rows: list[Weighing]) -> dict[tuple[int, int], Weighing]:
    """The latest record that corrects each of these, by terminal and seq of the corrected one."""
    if not rows:
        return {}
    corrections = (
        Weighing.objects.filter(
            terminal_id__in={row.terminal_id for row in rows},
            corrects__in={row.seq for row in rows},
        )
        .only("terminal_id", "seq", "weighed_at", "kind", "corrects", "gross_kg")
        .order_by("seq")
    )
    return {(row.terminal_id, row.corrects): row for row in corrections if row.corrects}


_OF_ONE_TRUCK = """
WITH RECURSIVE back (seq, corrects) AS (
    SELECT seq, corrects FROM weighing WHERE terminal_id = %(terminal)s AND seq = %(seq)s
    UNION
    SELECT w.seq, w.corrects FROM weighing w
    JOIN back ON w.terminal_id = %(terminal)s AND w.seq = back.corrects
), forth (seq) AS (
    SELECT min(seq) FROM back
    UNION
    SELECT w.seq FROM weighing w JOIN forth ON w.terminal_id = %(terminal)s
                                           AND w.corrects = forth.seq
)
SELECT seq FROM forth ORDER BY seq LIMIT %(most)s
"""


def records_of_truck(row: Weighing, user: Any, most: int = 50) -> list[Weighing]:
    """A truck's first weighing and all records that correct it or each other, as far as this
    person may see them; oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_OF_ONE_TRUCK, {"terminal": row.terminal_id, "seq": row.seq, "most": most})
        seqs = [seq for (seq,) in cursor.fetchall()]
    found = Weighing.objects.visible_to(user).filter(terminal_id=row.terminal_id, seq__in=seqs)
    return list(found.select_related("terminal").order_by("seq"))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The records before and after one in its terminal's chain, whoever may see them.

    `before_digest` is what its digest builds on: the genesis digest for the first record.
    """

    before: Weighing | None
    after: Weighing | None
    before_digest: bytes | None


def neighbours(row: Weighing, chain: Chain) -> Neighbours:
    """What stands beside a record in the chain of its terminal."""
    found = {
        other.seq: other
        for other in Weighing.objects.filter(
            terminal_id=row.terminal_id, seq__in=(row.seq - 1, row.seq + 1)
        )
    }
    before, after = found.get(row.seq - 1), found.get(row.seq + 1)
    if row.seq == 1:
        return Neighbours(None, after, chain.genesis)
    return Neighbours(before, after, None if before is None else bytes(before.digest))


def batch_of(row: Weighing) -> Batch | None:
    """The batch that brought a record."""
    return (
        Batch.objects.filter(
            terminal_id=row.terminal_id, last_seq__gte=row.seq, first_seq__lte=row.seq
        )
        .order_by("last_seq")
        .first()
    )


def records_of(terminal_id: int, first: int, last: int) -> WeighingQuerySet:
    """The records of a range, in the order of the chain. Not scoped: for proofs and archives."""
    found: WeighingQuerySet = Weighing.objects.filter(
        terminal_id=terminal_id, seq__range=(first, last)
    ).order_by("seq")
    return found


def newest(scope: Scope, begin: datetime, end: datetime, most: int) -> list[Line]:
    """The latest records weighed in a stretch of time, newest first."""
    rows = Weighing.objects.in_scope(scope).filter(weighed_at__gte=begin, weighed_at__lt=end)
    return _lines(rows.order_by(*_NEWEST_FIRST)[:most])


def last_batch() -> int:
    """The id of the batch that was committed last; ids rise in the order of the commits."""
    return Batch.objects.aggregate(last=Max("id"))["last"] or 0


def arrived(
    scope: Scope, after: int, upto: int, begin: datetime, end: datetime, most: int
) -> list[Line] | None:
    """The records weighed from `begin` to `end` that the batches behind `after` brought.

    Newest first, at most so many. None if there are more batches than could be looked through:
    the caller shows the newest records instead.
    """
    batches = list(_batches_of(scope).filter(id__gt=after, id__lte=upto)[: MAX_BATCHES + 1])
    if len(batches) > MAX_BATCHES:
        return None
    brought = Q()
    for terminal_id, first, last in batches:
        brought |= Q(terminal_id=terminal_id, seq__range=(first, last))
    if not brought:
        return []
    rows = Weighing.objects.in_scope(scope).filter(
        brought, weighed_at__gte=begin, weighed_at__lt=end
    )
    return _lines(rows.order_by(*_NEWEST_FIRST)[:most])


def _batches_of(scope: Scope) -> QuerySet[Any, Any]:
    where = (
        Q(terminal__unit=scope.unit_id)
        if scope.unit_id is not None
        else Q(terminal__unit__region__code__startswith=scope.region_prefix or "-")
    )
    return Batch.objects.filter(where).values_list("terminal_id", "first_seq", "last_seq")


def _lines(rows: WeighingQuerySet) -> list[Line]:
    return [Line(row) for row in rows.prefetch_related("unit__region", "terminal")]
