"""Tables of reports."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.portal.models import Report

_MOMENT = """<span class="text-nowrap">{{ value|date:'Y-m-d H:i' }}</span>"""


class ReportTable(tables.Table):
    receipt = tables.TemplateColumn(
        '<a class="code text-nowrap" href="{{ record.get_absolute_url }}">'
        "{{ record.shown_receipt }}</a>"
    )
    region = tables.Column(order_by="region__code", verbose_name=_("county"))
    topic = tables.Column()
    place = tables.Column()
    happened_at = tables.TemplateColumn(_MOMENT)
    received_at = tables.TemplateColumn(_MOMENT)
    state = tables.TemplateColumn(template_name="portal/parts/state.html")
    assigned_to = tables.Column(order_by="assigned_to__display_name")

    class Meta:
        model = Report
        fields = (
            "receipt",
            "region",
            "topic",
            "place",
            "happened_at",
            "received_at",
            "state",
            "assigned_to",
        )
        order_by = "-received_at"
