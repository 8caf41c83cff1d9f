"""Is a draft complete, and how does it differ from the list before (应公示尽公示)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hengyuan.platform.ledger.models import Scale, SourceUnit, WorkingState
from hengyuan.platform.publication.drafting import DECIDED, ledger_units, snapshot
from hengyuan.platform.publication.models import (
    LeftOut,
    Objection,
    PublicationList,
    PublishedUnit,
)

# what the ledger should know of a unit before it is published
_EXPECTED = ("credit_code", "address")
# so many units that lack the same have a line each, more share one
_NAMED_ALONE = 3
_COMPARED = ("name", "credit_code", "address", "kind", *DECIDED)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about a draft. `stops` says that it cannot be submitted like this."""

    text: str
    stops: bool
    row_pk: int | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """A unit of the ledger that is not on the list, with the reason where one was given."""

    unit_id: int
    unit_code: str
    name: str
    state: str
    reason: str
    version: int | None


@dataclass(frozen=True, slots=True)
class FieldChange:
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What a list adds to, takes from and changes in the one before."""

    added: tuple[PublishedUnit, ...]
    removed: tuple[PublishedUnit, ...]
    changed: tuple[tuple[PublishedUnit, tuple[FieldChange, ...]], ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.removed or self.changed)


def absent_units(found: PublicationList) -> list[Absent]:
    """Who is not on the list: of a draft after the ledger of today, later as it was submitted."""
    said = {left.unit_id: left for left in found.left_out.select_related("unit")}
    if not found.is_draft:
        return [_absent(left.unit, left) for left in said.values()]
    listed = set(found.units.values_list("unit_id", flat=True))
    return [
        _absent(unit, said.get(unit.pk))
        for unit in ledger_units(found.region).order_by("code")
        if unit.pk not in listed
    ]


def findings(found: PublicationList) -> list[Finding]:
    """All that a clerk should know before submitting; those that stop it come first."""
    rows = list(found.units.select_related("unit__township"))
    every = [
        *_empty(rows),
        *_incomplete(rows),
        *_without_reason(absent_units(found)),
        *_duplicates(rows),
        *_stale(rows),
        *_certificates(rows),
        *_objections_before(found),
    ]
    return sorted(every, key=lambda finding: not finding.stops)


def difference(found: PublicationList) -> Difference:
    """Against the list that this one supersedes; all units are new where there is none."""
    rows = {row.unit_id: row for row in found.units.all()}
    before: dict[int, PublishedUnit] = {}
    if found.supersedes is not None:
        before = {row.unit_id: row for row in found.supersedes.units.filter(struck_by__isnull=True)}
    changed = [
        (row, changes)
        for key, row in rows.items()
        if key in before and (changes := tuple(_changes(before[key], row)))
    ]
    return Difference(
        added=tuple(row for key, row in rows.items() if key not in before),
        removed=tuple(row for key, row in before.items() if key not in rows),
        changed=tuple(changed),
    )


def _absent(unit: SourceUnit, left: LeftOut | None) -> Absent:
    return Absent(
        unit_id=unit.pk,
        unit_code=unit.code,
        name=left.name if left else unit.name,
        state=str(WorkingState(unit.state).label),
        reason=left.reason if left else "",
        version=left.version if left else None,
    )


def _empty(rows: list[PublishedUnit]) -> Iterator[Finding]:
    if not rows:
        yield Finding(_("There is no unit on the list."), stops=True)


def _incomplete(rows: list[PublishedUnit]) -> Iterator[Finding]:
    """What units lack; where many lack the same, in one line."""
    yield from _lacking(rows, DECIDED, stops=True)
    yield from _lacking(rows, _EXPECTED, stops=False)


def _lacking(rows: list[PublishedUnit], fields: tuple[str, ...], stops: bool) -> Iterator[Finding]:
    lacking: dict[tuple[str, ...], list[PublishedUnit]] = {}
    for row in rows:
        if empty := tuple(name for name in fields if not getattr(row, name)):
            lacking.setdefault(empty, []).append(row)
    for empty, same in lacking.items():
        words = "、".join(_label(same[0], name) for name in empty)
        if len(same) > _NAMED_ALONE:
            names = "、".join(row.name for row in same[:_NAMED_ALONE])
            text = ngettext(
                "%(names)s and %(more)s other unit lack: %(fields)s",
                "%(names)s and %(more)s other units lack: %(fields)s",
                len(same) - _NAMED_ALONE,
            )
            told = {"names": names, "more": len(same) - _NAMED_ALONE, "fields": words}
            yield Finding(text % told, stops, row_pk=same[0].pk)
            continue
        for row in same:
            text = _("%(unit)s lacks: %(fields)s") % {"unit": row.name, "fields": words}
            yield Finding(text, stops, row_pk=row.pk)


def _without_reason(absent: Iterable[Absent]) -> Iterator[Finding]:
    for unit in absent:
        if not unit.reason:
            text = _("%s is in the ledger but not on the list: say why, or put it on.") % unit.name
            yield Finding(text, stops=True)


def _duplicates(rows: list[PublishedUnit]) -> Iterator[Finding]:
    names = Counter(row.name for row in rows)
    codes = Counter(row.credit_code for row in rows if row.credit_code)
    for name, count in names.items():
        if count > 1:
            text = _("%(count)s units have the name %(name)s.")
            yield Finding(text % {"count": count, "name": name}, stops=True)
    for code, count in codes.items():
        if count > 1:
            text = _("%(count)s units have the credit code %(code)s: one company, several places?")
            yield Finding(text % {"count": count, "code": code}, stops=False)


def _stale(rows: list[PublishedUnit]) -> Iterator[Finding]:
    for row in rows:
        if row.unit.state != WorkingState.WORKING:
            text = _("%(unit)s is no longer working: %(state)s in the ledger.")
            state = WorkingState(row.unit.state).label
            yield Finding(text % {"unit": row.name, "state": state}, stops=False, row_pk=row.pk)
        if any(getattr(row, name) != value for name, value in snapshot(row.unit).items()):
            text = _("The ledger's entry of %s has changed since the draft: take it over.")
            yield Finding(text % row.name, stops=False, row_pk=row.pk)


def _certificates(rows: list[PublishedUnit]) -> Iterator[Finding]:
    by_unit = {row.unit_id: row for row in rows}
    ended = Scale.objects.filter(
        unit__in=by_unit, certificate_expires_on__lt=timezone.localdate()
    ).order_by("unit__code", "number")
    for scale in ended:
        row = by_unit[scale.unit_id]
        text = _("%(unit)s: the certificate of scale %(number)s ended on %(date)s.") % {
            "unit": row.name,
            "number": scale.number,
            "date": scale.certificate_expires_on,
        }
        yield Finding(text, stops=False, row_pk=row.pk)


def _objections_before(found: PublicationList) -> Iterator[Finding]:
    if found.supersedes is None:
        return
    upheld = found.supersedes.objections.filter(state=Objection.State.UPHELD)
    for objection in upheld.select_related("unit"):
        about = objection.unit.name if objection.unit else _("the list as a whole")
        text = _("Objection %(receipt)s to the previous list was upheld (%(about)s): observe it.")
        yield Finding(text % {"receipt": objection.receipt, "about": about}, stops=False)


def _changes(old: PublishedUnit, new: PublishedUnit) -> Iterator[FieldChange]:
    for name in _COMPARED:
        if getattr(old, name) != getattr(new, name):
            yield FieldChange(_label(new, name), _shown(old, name), _shown(new, name))


def _label(row: PublishedUnit, name: str) -> str:
    return str(row._meta.get_field(name).verbose_name)  # type: ignore[union-attr]


def _shown(row: Any, name: str) -> str:
    display = getattr(row, f"get_{name}_display", None)
    return str(display() if display else getattr(row, name)) or "—"
