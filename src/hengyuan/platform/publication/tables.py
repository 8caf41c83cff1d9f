"""Tables of publications."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.publication.models import PublicationList

_WHOLE = {"td": {"class": "whole"}}
_DAY = "{{ value|date:'SHORT_DATE_FORMAT'|default:'—' }}"
_NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class ListTable(tables.Table):
    region = tables.Column(order_by="region__code", verbose_name=_("county"))
    title = tables.Column(linkify=True)
    document_no = tables.Column(attrs=_WHOLE)
    state = tables.TemplateColumn(template_name="publication/parts/state.html")
    published_on = tables.TemplateColumn(_DAY, attrs=_WHOLE)
    objection_until = tables.TemplateColumn(_DAY, attrs=_WHOLE)
    unit_count = tables.Column(verbose_name=_("units"), attrs=_NUMBER)
    open_objections = tables.Column(verbose_name=_("open objections"), attrs=_NUMBER)
    reported_to_city_at = tables.TemplateColumn(
        _DAY, attrs=_WHOLE, verbose_name=_("reported to the city")
    )

    class Meta:
        model = PublicationList
        fields = (
            "region",
            "title",
            "document_no",
            "state",
            "published_on",
            "objection_until",
            "unit_count",
            "open_objections",
            "reported_to_city_at",
        )
        order_by = "-published_on"
