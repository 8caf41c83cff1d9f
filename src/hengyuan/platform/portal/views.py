"""Public pages that are read: what is published, by county, with its documents."""

from __future__ import annotations

from typing import Any

import structlog
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _

from hengyuan.platform.county_map import county_map
from hengyuan.platform.documents.queries import TamperedDocument, stored_bytes
from hengyuan.platform.ledger.models import SupervisionMode
from hengyuan.platform.portal import queries
from hengyuan.platform.portal.forms import UnitSearchForm
from hengyuan.platform.portal.public import public_page, show
from hengyuan.platform.publication.models import Attachment, PublicationList

log = structlog.get_logger(__name__)

UNITS_A_PAGE, LISTS_A_PAGE = 30, 15
_LATEST = 5


@public_page(indexed=True)
def home(request: HttpRequest) -> HttpResponse:
    """What is published, and what anybody can do here."""
    authority = queries.authority()
    summary = queries.summary()
    latest = list(queries.public_lists()[:_LATEST])
    drawn = None
    if authority.city is not None:
        figures = summary.map_figures(reverse("portal:units"))
        drawn = county_map(
            _("Published source units"), figures, city=authority.city, slug="published"
        )
    context = {
        "authority": authority,
        "summary": summary,
        "modes": [(mode.label, summary.by_mode[mode], mode.value) for mode in SupervisionMode],
        "map": drawn,
        "latest": latest,
        "open_lists": list(queries.open_lists()),
    }
    return show(request, "portal/home.html", context)


@public_page(indexed=True)
def units(request: HttpRequest) -> HttpResponse:
    """The published units, searched and in pages."""
    form = UnitSearchForm(request.GET, counties=queries.counties())
    wanted = form.wanted()
    page = _page(request, _matching(queries.public_units(), wanted), UNITS_A_PAGE)
    context = {"form": form, "page": page, "is_filtered": bool(wanted)}
    return show(request, "portal/units.html", context)


@public_page(indexed=True)
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """One published unit: what the list in force says of it."""
    found = get_object_or_404(queries.public_units(), unit_code=code)
    context = {
        "unit": found,
        "list": found.list,
        "documents": queries.documents_of([found.list]).get(found.list_id, []),
        "is_open": queries.open_lists().filter(pk=found.list_id).exists(),
    }
    return show(request, "portal/unit.html", context)


@public_page(indexed=True)
def documents(request: HttpRequest) -> HttpResponse:
    """All lists that went out, superseded ones too, with their documents."""
    lists = queries.public_lists()
    counties = queries.counties()
    county = next((c for c in counties if c.code == request.GET.get("county")), None)
    if county is not None:
        lists = lists.filter(region=county)
    page = _page(request, lists, LISTS_A_PAGE)
    context = {
        "page": page,
        "rows": _with_documents(list(page)),
        "counties": counties,
        "county": county,
        "open": set(queries.open_lists().values_list("pk", flat=True)),
    }
    return show(request, "portal/documents.html", context)


@public_page(indexed=True)
def document(request: HttpRequest, list_pk: int, document_pk: int) -> HttpResponse:
    """A published document as it was issued; kept by a browser only as long as it is public."""
    attachment = get_object_or_404(
        Attachment.objects.filter(list__in=queries.public_lists().order_by()).select_related(
            "document"
        ),
        list=list_pk,
        document=document_pk,
    )
    issued = attachment.document
    tag = f'"{issued.digest}"'
    if request.headers.get("If-None-Match") == tag:
        return _inert(HttpResponseNotModified(), tag)
    try:
        content = stored_bytes(issued)
    except TamperedDocument:
        log.error("portal.document_altered", document=issued.pk)
        return show(request, "portal/altered.html", {"document": issued}, status=500)
    answer = HttpResponse(content, content_type=issued.media_type)
    answer.headers["Content-Disposition"] = content_disposition_header(True, issued.file_name) or ""
    return _inert(answer, tag)


@public_page()
def robots(request: HttpRequest) -> HttpResponse:
    """What search engines may go through: the published lists, and nothing else."""
    start = reverse("portal:home")
    allowed = ["portal:units", "portal:documents"]
    lines = [
        "User-agent: *",
        f"Allow: {start}$",
        *(f"Allow: {reverse(name)}" for name in allowed),
        "Disallow: /",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def _matching(found: QuerySet[Any], wanted: dict[str, Any]) -> QuerySet[Any]:
    if text := wanted.get("search"):
        found = found.filter(Q(name__icontains=text) | Q(address__icontains=text))
    if county := wanted.get("county"):
        found = found.filter(list__region=county)
    if kind := wanted.get("kind"):
        found = found.filter(kind=kind)
    if mode := wanted.get("mode"):
        found = found.filter(mode=mode)
    return found


def _page(request: HttpRequest, rows: QuerySet[Any], size: int) -> Page[Any]:
    """The page that is asked for; the nearest one for a number that there is not."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def _with_documents(lists: list[PublicationList]) -> list[tuple[PublicationList, list[Attachment]]]:
    documents_by_list = queries.documents_of(lists)
    return [(found, documents_by_list.get(found.pk, [])) for found in lists]


def _inert(answer: HttpResponse, tag: str) -> HttpResponse:
    answer.headers["ETag"] = tag
    answer.headers["Cache-Control"] = "public, no-cache"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
