"""Importing a workbook: upload, dry run, confirmation, and what came of it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengyuan.platform.accounts.models import User
from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.excel import Column, attachment, workbook
from hengyuan.platform.ledger import services
from hengyuan.platform.ledger.exporting import template_workbook
from hengyuan.platform.ledger.forms_import import ImportForm
from hengyuan.platform.ledger.importing import sessions
from hengyuan.platform.ledger.importing.report import problems_of
from hengyuan.platform.ledger.models import ImportSession, ImportState
from hengyuan.platform.ledger.unit_page import list_tabs

_PAGE = 100
_LATEST = 10
_VIEWS = ("errors", "warnings", "new", "changed", "unchanged", "refused")
_ERROR, _WARNING = gettext_lazy("Error"), gettext_lazy("Warning")
_PROBLEM_COLUMNS = (
    Column(gettext_lazy("Kind"), 8, lambda problem: _ERROR if problem.is_error else _WARNING),
    Column(gettext_lazy("Sheet"), 14, lambda problem: problem.sheet),
    Column(gettext_lazy("Row"), 8, lambda problem: problem.row or None),
    Column(pgettext_lazy("of a sheet", "Column"), 24, lambda problem: problem.column),
    Column(gettext_lazy("Content"), 30, lambda problem: problem.value),
    Column(gettext_lazy("Problem"), 56, lambda problem: problem.problem),
    Column(gettext_lazy("Remedy"), 56, lambda problem: problem.remedy),
)


@require_GET
@requires("units.import")
def template(request: HttpRequest) -> HttpResponse:
    """An empty workbook for the counties in scope."""
    counties = list(visible_regions(request.user).counties())
    return attachment(template_workbook(counties), "source-units-template")


@require_http_methods(["GET", "POST"])
@requires("units.import")
def new_import(request: HttpRequest) -> HttpResponse:
    form = ImportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["workbook"]
        session = sessions.upload(_person(request), upload.name, upload.read())
        return redirect(session)
    seen = ImportSession.objects.visible_to(request.user).select_related("by", "office")
    context = {
        "title": _("Import the ledger"),
        "form": form,
        "latest": seen.defer("content", "report")[:_LATEST],
        "tabs": list_tabs(request),
    }
    status = 422 if form.errors else 200
    return render(request, "ledger/imports.html", context, status=status)


@never_cache
@require_GET
@requires("units.import")
def import_page(request: HttpRequest, key: UUID) -> HttpResponse:
    """How far it is, or what the dry run has shown, or what was imported."""
    session = _visible(request, key)
    context: dict[str, Any] = {
        "title": session.file_name,
        "session": session,
        "is_own": session.by_id == request.user.pk,
        "tabs": list_tabs(request),
    }
    if session.report:
        context |= _report(request, session)
    return render(request, "ledger/import.html", context)


@never_cache
@require_GET
@requires("units.import")
def progress(request: HttpRequest, key: UUID) -> HttpResponse:
    """The part of the page that is asked for every second while something is at work."""
    session = _visible(request, key)
    answer = render(request, "ledger/parts/import_progress.html", {"session": session})
    if not session.is_at_work or session.is_stuck:
        answer.headers["HX-Refresh"] = "true"
    return answer


@require_POST
@requires("units.import")
def confirm(request: HttpRequest, key: UUID) -> HttpResponse:
    session = _own(request, key)
    try:
        sessions.confirm(_person(request), session)
    except services.WrongState as error:
        messages.error(request, str(error))
        return redirect(session)
    session.refresh_from_db()
    if session.state == ImportState.READY and session.ledger_changed:
        messages.warning(
            request,
            _(
                "The ledger has changed since the file was checked, so nothing was imported yet. "
                "Look at what would happen now, then confirm once more."
            ),
        )
    elif session.state == ImportState.DONE:
        messages.success(request, _("The workbook is imported."))
    return redirect(session)


@require_POST
@requires("units.import")
def check_again(request: HttpRequest, key: UUID) -> HttpResponse:
    session = _own(request, key)
    try:
        sessions.check_again(_person(request), session)
    except services.WrongState as error:
        messages.error(request, str(error))
    return redirect(session)


@require_POST
@requires("units.import")
def cancel(request: HttpRequest, key: UUID) -> HttpResponse:
    session = _own(request, key)
    try:
        sessions.cancel(_person(request), session)
    except services.WrongState as error:
        messages.error(request, str(error))
        return redirect(session)
    messages.success(request, _("The import is cancelled, nothing was written."))
    return redirect("ledger:imports")


@require_GET
@requires("units.import")
def problems(request: HttpRequest, key: UUID) -> HttpResponse:
    """All errors and warnings as a workbook, to be worked through beside the file."""
    session = _visible(request, key)
    rows = [*problems_of(session.report, "errors"), *problems_of(session.report, "warnings")]
    title = _("Errors and warnings")
    content, _count = workbook(title, _PROBLEM_COLUMNS, rows, _person(request))
    return attachment(content, "import-problems")


def _report(request: HttpRequest, session: ImportSession) -> dict[str, Any]:
    """One of the lists of the report, and how many each has."""
    report = session.report
    counts = report["counts"] | {
        "errors": report["error_count"],
        "warnings": report["warning_count"],
    }
    wanted = request.GET.get("show", "")
    if wanted not in _VIEWS:
        wanted = next((name for name in _VIEWS if counts[name]), "new")
    if wanted in ("errors", "warnings"):
        rows: list[Any] = problems_of(report, wanted)
    else:
        rows = [row for row in report["rows"] if row["action"] == wanted]
    labels = {
        "errors": _("Errors"),
        "warnings": _("Warnings"),
        "new": _("New rows"),
        "changed": _("Changed rows"),
        "unchanged": _("Unchanged rows"),
        "refused": _("Not imported"),
    }
    return {
        "counts": counts,
        "sheets": report["sheets"],
        "rows": sum(report["counts"].values()),
        "to_import": counts["new"] + counts["changed"],
        "views": [
            {
                "label": labels[name],
                "url": f"?show={name}",
                "count": counts[name],
                "is_here": name == wanted,
            }
            for name in _VIEWS
        ],
        "show": wanted,
        "page": Paginator(rows, _PAGE).get_page(request.GET.get("page")),
    }


def _visible(request: HttpRequest, key: UUID) -> ImportSession:
    visible = ImportSession.objects.visible_to(request.user).select_related("by", "office")
    return get_object_or_404(visible.defer("content"), pk=key)


def _own(request: HttpRequest, key: UUID) -> ImportSession:
    own = ImportSession.objects.filter(by=_person(request)).defer("content", "report")
    return get_object_or_404(own, pk=key)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
