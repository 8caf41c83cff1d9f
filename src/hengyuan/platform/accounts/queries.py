"""Reads about offices and people, always within a person's scope."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Case, Count, IntegerField, Prefetch, Q, QuerySet, Value, When

from hengyuan.platform.accounts import access
from hengyuan.platform.accounts.hierarchy import looked_after_by
from hengyuan.platform.accounts.models import (
    AccessEntry,
    Invitation,
    Office,
    OfficeKind,
    Role,
    TownshipLead,
    User,
)
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.accounts.scope import people_q, visible_regions
from hengyuan.platform.regions.models import Level, Region

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

_RANK = [OfficeKind.PROVINCE, OfficeKind.CITY, OfficeKind.COUNTY, OfficeKind.DEPARTMENT]


def listed_offices(user: User | AnonymousUser) -> QuerySet[Office]:
    """The offices in scope with `rank` (their place in a region), `people_count` and `heads`."""
    heads = User.objects.active().filter(role__in=[Role.HEAD, Role.MANAGER]).order_by("pk")
    rank = Case(
        *(When(kind=kind, then=Value(place)) for place, kind in enumerate(_RANK)),
        default=Value(len(_RANK)),
        output_field=IntegerField(),
    )
    return (
        Office.objects.visible_to(user)
        .select_related("region")
        .prefetch_related(Prefetch("people", heads, to_attr="heads"))
        .annotate(rank=rank, people_count=Count("people", filter=Q(people__is_active=True)))
        .order_by("region__code", "rank", "department", "name")
    )


@dataclass
class Branch:
    """A region in the tree: how many offices there are in it alone, and what lies below."""

    region: Region
    offices: int = 0
    has_control_office: bool = False
    below: list[Branch] = field(default_factory=list)

    @property
    def all_offices(self) -> int:
        return self.offices + sum(branch.all_offices for branch in self.below)


def region_tree(user: User | AnonymousUser) -> list[Branch]:
    """The regions in scope that have offices or could have one of their own, each in its place.

    Cities far from home have neither offices nor counties here: they stay out until they do.
    """
    counted = {
        row["region"]: row
        for row in Office.objects.visible_to(user)
        .active()
        .order_by()
        .values("region")
        .annotate(
            offices=Count("pk"),
            control=Count("pk", filter=Q(kind__in=["province", "city", "county"])),
        )
    }
    regions = visible_regions(user).exclude(level=Level.TOWNSHIP).order_by("code")
    branches = {region.pk: Branch(region) for region in regions}
    for code, row in counted.items():
        if code in branches:
            branches[code].offices = row["offices"]
            branches[code].has_control_office = bool(row["control"])
    roots: list[Branch] = []
    for branch in branches.values():
        parent = branches.get(branch.region.parent_id or "")
        (parent.below if parent else roots).append(branch)
    for branch in branches.values():
        branch.below = [
            below
            for below in branch.below
            if below.region.level == Level.COUNTY or below.below or below.all_offices
        ]
    return roots


def people_of(office: Office) -> list[User]:
    """Everybody who works or has worked there: those who lead it first, those who left last."""
    order = {role: place for place, role in enumerate(Role)}
    people = office.people.select_related("successor", "office")
    return sorted(
        people,
        key=lambda person: (not person.is_active, order.get(Role(person.role), 9), person.pk),
    )


def open_invitations(office: Office) -> QuerySet[Invitation]:
    """Invitations to an office that nobody has accepted or withdrawn; also those run out."""
    return office.invitations.filter(used_at=None, revoked_at=None).select_related("created_by")


def locks_of(people: list[User]) -> dict[str, datetime]:
    """Those of these people whose login is locked: user name and until when."""
    return access.locked_until([person.username for person in people])


def access_log(user: User) -> QuerySet[AccessEntry]:
    """The entries that a person may read, newest first.

    Tries with names that nobody has are read by the heads of offices with none above them.
    """
    where = people_q(user, office="office", region="office__region", person="person")
    if user.is_head and _is_topmost(user.office):
        where |= Q(office=None)
    return (
        AccessEntry.objects.filter(where)
        .select_related("person", "about", "office")
        .order_by("-at", "-pk")
    )


def access_of(person: User) -> QuerySet[AccessEntry]:
    """What one person did, and what others did with their account."""
    return AccessEntry.objects.filter(Q(person=person) | Q(about=person)).select_related(
        "person", "about", "office"
    )


def townships(user: User | AnonymousUser) -> QuerySet[Region]:
    """The townships in scope, each with `leads_now`: who answers for it, one or nobody."""
    in_office = TownshipLead.objects.in_office()
    return (
        _visible_townships(user)
        .select_related("parent")
        .prefetch_related(Prefetch("leads", in_office, to_attr="leads_now"))
        .order_by("code")
    )


def _visible_townships(user: User | AnonymousUser) -> QuerySet[Region]:
    if user.is_authenticated and user.office is not None and user.office.source_unit_id:
        return Region.objects.filter(
            level=Level.TOWNSHIP, township_units=user.office.source_unit_id
        )
    return visible_regions(user).filter(level=Level.TOWNSHIP)


def _is_topmost(office: Office | None) -> bool:
    """An overload-control office with none above it on this platform."""
    if office is None or not office.is_control_office:
        return False
    above = [office.region_id[:4] + "00", office.region_id[:2] + "0000"]
    superiors = Office.objects.active().filter(region__in=above, kind__in=_RANK[:2])
    return not superiors.exclude(pk=office.pk).exists()


# what waits


def pending_invitations(user: User) -> QuerySet[Invitation]:
    """Invitations to one's own office and those looked after that nobody has accepted yet."""
    return (
        Invitation.objects.filter(used_at=None, revoked_at=None, office__in=_appointed_in(user))
        .select_related("office")
        .order_by("expires_at")
    )


def locked_people(user: User) -> list[tuple[User, datetime]]:
    """People whom this person can unlock and whose login is locked now, with until when."""
    locked = access.all_locked()
    if not locked or not may(user, "people.manage"):
        return []
    people = User.objects.active().filter(username__in=locked, office__in=_appointed_in(user))
    return [(person, locked[person.username]) for person in people.exclude(pk=user.pk)]


def offices_without_head(user: User) -> QuerySet[Office]:
    """Offices looked after in which nobody leads, and nobody is invited to."""
    leading = User.objects.active().filter(role__in=[Role.HEAD, Role.MANAGER])
    invited = Invitation.objects.open().filter(role__in=[Role.HEAD, Role.MANAGER])
    return (
        looked_after_by(user.office)
        .active()
        .exclude(people__in=leading)
        .exclude(invitations__in=invited)
        .order_by("region__code", "name")
    )


def counties_without_office(user: User) -> QuerySet[Region]:
    """Regions below a control office that have no overload-control office of their own yet."""
    if user.office is None or not user.office.is_control_office:
        return Region.objects.none()
    have = Office.objects.active().filter(kind__in=[OfficeKind.CITY, OfficeKind.COUNTY])
    below = Region.objects.filter(parent=user.office.region_id).exclude(level=Level.TOWNSHIP)
    return below.exclude(pk__in=have.values("region")).order_by("code")


def townships_without_lead(user: User | AnonymousUser) -> QuerySet[Region]:
    """Townships in scope for which nobody answers."""
    led = TownshipLead.objects.in_office().values("township")
    return _visible_townships(user).exclude(pk__in=led).order_by("code")


def _appointed_in(user: User) -> QuerySet[Office]:
    if not may(user, "people.manage"):
        return Office.objects.none()
    return Office.objects.filter(Q(pk=user.office_id) | Q(pk__in=looked_after_by(user.office)))
