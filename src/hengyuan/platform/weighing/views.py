"""The list of records, a record with its proof, and its pictures."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_safe

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.weighing import queries
from hengyuan.platform.weighing.evidence import evidence_store, media_type_of
from hengyuan.platform.weighing.forms import RecordFilterForm
from hengyuan.platform.weighing.models import Weighing
from hengyuan.platform.weighing.record_page import RecordPage
from hengyuan.platform.weighing.tables import Line

# A search that no index serves over years of records is ended, and the page says what to do.
QUERY_TIMEOUT_MS = 10_000
_RANGE = re.compile(r"^bytes=(\d{1,12})-(\d{0,12})$")


@require_GET
@requires("records.view")
def records(request: HttpRequest) -> HttpResponse:
    """The records that fit the filter, newest first, a page at a time."""
    form = RecordFilterForm(request.GET, request.user)
    oldest_first = request.GET.get("order") == "oldest"
    context: dict[str, Any] = {"form": form, "title": _("Weighing records")}
    if form.is_valid():
        try:
            context |= _page(request, form, oldest_first)
        except queries.TooSlow:
            context["too_slow"] = True
    return _answer(request, form, context)


def _answer(request: HttpRequest, form: RecordFilterForm, context: dict[str, Any]) -> HttpResponse:
    htmx = getattr(request, "htmx", None)
    template = "weighing/records.html"
    if htmx:
        # another county or unit has other terminals to choose from: the form comes along
        wants_form = htmx.target == "record-search"
        template = f"weighing/parts/{'search' if wants_form else 'records'}.html"
    answer = render(request, template, context)
    if htmx and not htmx.boosted:
        answer.headers["HX-Push-Url"] = f"{request.path}?{form.query()}"
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _page(request: HttpRequest, form: RecordFilterForm, oldest_first: bool) -> dict[str, Any]:
    search = form.search(Weighing.objects.visible_to(request.user))
    with queries.at_most(QUERY_TIMEOUT_MS):
        page = queries.page(
            search,
            after=queries.Cursor.parse(request.GET.get("after")),
            before=queries.Cursor.parse(request.GET.get("before")),
            oldest_first=oldest_first,
        )
        counted = queries.count(search, page)
        corrections = queries.corrected(page.rows)
    query = form.query() + ("&order=oldest" if oldest_first else "")
    return {
        "lines": [Line(row, corrections.get((row.terminal_id, row.seq))) for row in page.rows],
        "page": page,
        "count": counted.records,
        "is_more": counted.is_more,
        "query": query,
        "oldest_first": oldest_first,
        "going_back": "before" in request.GET and "after" not in request.GET,
        "other_order": form.query() + ("" if oldest_first else "&order=oldest"),
        "description": form.description(),
        "shows_county": "region" in form.fields,
        "shows_unit": "unit" in form.fields,
    }


@require_GET
@requires("records.view")
def record(request: HttpRequest, terminal: str, seq: int) -> HttpResponse:
    """One record: weights, limit and clause, both verdicts, pictures, chain and proof."""
    row = _visible(request, terminal, seq)
    return render(request, "weighing/record.html", {"page": RecordPage(row, request.user)})


@require_safe
@requires("records.view")
def evidence(request: HttpRequest, terminal: str, seq: int, digest: str) -> HttpResponse:
    """A picture or clip of a record, by its digest; only of a record that this person may see."""
    row = _visible(request, terminal, seq)
    if all(file.digest != digest for file in row.file_refs):
        raise Http404("the record names no such file")
    path = evidence_store().path(digest)
    tag = f'"{digest}"'
    try:
        with path.open("rb") as file:
            media_type = media_type_of(file.read(16))
            if media_type is None:
                raise Http404("neither picture nor clip")
            if request.headers.get("If-None-Match") == tag:
                return _sealed(HttpResponseNotModified(), tag)
            size = file.seek(0, 2)
            begin, end = _asked_range(request, size)
            file.seek(begin)
            answer = HttpResponse(file.read(end - begin + 1), content_type=media_type)
    except FileNotFoundError:
        raise Http404("not uploaded yet") from None
    answer.headers["Accept-Ranges"] = "bytes"
    if (begin, end) != (0, size - 1):
        answer.status_code = 206
        answer.headers["Content-Range"] = f"bytes {begin}-{end}/{size}"
    return _sealed(answer, tag)


def _visible(request: HttpRequest, terminal: str, seq: int) -> Weighing:
    row = queries.find(request.user, terminal, seq)
    if row is None:
        raise Http404("no such record in this scope")
    return row


def _asked_range(request: HttpRequest, size: int) -> tuple[int, int]:
    """First and last byte asked for: clips are played from where the person points."""
    found = _RANGE.match(request.headers.get("Range", ""))
    if not found:
        return 0, size - 1
    begin = int(found[1])
    end = min(int(found[2]), size - 1) if found[2] else size - 1
    return (begin, end) if begin <= end else (0, size - 1)


def _sealed(answer: HttpResponse, tag: str) -> HttpResponse:
    """Evidence is inert: no script, no guessing of types. The browser asks each time whether it may
    show it (a 304 costs little): whoever logs in next at the same desk may have another scope."""
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Content-Disposition"] = "inline"
    return answer
