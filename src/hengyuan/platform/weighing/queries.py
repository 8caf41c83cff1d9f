"""Reading records: a page of a list, the newest, one record with its place in the chain."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.db.models import Max, Q, QuerySet, prefetch_related_objects
from psycopg.errors import QueryCanceled

from hengyuan.platform.accounts.scope import Scope
from hengyuan.platform.intake.models import Batch
from hengyuan.platform.weighing import archived
from hengyuan.platform.weighing import search as searching
from hengyuan.platform.weighing.cursors import NEWEST_FIRST as NEWEST_FIRST
from hengyuan.platform.weighing.cursors import OLDEST_FIRST
from hengyuan.platform.weighing.cursors import Cursor as Cursor
from hengyuan.platform.weighing.models import Weighing, WeighingQuerySet
from hengyuan.platform.weighing.proof import Chain
from hengyuan.platform.weighing.search import Counted as Counted
from hengyuan.platform.weighing.search import Search as Search
from hengyuan.platform.weighing.tables import Line as Line
from hengyuan.platform.weighing.tickets import Standing as Standing
from hengyuan.platform.weighing.tickets import TicketRecord as TicketRecord
from hengyuan.platform.weighing.tickets import record_of_ticket as record_of_ticket

PAGE_SIZE = 50
# Each batch is a condition of its own; beyond so many the newest records are read instead.
MAX_BATCHES = 60


class TooSlow(Exception):
    """A query took longer than it may."""


@contextmanager
def at_most(milliseconds: int) -> Iterator[None]:
    """Queries within end after so long, with TooSlow: no index serves every wish over years.

    Each works on one core: the others are for the records that come in.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    f"SET LOCAL statement_timeout = {milliseconds:d};"
                    " SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL jit = off"
                )
            yield
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise TooSlow from error
        raise


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records, and the cursors that lead to the pages before and after it.

    `searched_to` is set where the time for a search was up before the page was full or everything
    was looked at: the records beyond that moment were not, and the cursor on that side goes on
    there.
    """

    rows: list[Weighing]
    before: str | None
    after: str | None
    searched_to: datetime | None = None


def page(
    records: Search | WeighingQuerySet,
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
    search = records if isinstance(records, Search) else Search(records)
    backwards = before is not None and after is None
    cursor = before if backwards else after
    found = searching.find(search, cursor, rising=oldest_first != backwards, most=size + 1)
    return _made(found, cursor, backwards, size)


def _made(found: searching.Found, cursor: Cursor | None, backwards: bool, size: int) -> Page:
    has_more = len(found.rows) > size
    rows = found.rows[:size]
    with_names(rows)
    # the way on, and the way back to where this page was asked for from
    far = near = None
    if has_more:
        far = str(Cursor.of(rows[-1]))
    elif found.reached is not None:
        far = str(Cursor(found.reached, 0, 0))
    if cursor is not None:
        near = str(Cursor.of(rows[0]) if rows else cursor)
    if backwards:
        rows.reverse()
        return Page(rows, before=far, after=near, searched_to=found.reached)
    return Page(rows, before=near, after=far, searched_to=found.reached)


def with_names(rows: list[Weighing]) -> None:
    """Read the units, counties and terminals of these records, each once."""
    prefetch_related_objects(rows, "unit__region", "terminal")


def page_of_few(
    records: WeighingQuerySet, *, after: Cursor | None, before: Cursor | None, size: int
) -> Page:
    """The same of records that an index finds and that are few in all, such as a plate's: all
    months are asked at once."""
    backwards = before is not None and after is None
    cursor = before if backwards else after
    if cursor is not None:
        records = records.filter(cursor.beyond("gt" if backwards else "lt"))
    rows = list(records.order_by(*(OLDEST_FIRST if backwards else NEWEST_FIRST))[: size + 1])
    return _made(searching.Found(rows), cursor, backwards, size)


def count(search: Search, page: Page) -> Counted:
    """How many records there are, as far as they are counted; `page` is one of them."""
    if page.before is None and page.after is None:
        return Counted(len(page.rows), is_more=False)
    counted = searching.count(search)
    # what stands on the page is known, even where counting came no further
    return (
        counted
        if not counted.is_more
        else replace(counted, records=max(counted.records, len(page.rows)))
    )


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


def _numbers_of_truck(row: Weighing, most: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_OF_ONE_TRUCK, {"terminal": row.terminal_id, "seq": row.seq, "most": most})
        # the record itself is not in the table where its month is archived
        known = {seq for (seq,) in cursor.fetchall() if seq is not None} | {row.seq}
    of_terminal = Weighing.objects.filter(terminal_id=row.terminal_id)
    if not archived.may_hold(of_terminal):
        return sorted(known)
    # step by step, since a step may lead into an archived month
    ends = known
    while ends and len(known) < most:
        near = of_terminal.filter(Q(seq__in=ends) | Q(corrects__in=ends)).order_by("seq")[:most]
        found = {number for one in near for number in (one.seq, one.corrects) if number}
        ends, known = found - known, known | found
    return sorted(known)[:most]


def digests_of(terminal_id: int, first: int, last: int) -> dict[int, bytes]:
    """The digests of the stored records of a range, by number. Not scoped: for intake."""
    return {row.seq: bytes(row.digest) for row in records_of(terminal_id, first, last)}


def records_of_truck(row: Weighing, user: Any, most: int = 50) -> list[Weighing]:
    """A truck's first weighing and all records that correct it or each other, as far as this
    person may see them; oldest first."""
    seqs = _numbers_of_truck(row, most)
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
    return _lines(rows.order_by(*NEWEST_FIRST)[:most])


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
    return _lines(rows.order_by(*NEWEST_FIRST)[:most])


def _batches_of(scope: Scope) -> QuerySet[Any, Any]:
    where = (
        Q(terminal__unit=scope.unit_id)
        if scope.unit_id is not None
        else Q(terminal__unit__region__code__startswith=scope.region_prefix or "-")
    )
    return Batch.objects.filter(where).values_list("terminal_id", "first_seq", "last_seq")


def _lines(rows: WeighingQuerySet) -> list[Line]:
    return [Line(row) for row in rows.prefetch_related("unit__region", "terminal")]
