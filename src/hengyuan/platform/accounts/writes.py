"""What one person wrote: all kinds of things together, newest first, by time and kind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Model, Q
from django.utils.dateparse import parse_datetime
from django.utils.timezone import get_current_timezone

from hengyuan.platform import audit
from hengyuan.platform.accounts.models import User

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which writes: the kind of thing (a label such as "accounts.office"), first and last day."""

    model: str = ""
    from_day: date | None = None
    to_day: date | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a write among all of a person's: time, kind of thing, number in its history.

    Hundreds of things are written in one moment where a whole workbook is taken in.
    """

    at: datetime
    model: str
    number: int

    @classmethod
    def of(cls, version: Any) -> Cursor:
        label = version.instance_type._meta.label_lower
        return cls(version.history_date, label, version.history_id)

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """The cursor of an address; None for anything that is none."""
        parts = (text or "").split("|")
        if len(parts) != 3 or not parts[2].isascii() or not parts[2].isdigit():
            return None
        try:
            at = parse_datetime(parts[0])
        except ValueError:
            return None
        if at is None or at.tzinfo is None:
            return None
        return cls(at, parts[1], min(int(parts[2]), 2**31 - 1))

    def __str__(self) -> str:
        return f"{self.at.isoformat()}|{self.model}|{self.number}"

    def older(self, model: str) -> Q:
        """The writes to things of that kind that come after this one in the list."""
        earlier = Q(history_date__lt=self.at)
        if model < self.model:
            return earlier | Q(history_date=self.at)
        if model == self.model:
            return earlier | Q(history_date=self.at, history_id__lt=self.number)
        return earlier

    @property
    def place(self) -> tuple[datetime, str, int]:
        return self.at, self.model, self.number


@dataclass(frozen=True, slots=True)
class Page:
    """Entries, newest first, and where the next page begins; None on the last one."""

    entries: list[audit.Entry]
    next: Cursor | None


def kinds() -> list[tuple[str, str]]:
    """The kinds of things whose writes are kept, for a choice."""
    models = audit.models_with_history()
    named = [(label, str(model._meta.verbose_name)) for label, model in models.items()]
    return sorted(named, key=lambda pair: pair[1])


def page(person: User, wanted: Wanted, after: Cursor | None = None) -> Page:
    """One page; the number of queries depends on the number of kinds, not on that of entries."""
    found: list[Any] = []
    for label, versions in _histories(person, wanted):
        if after is not None:
            versions = versions.filter(after.older(label))
        found += versions.order_by("-history_date", "-history_id")[: PAGE_SIZE + 1]
    found.sort(key=lambda version: Cursor.of(version).place, reverse=True)
    shown = found[:PAGE_SIZE]
    more = len(found) > PAGE_SIZE
    return Page(audit.entries_of(shown), Cursor.of(shown[-1]) if more else None)


def everything(person: User, wanted: Wanted, most: int) -> Iterator[audit.Entry]:
    """All of them, at most so many, in portions."""
    after, count = None, 0
    while count < most:
        portion = page(person, wanted, after)
        for entry in portion.entries:
            if count == most:
                return
            yield entry
            count += 1
        after = portion.next
        if after is None:
            return


def readable_objects(user: User, entries: list[audit.Entry]) -> set[tuple[str, str]]:
    """Label and key of the objects of these entries whose history this person may open."""
    models = audit.models_with_history()
    wanted: dict[type[Model], set[Any]] = defaultdict(set)
    for entry in entries:
        wanted[models[entry.model]].add(entry.pk)
    return {
        (model._meta.label_lower, str(pk))
        for model, keys in wanted.items()
        for pk in audit.visible(model, user).filter(pk__in=keys).values_list("pk", flat=True)
    }


def _histories(person: User, wanted: Wanted) -> Iterator[tuple[str, Any]]:
    for label, model in audit.models_with_history().items():
        if wanted.model in ("", label):
            versions = audit.history_of(model).filter(history_user=person)
            if wanted.from_day:
                versions = versions.filter(history_date__gte=_begins(wanted.from_day))
            if wanted.to_day:
                next_day = wanted.to_day + timedelta(days=1)
                versions = versions.filter(history_date__lt=_begins(next_day))
            yield label, versions.select_related("history_user")


def _begins(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=get_current_timezone())
