"""The trail of a whole list: its own writes and those to its units, in few queries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.db.models import ForeignKey
from django.utils.translation import gettext as _

from hengyuan.platform.audit import Change, Entry
from hengyuan.platform.publication.models import (
    LeftOut,
    Objection,
    PublicationList,
    PublishedUnit,
)

_LAST = 200


def list_trail(found: PublicationList, last: int = _LAST) -> list[Entry]:
    """The latest writes to the list, its units, its left-out ones and objections, newest first."""
    entries = list(_entries(PublicationList, found.history.all()))
    for model in (PublishedUnit, LeftOut, Objection):
        entries += _entries(model, model.history.filter(list_id=found.pk))
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:last]


def _entries(model: Any, versions: Any) -> Iterator[Entry]:
    ordered = versions.select_related("history_user").order_by("id", "history_date", "history_id")
    for _key, group in groupby(ordered, key=lambda version: version.id):
        older = None
        for version in group:
            yield Entry(
                at=version.history_date,
                by=str(version.history_user or ""),
                subject=f"{model._meta.verbose_name} {_name(version)}",
                action=_action(version.history_type),
                reason=version.history_change_reason or "",
                changes=tuple(_changes(model, older, version)) if older is not None else (),
            )
            older = version


def _name(version: Any) -> str:
    for field in ("title", "name", "receipt"):
        # an objection is named by its receipt: who objected stays private
        if field == "name" and hasattr(version, "receipt"):
            continue
        if hasattr(version, field):
            return str(getattr(version, field))
    return str(version.id)


def _action(history_type: str) -> str:
    return {"+": _("entered"), "~": _("changed"), "-": _("removed")}[history_type]


def _changes(model: Any, older: Any, newer: Any) -> Iterable[Change]:
    for field in model._meta.fields:
        if field.primary_key or isinstance(field, ForeignKey) or not hasattr(newer, field.attname):
            continue
        old, new = getattr(older, field.attname), getattr(newer, field.attname)
        if old != new and field.name not in {"name", "contact"}:
            yield Change(str(field.verbose_name), _word(field, old), _word(field, new))


def _word(field: Any, value: Any) -> str:
    if value in (None, ""):
        return "—"
    if hasattr(value, "tzinfo"):
        from hengyuan.platform.templatetags.look import moment

        return moment(value)
    return str(dict(field.flatchoices or ()).get(value, value))
