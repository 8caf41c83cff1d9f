"""Reads of the ledger, always within a person's scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from hengyuan.platform.ledger.models import (
    Equipment,
    EquipmentKind,
    Gate,
    Grade,
    NotDuplicate,
    Scale,
    SourceUnit,
    WorkingState,
)
from hengyuan.platform.ledger.models.choices import CAMERAS
from hengyuan.platform.ledger.positions import bearing, distance_m
from hengyuan.platform.ledger.similarity import Entry, Pair, like, suspected_pairs
from hengyuan.platform.publication.models import ListState, PublishedUnit

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User

NEIGHBOURS_WITHIN_M = 5_000


def figures(user: User | AnonymousUser) -> dict[str, int]:
    """How many units are in scope: all that are not closed, the working, the key ones."""
    kept = SourceUnit.objects.visible_to(user).kept()
    return kept.aggregate(
        all=Count("pk"),
        working=Count("pk", filter=Q(state=WorkingState.WORKING)),
        key=Count("pk", filter=Q(grade=Grade.KEY)),
    )


def certificate_figures(user: User | AnonymousUser) -> dict[str, int]:
    """Scales of units that are not closed: certificates that have ended, and that end soon."""
    today = timezone.localdate()
    return certificates_due(user, today=today).aggregate(
        expired=Count("pk", filter=Q(certificate_expires_on__lt=today)),
        soon=Count("pk", filter=Q(certificate_expires_on__gte=today)),
    )


def certificates_due(
    user: User | AnonymousUser, within_days: int | None = None, today: date | None = None
) -> QuerySet[Scale]:
    """Scales in scope whose certificate has ended or ends within so many days, earliest first.

    Without `within_days` it is the setting that reminds.
    """
    days = settings.LEDGER_CERTIFICATE_DAYS if within_days is None else within_days
    last = (today or timezone.localdate()) + timedelta(days=days)
    return (
        Scale.objects.visible_to(user)
        .exclude(unit__state=WorkingState.CLOSED)
        .filter(certificate_expires_on__lte=last)
        .select_related("unit__region", "gate", "lane")
        .order_by("certificate_expires_on", "unit__code", "number")
    )


def with_equipment(units: QuerySet[SourceUnit]) -> QuerySet[SourceUnit]:
    """Adds what the work plan asks for (T4): `has_scale`, `has_camera`, `has_display`, and
    `is_complete`; and `certificate_expires_on`, the earliest of the unit's scales."""
    scales = Scale.objects.filter(unit=OuterRef("pk"))
    things = Equipment.objects.filter(unit=OuterRef("pk"))
    earliest = scales.order_by().values("unit").annotate(first=Min("certificate_expires_on"))
    return units.annotate(
        has_scale=Exists(scales),
        has_camera=Exists(things.filter(kind__in=CAMERAS)),
        has_display=Exists(things.filter(kind=EquipmentKind.DISPLAY)),
        certificate_expires_on=Subquery(earliest.values("first")),
    ).annotate(is_complete=Q(has_scale=True, has_camera=True, has_display=True))


def incomplete(units: QuerySet[Any]) -> QuerySet[Any]:
    """Those that lack a scale, a camera or a display."""
    annotated: QuerySet[Any] = with_equipment(units)
    return annotated.filter(is_complete=False)


def with_publication(units: QuerySet[SourceUnit]) -> QuerySet[SourceUnit]:
    """Adds `is_published`: on a list that stands, and not taken off it."""
    standing = PublishedUnit.objects.filter(
        unit=OuterRef("pk"),
        list__state__in=[ListState.PUBLISHED, ListState.FINAL],
        struck_by__isnull=True,
    )
    return units.annotate(is_published=Exists(standing))


def gates_with_equipment(unit: SourceUnit) -> list[Gate]:
    """The unit's gates, each with its lanes; in two queries."""
    return list(unit.gates.prefetch_related("lanes"))


@dataclass(frozen=True, slots=True)
class SuspectedPair:
    """Two units that look like one, and why."""

    first: SourceUnit
    second: SourceUnit
    likeness: tuple[str, ...]
    apart_m: int | None


def suspected_duplicates(user: User | AnonymousUser) -> list[SuspectedPair]:
    """Pairs of units in scope that are not closed and about which nobody has decided yet."""
    kept = SourceUnit.objects.visible_to(user).kept()
    said = set(NotDuplicate.objects.visible_to(user).values_list("first", "second"))
    pairs = [
        pair for pair in suspected_pairs(_entries(kept)) if (pair.first, pair.second) not in said
    ]
    wanted = {key for pair in pairs for key in (pair.first, pair.second)}
    found = kept.select_related("region", "township").in_bulk(wanted)
    return [_suspected(pair, found) for pair in pairs]


def similar_units(
    *,
    name: str,
    county: Any,
    credit_code: str = "",
    longitude: Any = None,
    latitude: Any = None,
    except_for: SourceUnit | None = None,
) -> list[SuspectedPair]:
    """Units of the ledger that a unit with these facts may be; `first` is always the found one.

    Not bound to a scope on purpose: whoever enters a unit must learn that the county next door
    has it already. What is shown of it is up to the page.
    """
    own = except_for.pk if except_for is not None else 0
    candidate = Entry(
        own, name, county.pk, county.name, credit_code, longitude or None, latitude or None
    )
    kept = SourceUnit.objects.kept().filter(_could_be(candidate)).exclude(pk=own)
    pairs = like(candidate, _entries(kept))
    found = kept.select_related("region", "township").in_bulk(
        [pair.first if pair.second == own else pair.second for pair in pairs]
    )
    return [
        SuspectedPair(
            first=found[pair.first if pair.second == own else pair.second],
            second=except_for or found[pair.first if pair.second == own else pair.second],
            likeness=tuple(sorted(pair.likeness)),
            apart_m=_metres(pair),
        )
        for pair in pairs
    ]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A unit near another: how far (m), in which direction (degrees from north)."""

    unit: SourceUnit
    apart_m: int
    bearing: int


def neighbours(
    user: User | AnonymousUser, unit: SourceUnit, within_m: int = NEIGHBOURS_WITHIN_M
) -> list[Neighbour]:
    """Other units in scope around this one, nearest first; none where its position is unknown."""
    if unit.longitude is None or unit.latitude is None:
        return []
    reach = within_m / 80_000  # degrees; a degree of longitude is at least so many metres here
    around = (
        SourceUnit.objects.visible_to(user)
        .exclude(pk=unit.pk)
        .filter(
            longitude__range=(float(unit.longitude) - reach, float(unit.longitude) + reach),
            latitude__range=(float(unit.latitude) - reach, float(unit.latitude) + reach),
        )
        .select_related("region")
    )
    here = (unit.longitude, unit.latitude)
    found = []
    for other in around:
        there = (other.longitude or 0, other.latitude or 0)
        apart_m = round(distance_m(here, there))
        if apart_m <= within_m:
            found.append(Neighbour(other, apart_m, bearing(here, there)))
    return sorted(found, key=lambda near: near.apart_m)


def _could_be(candidate: Entry) -> Q:
    wanted = Q(region=candidate.county)
    if candidate.credit_code:
        wanted |= Q(credit_code=candidate.credit_code)
    if candidate.longitude is not None and candidate.latitude is not None:
        near = 0.005
        wanted |= Q(
            longitude__range=(
                float(candidate.longitude) - near,
                float(candidate.longitude) + near,
            ),
            latitude__range=(float(candidate.latitude) - near, float(candidate.latitude) + near),
        )
    return wanted


def _entries(units: QuerySet[SourceUnit]) -> list[Entry]:
    columns = ("pk", "name", "region_id", "region__name", "credit_code", "longitude", "latitude")
    return [Entry(*row) for row in units.order_by().values_list(*columns)]


def _suspected(pair: Pair, found: dict[int, SourceUnit]) -> SuspectedPair:
    return SuspectedPair(
        first=found[pair.first],
        second=found[pair.second],
        likeness=tuple(sorted(pair.likeness)),
        apart_m=_metres(pair),
    )


def _metres(pair: Pair) -> int | None:
    return None if pair.apart_m is None else round(pair.apart_m)
