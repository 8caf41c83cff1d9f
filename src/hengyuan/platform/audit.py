"""Reading the trail that every write leaves: who, when, why, from what to what.

The number of queries depends on how many kinds of thing are asked about, never on how many
entries there are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

_LAST = 30
_NOT_TOLD = {"updated_at", "created_at", "version"}
NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Change:
    """One field: its label, and what it was and became, in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One write. `by` is empty where a program wrote on nobody's behalf.

    `model` ("accounts.office") and `pk` name the object that was written.
    """

    at: datetime
    by: str
    subject: str
    action: str
    reason: str
    changes: tuple[Change, ...]
    model: str = ""
    pk: Any = None


def trail(*records: Model, last: int = _LAST) -> list[Entry]:
    """The latest writes to these records, newest first."""
    by_model: dict[type[Model], list[Model]] = defaultdict(list)
    for record in records:
        by_model[type(record)].append(record)
    newest: list[Any] = []
    for model, found in by_model.items():
        versions = history_of(model).filter(
            **{f"{model._meta.pk.attname}__in": [record.pk for record in found]}
        )
        newest += versions.select_related("history_user")[:last]
    newest.sort(key=lambda version: (version.history_date, version.history_id), reverse=True)
    return entries_of(newest[:last], list(records))


def history_of(model: type[Model]) -> QuerySet[Any]:
    """All versions of all objects of a model, newest first."""
    versions: QuerySet[Any] = model.history.all()  # type: ignore[attr-defined]
    return versions


def models_with_history() -> dict[str, type[Model]]:
    """Every model whose writes are kept, by its label in small letters: "accounts.office"."""
    return {
        model._meta.label_lower: model
        for model in apps.get_models()
        if hasattr(model._meta, "simple_history_manager_attribute")
    }


def visible(model: type[Model], user: Any) -> QuerySet[Any]:
    """The objects of a model whose history this person may read.

    A manager's `audited_by` decides, else its `visible_to`; a model that is part of another names
    the way to it in `audited_with`. Of a model with none of these nobody reads anything.
    """
    manager: Any = model._default_manager
    for name in ("audited_by", "visible_to"):
        if hasattr(manager, name):
            found: QuerySet[Any] = getattr(manager, name)(user)
            return found
    way = getattr(model, "audited_with", "")
    if not way:
        return manager.none()  # type: ignore[no-any-return]
    whole: Any = model._meta.get_field(way).related_model
    return manager.filter(**{f"{way}__in": visible(whole, user)})  # type: ignore[no-any-return]


def entries_of(versions: Sequence[Any], records: Iterable[Model] = ()) -> list[Entry]:
    """What each version changed against the one before it, in the order given.

    `records` are objects that the caller has already; the others are looked up.
    """
    older = _predecessors(versions)
    names = _Names(versions, older, records)
    return [
        Entry(
            at=version.history_date,
            by=str(version.history_user or ""),
            subject=names.subject(version),
            action=_action(version.history_type),
            reason=version.history_change_reason or "",
            changes=_changes(version, older.get(_key(version)), names),
            model=version.instance_type._meta.label_lower,
            pk=_pk(version),
        )
        for version in versions
    ]


def _key(version: Any) -> tuple[str, int]:
    return version._meta.label_lower, version.history_id


def _pk(version: Any) -> Any:
    return getattr(version, version.instance_type._meta.pk.attname)


def _predecessors(versions: Sequence[Any]) -> dict[tuple[str, int], Any]:
    """The version before each, by the key of the later one; in two queries for each model."""
    by_model: dict[Any, list[Any]] = defaultdict(list)
    for version in versions:
        if version.history_type == "~":
            by_model[type(version)].append(version)
    found = {}
    for history, later in by_model.items():
        pk = history.instance_type._meta.pk.attname
        before = (
            history.objects.filter(**{pk: OuterRef(pk)}, history_id__lt=OuterRef("history_id"))
            .order_by("-history_id")
            .values("history_id")[:1]
        )
        pairs = dict(
            history.objects.filter(history_id__in=[version.history_id for version in later])
            .order_by()
            .annotate(before=Subquery(before))
            .values_list("history_id", "before")
        )
        known = {version.history_id: version for version in later}
        missing = set(pairs.values()) - set(known) - {None}
        known |= {row.history_id: row for row in history.objects.filter(history_id__in=missing)}
        for version in later:
            if (previous := known.get(pairs.get(version.history_id))) is not None:
                found[_key(version)] = previous
    return found


def _changed_fields(newer: Any, older: Any) -> Iterable[Any]:
    for field in newer.tracked_fields:
        if field.name in _NOT_TOLD or not hasattr(newer, field.attname):
            continue
        if getattr(newer, field.attname) != getattr(older, field.attname):
            yield newer.instance_type._meta.get_field(field.name)


class _Names:
    """What things are called: the objects written, and those that their fields point to."""

    def __init__(
        self,
        versions: Sequence[Any],
        older: dict[tuple[str, int], Any],
        records: Iterable[Model],
    ) -> None:
        self._known: dict[type[Model], dict[Any, str]] = defaultdict(dict)
        for record in records:
            self._known[type(record)][record.pk] = str(record)
        wanted: dict[type[Model], set[Any]] = defaultdict(set)
        for version in versions:
            wanted[version.instance_type].add(_pk(version))
            previous = older.get(_key(version))
            for field in _changed_fields(version, previous) if previous is not None else ():
                if field.is_relation:
                    wanted[field.related_model] |= {
                        getattr(side, field.attname) for side in (version, previous)
                    }
        for model, keys in wanted.items():
            missing = keys - set(self._known[model]) - {None}
            rows = model._default_manager.in_bulk(missing) if missing else {}
            self._known[model] |= {pk: str(row) for pk, row in rows.items()}

    def of(self, model: type[Model], pk: Any) -> str:
        return self._known[model].get(pk, str(pk))

    def subject(self, version: Any) -> str:
        """The object by its kind and present name; one that is gone as it was called then."""
        model, pk = version.instance_type, _pk(version)
        name = self._known[model].get(pk)
        return f"{model._meta.verbose_name} {name if name is not None else _as_it_was(version)}"


def _as_it_was(version: Any) -> str:
    fields = {field.attname: getattr(version, field.attname) for field in version.tracked_fields}
    return str(version.instance_type(**fields))


def _action(history_type: str) -> str:
    return {"+": _("entered"), "~": _("changed"), "-": _("removed")}[history_type]


def _changes(newer: Any, older: Any | None, names: _Names) -> tuple[Change, ...]:
    if older is None:
        return ()
    return tuple(
        Change(
            str(field.verbose_name),
            _word(field, getattr(older, field.attname), names),
            _word(field, getattr(newer, field.attname), names),
        )
        for field in _changed_fields(newer, older)
    )


def _word(field: Any, value: Any, names: _Names) -> str:
    if value in (None, "", []):
        return NOTHING
    if field.is_relation:
        return names.of(field.related_model, value)
    if isinstance(value, datetime):
        return date_format(localtime(value), "DATETIME_FORMAT")
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, list | tuple | dict):
        return "、".join(str(part) for part in value)
    choices = dict(field.flatchoices or ())
    return str(choices.get(value, value))
