"""Writes to the ledger. Every one says who did it; the history keeps from what to what.

Gates, lanes and equipment are written in `equipping`, closing and merging in `lifecycle`, whole
workbooks in `importing`; what other apps use of them is named here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Left
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.utils import bulk_update_with_history

from hengyuan.law.codes import SOURCE_UNIT_SITE_TYPE
from hengyuan.platform.accounts.models import User
from hengyuan.platform.audit import entries_of
from hengyuan.platform.ledger.equipping import (
    InUse,
    add_equipment,
    add_gate,
    add_lane,
    add_scale,
    change_device,
    change_gate,
    change_lane,
    remove_device,
    remove_gate,
    remove_lane,
)
from hengyuan.platform.ledger.lifecycle import (
    WrongState,
    close_unit,
    merge_units,
    not_duplicate,
    reopen_unit,
)
from hengyuan.platform.ledger.models import SourceUnit, WorkingState
from hengyuan.platform.ledger.signing import checked_save
from hengyuan.platform.regions.models import Region
from hengyuan.platform.versioning import Stale

__all__ = [
    "InUse",
    "LedgerFull",
    "WrongState",
    "add_equipment",
    "add_gate",
    "add_lane",
    "add_scale",
    "change_device",
    "change_gate",
    "change_lane",
    "change_unit",
    "change_units",
    "close_unit",
    "codes_left",
    "merge_units",
    "next_codes",
    "not_duplicate",
    "register_unit",
    "remove_device",
    "remove_gate",
    "remove_lane",
    "reopen_unit",
]

SEQUENCE_MAX = 999
# of what others have written in between, so many writes are told
_ENTRIES_TOLD = 20


class LedgerFull(ValueError):
    """A county has given out all 999 unit codes."""


@transaction.atomic
def register_unit(by: User | None, *, region: Region, **fields: Any) -> SourceUnit:
    """Enter a unit under the next code of its county; ValidationError names what is wrong."""
    unit = SourceUnit(region=region, code=next_codes(region, 1)[0], **fields)
    keep_closing_facts(unit)
    checked_save(unit, by, gettext_lazy("entered"))
    return unit


@transaction.atomic
def change_unit(
    by: User | None, unit: SourceUnit, read_at: datetime | None = None, **fields: Any
) -> SourceUnit:
    """Change fields of a unit; its code stays, even where the county was entered wrongly.

    `read_at` is the unit's `updated_at` as the person saw it: Stale where somebody else has
    written since, and nothing is changed.
    """
    if read_at is not None:
        _check_unchanged_since(read_at, unit)
    for name, value in fields.items():
        setattr(unit, name, value)
    keep_closing_facts(unit)
    checked_save(unit, by, gettext_lazy("changed"))
    return unit


@transaction.atomic
def change_units(by: User | None, units: Iterable[SourceUnit], **fields: Any) -> int:
    """The same change for several units that are not closed; how many it made another of.

    A callable is asked for each unit's own value; None from it leaves the unit as it is.
    """
    wanted = [unit.pk for unit in units]
    changed = []
    for unit in SourceUnit.objects.select_for_update().kept().filter(pk__in=wanted):
        new = {name: value(unit) if callable(value) else value for name, value in fields.items()}
        new = {
            name: value
            for name, value in new.items()
            if value is not None and getattr(unit, name) != value
        }
        if new:
            for name, value in new.items():
                setattr(unit, name, value)
            unit.clean_fields(exclude={field.name for field in unit._meta.fields} - set(new))
            unit.updated_at = timezone.now()
            changed.append(unit)
    if changed:
        bulk_update_with_history(
            changed,
            SourceUnit,
            [*fields, "updated_at"],
            default_user=by,
            default_change_reason=str(_("changed for several units")),
        )
    return len(changed)


def _check_unchanged_since(read_at: datetime, unit: SourceUnit) -> None:
    locked = SourceUnit.objects.select_for_update(of=("self",), no_key=True).get(pk=unit.pk)
    if locked.updated_at == read_at:
        return
    newer = locked.history.filter(updated_at__gt=read_at).select_related("history_user")
    raise Stale(locked, entries_of(list(newer[:_ENTRIES_TOLD])))


def keep_closing_facts(unit: SourceUnit) -> None:
    """A closed unit has a day of closing, any other has neither day, reason nor survivor."""
    if unit.state == WorkingState.CLOSED:
        unit.closed_on = unit.closed_on or timezone.localdate()
    else:
        unit.closed_on, unit.closed_reason, unit.merged_into = None, "", None


def next_codes(region: Region, count: int) -> list[str]:
    """The county's next unit codes. Its row is locked until the transaction ends, so that no
    code is given twice; LedgerFull where there are not so many left."""
    Region.objects.select_for_update().get(pk=region.pk)
    first = SEQUENCE_MAX - codes_left([region.pk])[region.pk] + 1
    if first + count - 1 > SEQUENCE_MAX:
        raise LedgerFull(
            _("%(county)s: all %(count)s unit codes are given out.")
            % {"county": region.name, "count": SEQUENCE_MAX}
        )
    prefix = f"{region.code}{SOURCE_UNIT_SITE_TYPE}"
    return [f"{prefix}{number:03d}" for number in range(first, first + count)]


def codes_left(counties: Iterable[str]) -> dict[str, int]:
    """How many units each of these counties can still enter, by the county's code."""
    wanted = set(counties)
    last = (
        SourceUnit.objects.annotate(county=Left("code", 6))
        .filter(county__in=wanted)
        .order_by()
        .values_list("county")
        .annotate(last=Max("code"))
    )
    given = {county: int(code[-3:]) for county, code in last}
    return {county: SEQUENCE_MAX - given.get(county, 0) for county in wanted}
