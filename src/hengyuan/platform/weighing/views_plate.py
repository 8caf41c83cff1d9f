"""The page of a plate."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.accounts.scope import scope_of
from hengyuan.platform.weighing import queries
from hengyuan.platform.weighing.filters import is_whole_plate
from hengyuan.platform.weighing.plates import plate_of
from hengyuan.platform.weighing.tables import Line

PAGE_SIZE = 20
QUERY_TIMEOUT_MS = 5_000


@require_GET
@requires("records.view")
def plate(request: HttpRequest, text: str) -> HttpResponse:
    """Everything that was recorded of a plate within one's scope, newest first.

    A plate of which there is nothing to see looks like one that was never weighed.
    """
    if not is_whole_plate(text):
        raise Http404("not a whole plate")
    found = plate_of(request.user, text)
    after = queries.Cursor.parse(request.GET.get("after"))
    before = queries.Cursor.parse(request.GET.get("before"))
    with queries.at_most(QUERY_TIMEOUT_MS):
        page = queries.page_of_few(found.records, after=after, before=before, size=PAGE_SIZE)
        corrections = queries.corrected(page.rows)
        gates = found.gates() if after is None and before is None else []
    lines = [Line(row, corrections.get((row.terminal_id, row.seq))) for row in page.rows]
    return render(
        request,
        "weighing/plate.html",
        {
            "plate": found.text,
            "colour": page.rows[0].plate_colour_name if page.rows else None,
            "lines": lines,
            "page": page,
            "gates": gates,
            "shows_county": scope_of(request.user).unit_id is None,
        },
    )
