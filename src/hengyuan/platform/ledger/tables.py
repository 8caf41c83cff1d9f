"""Tables of the ledger."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.ledger.models import SourceUnit


class UnitTable(tables.Table):
    code = tables.Column(linkify=True)
    name = tables.Column(linkify=True)
    region = tables.Column(order_by="region__code", verbose_name=_("county"))
    township = tables.Column(order_by="township__code")
    kind = tables.Column()
    grade = tables.Column()
    state = tables.TemplateColumn(
        template_name="ledger/parts/state.html", verbose_name=_("working state")
    )
    annual_throughput_t = tables.Column(
        verbose_name=_("throughput (t/yr)"), attrs={"td": {"class": "num"}, "th": {"class": "num"}}
    )
    terminal_count = tables.TemplateColumn(
        "{{ record.online_count }} / {{ value }}",
        verbose_name=_("terminals online"),
        attrs={"td": {"class": "num"}, "th": {"class": "num"}},
    )

    class Meta:
        model = SourceUnit
        fields = (
            "code",
            "name",
            "region",
            "township",
            "kind",
            "grade",
            "state",
            "annual_throughput_t",
            "terminal_count",
        )
        order_by = "code"
