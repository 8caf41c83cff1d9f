"""Drafting a list and editing the draft."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.ledger.models import SourceUnit, WorkingState
from hengyuan.platform.publication import checks, drafting, services
from hengyuan.platform.publication.forms import (
    BulkForm,
    LeaveOutForm,
    ReasonOfAbsenceForm,
    TitleForm,
    UnitForm,
)
from hengyuan.platform.publication.frame import person, visible_list
from hengyuan.platform.publication.models import PublicationList, PublishedUnit
from hengyuan.platform.regions.models import Level, Region

SAVED_EVENT = "publication-saved"


@require_http_methods(["GET", "POST"])
@requires("publication.draft")
def new(request: HttpRequest) -> HttpResponse:
    """What a draft would take from the ledger, and the one click that makes it."""
    region = _county(request)
    if request.method == "POST":
        try:
            made = services.draft_from_ledger(person(request), region)
        except services.AlreadyInPreparation as error:
            messages.error(request, str(error))
            return redirect("publication:lists")
        messages.success(
            request,
            _("The draft is made: check mode and supervisor of each unit, then submit it."),
        )
        return redirect(made)
    states = list(drafting.ledger_units(region).values_list("state", flat=True))
    context = {
        "region": region,
        "working": states.count(WorkingState.WORKING),
        "idle": len(states) - states.count(WorkingState.WORKING),
        "previous": drafting.in_force(region),
        "title": _("Draft a list"),
    }
    return render(request, "publication/new.html", context)


@require_http_methods(["GET", "POST"])
@requires("publication.draft")
def title(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_list(request, pk)
    if not found.is_draft:
        return _no_draft(request, found)
    initial = {"title": found.title, "version": found.version}
    form = TitleForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            services.retitle(person(request), found.pk, cleaned["version"], cleaned["title"])
        except (services.Conflict, services.WrongState) as error:
            form.add_error(None, str(error))
        else:
            return redirect(found)
    context = {"form": form, "list": found, "heading": _("Change the title")}
    return render(request, "publication/form.html", context)


@require_GET
@requires("publication.draft")
def findings(request: HttpRequest, pk: int) -> HttpResponse:
    """The panel of what is still to be done, on its own; reloaded after each change."""
    found = visible_list(request, pk)
    context = {"list": found, "findings": checks.findings(found)}
    return render(request, "publication/parts/findings.html", context)


@require_GET
@requires("publication.draft")
def row(request: HttpRequest, pk: int, row_pk: int) -> HttpResponse:
    """A row as it is read: where an edit was given up."""
    found = visible_list(request, pk)
    shown = get_object_or_404(found.units, pk=row_pk)
    context = {"list": found, "row": shown, "editable": found.is_draft}
    return render(request, "publication/parts/row.html", context)


@require_http_methods(["GET", "POST"])
@requires("publication.draft")
def edit_row(request: HttpRequest, pk: int, row_pk: int) -> HttpResponse:
    """A row's form: within the table by htmx, else on a page of its own."""
    found = visible_list(request, pk)
    if not found.is_draft:
        return _no_draft(request, found)
    edited = get_object_or_404(found.units, pk=row_pk)
    if request.method == "GET":
        return _row_form(request, found, edited, _form_of(edited))
    form = UnitForm(request.POST, instance=edited)
    if form.is_valid():
        decided, version = form.decided(), form.cleaned_data["version"]
        try:
            saved = services.set_unit(person(request), row_pk, version, decided)
        except services.Conflict as error:
            fresh = found.units.filter(pk=row_pk).first()
            if fresh is None:
                messages.error(request, str(error))
                return _leave(request, found)
            return _row_form(request, found, fresh, _form_of(fresh), str(error))
        except services.WrongState as error:
            messages.error(request, str(error))
            return _leave(request, found)
        if not _is_part(request):
            return redirect(found)
        context = {"list": found, "row": saved, "editable": True}
        answer = render(request, "publication/parts/row.html", context)
        answer.headers["HX-Trigger"] = SAVED_EVENT
        return answer
    # the instance carries what was typed: the names around the form are read afresh
    return _row_form(request, found, get_object_or_404(found.units, pk=row_pk), form)


@require_POST
@requires("publication.draft")
def set_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """Mode, supervisor and so on for several units at once."""
    found = visible_list(request, pk)
    form = BulkForm(request.POST)
    if not form.is_valid():
        for problem in [text for texts in form.errors.values() for text in texts]:
            messages.error(request, str(problem))
        return redirect(found)
    try:
        count = services.set_units(
            person(request), found.pk, form.versions(), form.decided(), form.only_empty
        )
    except (services.Conflict, services.WrongState) as error:
        messages.error(request, str(error))
    else:
        text = ngettext("%(count)s unit is changed.", "%(count)s units are changed.", count)
        messages.success(request, text % {"count": count})
    return redirect(found)


@require_http_methods(["GET", "POST"])
@requires("publication.draft")
def leave_out(request: HttpRequest, pk: int, row_pk: int) -> HttpResponse:
    """Take a unit off the draft, with the reason."""
    found = visible_list(request, pk)
    if not found.is_draft:
        return _no_draft(request, found)
    shown = get_object_or_404(found.units, pk=row_pk)
    form = LeaveOutForm(request.POST or None, initial={"version": shown.version})
    if request.method == "POST" and form.is_valid():
        cleaned = form.cleaned_data
        try:
            services.leave_out(person(request), row_pk, cleaned["version"], cleaned["reason"])
        except (services.Conflict, services.WrongState) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("%s is left out of the list.") % shown.name)
            return redirect(found)
    heading = _("Leave out %s") % shown.name
    context = {"form": form, "list": found, "heading": heading, "button": _("Leave out")}
    return render(request, "publication/form.html", context)


@require_POST
@requires("publication.draft")
def give_reason(request: HttpRequest, pk: int, unit_pk: int) -> HttpResponse:
    """Why a unit of the ledger is not on the draft."""
    found = visible_list(request, pk)
    unit = _ledger_unit(request, found, unit_pk)
    form = ReasonOfAbsenceForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give a reason of at most 200 characters for %s.") % unit.name)
        return redirect("publication:left_out", pk=found.pk)
    cleaned = form.cleaned_data
    try:
        services.give_reason(person(request), found.pk, unit, cleaned["reason"], cleaned["version"])
    except (services.Conflict, services.WrongState) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The reason for %s is kept.") % unit.name)
    return redirect("publication:left_out", pk=found.pk)


@require_POST
@requires("publication.draft")
def put_on(request: HttpRequest, pk: int, unit_pk: int) -> HttpResponse:
    """Put a unit that was left out on the draft."""
    found = visible_list(request, pk)
    unit = _ledger_unit(request, found, unit_pk)
    try:
        services.put_on(person(request), found.pk, unit)
    except (services.Conflict, services.WrongState) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%s is on the list now.") % unit.name)
    return redirect("publication:left_out", pk=found.pk)


@require_POST
@requires("publication.draft")
def refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the ledger's present entries over."""
    found = visible_list(request, pk)
    try:
        count = services.refresh(person(request), found.pk)
    except services.WrongState as error:
        messages.error(request, str(error))
    else:
        text = ngettext("%(count)s unit is changed.", "%(count)s units are changed.", count)
        messages.success(request, text % {"count": count})
    return redirect(found)


def _county(request: HttpRequest) -> Region:
    office = person(request).office
    if office is None or office.region.level != Level.COUNTY:
        raise PermissionDenied("publication.draft")
    return office.region


def _ledger_unit(request: HttpRequest, found: PublicationList, unit_pk: int) -> SourceUnit:
    units = SourceUnit.objects.visible_to(request.user).filter(region=found.region)
    return get_object_or_404(units, pk=unit_pk)


def _is_part(request: HttpRequest) -> bool:
    return bool(getattr(request, "htmx", False))


def _form_of(edited: PublishedUnit) -> UnitForm:
    return UnitForm(instance=edited, initial={"version": edited.version})


def _row_form(
    request: HttpRequest,
    found: PublicationList,
    edited: PublishedUnit,
    form: UnitForm,
    conflict: str = "",
) -> HttpResponse:
    context: dict[str, Any] = {"list": found, "row": edited, "form": form, "conflict": conflict}
    if _is_part(request):
        return render(request, "publication/parts/row_form.html", context)
    if conflict:
        messages.error(request, conflict)
    context["heading"] = edited.name
    return render(request, "publication/form.html", context)


def _no_draft(request: HttpRequest, found: PublicationList) -> HttpResponse:
    messages.warning(request, _("Only a draft can be changed."))
    return _leave(request, found)


def _leave(request: HttpRequest, found: PublicationList) -> HttpResponse:
    """Back to the list, for a page and for a part of one."""
    if not _is_part(request):
        return redirect(found)
    answer = HttpResponse()
    answer.headers["HX-Redirect"] = found.get_absolute_url()
    return answer
