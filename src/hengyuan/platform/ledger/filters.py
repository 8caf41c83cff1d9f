"""Filters of the ledger's list."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.ledger.models import Grade, SourceUnit, UnitKind, WorkingState


def counties_in_scope(request: Any) -> QuerySet[Any]:
    """The counties that a filter offers: those that the person may see."""
    return visible_regions(request.user if request else None).counties()


class UnitFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Name, unit code or credit code"))
    region = django_filters.ModelChoiceFilter(
        queryset=counties_in_scope, label=_("county"), empty_label=_("All counties")
    )
    kind = django_filters.ChoiceFilter(choices=UnitKind.choices, empty_label=_("All kinds"))
    grade = django_filters.ChoiceFilter(choices=Grade.choices, empty_label=_("All grades"))
    state = django_filters.ChoiceFilter(choices=WorkingState.choices, empty_label=_("All states"))

    class Meta:
        model = SourceUnit
        fields = ["search", "region", "kind", "grade", "state"]

    def by_text(self, units: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return units.filter(
            Q(name__icontains=wanted)
            | Q(code__startswith=wanted)
            | Q(credit_code__istartswith=wanted)
        )
