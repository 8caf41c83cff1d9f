"""Where the offices read and answer what people report."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengyuan.platform.accounts.models import User
from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.audit import trail
from hengyuan.platform.listing import ListPage
from hengyuan.platform.portal import services
from hengyuan.platform.portal.filters import ReportFilter
from hengyuan.platform.portal.forms import (
    AnswerForm,
    AssignForm,
    CheckForm,
    PassOnForm,
    VersionForm,
)
from hengyuan.platform.portal.models import Outcome, Report, ReportContact, ReportState
from hengyuan.platform.portal.tables import ReportTable
from hengyuan.platform.versioning import Stale


class Reports(ListPage):
    required_action = "reports.view"
    model = Report
    table_class = ReportTable
    filterset_class = ReportFilter
    title = gettext_lazy("Reports from the public")
    empty_text = gettext_lazy("Nobody has reported anything in your region yet.")

    def get_queryset(self) -> QuerySet[Any]:
        found: QuerySet[Any] = super().get_queryset()
        return found.select_related("region", "unit", "assigned_to")


@require_GET
@requires("reports.view")
def report(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, _visible(request, pk))


@never_cache
@require_POST
@requires("reports.contact")
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The page with the contact on it, this once; the look is noted."""
    found = _visible(request, pk)
    return _page(request, found, services.look_at_contact(_person(request), found))


@require_GET
@requires("reports.view")
def picture(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A picture of a report; of our own drawing, and still treated as a stranger's."""
    found = _visible(request, pk).pictures.filter(number=number).first()
    if found is None:
        raise Http404("no such picture")
    answer = HttpResponse(bytes(found.content), content_type="image/jpeg")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Content-Disposition"] = f'inline; filename="{found.digest[:12]}.jpg"'
    return answer


@require_http_methods(["GET", "POST"])
@requires("reports.handle")
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    def write(form: Any, by: User) -> Report:
        return services.assign(by, pk, form.cleaned_data["version"], form.cleaned_data["to"])

    return _step(request, pk, "assign", AssignForm, write)


@require_http_methods(["GET", "POST"])
@requires("reports.check")
def check(request: HttpRequest, pk: int) -> HttpResponse:
    def write(form: Any, by: User) -> Report:
        asked = form.cleaned_data
        return services.record_check(
            by, pk, asked["version"], Outcome(asked["outcome"]), asked["findings"]
        )

    return _step(request, pk, "check", CheckForm, write)


@require_http_methods(["GET", "POST"])
@requires("reports.handle")
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    def write(form: Any, by: User) -> Report:
        return services.answer(by, pk, form.cleaned_data["version"], form.cleaned_data["answer"])

    return _step(request, pk, "answer", AnswerForm, write)


@require_http_methods(["GET", "POST"])
@requires("reports.handle")
def close(request: HttpRequest, pk: int) -> HttpResponse:
    def write(form: Any, by: User) -> Report:
        return services.close(by, pk, form.cleaned_data["version"], form.cleaned_data["answer"])

    return _step(request, pk, "close", AnswerForm, write)


@require_http_methods(["GET", "POST"])
@requires("reports.handle")
def pass_on(request: HttpRequest, pk: int) -> HttpResponse:
    def write(form: Any, by: User) -> Report:
        asked = form.cleaned_data
        return services.pass_on(by, pk, asked["version"], asked["to"], asked["reason"])

    return _step(request, pk, "pass_on", PassOnForm, write)


@dataclass(frozen=True, slots=True)
class StepLook:
    """How a step is named, drawn and explained, and the action that it needs."""

    title: str | Promise
    icon: str
    explanation: str | Promise
    action: str = "reports.handle"


_LOOKS = {
    "assign": StepLook(
        pgettext_lazy("report", "Assign"),
        icon="user-check",
        explanation=gettext_lazy("The person reads “being looked into”, and not by whom."),
    ),
    "check": StepLook(
        gettext_lazy("Enter what was found"),
        icon="clipboard-check",
        explanation=gettext_lazy("Not public. It can be added to until the report is answered."),
        action="reports.check",
    ),
    "answer": StepLook(
        pgettext_lazy("report", "Answer"),
        icon="message-2-check",
        explanation=gettext_lazy("Answered once, and public to whoever has the receipt number."),
    ),
    "close": StepLook(
        pgettext_lazy("report", "Close without a check"),
        icon="archive",
        explanation=gettext_lazy(
            "For what cannot be looked into: no place or time, sent twice, no matter of ours. "
            "Write why; the person reads it."
        ),
    ),
    "pass_on": StepLook(
        gettext_lazy("Pass on to another county"),
        icon="arrow-forward-up",
        explanation=gettext_lazy("It leaves your inbox, with the contact if there is one."),
    ),
}


def _page(
    request: HttpRequest, found: Report, contact_seen: ReportContact | None = None
) -> HttpResponse:
    sees_contact = may(request.user, "reports.contact")
    context = {
        "report": found,
        "pictures": found.pictures.defer("content"),
        "steps": _steps_for(request, found),
        "has_contact": ReportContact.objects.filter(report=found).exists(),
        "sees_contact": sees_contact,
        "contact": contact_seen,
        "looks": found.contact_views.select_related("by")[:10] if sees_contact else [],
        "trail": trail(found),
    }
    return render(request, "portal/report.html", context)


def _steps_for(request: HttpRequest, found: Report) -> list[dict[str, Any]]:
    """The steps that this person could take now; the one that comes next stands out."""
    possible = [
        name
        for name, states in services.STEPS.items()
        if found.state in states and _may_take(request, found, name)
    ]
    usual = {
        ReportState.RECEIVED: "assign",
        ReportState.ASSIGNED: "check",
        ReportState.CHECKED: "answer",
    }.get(ReportState(found.state))
    return [
        {
            "url": reverse(f"portal:{name}", args=[found.pk]),
            "look": _LOOKS[name],
            "is_next": name == usual,
        }
        for name in possible
    ]


def _may_take(request: HttpRequest, found: Report, name: str) -> bool:
    """An inspector enters what was found of what was given to them; clerks of anything."""
    if not may(request.user, _LOOKS[name].action):
        return False
    return (
        name != "check"
        or may(request.user, "reports.handle")
        or found.assigned_to_id == request.user.pk
    )


def _step(
    request: HttpRequest,
    pk: int,
    name: str,
    form_class: type[VersionForm],
    write: Callable[[Any, User], Report],
) -> HttpResponse:
    found = _visible(request, pk)
    if not _may_take(request, found, name):
        raise PermissionDenied(name)
    if found.state not in services.STEPS[name]:
        messages.warning(
            request, _("Not possible: the report is in the state “%s”.") % found.get_state_display()
        )
        return redirect(found)
    initial = {"version": found.version, "outcome": found.outcome, "findings": found.findings}
    form = form_class(request.POST or None, report=found, initial=initial)
    if request.method == "POST" and form.is_valid() and _write(request, form, write):
        return redirect("portal:reports" if name == "pass_on" else found)
    context = {
        "report": found,
        "form": form,
        "title": _LOOKS[name].title,
        "explanation": _LOOKS[name].explanation,
    }
    return render(request, "portal/step.html", context, status=422 if form.errors else 200)


def _write(request: HttpRequest, form: VersionForm, write: Callable[[Any, User], Report]) -> bool:
    try:
        written = write(form, _person(request))
    except Stale as stale:
        form.tell_stale(stale)
    except services.WrongState as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        form.add_error(None, error)
    else:
        messages.success(
            request, _("The report is now in the state “%s”.") % written.get_state_display()
        )
    return not form.errors


def _visible(request: HttpRequest, pk: int) -> Report:
    visible = Report.objects.visible_to(request.user).select_related(
        "region", "unit", "assigned_to", "finished_by"
    )
    return get_object_or_404(visible, pk=pk)


def _person(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
