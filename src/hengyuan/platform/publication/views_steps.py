"""The steps of a list, each confirmed on a page that says what it means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hengyuan.platform.accounts.models import User
from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.publication import checks, services
from hengyuan.platform.publication.forms import (
    FinaliseForm,
    PublishForm,
    ReasonForm,
    StepForm,
    VersionForm,
)
from hengyuan.platform.publication.frame import person, visible_list
from hengyuan.platform.publication.models import PublicationList
from hengyuan.platform.publication.queries import rules_for
from hengyuan.platform.publication.transitions import TRANSITIONS

Write = Callable[[User, PublicationList, dict[str, Any]], Any]
_REFUSALS = (
    services.Conflict,
    services.NotYet,
    services.SecondPersonNeeded,
    services.WrongState,
    services.NoChineseFont,
    services.UnusableWordFile,
)


@dataclass(frozen=True, slots=True)
class Confirmation:
    """How a step is asked for: the form, what it means, what is said when it is done."""

    name: str
    form: type[VersionForm]
    meaning: str | Promise
    done: str | Promise
    write: Write


_SUBMIT = Confirmation(
    "submit",
    StepForm,
    gettext_lazy(
        "The entries of the ledger are taken over as they are now. The list cannot be changed "
        "while it is in review."
    ),
    gettext_lazy("The list is in review. A second person publishes it or sends it back."),
    lambda by, found, asked: services.submit(by, found.pk, asked["version"]),
)
_RECALL = Confirmation(
    "recall",
    ReasonForm,
    gettext_lazy("The list becomes a draft again and can be changed."),
    gettext_lazy("The list is a draft again."),
    lambda by, found, asked: services.recall(by, found.pk, asked["version"], asked["reason"]),
)
_SEND_BACK = Confirmation(
    "send_back",
    ReasonForm,
    gettext_lazy("The list becomes a draft again. Say what is to be changed."),
    gettext_lazy("The list went back to whoever drafted it."),
    lambda by, found, asked: services.send_back(by, found.pk, asked["version"], asked["reason"]),
)
_PUBLISH = Confirmation(
    "publish",
    PublishForm,
    gettext_lazy(
        "The list becomes public under this number. It is fixed, its documents are made, and the "
        "period for objections runs."
    ),
    gettext_lazy("The list is published. Report it to the city with its document."),
    lambda by, found, asked: services.publish(
        by,
        found.pk,
        asked["version"],
        services.Publishing(asked["document_no"], asked["published_on"], asked["objection_until"]),
    ),
)
_FINALISE = Confirmation(
    "finalise",
    FinaliseForm,
    gettext_lazy(
        "The list becomes the county's final one, without the units that were taken off after "
        "objections. The list that was final before is superseded."
    ),
    gettext_lazy("The list is final."),
    lambda by, found, asked: services.finalise(
        by, found.pk, asked["version"], asked["final_document_no"]
    ),
)
_REPORT = Confirmation(
    "report",
    StepForm,
    gettext_lazy("The city's office sees the list as reported, with its documents."),
    gettext_lazy("The list is reported to the city."),
    lambda by, found, asked: services.report(by, found.pk, asked["version"]),
)
_DISCARD = Confirmation(
    "discard",
    ReasonForm,
    gettext_lazy("The draft is given up. It stays readable among the lists."),
    gettext_lazy("The draft is given up."),
    lambda by, found, asked: services.discard(by, found.pk, asked["version"], asked["reason"]),
)
_WITHDRAW = Confirmation(
    "withdraw",
    ReasonForm,
    gettext_lazy("The list is no longer in public. Its documents stay on file."),
    gettext_lazy("The list is withdrawn."),
    lambda by, found, asked: services.withdraw(by, found.pk, asked["version"], asked["reason"]),
)


@require_http_methods(["GET", "POST"])
@requires("publication.draft")
def submit(request: HttpRequest, pk: int) -> HttpResponse:
    return _confirm(request, pk, _SUBMIT)


@require_http_methods(["GET", "POST"])
@requires("publication.draft")
def recall(request: HttpRequest, pk: int) -> HttpResponse:
    return _confirm(request, pk, _RECALL)


@require_http_methods(["GET", "POST"])
@requires("publication.review")
def send_back(request: HttpRequest, pk: int) -> HttpResponse:
    return _confirm(request, pk, _SEND_BACK)


@require_http_methods(["GET", "POST"])
@requires("publication.review")
def publish(request: HttpRequest, pk: int) -> HttpResponse:
    return _confirm(request, pk, _PUBLISH)


@require_http_methods(["GET", "POST"])
@requires("publication.review")
def finalise(request: HttpRequest, pk: int) -> HttpResponse:
    return _confirm(request, pk, _FINALISE)


@require_http_methods(["GET", "POST"])
@requires("publication.report")
def report(request: HttpRequest, pk: int) -> HttpResponse:
    return _confirm(request, pk, _REPORT)


@require_http_methods(["GET", "POST"])
@requires("publication.draft")
def discard(request: HttpRequest, pk: int) -> HttpResponse:
    return _confirm(request, pk, _DISCARD)


@require_http_methods(["GET", "POST"])
@requires("publication.review")
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    return _confirm(request, pk, _WITHDRAW)


def _confirm(request: HttpRequest, pk: int, asked: Confirmation) -> HttpResponse:
    found = visible_list(request, pk)
    step = TRANSITIONS[asked.name]
    if found.state not in step.sources:
        messages.warning(request, _("The list is in another state by now."))
        return redirect(found)
    initial: dict[str, Any] = {"version": found.version}
    if asked.form is PublishForm:
        initial |= PublishForm.suggested(found, rules_for(found.region))
    form = asked.form(request.POST or None, initial=initial)
    problems: list[str] = []
    if request.method == "POST" and form.is_valid():
        try:
            asked.write(person(request), found, form.cleaned_data)
        except services.Incomplete as error:
            problems = error.problems
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error)
        except _REFUSALS as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, str(asked.done))
            return redirect(found)
    shown = checks.findings(found) if asked.name in {"submit", "publish"} else []
    context = {
        "list": found,
        "form": form,
        "step": step,
        "meaning": asked.meaning,
        "findings": shown,
        "problems": problems,
        "blocked": asked.name == "submit" and any(finding.stops for finding in shown),
        "unit_count": found.units.filter(struck_by__isnull=True).count(),
    }
    return render(request, "publication/step.html", context)
