"""Reading the trail that every write leaves: who, when, why, from what to what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from django.db.models import Model, Q
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

_LAST = 30
_NOT_TOLD = {"updated_at", "created_at"}


@dataclass(frozen=True, slots=True)
class Change:
    """One field: its label, and what it was and became, in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One write. `by` is empty where a program wrote on nobody's behalf."""

    at: datetime
    by: str
    subject: str
    action: str
    reason: str
    changes: tuple[Change, ...]


def trail(*records: Model, last: int = _LAST) -> list[Entry]:
    """The latest writes to these records, newest first. A few queries for each kind of record."""
    by_kind: dict[type[Model], dict[Any, Model]] = defaultdict(dict)
    for record in records:
        by_kind[type(record)][record.pk] = record
    entries = [entry for kind, same in by_kind.items() for entry in _of(kind, same, last)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:last]


def _of(kind: Any, records: dict[Any, Model], last: int) -> Iterable[Entry]:
    key = kind._meta.pk.attname
    history = kind.history.select_related("history_user").order_by("-history_date", "-history_id")
    versions = list(history.filter(**{f"{key}__in": records})[:last])
    older_of = _older(history, key, versions)
    for version in versions:
        older = older_of.get(version.history_id)
        yield Entry(
            at=version.history_date,
            by=str(version.history_user or ""),
            subject=f"{kind._meta.verbose_name} {records[getattr(version, key)]}",
            action=_action(version.history_type),
            reason=version.history_change_reason or "",
            changes=_changes(version, older) if older is not None else (),
        )


def _older(history: Any, key: str, versions: list[Any]) -> dict[int, Any]:
    """The version before each of these, by their history ids; none before the first one."""
    by_record: dict[Any, list[Any]] = defaultdict(list)
    for version in versions:
        by_record[getattr(version, key)].append(version)
    pairs = [pair for own in by_record.values() for pair in pairwise(own)]
    found = {newer.history_id: older for newer, older in pairs}
    last_ones = {pk: own[-1] for pk, own in by_record.items() if own[-1].history_type != "+"}
    if last_ones:
        before = Q()
        for pk, version in last_ones.items():
            before |= Q(**{key: pk}, history_id__lt=version.history_id)
        beyond = history.filter(before).order_by(key, "-history_id").distinct(key)
        for older in beyond:
            found[last_ones[getattr(older, key)].history_id] = older
    return found


def _action(history_type: str) -> str:
    return {"+": _("entered"), "~": _("changed"), "-": _("removed")}[history_type]


def _changes(newer: Any, older: Any) -> tuple[Change, ...]:
    model = newer.instance_type
    found = []
    for change in newer.diff_against(older).changes:
        if change.field in _NOT_TOLD:
            continue
        field = model._meta.get_field(change.field)
        found.append(
            Change(str(field.verbose_name), _word(field, change.old), _word(field, change.new))
        )
    return tuple(found)


def _word(field: Any, value: Any) -> str:
    if value in (None, "", []):
        return "—"
    if field.is_relation:
        related = field.related_model._default_manager.filter(pk=value).first()
        return str(related or value)
    if isinstance(value, datetime):
        return date_format(localtime(value), "DATETIME_FORMAT")
    choices = dict(field.flatchoices or ())
    return str(choices.get(value, value))
