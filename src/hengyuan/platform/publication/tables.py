"""Tables of publications."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.publication.models import PublicationList

_NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class ListTable(tables.Table):
    region = tables.Column(order_by="region__code", verbose_name=_("county"))
    title = tables.Column(linkify=True)
    document_no = tables.Column()
    state = tables.TemplateColumn(template_name="publication/parts/state.html")
    published_on = tables.TemplateColumn("{{ value|date:'SHORT_DATE_FORMAT'|default:'—' }}")
    objection_until = tables.TemplateColumn("{{ value|date:'SHORT_DATE_FORMAT'|default:'—' }}")
    unit_count = tables.Column(verbose_name=_("units"), attrs=_NUMBER)
    open_objections = tables.Column(verbose_name=_("open objections"), attrs=_NUMBER)
    reported_to_city_at = tables.TemplateColumn("{{ value|moment }}")

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
