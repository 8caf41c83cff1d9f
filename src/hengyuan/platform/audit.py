"""Reading the trail that every write leaves: who, when, why, from what to what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model
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
    """The latest writes to these records, newest first."""
    entries = [entry for record in records for entry in _of(record, last)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:last]


def _of(record: Any, last: int) -> Iterable[Entry]:
    versions = list(record.history.select_related("history_user")[: last + 1])
    for index, version in enumerate(versions[:last]):
        older = versions[index + 1] if index + 1 < len(versions) else None
        yield Entry(
            at=version.history_date,
            by=str(version.history_user or ""),
            subject=f"{record._meta.verbose_name} {record}",
            action=_action(version.history_type),
            reason=version.history_change_reason or "",
            changes=_changes(version, older) if older is not None else (),
        )


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
