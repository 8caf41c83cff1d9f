"""Filters of the journal: time, terminal, what happened."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.timezone import get_current_timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.upkeep.models import JournalEntry, Matter, MatterKind
from hengyuan.platform.upkeep.queries import wanting
from hengyuan.platform.upkeep.words import WHATS


def _counties(request: Any) -> QuerySet[Any]:
    return visible_regions(request.user if request else None).counties()


def _day(method: str, label: Any) -> django_filters.DateFilter:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return django_filters.DateFilter(method=method, label=label, widget=widget)


def _begin_of(day: date) -> datetime:
    """In the county's time; a comparison with it can use the index, one of dates cannot."""
    return datetime(day.year, day.month, day.day, tzinfo=get_current_timezone())


class JournalFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="by_text", label=_("Terminal, source unit or words of the detail")
    )
    county = django_filters.ModelChoiceFilter(
        field_name="terminal__unit__region",
        queryset=_counties,
        label=_("county"),
        empty_label=_("All counties"),
    )
    what = django_filters.ChoiceFilter(
        choices=list(WHATS.items()),
        label=pgettext_lazy("journal", "what happened"),
        empty_label=_("Everything"),
    )
    from_day = _day("since", _("from"))
    to_day = _day("until", _("to"))

    class Meta:
        model = JournalEntry
        fields = ["search", "county", "what", "from_day", "to_day"]

    def since(self, entries: QuerySet[Any], name: str, day: date) -> QuerySet[Any]:
        return entries.filter(at__gte=_begin_of(day))

    def until(self, entries: QuerySet[Any], name: str, day: date) -> QuerySet[Any]:
        return entries.filter(at__lt=_begin_of(day + timedelta(days=1)))

    def by_text(self, entries: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return entries.filter(
            Q(terminal__code__startswith=wanted)
            | Q(terminal__name__icontains=wanted)
            | Q(terminal__unit__name__icontains=wanted)
            | Q(what=wanted)
            | Q(detail__icontains=wanted)
        )


class MatterFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="by_text", label=_("Terminal, source unit or what it is about")
    )
    county = django_filters.ModelChoiceFilter(
        field_name="terminal__unit__region",
        queryset=_counties,
        label=_("county"),
        empty_label=_("All counties"),
    )
    kind = django_filters.ChoiceFilter(choices=MatterKind.choices, empty_label=_("All kinds"))
    shown = django_filters.ChoiceFilter(
        method="by_shown",
        label=_("what is shown"),
        choices=[("all", _("Everything, what is in order too"))],
        empty_label=_("What wants somebody"),
    )

    class Meta:
        model = Matter
        fields = ["search", "county", "kind", "shown"]

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        # bound even without a query: what is in order is left out unless it is asked for
        super().__init__({} if data is None else data, *args, **kwargs)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        found: QuerySet[Any] = super().filter_queryset(queryset)
        is_all = self.form.cleaned_data.get("shown") == "all"
        return found if is_all else found.filter(wanting())

    def by_shown(self, matters: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return matters

    def by_text(self, matters: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return matters.filter(
            Q(terminal__code__startswith=wanted)
            | Q(terminal__name__icontains=wanted)
            | Q(terminal__unit__name__icontains=wanted)
            | Q(key__icontains=wanted)
            | Q(title__icontains=wanted)
        )
