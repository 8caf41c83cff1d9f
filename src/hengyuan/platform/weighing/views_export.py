"""Taking records out: Excel, record chains, and the list of who took out what."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

from asgiref.sync import sync_to_async
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import localtime, now
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.weighing import chains, queries, services
from hengyuan.platform.weighing.csv_export import CsvOfRecords
from hengyuan.platform.weighing.export import MAX_ROWS, read_in_order, write_workbook
from hengyuan.platform.weighing.filters import matching
from hengyuan.platform.weighing.forms import ChainForm, RecordFilterForm
from hengyuan.platform.weighing.models import Export, Weighing

EXCEL_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV_TYPE = "text/csv; charset=utf-8"
CHAIN_TYPE = "application/x-ndjson"
_LOG_PAGE = 50

# A workbook keeps a core busy for seconds, in the process that also takes the terminals' records.
_one_at_a_time = threading.Semaphore(1)
_one_portion_at_a_time = threading.Lock()
_WAIT_S = 30.0
QUERY_TIMEOUT_MS = 60_000


@require_POST
@requires("records.export")
def excel(request: HttpRequest) -> HttpResponse:
    """The filtered records as a workbook. A POST, because it leaves a note of who took them."""
    form = RecordFilterForm(request.GET, request.user)
    if not form.is_valid():
        messages.error(request, _("The filter is not valid, so nothing was exported."))
        return redirect(f"{reverse('weighing:records')}?{request.GET.urlencode()}")
    if not _one_at_a_time.acquire(timeout=_WAIT_S):
        messages.warning(request, _("Another export is being made. Try again in a minute."))
        return redirect(f"{reverse('weighing:records')}?{form.query()}")
    try:
        return _workbook(request, form)
    except queries.TooSlow:
        messages.error(request, _("This search takes too long over so long a period."))
        return redirect(f"{reverse('weighing:records')}?{form.query()}")
    finally:
        _one_at_a_time.release()


@require_POST
@requires("records.export")
def table(request: HttpRequest) -> HttpResponseBase:
    """The filtered records as CSV, a million at most, sent while they are read.

    A POST, because it leaves a note of who took them; how many, once it is known.
    """
    form = RecordFilterForm(request.GET, request.user)
    if not form.is_valid():
        messages.error(request, _("The filter is not valid, so nothing was exported."))
        return redirect(f"{reverse('weighing:records')}?{request.GET.urlencode()}")
    note = _note(request, form, Export.What.TABLE)
    made = CsvOfRecords(form.search(Weighing.objects.visible_to(request.user)))
    answer = StreamingHttpResponse(_sent(made, note, get_language()), content_type=CSV_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{_name(note)}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _sent(made: CsvOfRecords, note: Export, language: str | None) -> AsyncIterator[bytes]:
    """A CSV on its way; its records are noted at the end, also where the line broke before.

    Several take turns: one portion is made at a time, and none waits for another's slow line.
    """
    pieces = made.pieces()

    def step() -> bytes | None:
        # the request's language is over by the time that its answer is sent
        with _one_portion_at_a_time, override(language):
            return next(pieces, None)

    try:
        while (piece := await sync_to_async(step)()) is not None:
            yield piece
    finally:
        await sync_to_async(services.note_exported)(note, made.records)


def _note(request: HttpRequest, form: RecordFilterForm, what: Export.What) -> Export:
    user: Any = request.user
    wanted = {name: request.GET.get(name, "") for name in form.fields if form.data.get(name)}
    return services.note_export(
        user,
        what,
        wanted=wanted | {name: form.data[name] for name in ("from_day", "to_day")},
        description="; ".join(f"{label}: {text}" for label, text in form.description()),
    )


def _name(note: Export) -> str:
    return f"weighing-{localtime(note.at):%Y%m%d-%H%M%S}"


def _workbook(request: HttpRequest, form: RecordFilterForm) -> HttpResponse:
    user: Any = request.user
    description = form.description()
    note = _note(request, form, Export.What.RECORDS)
    records = matching(Weighing.objects.visible_to(user), form.wanted())
    with queries.at_most(QUERY_TIMEOUT_MS):
        content, count = write_workbook(
            read_in_order(records), description, by=f"{user} ({user.office})", at=note.at
        )
    services.note_exported(note, count)
    answer = HttpResponse(content, content_type=EXCEL_TYPE)
    answer.headers["Content-Disposition"] = f'attachment; filename="{_name(note)}.xlsx"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


@require_GET
@requires("records.export")
def chain_form(request: HttpRequest) -> HttpResponse:
    """Where a terminal and a range are chosen; the export itself is a POST."""
    form = ChainForm(request.user, initial={"terminal": request.GET.get("terminal", "")})
    return render(request, "weighing/chain.html", {"form": form})


@require_POST
@requires("records.export")
def chain(request: HttpRequest) -> HttpResponseBase:
    """The chain of a terminal in a range, rounded out to whole batches, as NDJSON."""
    form = ChainForm(request.user, data=request.POST)
    if not form.is_valid():
        return render(request, "weighing/chain.html", {"form": form}, status=422)
    chosen = form.chosen
    if not chains.lies_in_scope(request.user, chosen):
        # the unit has moved to another county meanwhile: its past stayed where it was
        raise Http404("part of the chain lies outside this scope")
    services.note_export(
        request.user,  # type: ignore[arg-type]
        Export.What.CHAIN,
        wanted={"terminal": chosen.terminal.code, "first": chosen.first, "last": chosen.last},
        description=f"{chosen.terminal.code}: {chosen.first}–{chosen.last}",
        records=chosen.records,
    )
    answer = StreamingHttpResponse(_in_turn(chains.chain_archive(chosen)), content_type=CHAIN_TYPE)
    name = f"chain-{chosen.terminal.code}-{chosen.first}-{chosen.last}.ndjson"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


async def _in_turn(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces one after the other: each is read when the one before was sent."""
    step = sync_to_async(lambda: next(pieces, None))
    while (piece := await step()) is not None:
        yield piece


@require_GET
@requires("records.export")
def taken_out(request: HttpRequest) -> HttpResponse:
    """Who exported what: the exports of the offices in scope, newest first."""
    exports = Export.objects.visible_to(request.user).select_related("by__office")
    page = Paginator(exports, _LOG_PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "weighing/exports.html",
        {"page": page, "title": _("Exports"), "max_rows": MAX_ROWS, "now": now()},
    )
