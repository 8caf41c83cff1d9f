"""Objections to a list: taking them in, reading and answering them."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.publication import services
from hengyuan.platform.publication.forms import AnswerForm, ObjectionForm
from hengyuan.platform.publication.frame import (
    OBJECTIONS,
    forbid_to_departments,
    frame,
    person,
    visible_list,
)
from hengyuan.platform.publication.models import Objection, PublicationList


@require_GET
@requires("publication.view")
def objections(request: HttpRequest, pk: int) -> HttpResponse:
    found = visible_list(request, pk)
    forbid_to_departments(request)
    context = frame(request, found, OBJECTIONS)
    context["objections"] = found.objections.select_related("unit", "answered_by")
    context["today"] = timezone.localdate()
    return render(request, "publication/objections.html", context)


@require_http_methods(["GET", "POST"])
@requires("publication.answer")
def new(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter an objection that came by letter, telephone or in person."""
    found = visible_list(request, pk)
    if not found.is_open_to_objections:
        messages.warning(request, _("This list is not open to objections."))
        return redirect("publication:objections", pk=found.pk)
    initial = {"received_on": timezone.localdate()}
    form = ObjectionForm(request.POST or None, initial=initial, found=found)
    if request.method == "POST" and form.is_valid():
        entered = form.cleaned_data
        who = services.Objecting(entered["name"], entered["contact"], entered["text"])
        try:
            filed = services.file_objection(
                found.pk,
                who,
                entered["via"],
                unit=entered["unit"],
                by=person(request),
                received_on=entered["received_on"],
            )
        except services.ObjectionPeriodOver as error:
            form.add_error("received_on", str(error))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            text = _("The objection is kept under the receipt number %s. Tell it to the person.")
            messages.success(request, text % filed.receipt)
            return redirect("publication:objections", pk=found.pk)
    context = {"form": form, "list": found, "heading": _("Enter an objection")}
    return render(request, "publication/form.html", context)


@require_http_methods(["GET", "POST"])
@requires("publication.view")
def objection(request: HttpRequest, pk: int, objection_pk: int) -> HttpResponse:
    """One objection, and its answer; who objected is shown to those who answer only."""
    found = visible_list(request, pk)
    forbid_to_departments(request)
    context = frame(request, found, OBJECTIONS)
    read = get_object_or_404(
        found.objections.select_related("unit", "answered_by"), pk=objection_pk
    )
    answers = may(request.user, "publication.answer")
    if request.method == "POST":
        if not answers:
            raise PermissionDenied("publication.answer")
        if not (read.is_open and found.is_open_to_objections):
            return _too_late(request, found, read)
    form = None
    if answers and read.is_open and found.is_open_to_objections:
        form = AnswerForm(request.POST or None, initial={"version": read.version}, objection=read)
        if request.method == "POST" and form.is_valid() and _answer(request, form, read):
            messages.success(request, _("The objection is answered."))
            return redirect("publication:objections", pk=found.pk)
    context |= {"objection": read, "form": form, "answers": answers}
    return render(request, "publication/objection.html", context)


def _too_late(request: HttpRequest, found: PublicationList, read: Objection) -> HttpResponse:
    """An answer that comes second: a repeated one is done, another one's writer is told so."""
    if read.answered_by_id == person(request).pk and read.answer == _sent_answer(request):
        messages.success(request, _("The objection is answered."))
        return redirect("publication:objections", pk=found.pk)
    if read.is_open:
        messages.warning(request, _("Objections are answered until the list is final."))
    else:
        text = _("%(who)s has answered this objection meanwhile. Your answer was not kept.")
        messages.warning(request, text % {"who": read.answered_by or _("Somebody")})
    return redirect("publication:objection", pk=found.pk, objection_pk=read.pk)


def _sent_answer(request: HttpRequest) -> str:
    return request.POST.get("answer", "").replace("\r\n", "\n").strip()


def _answer(request: HttpRequest, form: AnswerForm, read: Objection) -> bool:
    asked = form.cleaned_data
    try:
        services.answer_objection(
            person(request),
            read.pk,
            asked["version"],
            upheld=asked["decision"] == Objection.State.UPHELD,
            answer=asked["answer"],
            strike=asked.get("strike", False),
        )
    except (services.Conflict, services.WrongState) as error:
        form.add_error(None, str(error))
    except ValidationError as error:
        form.add_error(None, error)
    return not form.errors
