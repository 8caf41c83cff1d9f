"""Filters of the list of terminals."""

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.terminals.models import Terminal, TerminalQuerySet, TerminalState
from hengyuan.platform.terminals.queries import troubled


def _counties(request: Any) -> QuerySet[Any]:
    return visible_regions(request.user if request else None).counties()


class TerminalFilter(django_filters.FilterSet):
    search = django_filters.CharFilter(method="by_text", label=_("Terminal, code or source unit"))
    county = django_filters.ModelChoiceFilter(
        field_name="unit__region",
        queryset=_counties,
        label=_("county"),
        empty_label=_("All counties"),
    )
    state = django_filters.ChoiceFilter(choices=TerminalState.choices, empty_label=_("All states"))
    heard = django_filters.ChoiceFilter(
        method="by_heard",
        label=_("connection"),
        choices=[("online", _("Online")), ("silent", _("Silent"))],
        empty_label=_("Online and silent"),
    )
    trouble = django_filters.ChoiceFilter(
        method="by_trouble",
        label=_("trouble"),
        choices=[
            ("device", _("Device faulty")),
            ("clock", _("Clock wrong or unchecked")),
            ("disk", _("Disk nearly full")),
        ],
        empty_label=_("With or without trouble"),
    )

    class Meta:
        model = Terminal
        fields = ["search", "county", "state", "heard", "trouble"]

    def by_text(self, terminals: QuerySet[Any], name: str, text: str) -> QuerySet[Any]:
        wanted = text.strip()
        return terminals.filter(
            Q(name__icontains=wanted) | Q(code__startswith=wanted) | Q(unit__name__icontains=wanted)
        )

    def by_heard(self, terminals: TerminalQuerySet, name: str, value: str) -> QuerySet[Any]:
        online = Terminal.objects.online().values("pk")
        if value == "online":
            return terminals.filter(pk__in=online)
        return terminals.enrolled().exclude(pk__in=online)

    def by_trouble(self, terminals: TerminalQuerySet, name: str, value: str) -> QuerySet[Any]:
        return troubled(terminals, value)
