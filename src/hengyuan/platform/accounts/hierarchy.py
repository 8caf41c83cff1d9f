"""Which office looks after which: directly below it, and the departments beside it."""

from __future__ import annotations

from django.db.models import Q

from hengyuan.law.regions import parent_code
from hengyuan.platform.accounts.models import Office, OfficeKind, OfficeQuerySet, User
from hengyuan.platform.accounts.permissions import may

LOOKED_AFTER: dict[OfficeKind, frozenset[OfficeKind]] = {
    OfficeKind.PROVINCE: frozenset({OfficeKind.CITY, OfficeKind.DEPARTMENT}),
    OfficeKind.CITY: frozenset({OfficeKind.COUNTY, OfficeKind.DEPARTMENT}),
    OfficeKind.COUNTY: frozenset({OfficeKind.DEPARTMENT, OfficeKind.SOURCE_UNIT}),
}
"""The kinds of office that an overload-control office creates, and whose people it appoints."""

_BELOW = {OfficeKind.CITY, OfficeKind.COUNTY}  # of the next level; the others of the same region


def looks_after(office: Office, other: Office) -> bool:
    """True when `other` lies directly below `office`, or is a department of its region."""
    kind = OfficeKind(other.kind)
    if kind not in LOOKED_AFTER.get(OfficeKind(office.kind), frozenset()):
        return False
    if kind in _BELOW:
        return parent_code(other.region_id) == office.region_id
    return bool(other.region_id == office.region_id)


def looked_after_by(office: Office | None) -> OfficeQuerySet:
    """The offices that this one looks after."""
    kinds = LOOKED_AFTER.get(OfficeKind(office.kind), frozenset()) if office else frozenset()
    if office is None or not kinds:
        return Office.objects.none()
    return Office.objects.filter(
        Q(kind__in=kinds & _BELOW, region__parent=office.region_id)
        | Q(kind__in=kinds - _BELOW, region=office.region_id)
    )


def manages_office(user: User, office: Office) -> bool:
    """May change, close and re-open that office."""
    return may(user, "offices.manage") and looks_after(_office(user), office)


def edits_office(user: User, office: Office) -> bool:
    """May change its telephone and address: its head, and the office that looks after it."""
    own = may(user, "offices.edit_own") and office.pk == user.office_id
    return own or manages_office(user, office)


def appoints_in(user: User, office: Office) -> bool:
    """May invite people to that office, change their roles and let them go."""
    if not may(user, "people.manage"):
        return False
    return office.pk == user.office_id or looks_after(_office(user), office)


def appoints(user: User, person: User) -> bool:
    """May do so with this person; nobody with themselves."""
    if person.office is None or person.pk == user.pk:
        return False
    return appoints_in(user, person.office)


def _office(user: User) -> Office:
    assert user.office is not None
    return user.office
