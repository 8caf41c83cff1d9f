"""Filters of the inbox of reports."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.portal.models import Report, ReportQuerySet, ReportState, Topic
from hengyuan.platform.portal.receipts import BadReceipt, normal_receipt


def _counties(request: Any) -> QuerySet[Any]:
    return visible_regions(request.user if request else None).counties()


class ReportFilter(django_filters.FilterSet):
    UNFINISHED, OVERDUE, MINE = "unfinished", "overdue", "mine"

    search = django_filters.CharFilter(
        method="by_text", label=_("Receipt number, place, plate or description")
    )
    region = django_filters.ModelChoiceFilter(
        queryset=_counties, label=_("county"), empty_label=_("All counties")
    )
    topic = django_filters.ChoiceFilter(choices=Topic.choices, empty_label=_("All topics"))
    state = django_filters.ChoiceFilter(
        method="by_state",
        label=_("state"),
        choices=[
            (UNFINISHED, _("Not finished")),
            (OVERDUE, _("Overdue")),
            (MINE, _("Mine to look into")),
            *ReportState.choices,
        ],
        empty_label=_("All states"),
    )

    class Meta:
        model = Report
        fields = ["search", "region", "topic", "state"]

    def by_text(self, reports: ReportQuerySet, name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        found = (
            Q(place__icontains=wanted)
            | Q(plate__icontains=wanted)
            | Q(description__icontains=wanted)
        )
        with suppress(BadReceipt):  # a word, and no number
            found |= Q(receipt__startswith=normal_receipt(wanted))
        return reports.filter(found)

    def by_state(self, reports: ReportQuerySet, name: str, value: str) -> QuerySet[Any]:
        if value == self.UNFINISHED:
            return reports.unfinished()
        if value == self.OVERDUE:
            return reports.overdue()
        if value == self.MINE:
            return reports.filter(state=ReportState.ASSIGNED, assigned_to=self.request.user)
        return reports.filter(state=value)
