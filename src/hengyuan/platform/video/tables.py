"""Tables of who saw pictures of gates."""

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.video.models import Viewing


class ViewingTable(tables.Table):
    begun_at = tables.TemplateColumn("{{ value|moment }}")
    last_at = tables.TemplateColumn("{{ value|moment }}")
    person = tables.Column(order_by="person__display_name")
    office = tables.Column(
        accessor="person__office", order_by="person__office__name", verbose_name=_("office")
    )
    kind = tables.Column()
    terminal = tables.Column(linkify=True, order_by="terminal__code")
    unit = tables.Column(
        accessor="terminal__unit__name",
        order_by="terminal__unit__name",
        verbose_name=_("source unit"),
    )
    camera = tables.Column()
    purpose = tables.Column()

    class Meta:
        model = Viewing
        fields = (
            "begun_at",
            "last_at",
            "person",
            "office",
            "kind",
            "terminal",
            "unit",
            "camera",
            "purpose",
        )
        order_by = "-begun_at"
