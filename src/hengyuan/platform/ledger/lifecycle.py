"""How a unit leaves the ledger and comes back: closing, merging with its double, re-opening.

Nothing is ever deleted or renamed. Terminals, weighing records and published lists name a unit by
its code: a terminal's code begins with it and is part of what it has signed. So all of these stay
with the unit they were made for, and a merged unit is a closed one that points to its survivor,
where they are read together. A terminal that still sends is not cut off by the closing either:
what it has weighed was weighed, and its backlog must still arrive; it is retired on its own page.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from hengyuan.platform.accounts.models import User
from hengyuan.platform.ledger.models import (
    Equipment,
    NotDuplicate,
    Scale,
    SourceUnit,
    WorkingState,
)
from hengyuan.platform.ledger.signing import checked_save, next_number

# facts that the survivor takes over where it has none of its own
TAKEN_OVER = (
    "credit_code",
    "township",
    "address",
    "longitude",
    "latitude",
    "legal_person",
    "contact_name",
    "contact_phone",
    "cargo_codes",
    "annual_throughput_t",
    "supervision_mode",
)
_BLANK: tuple[Any, ...] = (None, "", [])


class WrongState(ValueError):
    """Not possible with the unit as it is now. The text says why."""


@transaction.atomic
def close_unit(by: User | None, unit: SourceUnit, *, on: date, reason: str) -> SourceUnit:
    """Close a unit that no longer loads trucks. WrongState when it is closed already."""
    unit = _locked(unit)
    if unit.is_closed:
        raise WrongState(_("%s is closed already.") % unit)
    unit.state, unit.closed_on, unit.closed_reason = WorkingState.CLOSED, on, reason.strip()
    checked_save(unit, by, gettext_lazy("unit closed"))
    return unit


@transaction.atomic
def reopen_unit(
    by: User | None, unit: SourceUnit, *, state: str = WorkingState.WORKING, reason: str
) -> SourceUnit:
    """Take a closed unit back; a merged one stands for itself again.

    What its survivor took over stays there: nobody can tell it from what was entered since.
    """
    unit = _locked(unit)
    if not unit.is_closed:
        raise WrongState(_("%s is not closed.") % unit)
    if state == WorkingState.CLOSED:
        raise ValueError("a unit is re-opened to another state than closed")
    unit.state = WorkingState(state)
    unit.closed_on, unit.closed_reason, unit.merged_into = None, "", None
    checked_save(unit, by, reason.strip() or gettext_lazy("re-opened"))
    return unit


@transaction.atomic
def merge_units(
    by: User | None,
    kept: SourceUnit,
    merged: SourceUnit,
    *,
    on: date,
    reason: str,
    take_over: bool = True,
) -> SourceUnit:
    """Close `merged` as a second entry of `kept`, which is given back.

    Scales and other equipment move to the survivor under new numbers: no record names them. With
    `take_over` the survivor's blank facts are filled from the other. Gates and lanes stay, for
    terminals stand at them. WrongState when one of the two is closed, or they are one.
    """
    if kept.pk == merged.pk:
        raise WrongState(_("A unit cannot be merged with itself."))
    # always in the same order, so that two merges of the same pair cannot wait for each other
    locked = {unit.pk: unit for unit in _locked_pair(kept, merged)}
    kept, merged = locked[kept.pk], locked[merged.pk]
    for unit in (kept, merged):
        if unit.is_closed:
            raise WrongState(_("%s is closed: re-open it first.") % unit)
    if take_over:
        for name, value in facts_to_take_over(kept, merged).items():
            setattr(kept, name, value)
    checked_save(kept, by, gettext_lazy("merged with %s") % merged.code)
    _move_devices(by, kept, merged)
    merged.state, merged.merged_into, merged.closed_on = WorkingState.CLOSED, kept, on
    merged.closed_reason = reason.strip() or _reason_of_merging(kept)
    checked_save(merged, by, gettext_lazy("merged into %s") % kept.code)
    return kept


def facts_to_take_over(kept: SourceUnit, merged: SourceUnit) -> dict[str, Any]:
    """What the survivor would get: the facts that it lacks and the other has."""
    return {
        name: getattr(merged, name)
        for name in TAKEN_OVER
        if getattr(kept, name) in _BLANK
        and getattr(merged, name) not in _BLANK
        and not (name == "township" and kept.region_id != merged.region_id)
    }


@transaction.atomic
def not_duplicate(by: User, one: SourceUnit, other: SourceUnit, *, reason: str) -> NotDuplicate:
    """Say that two units that look alike are two; said again, the newer reason counts."""
    if one.pk == other.pk:
        raise WrongState(_("A unit cannot be compared with itself."))
    first, second = sorted((one, other), key=lambda unit: unit.pk)
    said = NotDuplicate.objects.filter(first=first, second=second).first()
    said = said or NotDuplicate(first=first, second=second)
    said.reason, said.said_by = reason.strip(), by
    checked_save(said, by, gettext_lazy("no duplicate"))
    return said


def _move_devices(by: User | None, kept: SourceUnit, merged: SourceUnit) -> None:
    reason = gettext_lazy("moved here from %s") % merged.code
    for model in (Scale, Equipment):
        number = next_number(model.objects.filter(unit=kept))
        for device in model.objects.filter(unit=merged).order_by("number"):
            device.unit, device.number, device.gate, device.lane = kept, number, None, None
            checked_save(device, by, reason)
            number += 1


def _reason_of_merging(kept: SourceUnit) -> str:
    # data, hence Chinese whatever the language on screen
    with override("zh-hans"):
        return _("Second entry of %(name)s (%(code)s)") % {"name": kept.name, "code": kept.code}


def _locked(unit: SourceUnit) -> SourceUnit:
    return SourceUnit.objects.select_for_update(of=("self",)).get(pk=unit.pk)


def _locked_pair(one: SourceUnit, other: SourceUnit) -> list[SourceUnit]:
    units = SourceUnit.objects.select_for_update(of=("self",)).order_by("pk")
    return list(units.filter(pk__in=[one.pk, other.pk]))
