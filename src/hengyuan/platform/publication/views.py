"""Pages of publication lists: the lists, one list's tabs, the city's overview and its rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.audit import trail
from hengyuan.platform.county_map import CountyFigure, CountyMap, county_map
from hengyuan.platform.documents import queries as documents
from hengyuan.platform.documents import services as document_services
from hengyuan.platform.documents.models import MEDIA_TYPES, Form
from hengyuan.platform.ledger.models import SupervisionMode
from hengyuan.platform.listing import ListPage
from hengyuan.platform.publication import checks, printing, queries, services
from hengyuan.platform.publication.filters import ListFilter
from hengyuan.platform.publication.forms import BulkForm, RulesForm
from hengyuan.platform.publication.frame import (
    CHANGES,
    DOCUMENTS,
    HISTORY,
    LEFT_OUT,
    UNITS,
    forbid_to_departments,
    frame,
    may_edit,
    person,
    visible_list,
)
from hengyuan.platform.publication.history import list_trail
from hengyuan.platform.publication.models import (
    PublicationList,
    PublicationRules,
)
from hengyuan.platform.publication.tables import ListTable
from hengyuan.platform.publication.workbooks import EXCEL_TYPE, list_workbook, overview_workbook
from hengyuan.platform.regions.models import Level

_COLUMNS: tuple[tuple[str, Any], ...] = (
    ("unit_code", gettext_lazy("unit code")),
    ("name", gettext_lazy("name")),
    ("township_name", gettext_lazy("township and address")),
    ("kind", gettext_lazy("kind")),
    ("mode", gettext_lazy("supervision mode")),
    ("supervisor_name", gettext_lazy("responsible supervisor")),
    ("department", gettext_lazy("responsible department")),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head: its label, how it is ordered now and what a click asks for."""

    label: str | Promise
    direction: str
    next: str


class Lists(ListPage):
    required_action = "publication.view"
    model = PublicationList
    table_class = ListTable
    filterset_class = ListFilter
    title = gettext_lazy("Publication lists")
    empty_text = gettext_lazy("No list of source units has been drafted in your region yet.")
    template_name = "publication/lists.html"

    def get_queryset(self) -> QuerySet[Any]:
        lists = super().get_queryset().select_related("region")
        return queries.with_counts(lists).order_by("-drafted_at", "-pk")


@require_GET
@requires("publication.view")
def units(request: HttpRequest, pk: int) -> HttpResponse:
    """The units on the list; on a draft they are edited here."""
    found = visible_list(request, pk)
    editable = may_edit(request, found)
    context = frame(request, found, UNITS) | {
        "rows": _rows(request, found),
        "columns": _columns(request),
        "search": request.GET.get("search", ""),
        "mode": request.GET.get("mode", ""),
        "modes": SupervisionMode.choices,
        "findings": checks.findings(found) if editable else [],
        "bulk": BulkForm() if editable else None,
    }
    return render(request, "publication/units.html", context)


@require_GET
@requires("publication.view")
def left_out(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_list(request, pk)
    context = frame(request, found, LEFT_OUT) | {"absent": checks.absent_units(found)}
    return render(request, "publication/left_out.html", context)


@require_GET
@requires("publication.view")
def changes(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_list(request, pk)
    context = frame(request, found, CHANGES) | {"difference": checks.difference(found)}
    return render(request, "publication/changes.html", context)


@require_GET
@requires("publication.view")
def documents_of(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_list(request, pk)
    context = frame(request, found, DOCUMENTS) | {
        "attachments": found.attachments.select_related("document__issued_by").defer(
            "document__content"
        )
    }
    return render(request, "publication/documents.html", context)


@require_GET
@requires("publication.view")
def history(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_list(request, pk)
    forbid_to_departments(request)
    context = frame(request, found, HISTORY)
    return render(request, "publication/history.html", context | {"trail": list_trail(found)})


@require_GET
@requires("publication.view")
def document(request: HttpRequest, pk: int, document_pk: int) -> HttpResponse:
    """A document that the list went out with, as it was issued."""
    found = visible_list(request, pk)
    attachments = found.attachments.select_related("document")
    issued = get_object_or_404(attachments, document=document_pk).document
    return _file(documents.stored_bytes(issued), issued.media_type, issued.file_name)


@require_GET
@requires("publication.view")
def preview(request: HttpRequest, pk: int, form: str) -> HttpResponse:
    """The document as it would go out now."""
    found = visible_list(request, pk)
    wanted = Form(form)
    try:
        content = printing.preview(found, wanted)
    except (
        document_services.NoChineseFont,
        document_services.UnusableWordFile,
        ValueError,
    ) as error:
        messages.error(request, str(error))
        return redirect("publication:documents", pk=found.pk)
    name = f"{found.title}.{form}"
    return _file(content, MEDIA_TYPES[wanted], name, inline=wanted == Form.PDF)


@require_GET
@requires("publication.view")
def excel(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_list(request, pk)
    return _file(list_workbook(found), EXCEL_TYPE, f"{found}.xlsx")


@require_GET
@requires("publication.overview")
def overview(request: HttpRequest) -> HttpResponse:
    """Which counties have published, at a glance."""
    shown = queries.overview(request.user)
    context = {
        "overview": shown,
        "map": _map(shown),
    }
    return render(request, "publication/overview.html", context)


@require_GET
@requires("publication.overview")
def overview_excel(request: HttpRequest) -> HttpResponse:
    day = timezone.localdate()
    name = f"{_('Publication overview')} {day:%Y-%m-%d}.xlsx"
    return _file(overview_workbook(queries.overview(request.user)), EXCEL_TYPE, name)


@require_http_methods(["GET", "POST"])
@requires("publication.rules")
def rules(request: HttpRequest) -> HttpResponse:
    """What the person's city asks of its counties."""
    user = person(request)
    city = user.office.region if user.office else None
    if city is None or city.level != Level.CITY:
        raise PermissionDenied("publication.rules")
    stored = PublicationRules.objects.filter(region=city).first()
    held = queries.rules_for(city)
    initial = {
        "publish_by": held.publish_by,
        "objection_days": held.objection_days,
        "counting": held.counting,
        "own_review": held.own_review,
    }
    form = RulesForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        services.set_rules(user, city, **form.cleaned_data)
        messages.success(request, _("The rules are saved; they hold for what is published next."))
        return redirect("publication:overview")
    context = {"form": form, "city": city, "trail": trail(stored) if stored else []}
    return render(request, "publication/rules.html", context)


def _map(shown: queries.Overview) -> CountyMap | None:
    """The units that each county has published; none where the scope is not one city."""
    cities = {county.region.parent_id for county in shown.counties}
    city = cities.pop() if len(cities) == 1 else None
    if city is None:
        return None
    figures = {
        county.region.code: CountyFigure(
            county.unit_count if county.standing else None,
            f"#county-{county.region.code}",
            county.note,
        )
        for county in shown.counties
    }
    return county_map(_("Published units"), figures, city=city, slug="published-units")


def _rows(request: HttpRequest, found: PublicationList) -> QuerySet[Any]:
    rows = found.units.select_related("struck_by")
    if search := request.GET.get("search", "").strip():
        rows = rows.filter(name__icontains=search) | rows.filter(unit_code__startswith=search)
    mode = request.GET.get("mode", "")
    if mode == "none":
        rows = rows.filter(mode="")
    elif mode in SupervisionMode.values:
        rows = rows.filter(mode=mode)
    order = _order(request)
    return rows.order_by(order, "unit_code")


def _order(request: HttpRequest) -> str:
    wanted = request.GET.get("sort", "unit_code")
    return wanted if wanted.removeprefix("-") in dict(_COLUMNS) else "unit_code"


def _columns(request: HttpRequest) -> list[Column]:
    order = _order(request)
    directions = {order: "descending" if order.startswith("-") else "ascending"}
    return [
        Column(
            label,
            directions.get(name) or directions.get(f"-{name}", ""),
            f"-{name}" if order == name else name,
        )
        for name, label in _COLUMNS
    ]


def _file(content: bytes, media_type: str, name: str, inline: bool = False) -> HttpResponse:
    answer = HttpResponse(content, content_type=media_type)
    answer.headers["Content-Disposition"] = content_disposition_header(not inline, name) or ""
    answer.headers["Cache-Control"] = "no-store"
    return answer
