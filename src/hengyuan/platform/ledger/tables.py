"""Tables of the ledger."""

from __future__ import annotations

from typing import Any

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.ledger.models import Scale, SourceUnit

_NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class UnitTable(tables.Table):
    """`chosen` is there for those who may change several units at once."""

    chosen = tables.Column(
        accessor="pk", orderable=False, verbose_name="", attrs={"td": {"class": "pick"}}
    )
    code = tables.Column(linkify=True, attrs={"td": {"class": "code"}})
    name = tables.Column(linkify=True, attrs={"td": {"class": "wide-cell"}})
    region = tables.Column(order_by=("region__code", "township__code"), verbose_name=_("place"))
    kind = tables.Column(attrs={"td": {"class": "whole"}})
    grade = tables.Column(attrs={"td": {"class": "whole"}})
    state = tables.TemplateColumn(
        template_name="ledger/parts/state.html", verbose_name=_("working state")
    )
    annual_throughput_t = tables.Column(verbose_name=_("throughput (t/yr)"), attrs=_NUMBER)
    equipment = tables.TemplateColumn(
        template_name="ledger/parts/equipment.html",
        verbose_name=_("equipment"),
        order_by=("is_complete", "code"),
        accessor="pk",
    )
    certificate_expires_on = tables.TemplateColumn(
        template_name="ledger/parts/certificate.html",
        verbose_name=_("certificate until"),
        attrs={"td": {"class": "whole"}},
    )
    is_published = tables.TemplateColumn(
        template_name="ledger/parts/published.html", verbose_name=_("on a list")
    )
    terminal_count = tables.Column(verbose_name=_("terminals online"), attrs=_NUMBER)

    class Meta:
        model = SourceUnit
        fields = (
            "chosen",
            "code",
            "name",
            "region",
            "kind",
            "grade",
            "state",
            "annual_throughput_t",
            "equipment",
            "certificate_expires_on",
            "is_published",
            "terminal_count",
        )
        order_by = "code"

    def render_chosen(self, record: SourceUnit) -> Any:
        return format_html(
            '<input type="checkbox" class="form-check-input" form="bulk" name="unit" value="{}" '
            'aria-label="{}">',
            record.code,
            record.name,
        )

    def render_terminal_count(self, record: Any, value: int) -> str:
        return f"{record.online_count} / {value}" if value else "—"

    def render_region(self, record: SourceUnit) -> Any:
        if record.township is None:
            return record.region.name
        return format_html(
            '{} <span class="muted">{}</span>', record.region.name, record.township.name
        )


class ScaleTable(tables.Table):
    """Scales by the day on which their certificate ends."""

    unit = tables.Column(linkify=True, order_by="unit__name", verbose_name=_("source unit"))
    county = tables.Column(
        accessor="unit__region__name", order_by="unit__region__code", verbose_name=_("county")
    )
    number = tables.Column(verbose_name=_("scale"), attrs=_NUMBER)
    model = tables.Column()
    serial = tables.Column(attrs={"td": {"class": "code"}})
    certificate_no = tables.Column(attrs={"td": {"class": "code"}})
    verified_on = tables.DateColumn(format="Y-m-d")
    certificate_expires_on = tables.DateColumn(format="Y-m-d")
    days_left = tables.TemplateColumn(
        template_name="ledger/parts/days_left.html",
        verbose_name=_("time left"),
        order_by="certificate_expires_on",
    )
    contact = tables.Column(
        accessor="unit__contact_phone", orderable=False, verbose_name=_("contact telephone")
    )

    class Meta:
        model = Scale
        fields = (
            "unit",
            "county",
            "number",
            "model",
            "serial",
            "certificate_no",
            "verified_on",
            "certificate_expires_on",
            "days_left",
            "contact",
        )
        order_by = "certificate_expires_on"
