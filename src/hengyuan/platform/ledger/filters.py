"""Filters of the ledger's lists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_filters
from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import scope_of, visible_regions
from hengyuan.platform.ledger.models import (
    Grade,
    Scale,
    SourceUnit,
    SupervisionMode,
    UnitKind,
    WorkingState,
)
from hengyuan.platform.regions.models import Level, Region

_COUNTY_DIGITS = 6


def counties_in_scope(request: Any) -> QuerySet[Any]:
    """The counties that a filter offers: those that the person may see."""
    return visible_regions(request.user if request else None).counties()


def townships_in_scope(request: Any) -> QuerySet[Any]:
    """The townships of the county that is chosen, or of the only one in scope."""
    if request is None:
        return Region.objects.none()
    own = scope_of(request.user).region_prefix or ""
    county = request.GET.get("region", "") or (own if len(own) == _COUNTY_DIGITS else "")
    if not county:
        return Region.objects.none()
    return visible_regions(request.user).filter(level=Level.TOWNSHIP, parent=county)


class UnitFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Name, unit code or credit code"))
    region = django_filters.ModelChoiceFilter(
        queryset=counties_in_scope, label=_("county"), empty_label=_("All counties")
    )
    township = django_filters.ModelChoiceFilter(
        queryset=townships_in_scope, label=_("township"), empty_label=_("All townships")
    )
    kind = django_filters.ChoiceFilter(choices=UnitKind.choices, empty_label=_("All kinds"))
    grade = django_filters.ChoiceFilter(choices=Grade.choices, empty_label=_("All grades"))
    state = django_filters.ChoiceFilter(
        method="by_state",
        label=_("working state"),
        choices=[("open", _("Not closed")), *WorkingState.choices],
        empty_label=_("All states"),
    )
    mode = django_filters.ChoiceFilter(
        field_name="supervision_mode",
        label=_("supervision mode (suggested)"),
        choices=SupervisionMode.choices,
        empty_label=_("All modes"),
    )
    published = django_filters.ChoiceFilter(
        method="by_published",
        label=_("publication"),
        choices=[("yes", _("On a published list")), ("no", _("On no published list"))],
        empty_label=_("Published or not"),
    )
    equipment = django_filters.ChoiceFilter(
        method="by_equipment",
        label=_("equipment"),
        choices=[
            ("incomplete", _("Equipment incomplete")),
            ("complete", _("Equipment complete")),
            ("no-scale", _("Without scale")),
            ("no-camera", _("Without camera")),
            ("no-display", _("Without display")),
        ],
        empty_label=_("Any equipment"),
    )
    certificate = django_filters.ChoiceFilter(
        method="by_certificate",
        label=_("verification certificate"),
        choices=[
            ("expired", _("Certificate expired")),
            ("soon", _("Certificate ends soon")),
            ("none", _("Certificate unknown")),
        ],
        empty_label=_("Any certificate"),
    )

    class Meta:
        model = SourceUnit
        fields = [
            "search",
            "region",
            "township",
            "kind",
            "grade",
            "state",
            "mode",
            "published",
            "equipment",
            "certificate",
        ]

    def by_text(self, units: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return units.filter(
            Q(name__icontains=wanted)
            | Q(code__startswith=wanted)
            | Q(credit_code__istartswith=wanted)
        )

    def by_state(self, units: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "open":
            return units.exclude(state=WorkingState.CLOSED)
        return units.filter(state=value)

    def by_published(self, units: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return units.filter(is_published=value == "yes")

    def by_equipment(self, units: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value in ("complete", "incomplete"):
            complete = Q(has_scale=True, has_camera=True, has_display=True)
            return units.filter(complete if value == "complete" else ~complete)
        return units.filter(**{value.replace("no-", "has_"): False})

    def by_certificate(self, units: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        last = today + timedelta(days=settings.LEDGER_CERTIFICATE_DAYS)
        if value == "expired":
            return units.filter(certificate_expires_on__lt=today)
        if value == "soon":
            return units.filter(certificate_expires_on__range=(today, last))
        return units.filter(has_scale=True, certificate_expires_on__isnull=True)


class ScaleFilter(django_filters.FilterSet):
    """Of the list of certificates."""

    search = django_filters.CharFilter(
        method="by_text", label=_("Source unit, certificate or serial number")
    )
    county = django_filters.ModelChoiceFilter(
        field_name="unit__region",
        queryset=counties_in_scope,
        label=_("county"),
        empty_label=_("All counties"),
    )
    due = django_filters.ChoiceFilter(
        method="by_due",
        label=_("verification certificate"),
        choices=[
            ("due", _("Expired or ending soon")),
            ("expired", _("Expired")),
            ("30", _("Ends within 30 days")),
            ("90", _("Ends within 90 days")),
            ("unknown", _("Without date")),
        ],
        empty_label=_("All certificates"),
    )

    class Meta:
        model = Scale
        fields = ["search", "county", "due"]

    def by_text(self, scales: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return scales.filter(
            Q(unit__name__icontains=wanted)
            | Q(unit__code__startswith=wanted)
            | Q(certificate_no__icontains=wanted)
            | Q(serial__icontains=wanted)
        )

    def by_due(self, scales: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        if value == "unknown":
            return scales.filter(certificate_expires_on__isnull=True)
        if value == "expired":
            return scales.filter(certificate_expires_on__lt=today)
        if value == "due":
            last = today + timedelta(days=settings.LEDGER_CERTIFICATE_DAYS)
            return scales.filter(certificate_expires_on__lte=last)
        last = today + timedelta(days=int(value))
        return scales.filter(certificate_expires_on__range=(today, last))
