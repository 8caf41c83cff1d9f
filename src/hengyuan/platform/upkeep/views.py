"""The journal of terminals as a list, and what it leaves standing."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.excel import Column, ExcelOfList
from hengyuan.platform.listing import ListPage
from hengyuan.platform.upkeep import queries
from hengyuan.platform.upkeep.filters import JournalFilter, MatterFilter
from hengyuan.platform.upkeep.models import JournalEntry, Matter, MatterKind
from hengyuan.platform.upkeep.tables import JournalTable, MatterTable
from hengyuan.platform.upkeep.words import detail_words, due_words, matter_words, what_words


class Matters(ListPage):
    required_action = "upkeep.view"
    model = Matter
    table_class = MatterTable
    filterset_class = MatterFilter
    title = _("Upkeep of terminals")
    template_name = "upkeep/matters.html"
    empty_text = _("Nothing at the terminals of your region wants anybody.")

    def get_queryset(self) -> QuerySet[Any]:
        return queries.matters(self.request.user)


class MattersExcel(ExcelOfList):
    required_action = "upkeep.export"
    page = Matters
    file_name = "upkeep"
    columns = (
        Column(_("kind"), 16, lambda matter: matter.get_kind_display()),
        Column(_("what it is about"), 40, matter_words),
        Column(_("terminal"), 18, lambda matter: matter.terminal.code),
        Column(_("source unit"), 28, lambda matter: str(matter.terminal.unit)),
        Column(_("county"), 14, lambda matter: str(matter.terminal.unit.region)),
        Column(_("since"), 20, lambda matter: matter.since),
        Column(_("valid until"), 14, lambda matter: matter.due and f"{matter.due:%Y-%m-%d}"),
        Column(_("time left"), 16, due_words),
    )


@require_GET
@requires("upkeep.counties")
def counties(request: HttpRequest) -> HttpResponse:
    """What wants somebody, county by county."""
    context = {"rows": queries.by_county(request.user), "kinds": MatterKind.labels}
    return render(request, "upkeep/counties.html", context)


class Journal(ListPage):
    required_action = "upkeep.view"
    model = JournalEntry
    table_class = JournalTable
    filterset_class = JournalFilter
    title = _("Journal of terminals")
    template_name = "upkeep/journal.html"
    empty_text = _("No terminal in your region has sent its journal yet.")

    def get_queryset(self) -> QuerySet[Any]:
        return queries.entries(self.request.user)


class JournalExcel(ExcelOfList):
    required_action = "upkeep.export"
    page = Journal
    file_name = "journal"
    columns = (
        Column(_("time"), 20, lambda entry: entry.at),
        Column(_("terminal"), 18, lambda entry: entry.terminal.code),
        Column(_("source unit"), 28, lambda entry: str(entry.terminal.unit)),
        Column(_("county"), 14, lambda entry: str(entry.terminal.unit.region)),
        Column(_("number"), 8, lambda entry: entry.number),
        Column(_("lane"), 6, lambda entry: entry.lane or ""),
        Column(pgettext_lazy("journal", "what happened"), 20, lambda entry: what_words(entry.what)),
        Column(_("detail"), 60, lambda entry: detail_words(entry.detail)),
        Column(_("received"), 20, lambda entry: entry.received_at),
    )
