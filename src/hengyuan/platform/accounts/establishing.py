"""Offices: founded, changed, closed, opened again."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from hengyuan.platform.accounts import sessions
from hengyuan.platform.accounts.models import Department, Invitation, Office, OfficeKind, User
from hengyuan.platform.accounts.signing import checked_save
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.regions.models import Region
from hengyuan.platform.versioning import locked


class WrongState(ValueError):
    """Not possible with the office or person as they are now. The text says why."""


@transaction.atomic
def create_office(by: User | None, **fields: Any) -> Office:
    """A new office; ValidationError names what is wrong."""
    office = Office(**fields)
    checked_save(office, by, gettext_lazy("entered"))
    return office


@transaction.atomic
def change_office(
    by: User | None, office: Office, version: int | None = None, **fields: Any
) -> Office:
    """Change an office's name, telephone or address; Stale, ValidationError."""
    office = locked(Office.objects.all(), office.pk, version)
    for name, value in fields.items():
        setattr(office, name, value)
    checked_save(office, by, gettext_lazy("changed"))
    return office


@transaction.atomic
def close_office(by: User | None, office: Office, reason: str) -> Office:
    """Its people can do nothing any more, its open invitations end; what they wrote stays."""
    office = locked(Office.objects.all(), office.pk)
    if not office.is_active:
        raise WrongState(_("“%s” is closed already.") % office)
    office.is_active = False
    checked_save(office, by, reason)
    Invitation.objects.filter(office=office).revoke()
    sessions.end_all(User.objects.filter(office=office))
    return office


@transaction.atomic
def reopen_office(by: User | None, office: Office, reason: str) -> Office:
    """Its people may work again. ValidationError where another has taken its place or name."""
    office = locked(Office.objects.all(), office.pk)
    if office.is_active:
        raise WrongState(_("“%s” is not closed.") % office)
    office.is_active = True
    checked_save(office, by, reason)
    return office


def office_of_region(by: User | None, region: Region, department: str = "") -> Office:
    """The overload-control office, or a department, of a region; made where it is missing."""
    # the kinds of overload-control office are called by the level they work at
    kind = OfficeKind.DEPARTMENT if department else OfficeKind(region.level)
    found = Office.objects.active().filter(kind=kind, region=region, department=department).first()
    return found or create_office(
        by,
        kind=kind,
        region=region,
        department=department,
        name=usual_name(region, department),
    )


def usual_name(region: Region, department: str = "") -> str:
    """What such an office is called where nobody says otherwise."""
    if not department:
        return f"{region.name}治超办"
    # names of offices are data, like those of regions: Chinese whatever language is on screen
    with override("zh-hans"):
        return f"{region.name}{Department(department).label}部门"


def office_of_unit(by: User | None, unit: SourceUnit) -> Office:
    """The office that a source unit's people belong to; made where it is missing."""
    found = Office.objects.filter(source_unit=unit).first()
    return found or create_office(
        by,
        kind=OfficeKind.SOURCE_UNIT,
        region=unit.region,
        source_unit=unit,
        name=f"{unit.name} {unit.code}",
    )
