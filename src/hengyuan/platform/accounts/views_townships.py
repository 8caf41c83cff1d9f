"""Pages of townships: who is responsible where, one township with its terms."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from hengyuan.platform.accounts import queries, services
from hengyuan.platform.accounts.filters import TownshipFilter
from hengyuan.platform.accounts.forms_offices import LeadForm, ReleaseForm, tell_problems
from hengyuan.platform.accounts.models import TownshipLead
from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.accounts.requests import person_of
from hengyuan.platform.accounts.tables import TownshipTable
from hengyuan.platform.audit import trail
from hengyuan.platform.excel import Column, ExcelOfList
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.listing import ListPage
from hengyuan.platform.regions.models import Region
from hengyuan.platform.versioning import Stale


class TownshipList(ListPage):
    required_action = "townships.view"
    model = Region
    table_class = TownshipTable
    filterset_class = TownshipFilter
    title = gettext_lazy("Townships and persons responsible")
    empty_text = gettext_lazy("No township lies in your region.")
    template_name = "accounts/townships.html"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.townships(self.request.user)


def _lead(township: Any) -> Any:
    return township.leads_now[0] if township.leads_now else None


class TownshipsExcel(ExcelOfList):
    required_action = "townships.view"
    page = TownshipList
    file_name = "townships"
    columns = (
        Column(gettext_lazy("county"), 16, lambda row: row.parent.name),
        Column(gettext_lazy("township"), 20, lambda row: row.name),
        Column(gettext_lazy("person responsible"), 16, lambda row: getattr(_lead(row), "name", "")),
        Column(
            pgettext_lazy("of a person", "position"),
            20,
            lambda row: getattr(_lead(row), "position", ""),
        ),
        Column(
            gettext_lazy("duty telephone"), 18, lambda row: getattr(_lead(row), "duty_phone", "")
        ),
        Column(
            gettext_lazy("in office since"),
            14,
            lambda row: lead.since.isoformat() if (lead := _lead(row)) else "",
        ),
    )


@require_GET
@requires("townships.view")
def township(request: HttpRequest, code: str) -> HttpResponse:
    """Who answers for it now and did before, and the source units that lie there."""
    found = _visible(request, code)
    terms = list(found.leads.all())
    user = person_of(request)
    context = {
        "township": found,
        "terms": terms,
        "now": next((term for term in terms if term.until is None), None),
        "units": SourceUnit.objects.visible_to(user).kept().filter(township=found),
        "trail": trail(*terms, last=15) if may(user, "audit.view") else [],
    }
    return render(request, "accounts/township.html", context)


@require_http_methods(["GET", "POST"])
@requires("townships.edit")
def appoint_lead(request: HttpRequest, code: str) -> HttpResponse:
    """Somebody answers for the township from a day on; the one before is released that day."""
    found = _visible(request, code)
    now = found.leads.filter(until=None).first()
    form = LeadForm(request.POST or None)
    del form.fields["version"]
    if request.method == "POST" and form.is_valid():
        try:
            services.appoint_lead(person_of(request), found, **form.values())
        except ValidationError as error:
            tell_problems(form, error)
        else:
            messages.success(
                request, _("%s answers for the township now.") % form.cleaned_data["name"]
            )
            return redirect("townships:township", code)
    context = {
        "form": form,
        "township": found,
        "now": now,
        "title": _("Name a successor") if now else _("Name the person responsible"),
    }
    return render(request, "accounts/lead_form.html", context)


@require_http_methods(["GET", "POST"])
@requires("townships.edit")
def edit_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """Correct what was entered of a term."""
    lead = _lead_of(request, pk)
    form = LeadForm(request.POST or None, instance=lead)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_lead(person_of(request), lead, form.read_version, **form.values())
        except Stale as stale:
            form.tell_stale(stale)
        except ValidationError as error:
            tell_problems(form, error)
        else:
            messages.success(request, _("The changes are saved."))
            return redirect("townships:township", lead.township_id)
    context = {"form": form, "township": lead.township, "title": _("Edit")}
    return render(request, "accounts/lead_form.html", context)


@require_http_methods(["GET", "POST"])
@requires("townships.edit")
def release_lead(request: HttpRequest, pk: int) -> HttpResponse:
    """The term ends and nobody follows yet."""
    lead = _lead_of(request, pk)
    form = ReleaseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            services.release_lead(person_of(request), lead, values["until"], values["reason"])
        except ValidationError as error:
            tell_problems(form, error)
        else:
            messages.success(request, _("The term of %s is ended.") % lead.name)
            return redirect("townships:township", lead.township_id)
    context = {
        "form": form,
        "township": lead.township,
        "now": lead,
        "title": _("End the term"),
    }
    return render(request, "accounts/lead_form.html", context)


def _visible(request: HttpRequest, code: str) -> Region:
    return get_object_or_404(queries.townships(request.user), pk=code)


def _lead_of(request: HttpRequest, pk: int) -> TownshipLead:
    visible = TownshipLead.objects.visible_to(request.user).select_related("township__parent")
    return get_object_or_404(visible, pk=pk)
