"""Writes about gates, lanes, scales and other equipment of a unit."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hengyuan.platform.accounts.models import User
from hengyuan.platform.ledger.models import Equipment, Gate, Lane, Scale, SourceUnit
from hengyuan.platform.ledger.signing import checked_save, lock, next_number, signed_delete

_ENTERED = gettext_lazy("entered")
_CHANGED = gettext_lazy("changed")
_REMOVED = gettext_lazy("removed")

Device = TypeVar("Device", Scale, Equipment)
Record = TypeVar("Record", Gate, Lane, Scale, Equipment)


class InUse(ValueError):
    """Something else stands at it: it cannot be removed. The text says what."""


@transaction.atomic
def add_gate(by: User | None, unit: SourceUnit, *, name: str, **fields: Any) -> Gate:
    """A further gate; it gets the next number unless one is given."""
    lock(SourceUnit, unit.pk)
    number = fields.pop("number", None) or next_number(unit.gates.all())
    gate = Gate(unit=unit, number=number, name=name, **fields)
    checked_save(gate, by, _ENTERED)
    return gate


@transaction.atomic
def change_gate(by: User | None, gate: Gate, **fields: Any) -> Gate:
    """Another name or direction; the number stays, records and terminals know it."""
    return _change(by, gate, fields)


@transaction.atomic
def remove_gate(by: User | None, gate: Gate) -> None:
    """Take a gate out of the ledger with its lanes. InUse while a terminal or a device is there."""
    standing = [
        *(str(terminal) for terminal in gate.terminals.all()),
        *_devices_at(gate),
    ]
    if standing:
        raise InUse(_in_use(standing))
    for lane in gate.lanes.all():
        signed_delete(lane, by, _REMOVED)
    signed_delete(gate, by, _REMOVED)


@transaction.atomic
def add_lane(by: User | None, gate: Gate, **fields: Any) -> Lane:
    """A further weighing lane; it gets the next number unless one is given."""
    lock(Gate, gate.pk)
    number = fields.pop("number", None) or next_number(gate.lanes.all())
    lane = Lane(gate=gate, number=number, **fields)
    checked_save(lane, by, _ENTERED)
    return lane


@transaction.atomic
def change_lane(by: User | None, lane: Lane, **fields: Any) -> Lane:
    """Another name or direction; the number stays, records know it."""
    return _change(by, lane, fields)


@transaction.atomic
def remove_lane(by: User | None, lane: Lane) -> None:
    """Take a lane out of the ledger. InUse while a scale or a device stands there."""
    standing = _devices_at(lane)
    if standing:
        raise InUse(_in_use(standing))
    signed_delete(lane, by, _REMOVED)


def add_scale(by: User | None, unit: SourceUnit, **fields: Any) -> Scale:
    """A further scale; it gets the next number unless one is given."""
    return _add_device(by, Scale, unit, fields)


def add_equipment(by: User | None, unit: SourceUnit, **fields: Any) -> Equipment:
    """A further piece of equipment; it gets the next number unless one is given."""
    return _add_device(by, Equipment, unit, fields)


@transaction.atomic
def change_device(by: User | None, device: Device, **fields: Any) -> Device:
    """Change a scale or a piece of equipment; its number stays."""
    return _change(by, device, fields)


@transaction.atomic
def remove_device(by: User | None, device: Scale | Equipment) -> None:
    """Take a scale or a piece of equipment out of the ledger; the history keeps it."""
    signed_delete(device, by, _REMOVED)


@transaction.atomic
def _add_device(
    by: User | None, model: type[Device], unit: SourceUnit, fields: dict[str, Any]
) -> Device:
    lock(SourceUnit, unit.pk)
    siblings = model._default_manager.filter(unit=unit)
    number = fields.pop("number", None) or next_number(siblings)
    device = model(unit=unit, number=number, **fields)
    checked_save(device, by, _ENTERED)
    return device


def _change(by: User | None, record: Record, fields: dict[str, Any]) -> Record:
    for name, value in fields.items():
        setattr(record, name, value)
    checked_save(record, by, _CHANGED)
    return record


def _devices_at(place: Any) -> list[str]:
    return [str(device) for device in [*place.scales.all(), *place.equipment.all()]]


def _in_use(standing: list[str]) -> str:
    return _("It cannot be removed: %(things)s stand there. Move or remove these first.") % {
        "things": "、".join(standing)
    }
