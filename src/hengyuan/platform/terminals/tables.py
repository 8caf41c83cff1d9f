"""Tables of terminals."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.terminals.models import Terminal

_NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class TerminalTable(tables.Table):
    code = tables.Column(linkify=True)
    name = tables.Column()
    unit = tables.Column(linkify=True, order_by="unit__name")
    county = tables.Column(
        accessor="unit__region__name", order_by="unit__region__code", verbose_name=_("county")
    )
    state = tables.TemplateColumn(template_name="terminals/parts/state.html")
    last_seen_at = tables.TemplateColumn("{{ value|moment }}", verbose_name=_("last heard"))
    queue_depth = tables.Column(attrs=_NUMBER)
    clock_offset_ms = tables.Column(attrs=_NUMBER)
    software_version = tables.Column()

    class Meta:
        model = Terminal
        fields = (
            "code",
            "name",
            "unit",
            "county",
            "state",
            "last_seen_at",
            "queue_depth",
            "clock_offset_ms",
            "software_version",
        )
        order_by = "code"
