"""Records whose months are no longer in the database are found by every search all the same.

The record's query set asks the database first and then whoever keeps the archived months (the app
`history`, which says so by `use`), with the same conditions, and hands out one list in the order
that was asked for. This holds for records, `count` and `exists`. `values`, `values_list`,
`aggregate` and SQL of one's own see the database only; `values_of` gives what the files add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from django.db.models import QuerySet
from django.db.models.expressions import Col
from django.db.models.query import ModelIterable
from django.db.models.sql.where import AND, OR, WhereNode

from hengyuan.platform.weighing.columns import milliseconds

_TIME = "weighed_at"
_LOWER = {"gt", "gte", "exact", "range"}
_UPPER = {"lt", "lte", "exact", "range"}


@dataclass(frozen=True, slots=True)
class ArchivedMonth:
    """A file of archived records, and the times of its first and last one."""

    name: str
    first_at: datetime
    last_at: datetime


class Archive(Protocol):
    def months(self) -> list[ArchivedMonth]:
        """What is archived at this moment. Asked after the database was, so that a month that is
        being archived meanwhile is found in one of the two, or in both."""
        ...

    def records(self, months: list[ArchivedMonth], queryset: QuerySet[Any]) -> Iterator[Any]:
        """The records of these files that fit, in the order and number that the query set asks."""
        ...

    def count(self, months: list[ArchivedMonth], queryset: QuerySet[Any]) -> int:
        """How many they are."""
        ...

    def values(self, months: list[ArchivedMonth], queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        """What a query set of `values` gives over these files."""
        ...


_archive: Archive | None = None


def use(archive: Archive) -> None:
    """Who keeps the archived months from now on."""
    global _archive
    _archive = archive


def may_concern(queryset: QuerySet[Any]) -> bool:
    """False where no month that could be archived can fit: only past months are."""
    if queryset.query.is_empty():
        return False
    begin, _ = time_bounds(queryset.query.where)
    return _archive is not None and (begin is None or begin < _this_month())


def may_hold(queryset: QuerySet[Any]) -> bool:
    """True where an archived month lies within the times of these conditions."""
    return may_concern(queryset) and bool(_fitting(queryset))


def count(queryset: QuerySet[Any], found: int) -> int:
    """How many archived records fit, where `found` were counted in the database."""
    if not may_concern(queryset):
        return 0
    high = queryset.query.high_mark
    rest = None if high is None else high - queryset.query.low_mark - found
    if rest is not None and rest <= 0:
        return 0
    unsliced = queryset._chain()  # type: ignore[attr-defined]
    unsliced.query.clear_limits()
    if rest is not None:
        unsliced.query.set_limits(0, rest)
    months = _fitting(unsliced)
    assert _archive is not None
    return _archive.count(months, unsliced) if months else 0


def values_of(queryset: QuerySet[Any]) -> list[dict[str, Any]]:
    """What a query set of `values`, also with counts and sums, gives over the archived months
    alone. The caller puts it together with what the database gives."""
    if not may_concern(queryset):
        return []
    months = _fitting(queryset)
    assert _archive is not None
    return _archive.values(months, queryset) if months else []


def exists(queryset: QuerySet[Any]) -> bool:
    """True where an archived record fits; asked where the database has none."""
    one = queryset._chain()  # type: ignore[attr-defined]
    one.query.clear_limits()
    one.query.set_limits(0, 1)
    return count(one, 0) > 0


class RecordIterable(ModelIterable):
    """Records of the database and of archived months, in one order."""

    def __iter__(self) -> Iterator[Any]:
        queryset = self.queryset
        query = queryset.query
        if not may_concern(queryset) or query.combinator:
            yield from super().__iter__()
            return
        low, high = query.low_mark, query.high_mark
        if low:
            whole = queryset._chain()  # type: ignore[attr-defined]
            whole.query.clear_limits()
            whole.query.set_limits(0, high)
            inner = RecordIterable(whole, self.chunked_fetch, self.chunk_size)
            yield from islice(inner, low, high)
            return
        yield from islice(_merged(queryset, super().__iter__()), high)


def time_bounds(where: WhereNode) -> tuple[datetime | None, datetime | None]:
    """Between which times every record lies that fits these conditions."""
    if where.negated:
        return None, None
    each = [
        time_bounds(child) if isinstance(child, WhereNode) else _bounds_of_lookup(child)
        for child in where.children
    ]
    begins = [begin for begin, _ in each if begin is not None]
    ends = [end for _, end in each if end is not None]
    if where.connector == AND:
        return max(begins, default=None), min(ends, default=None)
    if where.connector != OR:
        return None, None
    # one condition without a bound leaves the whole without it
    return (
        min(begins) if begins and len(begins) == len(each) else None,
        max(ends) if ends and len(ends) == len(each) else None,
    )


def _bounds_of_lookup(lookup: Any) -> tuple[datetime | None, datetime | None]:
    lhs, rhs = getattr(lookup, "lhs", None), getattr(lookup, "rhs", None)
    name = getattr(lookup, "lookup_name", "")
    if not isinstance(lhs, Col) or lhs.target.attname != _TIME:
        return None, None
    first, last = rhs if name == "range" else (rhs, rhs)  # type: ignore[misc]
    return (
        first if name in _LOWER and isinstance(first, datetime) else None,
        last if name in _UPPER and isinstance(last, datetime) else None,
    )


def _fitting(queryset: QuerySet[Any]) -> list[ArchivedMonth]:
    begin, end = time_bounds(queryset.query.where)
    assert _archive is not None
    return [
        month
        for month in _archive.months()
        if (begin is None or month.last_at >= begin) and (end is None or month.first_at <= end)
    ]


def _this_month() -> datetime:
    return datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class _Order:
    """Names to sort by, each with its direction: 1 rising, -1 falling."""

    keys: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, queryset: QuerySet[Any]) -> _Order:
        query = queryset.query
        names = query.order_by or (query.get_meta().ordering if query.default_ordering else ())
        keys: list[tuple[str, int]] = []
        for name in names or ():
            if not isinstance(name, str):
                raise TypeError(f"records cannot be ordered by {name!r} over archived months")
            way = -1 if name.startswith("-") else 1
            way = way if query.standard_ordering else -way
            plain = name.lstrip("-+")
            if plain == "pk":
                keys += [(part, way) for part in ("terminal_id", "seq", _TIME)]
            else:
                keys.append((query.get_meta().get_field(plain).attname, way))  # type: ignore[union-attr]
        return cls(tuple(keys))

    def key(self, row: Any) -> tuple[int, ...]:
        """What compares like the database does; of columns that are never null."""
        found = []
        for name, way in self.keys:
            value = getattr(row, name)
            found.append(way * (milliseconds(value) if isinstance(value, datetime) else value))
        return tuple(found)

    @property
    def way_of_time(self) -> int:
        """-1 newest first, 1 oldest first, 0 in another order."""
        return self.keys[0][1] if self.keys and self.keys[0][0] == _TIME else 0


def _merged(queryset: QuerySet[Any], database: Iterator[Any]) -> Iterator[Any]:
    """Each record once: a month that is being archived may be in both."""
    order = _Order.of(queryset)
    if order.way_of_time:
        rows = _by_time(queryset, order, database)
    else:
        rows = _merge(order, [_Source(database)], lambda: _all_at_once(queryset))
    last = None
    for row in rows:
        name = (row.terminal_id, row.seq)
        if name != last:
            yield row
        last = name


class _Source:
    """Rows of which the next one is known before it is taken."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._rows = iter(rows)
        self.next: Any = next(self._rows, None)

    def take(self) -> Any:
        row, self.next = self.next, next(self._rows, None)
        return row


def _all_at_once(queryset: QuerySet[Any]) -> list[_Source]:
    months = _fitting(queryset)
    assert _archive is not None
    return [_Source(_archive.records(months, queryset))] if months else []


def _merge(
    order: _Order, sources: list[_Source], more: Callable[[], list[_Source]]
) -> Iterator[Any]:
    sources = [*sources, *more()]
    while open_ones := [source for source in sources if source.next is not None]:
        # without an order the database's come first
        yield min(open_ones, key=lambda source: order.key(source.next)).take()


def _by_time(queryset: QuerySet[Any], order: _Order, database: Iterator[Any]) -> Iterator[Any]:
    """Months are opened when their turn comes: the newest records cost nothing more than before."""
    assert _archive is not None
    way = order.way_of_time
    sources = [_Source(database)]
    waiting: list[ArchivedMonth] | None = None
    while True:
        open_ones = [source for source in sources if source.next is not None]
        best = min(open_ones, key=lambda source: order.key(source.next), default=None)
        if waiting is None and (way > 0 or best is None or best.next.weighed_at < _this_month()):
            waiting = sorted(
                _fitting(queryset),
                key=(lambda month: month.first_at) if way > 0 else (lambda month: month.last_at),
                reverse=way > 0,
            )
        due = _due(waiting, best, way) if waiting else None
        if due is not None and waiting is not None:
            waiting.remove(due)
            sources.append(_Source(_archive.records([due], queryset)))
        elif best is None:
            return
        else:
            yield best.take()


def _due(waiting: list[ArchivedMonth], best: _Source | None, way: int) -> ArchivedMonth | None:
    """The month whose edge lies before the best record so far; the list ends with the next one."""
    month = waiting[-1]
    if best is None:
        return month
    at = best.next.weighed_at
    is_due = month.first_at <= at if way > 0 else month.last_at >= at
    return month if is_due else None
