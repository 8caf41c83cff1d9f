"""Reads about publications: the rules that hold, lists with their figures, the city's overview."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.ledger.models import SourceUnit, WorkingState
from hengyuan.platform.publication.models import (
    IN_PREPARATION,
    IN_PUBLIC,
    DayCounting,
    ListState,
    Objection,
    PublicationList,
    PublicationRules,
)
from hengyuan.platform.publication.rules import DEFAULT_RULES, Rules
from hengyuan.platform.regions.models import Region

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User

_STANDING = [*IN_PREPARATION, ListState.PUBLISHED, ListState.FINAL]


def rules_for(region: Region) -> Rules:
    """The rules of the region's city; the defaults where the city has set none."""
    stored = PublicationRules.objects.filter(region=f"{region.code[:4]}00").first()
    return _rules(stored) if stored else DEFAULT_RULES


def with_counts(lists: QuerySet[PublicationList]) -> QuerySet[PublicationList]:
    """Adds `unit_count` (without those taken off) and `open_objections` to each list."""
    return lists.annotate(
        unit_count=Count("units", filter=Q(units__struck_by__isnull=True), distinct=True),
        open_objections=Count(
            "objections", filter=Q(objections__state=Objection.State.OPEN), distinct=True
        ),
    )


@dataclass(frozen=True, slots=True)
class CountyProgress:
    """Where one county stands. `standing` is its list in public, `next` the one in preparation."""

    region: Region
    standing: PublicationList | None
    next: PublicationList | None
    first_published_on: date | None
    ledger_count: int
    publish_by: date
    today: date

    @property
    def unit_count(self) -> int:
        return self.standing.unit_count if self.standing else 0  # type: ignore[attr-defined]

    @property
    def open_objections(self) -> int:
        return self.standing.open_objections if self.standing else 0  # type: ignore[attr-defined]

    @property
    def days_late(self) -> int:
        """Days after the milestone of the first publication, or until today without one."""
        return max(((self.first_published_on or self.today) - self.publish_by).days, 0)

    @property
    def is_reported(self) -> bool:
        return self.standing is not None and self.standing.reported_to_city_at is not None

    @property
    def note(self) -> str:
        """How far the county is, in a word."""
        if self.is_reported:
            return gettext("reported to the city")
        if self.standing is not None:
            return gettext("published, not reported")
        return gettext("in preparation") if self.next is not None else gettext("nothing yet")


@dataclass(frozen=True, slots=True)
class Overview:
    """All counties of a scope, and their sums."""

    counties: tuple[CountyProgress, ...]
    publish_by: date

    @property
    def published(self) -> int:
        return sum(county.standing is not None for county in self.counties)

    @property
    def missing(self) -> int:
        return len(self.counties) - self.published

    @property
    def reported(self) -> int:
        return sum(county.is_reported for county in self.counties)

    @property
    def units(self) -> int:
        return sum(county.unit_count for county in self.counties)

    @property
    def open_objections(self) -> int:
        return sum(county.open_objections for county in self.counties)


def overview(user: User | AnonymousUser, today: date | None = None) -> Overview:
    """Which counties of the scope have published, how much, how late; in six queries."""
    today = today or timezone.localdate()
    counties = list(visible_regions(user).counties())
    visible = PublicationList.objects.visible_to(user)
    current = _by_county(with_counts(visible.filter(state__in=_STANDING)).order_by("pk"))
    first = dict(
        visible.filter(state__in=IN_PUBLIC)
        .order_by()
        .values_list("region")
        .annotate(first=Min("published_on"))
    )
    ledger = dict(
        SourceUnit.objects.visible_to(user)
        .filter(state=WorkingState.WORKING)
        .order_by()
        .values_list("region")
        .annotate(count=Count("pk"))
    )
    rules = {row.region_id: _rules(row) for row in PublicationRules.objects.all()}
    rows = tuple(
        CountyProgress(
            region=county,
            standing=_standing(current.get(county.pk, [])),
            next=_next(current.get(county.pk, [])),
            first_published_on=first.get(county.pk),
            ledger_count=ledger.get(county.pk, 0),
            publish_by=rules.get(f"{county.pk[:4]}00", DEFAULT_RULES).publish_by,
            today=today,
        )
        for county in counties
    )
    return Overview(rows, rows[0].publish_by if rows else DEFAULT_RULES.publish_by)


def figures(user: User | AnonymousUser) -> dict[str, int]:
    """What waits in scope: lists in review, objections without answer, lists not yet reported."""
    visible = PublicationList.objects.visible_to(user)
    counts = visible.aggregate(
        in_review=Count("pk", filter=Q(state=ListState.IN_REVIEW), distinct=True),
        unreported=Count(
            "pk",
            filter=Q(
                state__in=[ListState.PUBLISHED, ListState.FINAL], reported_to_city_at__isnull=True
            ),
            distinct=True,
        ),
        over=Count(
            "pk",
            filter=Q(state=ListState.PUBLISHED, objection_until__lt=timezone.localdate()),
            distinct=True,
        ),
    )
    objections = Objection.objects.visible_to(user).filter(state=Objection.State.OPEN)
    return counts | {"open_objections": objections.count()}


def _rules(stored: PublicationRules) -> Rules:
    return Rules(
        objection_days=stored.objection_days,
        counting=DayCounting(stored.counting),
        own_review=stored.own_review,
        publish_by=stored.publish_by or DEFAULT_RULES.publish_by,
    )


def _by_county(lists: Iterable[PublicationList]) -> dict[Any, list[PublicationList]]:
    grouped: dict[Any, list[PublicationList]] = {}
    for found in lists:
        grouped.setdefault(found.region_id, []).append(found)
    return grouped


def _standing(lists: list[PublicationList]) -> PublicationList | None:
    public = [found for found in lists if found.is_in_public]
    return max(public, key=lambda found: (found.published_on, found.pk), default=None)


def _next(lists: list[PublicationList]) -> PublicationList | None:
    return next((found for found in lists if not found.is_in_public), None)
