"""Public pages that are written to: a report, an objection, and how far either has come."""

from __future__ import annotations

from typing import Any

from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from hengyuan.platform.portal import queries, receipts, services
from hengyuan.platform.portal.forms import ObjectionForm, ReceiptForm, ReportForm
from hengyuan.platform.portal.models import Topic
from hengyuan.platform.portal.progress import progress_of
from hengyuan.platform.portal.public import HOUR_S, MINUTE_S, public_page, show, too_many
from hengyuan.platform.portal.submissions import MAX_FILLING_S
from hengyuan.platform.publication.models import Objection, PublicationList
from hengyuan.platform.publication.services import (
    Objecting,
    ObjectionPeriodOver,
    file_objection,
)
from hengyuan.platform.throttle import spend

# Tries count what is sent, right or wrong; filed is what has been taken in. Many people share one
# address behind a provider's gateway, so neither can be very low.
TRIES_AN_HOUR, FILED_AN_HOUR = 60, 12
ASKED_A_MINUTE = 20


@public_page(methods=("GET", "HEAD", "POST"))
def report(request: HttpRequest) -> HttpResponse:
    """The form of a report; once it is taken in, its receipt number."""
    form = ReportForm(initial=_from_unit(request))
    if request.method == "POST":
        if not spend(request, "portal:report-tries", TRIES_AN_HOUR, HOUR_S):
            return too_many(request, HOUR_S)
        form = ReportForm(request.POST, request.FILES)
        if form.is_valid():
            if not spend(request, "portal:report-filed", FILED_AN_HOUR, HOUR_S):
                return too_many(request, HOUR_S)
            try:
                return _report_taken_in(request, form)
            except ValidationError as error:
                form.add_error(None, error.messages)
    return show(
        request, "portal/report_form.html", {"form": form}, status=422 if form.errors else 200
    )


def _report_taken_in(request: HttpRequest, form: ReportForm) -> HttpResponse:
    asked = form.cleaned_data
    published = form.published_unit()
    filed = services.file_report(
        services.Filing(
            submission=form.submission,
            region=asked["region"],
            topic=Topic(asked["topic"]),
            place=asked["place"],
            happened_at=asked["happened_at"],
            description=asked["description"],
            plate=asked["plate"],
            unit=published.unit if published else None,
            contact_name=asked["contact_name"],
            contact=asked["contact"],
            pictures=asked["pictures"],
        )
    )
    context = {
        "receipt": filed.shown_receipt,
        "region": filed.region,
        "pictures": len(asked["pictures"]),
        "has_contact": bool(asked["contact"]),
        "kind": "report",
    }
    return show(request, "portal/received.html", context)


def _from_unit(request: HttpRequest) -> dict[str, Any]:
    """Whoever comes from a unit's page finds its name and county filled in."""
    code = request.GET.get("unit", "")[:11]
    found = queries.public_units().filter(unit_code=code).first() if code.isdigit() else None
    if found is None:
        return {}
    return {
        "unit": found.unit_code,
        "region": found.list.region_id,
        "place": found.name,
        "topic": Topic.LEFT_OVERLOADED,
    }


@public_page(methods=("GET", "HEAD", "POST"))
def objection(request: HttpRequest, list_pk: int) -> HttpResponse:
    """An objection to a list, as long as its period runs."""
    found = queries.public_lists().filter(pk=list_pk).first()
    if found is None:
        raise Http404("no such list in public")
    if not queries.open_lists().filter(pk=found.pk).exists():
        return show(request, "portal/objection_over.html", {"list": found})
    form = ObjectionForm(initial=_unit_asked_for(request, found), found=found)
    if request.method == "POST":
        if not spend(request, "portal:objection-tries", TRIES_AN_HOUR, HOUR_S):
            return too_many(request, HOUR_S)
        form = ObjectionForm(request.POST, found=found)
        if form.is_valid():
            if not spend(request, "portal:objection-filed", FILED_AN_HOUR, HOUR_S):
                return too_many(request, HOUR_S)
            try:
                return _objection_taken_in(request, form, found)
            except ObjectionPeriodOver:
                return show(request, "portal/objection_over.html", {"list": found})
            except ValidationError as error:
                form.add_error(None, error.messages)
    context = {"form": form, "list": found}
    return show(request, "portal/objection_form.html", context, status=422 if form.errors else 200)


def _objection_taken_in(
    request: HttpRequest, form: ObjectionForm, found: PublicationList
) -> HttpResponse:
    asked = form.cleaned_data
    # a second click on the same form finds what the first one filed
    kept = f"portal:objection:{form.submission}"
    receipt = cache.get(kept)
    if receipt is None:
        who = Objecting(asked["name"], asked["contact"], asked["text"])
        filed = file_objection(found.pk, who, Objection.Via.PORTAL, unit=asked["unit"])
        receipt = filed.receipt
        cache.set(kept, receipt, MAX_FILLING_S)
    context = {"receipt": receipts.shown(receipt), "region": found.region, "kind": "objection"}
    return show(request, "portal/received.html", context)


def _unit_asked_for(request: HttpRequest, found: PublicationList) -> dict[str, Any]:
    code = request.GET.get("unit", "")[:11]
    row = found.units.filter(unit_code=code).first() if code.isdigit() else None
    return {"unit": row.pk} if row else {}


@public_page(methods=("GET", "HEAD", "POST"))
def status(request: HttpRequest) -> HttpResponse:
    """How far a report or an objection is, for whoever has its receipt number.

    The number is sent in the body: an address would stay in logs and histories.
    """
    form = ReceiptForm()
    progress = None
    if request.method == "POST":
        if not spend(request, "portal:status", ASKED_A_MINUTE, MINUTE_S):
            return too_many(request, MINUTE_S)
        form = ReceiptForm(request.POST)
        if form.is_valid():
            progress = progress_of(form.cleaned_data["receipt"])
            if progress is None:
                form.add_error("receipt", _("There is nothing under this number."))
    context = {"form": form, "progress": progress, "now": timezone.now()}
    return show(request, "portal/status.html", context, status=422 if form.errors else 200)
