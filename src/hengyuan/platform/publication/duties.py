"""What publications ask of somebody today, and their figures."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Min, Q
from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import OfficeKind, Role
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.duties import Duty, Figure, Urgency, once, some
from hengyuan.platform.publication import queries
from hengyuan.platform.publication.models import ListState, Objection, PublicationList

_PUBLIC = [ListState.PUBLISHED, ListState.FINAL]
_overview = once(queries.overview)


def duties(user: Any) -> list[Duty]:
    """Lists on their way in the county; counties behind, for the city. In at most nine queries."""
    if may(user, "publication.overview"):
        return _of_city(user)
    if may(user, "publication.view") and user.office.kind == OfficeKind.COUNTY:
        return _of_county(user)
    return []


def figures(user: Any) -> list[Figure]:
    """For the levels above: how many counties have published."""
    if not may(user, "publication.overview"):
        return []
    overview = _overview(user)
    return [
        Figure(
            _("Counties that have published"),
            overview.published,
            reverse("publication:overview"),
            _("%s units on the lists") % overview.units,
            tone="warn" if overview.missing else "",
            of=len(overview.counties),
        )
    ]


def _of_county(user: Any) -> list[Duty]:
    lists = PublicationList.objects.visible_to(user)
    today = localdate()
    counts = lists.aggregate(
        draft=Count("pk", filter=Q(state=ListState.DRAFT)),
        in_review=Count("pk", filter=Q(state=ListState.IN_REVIEW)),
        over=Count("pk", filter=Q(state=ListState.PUBLISHED, objection_until__lt=today)),
        over_since=Min("objection_until", filter=Q(state=ListState.PUBLISHED)),
        unreported=Count("pk", filter=Q(state__in=_PUBLIC, reported_to_city_at__isnull=True)),
        published_on=Min(
            "published_on", filter=Q(state__in=_PUBLIC, reported_to_city_at__isnull=True)
        ),
        public=Count("pk", filter=Q(state__in=_PUBLIC)),
    )
    objections = Objection.objects.filter(list__in=lists, state=Objection.State.OPEN).aggregate(
        open=Count("pk"), until=Min("list__objection_until"), list=Min("list")
    )
    drafts, reviews = may(user, "publication.draft"), may(user, "publication.review")
    answers, reports = may(user, "publication.answer"), may(user, "publication.report")
    page = reverse("publication:lists")
    never = not counts["public"] and not counts["draft"] and not counts["in_review"]
    return [
        Duty(
            _("Objections that are not answered yet"),
            objections["open"],
            reverse("publication:objections", args=[objections["list"]])
            if objections["list"]
            else page,
            Urgency.TODAY,
            due=objections["until"],
            is_mine=answers,
            icon="message-report",
        ),
        Duty(
            _("Lists to be reviewed and published"),
            counts["in_review"],
            f"{page}?state=in_review",
            Urgency.TODAY,
            is_mine=reviews,
            icon="list-check",
        ),
        Duty(
            _("Lists whose objection period is over: make them final"),
            counts["over"],
            f"{page}?state=published",
            Urgency.TODAY,
            due=counts["over_since"] if counts["over"] else None,
            is_mine=reviews,
            icon="circle-check",
        ),
        Duty(
            _("Published lists to be reported to the city"),
            counts["unreported"],
            page,
            Urgency.TODAY,
            due=counts["published_on"],
            is_mine=reports,
            icon="mail-forward",
        ),
        Duty(
            _("Drafts to be finished and submitted for review"),
            counts["draft"],
            f"{page}?state=draft",
            Urgency.SOON,
            is_mine=drafts and user.role == Role.CLERK,
            icon="file-text",
        ),
        Duty(
            _("The county has published no list of its source units yet: draft one"),
            int(never),
            reverse("publication:new") if drafts else page,
            Urgency.TODAY,
            due=queries.rules_for(user.office.region).publish_by if never else None,
            is_mine=drafts,
            icon="file-plus",
        ),
    ]


def _of_city(user: Any) -> list[Duty]:
    overview = _overview(user)
    missing = [county for county in overview.counties if county.standing is None]
    waiting = [c for c in overview.counties if c.standing is not None and not c.is_reported]
    page = reverse("publication:overview")
    urges = user.office.kind == OfficeKind.CITY and user.role in (Role.HEAD, Role.CLERK)
    return [
        Duty(
            _("Counties that have not published their source units: urge them"),
            len(missing),
            page,
            Urgency.TODAY,
            due=overview.publish_by,
            detail=some(county.region for county in missing),
            is_mine=urges,
            icon="layout-grid",
        ),
        Duty(
            _("Counties that have published and not reported it"),
            len(waiting),
            page,
            Urgency.SOON,
            detail=some(county.region for county in waiting),
            is_mine=urges,
            icon="mail-forward",
        ),
        Duty(
            _("Objections in the counties that are not answered yet"),
            overview.open_objections,
            page,
            Urgency.SOON,
            is_mine=False,
            icon="message-report",
        ),
    ]
