"""Filters of the lists of offices, people, townships and the access log."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hengyuan.law.regions import scope_prefix
from hengyuan.platform.accounts.models import (
    AccessEntry,
    AccessKind,
    Office,
    OfficeKind,
    Role,
    User,
)
from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.regions.models import Level, Region

_STATES = [
    ("active", pgettext_lazy("office", "open")),
    ("closed", pgettext_lazy("office", "closed")),
]


def _regions(request: Any) -> QuerySet[Any]:
    visible = visible_regions(request.user if request else None)
    return visible.exclude(level=Level.TOWNSHIP)


def _counties(request: Any) -> QuerySet[Any]:
    return visible_regions(request.user if request else None).counties()


def _within(path: str, found: Any) -> Q:
    return Q(**{f"{path}__startswith": scope_prefix(found.code)})


class OfficeFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Office or who leads it"))
    region = django_filters.ModelChoiceFilter(
        queryset=_regions, method="by_region", label=_("region"), empty_label=_("All regions")
    )
    kind = django_filters.ChoiceFilter(choices=OfficeKind.choices, empty_label=_("All kinds"))
    state = django_filters.ChoiceFilter(
        method="by_state",
        label=_("state"),
        choices=[*_STATES, ("headless", _("Led by nobody"))],
        empty_label=_("Open and closed"),
    )

    class Meta:
        model = Office
        fields = ["search", "region", "kind", "state"]

    def by_text(self, offices: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        leading = User.objects.filter(role__in=[Role.HEAD, Role.MANAGER])
        led = leading.filter(display_name__icontains=wanted).values("office")
        return offices.filter(Q(name__icontains=wanted) | Q(pk__in=led))

    def by_region(self, offices: QuerySet[Any], name: str, found: Region) -> QuerySet[Any]:
        return offices.filter(_within("region__code", found))

    def by_state(self, offices: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "headless":
            leading = User.objects.active().filter(role__in=[Role.HEAD, Role.MANAGER])
            return offices.filter(is_active=True).exclude(pk__in=leading.values("office"))
        return offices.filter(is_active=value == "active")


class PeopleFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Name or office"))
    region = django_filters.ModelChoiceFilter(
        queryset=_regions, method="by_region", label=_("region"), empty_label=_("All regions")
    )
    kind = django_filters.ChoiceFilter(
        field_name="office__kind",
        choices=OfficeKind.choices,
        empty_label=_("All kinds of office"),
        label=_("kind"),
    )
    role = django_filters.ChoiceFilter(choices=Role.choices, empty_label=_("All roles"))
    state = django_filters.ChoiceFilter(
        method="by_state",
        label=_("state"),
        choices=[
            ("active", pgettext_lazy("person", "working")),
            ("left", pgettext_lazy("person", "left")),
        ],
        empty_label=_("Also those who left"),
    )

    class Meta:
        model = User
        fields = ["search", "region", "kind", "role", "state"]

    def by_text(self, people: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return people.filter(Q(display_name__icontains=wanted) | Q(office__name__icontains=wanted))

    def by_region(self, people: QuerySet[Any], name: str, found: Region) -> QuerySet[Any]:
        return people.filter(_within("office__region__code", found))

    def by_state(self, people: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return people.filter(is_active=value == "active")


class TownshipFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Township or person"))
    county = django_filters.ModelChoiceFilter(
        field_name="parent", queryset=_counties, label=_("county"), empty_label=_("All counties")
    )
    lead = django_filters.ChoiceFilter(
        method="by_lead",
        label=_("person responsible"),
        choices=[("none", _("Nobody named")), ("named", _("Somebody named"))],
        empty_label=_("Named or not"),
    )

    class Meta:
        model = Region
        fields = ["search", "county", "lead"]

    def by_text(self, townships: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        named = Q(leads__name__icontains=wanted, leads__until=None)
        return townships.filter(Q(name__icontains=wanted) | named).distinct()

    def by_lead(self, townships: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        named = Region.objects.filter(leads__isnull=False, leads__until=None).values("pk")
        if value == "named":
            return townships.filter(pk__in=named)
        return townships.exclude(pk__in=named)


class AccessFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Name, user name or address"))
    kind = django_filters.ChoiceFilter(choices=AccessKind.choices, empty_label=_("Everything"))
    from_day = django_filters.DateFilter(
        field_name="at__date",
        lookup_expr="gte",
        label=_("from"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    to_day = django_filters.DateFilter(
        field_name="at__date",
        lookup_expr="lte",
        label=_("to"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    class Meta:
        model = AccessEntry
        fields = ["search", "kind", "from_day", "to_day"]

    def by_text(self, entries: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return entries.filter(
            Q(username__icontains=wanted)
            | Q(person__display_name__icontains=wanted)
            | Q(about__display_name__icontains=wanted)
            | Q(address__startswith=wanted)
        )
