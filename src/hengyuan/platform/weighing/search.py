"""Searching records in the order of time: slice by slice, from the end that is asked for, in a
bounded time.

A list that ends after fifty lines must not look at a year. One query over all months would: it
asks each month for its first record that fits, and a month in which nothing fits is read to its
end. So the months are asked one after the other, each in slices that grow while little is found,
and the search ends when the page is full, when everything was looked at, or when its time is up.
What was not looked at is said, with the place to go on from.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.utils.timezone import now

from hengyuan.platform.weighing import archived, partitions
from hengyuan.platform.weighing.cursors import NEWEST_FIRST, OLDEST_FIRST, Cursor
from hengyuan.platform.weighing.models import Weighing, WeighingQuerySet
from hengyuan.platform.weighing.remarkable import IS_REMARKABLE

SEARCH_MS = 120
"""After so long no further slice is begun: a page is answered within 300 ms."""
COUNT_MS = 50
MAX_COUNTED = 10_000

DAY, DAYS, MONTH = timedelta(days=1), timedelta(days=3), timedelta(days=31)
"""Widths of a first slice: of all records, of remarkable ones, of those of one unit or plate."""
_LEAST_WIDTH = timedelta(minutes=15)
_GROWTH = 4
# what a slice costs that holds nothing: the statement itself
_STATEMENT_MS = 2.0
_MOMENTS_AT_ONCE = 250
# An order by the bare column would be taken from the index on time, with every record looked at.
_MOMENT = ExpressionWrapper(F("weighed_at") + Value(timedelta(0)), output_field=DateTimeField())
_BY_INDEX = {True: _MOMENT.asc(), False: _MOMENT.desc()}


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: records of a scope that fit a filter, in a stretch of time.

    `index` gives the moments at which remarkable records that may fit were weighed, from the
    index of those alone; None where the filter asks for ordinary ones. It is exact where
    `index_decides`. `begin` and `end` are None where the filter names no day. `first_width` is
    about what can be looked through at once.
    """

    records: WeighingQuerySet
    index: WeighingQuerySet | None = None
    index_decides: bool = False
    begin: datetime | None = None
    end: datetime | None = None
    first_width: timedelta = DAY


@dataclass(frozen=True, slots=True)
class Found:
    """The rows in the order of the search; `reached` is where it stopped before the end of what
    was asked for, None where it looked at everything or found as many as were wanted."""

    rows: list[Weighing]
    reached: datetime | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """How many fit; `is_more` where it was not counted to the end."""

    records: int
    is_more: bool


@dataclass(frozen=True, slots=True)
class _Slice:
    """Times from `low` on and before `high`; None is without bound."""

    low: datetime | None
    high: datetime | None

    def q(self) -> Q:
        condition = Q()
        if self.low is not None:
            condition &= Q(weighed_at__gte=self.low)
        if self.high is not None:
            condition &= Q(weighed_at__lt=self.high)
        return condition

    @property
    def width(self) -> timedelta | None:
        return None if self.low is None or self.high is None else self.high - self.low


def find(
    search: Search, cursor: Cursor | None, rising: bool, most: int, budget_ms: float | None = None
) -> Found:
    """The first `most` records behind the cursor, by rising or falling time.

    `budget_ms` None is the usual time; infinity searches to the end, as exports do.
    """
    rows: list[Weighing] = []
    walk = _Walk(search, cursor, rising, SEARCH_MS if budget_ms is None else budget_ms)
    while (piece := walk.next()) is not None:
        rows += _rows(search, piece, cursor, rising, most - len(rows))
        if len(rows) >= most:
            return Found(rows)
    return Found(rows, walk.reached)


def count(search: Search, budget_ms: float | None = None) -> Counted:
    """How many there are, as far as MAX_COUNTED and the time reach."""
    counted, most = 0, MAX_COUNTED
    counting = search.records
    if search.index is not None:
        counting = search.index if search.index_decides else search.records.filter(IS_REMARKABLE)
    walk = _Walk(search, None, False, COUNT_MS if budget_ms is None else budget_ms)
    while (piece := walk.next()) is not None:
        here = search.records.filter(piece.q()).order_by()
        if search.index is not None and not archived.may_hold(here):
            here = counting.filter(piece.q()).order_by()
        counted += here[: most + 1 - counted].count()
        if counted > most:
            return Counted(most, True)
    return Counted(counted, walk.reached is not None)


class _Walk:
    """The slices of a search, each as wide as the pace so far and the time left allow."""

    def __init__(
        self, search: Search, cursor: Cursor | None, rising: bool, budget_ms: float
    ) -> None:
        self.reached: datetime | None = None
        self._search = search
        self._rising = rising
        self._budget_ms = budget_ms
        self._began = self._slice_began = time.perf_counter()
        self._width = search.first_width
        self._last: _Slice | None = None
        # no record of a sound clock lies behind this hour
        self._ahead = now().replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
        if search.begin is not None and self._ahead - search.begin < 2 * MONTH:
            self._first = search.begin
        else:
            self._first = _later(_first_month(self._ahead), search.begin)
        self._at = cursor.weighed_at if cursor is not None else None
        self._is_first = True

    def next(self) -> _Slice | None:
        """The next slice; None at the end of what is asked for or of the time."""
        if self._last is not None:
            position = self._last.high if self._rising else self._last.low
            if self._is_over(position):
                return None
            spent_ms = 1000 * (time.perf_counter() - self._began)
            if spent_ms >= self._budget_ms:
                self.reached = position
                return None
            self._keep_pace(spent_ms)
            self._at = position
        self._slice_began = time.perf_counter()
        self._last = self._slice_from(self._at)
        self._is_first = False
        return self._last

    def _is_over(self, position: datetime | None) -> bool:
        if position is None:
            return True
        bound = self._search.end if self._rising else self._search.begin
        if bound is None:
            return False
        return position >= bound if self._rising else position <= bound

    def _keep_pace(self, spent_ms: float) -> None:
        """A slice that took long is followed by one that fits into half of the time left."""
        width = None if self._last is None else self._last.width
        if width is None:
            return
        took_ms = 1000 * (time.perf_counter() - self._slice_began)
        growth: float = _GROWTH
        if took_ms > _STATEMENT_MS:
            growth = min(growth, (self._budget_ms - spent_ms) / 2 / took_ms)
        self._width = max(_LEAST_WIDTH, min(width * growth, MONTH))

    def _slice_from(self, at: datetime | None) -> _Slice:
        """From here on as wide as the pace allows, and never over the bound of a month.

        What lies before the first month or in the future is nothing but broken clocks, and is
        looked at in one step.
        """
        low, high = self._search.begin, self._search.end
        if self._rising:
            start = at if at is not None else low
            if start is None or start < self._first:
                return _Slice(start, _earlier(self._first, high))
            if start >= self._ahead:
                return _Slice(start, high)
            stop = _earlier(_month_after(start), min(start + self._width, self._ahead))
            return _Slice(start, _earlier(stop, high))
        start = at if at is not None else high
        # behind a cursor the record's own moment belongs to the slice: others share it
        own = timedelta(milliseconds=1 if self._is_first and at is not None else 0)
        upper = None if start is None else start + own
        known = _earlier(self._ahead, start)
        if known <= self._first:
            return _Slice(low, upper)
        stop = _later(_month_before(known), known - self._width)
        return _Slice(_later(max(stop, self._first), low), upper)


def _earlier(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else min(one, other)


def _later(one: datetime, other: datetime | None) -> datetime:
    return one if other is None else max(one, other)


def _month_before(moment: datetime) -> datetime:
    """The begin of the month that ends in or holds this moment."""
    just_before = (moment - timedelta(microseconds=1)).astimezone(UTC)
    return just_before.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def _month_after(moment: datetime) -> datetime:
    """The end of the month that begins with or holds this moment."""
    month = partitions.next_month(moment.astimezone(UTC).date().replace(day=1))
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def _first_month(ahead: datetime) -> datetime:
    """Where the first month begins that has a partition."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relid::regclass::text FROM pg_partition_tree('weighing') WHERE isleaf"
        )
        months = [partitions.month_named(name) for (name,) in cursor.fetchall()]
    begins = [datetime(m.year, m.month, 1, tzinfo=UTC) for m in months if m is not None]
    return min([*begins, ahead])


def _rows(
    search: Search, piece: _Slice, cursor: Cursor | None, rising: bool, most: int
) -> list[Weighing]:
    order = OLDEST_FIRST if rising else NEWEST_FIRST
    condition = piece.q()
    if cursor is not None and _holds(piece, cursor):
        condition &= cursor.beyond("gt" if rising else "lt")
    wanted = search.records.filter(condition).order_by(*order)
    if search.index is None or archived.may_hold(wanted):
        return list(wanted[:most])
    rows: list[Weighing] = []
    while len(rows) < most:
        moments = list(
            search.index.filter(piece.q())
            .order_by(_BY_INDEX[rising])
            .values_list("weighed_at", flat=True)[:_MOMENTS_AT_ONCE]
        )
        if moments:
            rows += wanted.filter(weighed_at__in=sorted(set(moments)))[: most - len(rows)]
        if len(moments) < _MOMENTS_AT_ONCE:
            break
        # those of the last moment were all looked up, also what the index did not come to
        step = timedelta(microseconds=1)
        piece = _Slice(moments[-1] + step, piece.high) if rising else _Slice(piece.low, moments[-1])
    return rows


def _holds(piece: _Slice, cursor: Cursor) -> bool:
    at = cursor.weighed_at
    return (piece.low is None or piece.low <= at) and (piece.high is None or at < piece.high)
