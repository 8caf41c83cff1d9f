"""The design page: every part that pages are made of, live, in each of its states."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods
from django_tables2 import RequestConfig

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.design import samples
from hengyuan.platform.design.forms import SampleFilter, SampleForm
from hengyuan.platform.design.tables import PassageTable

_PER_PAGE = 20


@require_http_methods(["GET", "POST"])
@requires("design.view")
def parts(request: HttpRequest) -> HttpResponse:
    """All parts on one page. The form on it is checked like any other and stores nothing."""
    form = SampleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        messages.success(request, _("Everything is in order. Nothing has been stored."))
        return redirect("design:parts")
    return render(request, "design/parts.html", _shown(form))


def _shown(form: SampleForm) -> dict[str, Any]:
    wrong = SampleForm(
        {"wrong-gross_kg": "-5", "wrong-day": "21.9.", "wrong-kind": "steel"}, prefix="wrong"
    )
    return {
        "title": _("Design"),
        "tabs": _tabs(),
        "form": form,
        "wrong_form": wrong,
        "plates": samples.plates(),
        "verdicts": ["over", "pass", "unknown", None],
        "map": samples.counties(),
        "over_map": samples.counties(over=True),
        "charts": [samples.day_chart(), samples.month_chart(), samples.county_chart()],
        "empty_chart": samples.empty_chart(),
        "sparklines": samples.sparklines(),
        "steps": samples.timeline(),
        "passages": samples.passages()[:4],
    }


@require_GET
@requires("design.view")
def table(request: HttpRequest) -> HttpResponse:
    """A list page as the apps have it: filter, sort, pages, and what is shown for nothing."""
    form = SampleFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = [
        passage
        for passage in samples.passages()
        if wanted.get("verdict") in ("", None, passage.verdict)
        and (wanted.get("search") or "").strip().upper()
        in f"{passage.plate} {passage.unit}".upper()
    ]
    shown = PassageTable(rows)
    RequestConfig(request, paginate={"per_page": _PER_PAGE, "silent": True}).configure(shown)
    context = {
        "title": _("A list"),
        "filter": {"form": form},
        "table": shown,
        "is_filtered": any(wanted.values()),
        "empty_text": _("Nothing has been weighed yet."),
        "tabs": _tabs(),
    }
    htmx: Any = getattr(request, "htmx", None)
    is_part = htmx and not htmx.boosted
    return render(request, "pages/list_part.html" if is_part else "design/list.html", context)


def _tabs() -> list[dict[str, Any]]:
    return [
        {"label": _("Parts"), "url": reverse("design:parts")},
        {"label": _("A list"), "url": reverse("design:table"), "count": samples.ROWS},
    ]
