"""Filters of the list of viewings."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.video.models import Purpose, Viewing, ViewingKind


def _day(lookup: str, label: Any) -> django_filters.DateFilter:
    return django_filters.DateFilter(
        field_name="begun_at__date",
        lookup_expr=lookup,
        label=label,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


class ViewingFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(
        method="by_text", label=_("Terminal, source unit, camera or person")
    )
    kind = django_filters.ChoiceFilter(
        choices=ViewingKind.choices, label=_("what"), empty_label=_("All kinds of viewing")
    )
    purpose = django_filters.ChoiceFilter(
        choices=Purpose.choices, label=_("purpose"), empty_label=_("All purposes")
    )
    since = _day("gte", _("From"))
    until = _day("lte", _("To"))

    class Meta:
        model = Viewing
        fields = ["search", "kind", "purpose", "since", "until"]

    def by_text(self, viewings: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return viewings.filter(
            Q(terminal__code__startswith=wanted)
            | Q(terminal__unit__name__icontains=wanted)
            | Q(camera__icontains=wanted)
            | Q(person__display_name__icontains=wanted)
        )
