"""The table of holds."""

from __future__ import annotations

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.history.models import EvidenceHold


class HoldTable(tables.Table):
    case = tables.Column(linkify=True)
    region = tables.Column(accessor="region__name", order_by="region__code")
    terminal = tables.Column(accessor="terminal__code", order_by="terminal__code")
    reason = tables.Column(orderable=False)
    set_at = tables.TemplateColumn("{{ value|moment }}", verbose_name=_("set at"))
    set_by = tables.Column(order_by="set_by__display_name")
    state = tables.TemplateColumn(
        template_name="history/parts/hold_state.html",
        verbose_name=_("state"),
        order_by="lifted_at",
        empty_values=(),
    )

    class Meta:
        model = EvidenceHold
        fields = ("case", "region", "terminal", "reason", "set_at", "set_by", "state")
        order_by = "-set_at"
