"""The months of the record table, and what is held as evidence."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.audit import trail
from hengyuan.platform.history import queries, retention, sealing, services
from hengyuan.platform.history.filters import HoldFilter
from hengyuan.platform.history.forms import HoldForm, LiftForm
from hengyuan.platform.history.models import EvidenceHold
from hengyuan.platform.history.tables import HoldTable
from hengyuan.platform.listing import ListPage
from hengyuan.platform.weighing.queries import TooSlow, at_most

_COUNT_WITHIN_MS = 3_000
_MOST_COUNTED = 10_000


@require_GET
@requires("history.view")
def months(request: HttpRequest) -> HttpResponse:
    """Every month with its state, records, bytes and digest."""
    context = {
        "title": _("Months and archive"),
        "overview": queries.overview(),
        "may_seal": may(request.user, "history.seal"),
    }
    return render(request, "history/months.html", context)


@require_POST
@requires("history.seal")
def seal(request: HttpRequest, month: str) -> HttpResponse:
    """Ask for a month to be sealed; the platform's keeper does it."""
    try:
        wanted = sealing.parse_month(month)
    except ValueError:
        raise Http404("not a month") from None
    try:
        services.ask_to_seal(request.user, wanted)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(
            request, _("%(month)s is going to be sealed within minutes.") % {"month": month}
        )
    return redirect("history:months")


class Holds(ListPage):
    required_action = "holds.view"
    model = EvidenceHold
    table_class = HoldTable
    filterset_class = HoldFilter
    title = gettext_lazy("Evidence holds")
    template_name = "history/holds.html"
    empty_text = gettext_lazy("No records are held as evidence in your region.")

    def get_queryset(self) -> QuerySet[Any]:
        return queries.holds(self.request.user)


@require_http_methods(["GET", "POST"])
@requires("holds.set")
def new_hold(request: HttpRequest) -> HttpResponse:
    """Keep records as evidence of a case."""
    initial = {"terminal": request.GET.get("terminal", "")}
    data = request.POST if request.method == "POST" else None
    form = HoldForm(data, user=request.user, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.set_hold(request.user, form.save(commit=False))
        except ValidationError as error:
            form.add_error(None, error) if not hasattr(error, "error_dict") else _add(form, error)
        else:
            messages.success(request, _("These records are kept until the hold is lifted."))
            return redirect(made)
    status = 422 if form.errors else 200
    context = {"form": form, "title": _("Hold records as evidence")}
    return render(request, "history/hold_form.html", context, status=status)


def _add(form: HoldForm, error: ValidationError) -> None:
    """The errors at their fields; those of fields that the form does not have, above it."""
    for name, said in error.message_dict.items():
        form.add_error(name if name in form.fields else None, said)


@require_http_methods(["GET", "POST"])
@requires("holds.view")
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """A hold with what it keeps; who may, lifts it here."""
    found = get_object_or_404(queries.holds(request.user), pk=pk)
    may_lift = may(request.user, "holds.set") and found.is_in_force
    form = LiftForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        if not may_lift:
            raise Http404("nothing to lift")
        if form.is_valid():
            services.lift_hold(request.user, found, form.cleaned_data["lift_reason"])
            messages.success(request, _("The hold is lifted."))
            return redirect(found)
    context = {
        "hold": found,
        "title": _("Evidence hold %(case)s") % {"case": found.case},
        "form": form,
        "may_lift": may_lift,
        "records": _count(found, request.user),
        "most": _MOST_COUNTED,
        "trail": trail(found),
    }
    return render(request, "history/hold.html", context, status=422 if form.errors else 200)


def _count(found: EvidenceHold, user: Any) -> int | None:
    """How many records it keeps that this person may see; None where counting takes too long."""
    try:
        with at_most(_COUNT_WITHIN_MS):
            kept = retention.records_of(found).visible_to(user).order_by()
            return int(kept[: _MOST_COUNTED + 1].count())
    except TooSlow:
        return None
