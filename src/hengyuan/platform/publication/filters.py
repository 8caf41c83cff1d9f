"""Filters of the list of publications."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.publication.models import ListState, PublicationList


def _counties(request: Any) -> QuerySet[Any]:
    return visible_regions(request.user if request else None).counties()


class ListFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Title or document number"))
    region = django_filters.ModelChoiceFilter(
        queryset=_counties, label=_("county"), empty_label=_("All counties")
    )
    state = django_filters.ChoiceFilter(choices=ListState.choices, empty_label=_("All states"))

    class Meta:
        model = PublicationList
        fields = ["search", "region", "state"]

    def by_text(self, lists: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return lists.filter(Q(title__icontains=wanted) | Q(document_no__icontains=wanted))
