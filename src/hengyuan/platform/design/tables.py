"""The sample table: like those of the lists, over invented rows."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

_NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class PassageTable(tables.Table):
    at = tables.TemplateColumn("{{ value|moment }}", verbose_name=_("Time"))
    unit = tables.Column(verbose_name=_("Source unit"))
    plate = tables.TemplateColumn(
        "{% plate record.plate record.plate_colour %}", verbose_name=_("Plate")
    )
    axles = tables.Column(verbose_name=_("Axles"), attrs=_NUMBER)
    gross_kg = tables.Column(verbose_name=_("Gross (kg)"), attrs=_NUMBER)
    limit_kg = tables.Column(verbose_name=_("Limit (kg)"), attrs=_NUMBER)
    verdict = tables.TemplateColumn("{% verdict value %}", verbose_name=_("Verdict"))

    class Meta:
        order_by = "-at"
