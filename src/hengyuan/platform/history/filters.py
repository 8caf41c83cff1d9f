"""Filters of the holds."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.history.models import EvidenceHold


class HoldFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Case, reason or terminal"))
    state = django_filters.ChoiceFilter(
        method="by_state",
        choices=[("in_force", _("in force")), ("lifted", _("lifted"))],
        label=_("state"),
        empty_label=_("All states"),
    )

    class Meta:
        model = EvidenceHold
        fields: list[str] = []

    def by_text(self, holds: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        text = text.strip()
        return holds.filter(
            Q(case__icontains=text)
            | Q(reason__icontains=text)
            | Q(terminal__code__icontains=text)
            | Q(region__name__icontains=text)
        )

    def by_state(self, holds: QuerySet[Any], name: str, state: str) -> QuerySet[Any]:
        return holds.filter(lifted_at__isnull=state == "in_force")
