"""Writes about offices and people."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from hengyuan.platform.accounts.models import Department, Office, OfficeKind, User
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.regions.models import Region


@transaction.atomic
def create_office(by: User | None, **fields: Any) -> Office:
    """A new office; ValidationError names what is wrong."""
    office = Office(**fields)
    office.full_clean()
    _sign(office, by, _("entered"))
    office.save()
    return office


def office_of_region(by: User | None, region: Region, department: str = "") -> Office:
    """The overload-control office, or a department, of a region; made where it is missing."""
    # names of offices are data, like those of regions: Chinese whatever language is on screen
    if department:
        kind = OfficeKind.DEPARTMENT
        with override("zh-hans"):
            name = f"{region.name}{Department(department).label}部门"
    else:
        # the kinds of overload-control office are called by the level they work at
        kind = OfficeKind(region.level)
        name = f"{region.name}治超办"
    found = Office.objects.filter(kind=kind, region=region, department=department).first()
    return found or create_office(by, kind=kind, region=region, department=department, name=name)


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


@transaction.atomic
def create_user(
    by: User | None,
    *,
    username: str,
    password: str,
    display_name: str,
    office: Office | None,
    role: str,
    **fields: Any,
) -> User:
    """A new person with a login. The password is held to the rules (ValidationError)."""
    user = User(username=username, display_name=display_name, office=office, role=role, **fields)
    user.set_password(password)
    user.full_clean()
    validate_password(password, user)
    _sign(user, by, _("entered"))
    user.save()
    return user


@transaction.atomic
def set_password(by: User | None, user: User, password: str, must_change: bool = True) -> None:
    """Give a person a new password, which they change at their next login unless said otherwise."""
    validate_password(password, user)
    user.set_password(password)
    user.must_change_password = must_change
    _sign(user, by, _("new password given"))
    user.save(update_fields=["password", "must_change_password"])


def note_password_changed(user: User) -> None:
    """The person has chosen a password of their own."""
    if not user.must_change_password:
        return
    user.must_change_password = False
    _sign(user, user, _("own password chosen"))
    user.save(update_fields=["must_change_password"])


def _sign(record: Any, by: User | None, reason: Any) -> None:
    record._history_user = by
    record._change_reason = str(reason)
