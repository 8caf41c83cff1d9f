"""Tables of journals and of what stands at terminals."""

from typing import Any

import django_tables2 as tables
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.upkeep.models import JournalEntry, Matter
from hengyuan.platform.upkeep.words import detail_words, due_words, matter_words, what_words

_NUMBER = {"td": {"class": "num"}, "th": {"class": "num"}}


class JournalTable(tables.Table):
    at = tables.TemplateColumn("{{ value|moment }}", verbose_name=_("time"))
    terminal = tables.Column(
        linkify=True, accessor="terminal", order_by="terminal__code", verbose_name=_("terminal")
    )
    unit = tables.Column(
        accessor="terminal__unit__name",
        order_by="terminal__unit__name",
        verbose_name=_("source unit"),
    )
    county = tables.Column(
        accessor="terminal__unit__region__name",
        order_by="terminal__unit__region__code",
        verbose_name=_("county"),
    )
    lane = tables.Column(attrs=_NUMBER)
    what = tables.Column()
    detail = tables.Column(orderable=False)

    class Meta:
        model = JournalEntry
        fields = ("at", "terminal", "unit", "county", "lane", "what", "detail")
        order_by = "-at"

    def render_lane(self, value: int) -> Any:
        return value or "—"

    def render_what(self, value: str) -> str:
        return what_words(value)

    def render_detail(self, value: str) -> str:
        return detail_words(value)


class MatterTable(tables.Table):
    kind = tables.TemplateColumn(template_name="upkeep/parts/kind.html", verbose_name=_("kind"))
    title = tables.Column(order_by="key", verbose_name=_("what it is about"), empty_values=())
    terminal = tables.Column(
        linkify=True, accessor="terminal", order_by="terminal__code", verbose_name=_("terminal")
    )
    unit = tables.Column(
        accessor="terminal__unit",
        linkify=True,
        order_by="terminal__unit__name",
        verbose_name=_("source unit"),
    )
    county = tables.Column(
        accessor="terminal__unit__region__name",
        order_by="terminal__unit__region__code",
        verbose_name=_("county"),
    )
    since = tables.TemplateColumn("{{ value|moment }}", verbose_name=_("since"))
    due = tables.Column(empty_values=())

    class Meta:
        model = Matter
        fields = ("kind", "title", "terminal", "unit", "county", "since", "due")
        order_by = "-since"

    def render_title(self, record: Matter) -> str:
        return matter_words(record)

    def render_due(self, record: Matter) -> str:
        return f"{record.due:%Y-%m-%d} {due_words(record)}" if record.due else "—"
