"""What the public may read of publications, and what offices read of reports.

Everything public begins at `public_lists`: a list that is in preparation or withdrawn is not in
any of the querysets here, so no page can come upon it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from hengyuan.platform.accounts.models import Office, OfficeKind, Role, User
from hengyuan.platform.county_map import CountyFigure
from hengyuan.platform.ledger.models import SupervisionMode
from hengyuan.platform.portal import receipts
from hengyuan.platform.portal.models import Report, ReportState
from hengyuan.platform.publication.models import (
    Attachment,
    ListState,
    Objection,
    PublicationList,
    PublicationListQuerySet,
    PublishedUnit,
)
from hengyuan.platform.regions.models import Level, Region

_IN_FORCE = (ListState.PUBLISHED, ListState.FINAL)
_CHECKERS = (Role.HEAD, Role.CLERK, Role.INSPECTOR)


def public_lists() -> PublicationListQuerySet:
    """Lists that anybody may read, newest first, with their county."""
    lists: PublicationListQuerySet = PublicationList.objects.in_public()
    return lists.select_related("region").order_by("-published_on", "-pk")


def lists_in_force() -> PublicationListQuerySet:
    """Of each county the one that was published last, unless it is superseded or withdrawn."""
    newer = PublicationList.objects.filter(
        Q(published_on__gt=OuterRef("published_on"))
        | Q(published_on=OuterRef("published_on"), pk__gt=OuterRef("pk")),
        region=OuterRef("region"),
        state__in=_IN_FORCE,
    )
    return public_lists().filter(state__in=_IN_FORCE).exclude(Exists(newer))


def open_lists(on: date | None = None) -> PublicationListQuerySet:
    """Lists to which anybody may object today, the first to end first."""
    return (
        public_lists()
        .filter(state=ListState.PUBLISHED, objection_until__gte=on or timezone.localdate())
        .order_by("objection_until", "pk")
    )


def public_units() -> QuerySet[PublishedUnit]:
    """The units of the lists in force, without those taken off after an objection."""
    return (
        PublishedUnit.objects.filter(list__in=lists_in_force().order_by(), struck_by__isnull=True)
        .select_related("list__region")
        .order_by("list__region__code", "unit_code")
    )


def documents_of(lists: Iterable[PublicationList]) -> dict[int, list[Attachment]]:
    """The documents of these lists, without their content."""
    grouped: dict[int, list[Attachment]] = {}
    attachments = (
        Attachment.objects.filter(list__in=list(lists))
        .select_related("document")
        .defer("document__content")
        .order_by("pk")
    )
    for attachment in attachments:
        grouped.setdefault(attachment.list_id, []).append(attachment)
    return grouped


def counties() -> QuerySet[Region]:
    """The counties of the platform's own region: those that a report can be sent to."""
    return authority().region_counties()


@dataclass(frozen=True, slots=True)
class Summary:
    """The figures of the first page."""

    units: int
    counties: int
    by_mode: dict[str, int]
    by_county: dict[str, int]

    def map_figures(self, url: str) -> dict[str, CountyFigure]:
        """A figure for each county that has published, leading to its units."""
        return {
            code: CountyFigure(count, f"{url}?county={code}")
            for code, count in self.by_county.items()
        }


def summary() -> Summary:
    """How much is published, in two queries."""
    rows = public_units().order_by().values_list("list__region", "mode")
    by_mode: dict[str, int] = dict.fromkeys(SupervisionMode.values, 0)
    by_county = dict.fromkeys(lists_in_force().order_by().values_list("region", flat=True), 0)
    for county, mode, count in rows.annotate(count=Count("pk")):
        by_county[county] += count
        if mode in by_mode:
            by_mode[mode] += count
    return Summary(sum(by_county.values()), len(by_county), by_mode, by_county)


@dataclass(frozen=True, slots=True)
class Authority:
    """Whose portal this is: the office, by its name, and the region it answers for."""

    name: str
    region: Region | None

    def region_counties(self) -> QuerySet[Region]:
        counties = Region.objects.counties().order_by("code")
        return counties.within(self.region.code) if self.region is not None else counties.none()

    @property
    def city(self) -> str | None:
        """The code of the city whose counties a map can show; None for a whole province."""
        if self.region is None or self.region.level == Level.PROVINCE:
            return None
        return self.region.code if self.region.level == Level.CITY else self.region.parent_id


def authority() -> Authority:
    """The office that answers for the portal: that of HENGYUAN_PORTAL_REGION where it is set.

    Otherwise the lowest office that is above all county offices: a city's platform has its
    province's office, too, which guides it and does not run it.
    """
    offices = list(
        Office.objects.filter(
            is_active=True, kind__in=[OfficeKind.PROVINCE, OfficeKind.CITY, OfficeKind.COUNTY]
        )
        .select_related("region")
        .order_by("-region_id")
    )
    if settings.PORTAL_REGION:
        region = Region.objects.filter(pk=settings.PORTAL_REGION).first()
        named = [office for office in offices if office.region_id == settings.PORTAL_REGION]
        name = named[0].name if named else (region.name if region else "")
        return Authority(name, region)
    below = [office.region.code for office in offices if office.kind == OfficeKind.COUNTY]
    # from the lowest level up, so the first that covers every county is the nearest
    for kind in (OfficeKind.COUNTY, OfficeKind.CITY, OfficeKind.PROVINCE):
        for office in offices:
            if office.kind == kind and all(map(office.region.contains, below)):
                return Authority(office.name, office.region)
    return Authority("", None)


def report_by_receipt(receipt: str) -> Report | None:
    """The report with this (normal) receipt number."""
    return Report.objects.filter(receipt=receipt).select_related("region").first()


def objection_by_receipt(receipt: str) -> Objection | None:
    """The objection with this (normal) receipt number; lists that were withdrawn count, too."""
    return Objection.objects.filter(receipt=receipt).select_related("list__region").first()


def is_report_number(receipt: str) -> bool:
    """Reports have receipt numbers of another length than objections."""
    return len(receipt) == receipts.CHARS


def checkers_of(report: Report) -> QuerySet[User]:
    """The people of the county's office that a report can be assigned to."""
    people: QuerySet[User] = User.objects.filter(
        office__kind=OfficeKind.COUNTY,
        office__region=report.region_id,
        office__is_active=True,
        is_active=True,
        role__in=_CHECKERS,
    ).order_by("display_name")
    return people


@dataclass(frozen=True, slots=True)
class ReportsWaiting:
    """How many reports wait for what in a scope, and until when the first of them is due."""

    received: int
    mine: int
    checked: int
    overdue: int
    first_received_due: date | None
    first_mine_due: date | None
    first_checked_due: date | None


def reports_waiting(user: User) -> ReportsWaiting:
    """What waits in scope: to be assigned, for this person to look into, to be answered."""
    visible = Report.objects.visible_to(user)
    received = Q(state=ReportState.RECEIVED)
    mine = Q(state=ReportState.ASSIGNED, assigned_to=user)
    checked = Q(state=ReportState.CHECKED)
    found = visible.aggregate(
        received=Count("pk", filter=received),
        mine=Count("pk", filter=mine),
        checked=Count("pk", filter=checked),
        first_received=Min("received_at", filter=received),
        first_mine=Min("received_at", filter=mine),
        first_checked=Min("received_at", filter=checked),
    )
    return ReportsWaiting(
        received=found["received"],
        mine=found["mine"],
        checked=found["checked"],
        overdue=visible.overdue().count(),
        first_received_due=_due(found["first_received"]),
        first_mine_due=_due(found["first_mine"]),
        first_checked_due=_due(found["first_checked"]),
    )


def _due(received_at: datetime | None) -> date | None:
    if received_at is None:
        return None
    return timezone.localdate(received_at + timedelta(days=settings.PORTAL_REPORT_DAYS))
