"""Writes to the ledger. Every one says who did it; the history keeps from what to what."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from hengyuan.law.codes import SOURCE_UNIT_SITE_TYPE
from hengyuan.platform.accounts.models import User
from hengyuan.platform.ledger.models import Gate, Lane, SourceUnit
from hengyuan.platform.regions.models import Region

_SEQUENCE_MAX = 999


class LedgerFull(ValueError):
    """A county has given out all 999 unit codes."""


@transaction.atomic
def register_unit(by: User | None, *, region: Region, **fields: Any) -> SourceUnit:
    """Enter a unit under the next code of its county; ValidationError names what is wrong."""
    unit = SourceUnit(region=region, code=_next_code(region), **fields)
    unit.full_clean()
    _sign(unit, by, _("entered"))
    unit.save()
    return unit


@transaction.atomic
def change_unit(by: User | None, unit: SourceUnit, **fields: Any) -> SourceUnit:
    """Change fields of a unit; its code stays, even where the county was entered wrongly."""
    for name, value in fields.items():
        setattr(unit, name, value)
    unit.full_clean()
    _sign(unit, by, _("changed"))
    unit.save()
    return unit


@transaction.atomic
def add_gate(by: User | None, unit: SourceUnit, *, name: str, **fields: Any) -> Gate:
    """A further gate; it gets the next number unless one is given."""
    _lock(SourceUnit, unit.pk)
    number = fields.pop("number", None) or _next_number(unit.gates.all())
    gate = Gate(unit=unit, number=number, name=name, **fields)
    gate.full_clean()
    _sign(gate, by, _("entered"))
    gate.save()
    return gate


@transaction.atomic
def add_lane(by: User | None, gate: Gate, **fields: Any) -> Lane:
    """A further weighing lane; it gets the next number unless one is given."""
    _lock(Gate, gate.pk)
    number = fields.pop("number", None) or _next_number(gate.lanes.all())
    lane = Lane(gate=gate, number=number, **fields)
    lane.full_clean()
    _sign(lane, by, _("entered"))
    lane.save()
    return lane


def _sign(record: Any, by: User | None, reason: Any) -> None:
    record._history_user = by
    record._change_reason = str(reason)


def _lock(model: Any, pk: int) -> None:
    model.objects.select_for_update().filter(pk=pk).values_list("pk").get()


def _next_number(siblings: Any) -> int:
    return (siblings.aggregate(last=Max("number"))["last"] or 0) + 1


def _next_code(region: Region) -> str:
    """The county's row is locked until the unit is stored, so no code is given twice."""
    Region.objects.select_for_update().get(pk=region.pk)
    prefix = f"{region.code}{SOURCE_UNIT_SITE_TYPE}"
    last = SourceUnit.objects.filter(code__startswith=prefix).aggregate(last=Max("code"))["last"]
    sequence = int(last[-3:]) + 1 if last else 1
    if sequence > _SEQUENCE_MAX:
        raise LedgerFull(f"{region.name}: all {_SEQUENCE_MAX} unit codes are given out")
    return f"{prefix}{sequence:03d}"
