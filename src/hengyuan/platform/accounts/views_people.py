"""Pages about people: the directory, one person, role, leaving, coming back, the way back in."""

from __future__ import annotations

from copy import copy
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengyuan.platform.accounts import handover, queries, second_factor, services
from hengyuan.platform.accounts.filters import PeopleFilter
from hengyuan.platform.accounts.forms_offices import LeaveForm, PersonForm, ReasonForm
from hengyuan.platform.accounts.hierarchy import appoints, appoints_in
from hengyuan.platform.accounts.models import Invitation, User
from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.accounts.requests import person_of
from hengyuan.platform.accounts.tables import PeopleTable
from hengyuan.platform.accounts.views_offices import show_invitation
from hengyuan.platform.audit import trail
from hengyuan.platform.excel import Column, ExcelOfList
from hengyuan.platform.listing import ListPage
from hengyuan.platform.versioning import Stale


class PeopleList(ListPage):
    required_action = "offices.view"
    model = User
    table_class = PeopleTable
    filterset_class = PeopleFilter
    title = gettext_lazy("People")
    empty_text = gettext_lazy("Nobody has an account in your region yet.")
    template_name = "accounts/people.html"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().select_related("office__region")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        readable = User.objects.in_detail_to(self.request.user).values_list("pk", flat=True)
        shown = [row.record.pk for row in context["table"].paginated_rows]
        return context | {"readable": set(readable.filter(pk__in=shown))}


def _state_of(person: User) -> str:
    return pgettext("person", "working") if person.is_active else pgettext("person", "left")


class PeopleExcel(ExcelOfList):
    required_action = "offices.view"
    page = PeopleList
    file_name = "people"
    columns = (
        Column(gettext_lazy("full name"), 16, lambda person: person.display_name),
        Column(gettext_lazy("role"), 14, lambda person: person.get_role_display()),
        Column(gettext_lazy("office"), 32, lambda person: person.office.name),
        Column(gettext_lazy("region"), 16, lambda person: person.office.region.name),
        Column(gettext_lazy("state"), 8, _state_of),
    )


@require_GET
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """A person's particulars, for heads and for oneself."""
    user = person_of(request)
    found = readable_person(request, pk)
    manages = appoints(user, found)
    context = {
        "person": found,
        "tabs": person_tabs(found),
        "manages": manages,
        "locked_until": queries.locks_of([found]).get(found.username),
        "two_step": second_factor.is_on(found),
        "trail": trail(found, last=15),
    }
    return render(request, "accounts/person.html", context)


def person_tabs(found: User) -> list[dict[str, Any]]:
    """The pages about one person."""
    return [
        {"label": _("Particulars"), "url": reverse("people:person", args=[found.pk])},
        {"label": _("What they wrote"), "url": reverse("people:writes", args=[found.pk])},
        {"label": _("Logins and exports"), "url": reverse("people:access", args=[found.pk])},
    ]


@require_http_methods(["GET", "POST"])
@requires("people.manage")
def edit_person(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, telephone and role."""
    user, found = person_of(request), _managed(request, pk)
    form = PersonForm(request.POST or None, instance=copy(found))
    if request.method == "POST" and form.is_valid():
        try:
            services.change_person(user, found, form.read_version, **form.values())
        except Stale as stale:
            form.tell_stale(stale)
        except services.LastHead as error:
            form.add_error("role", str(error))
        else:
            messages.success(request, _("The changes are saved."))
            return redirect(found)
    context = {"form": form, "person": found, "title": _("Edit")}
    return render(request, "accounts/person_form.html", context)


@require_http_methods(["GET", "POST"])
@requires("people.manage")
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody leaves: what is still open goes to a successor, the account is closed."""
    user, found = person_of(request), _managed(request, pk)
    held = handover.held_by(found)
    form = LeaveForm(request.POST or None, person=found, holds=bool(held))
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            services.leave(user, found, values["reason"], values["successor"])
        except (services.LastHead, services.WrongState) as error:
            form.add_error(None, str(error))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The account of %s is closed.") % found)
            return redirect("offices:office", found.office_id)
    context = {"form": form, "person": found, "held": held, "title": _("Leaves")}
    return render(request, "accounts/leave.html", context)


@never_cache
@require_http_methods(["GET", "POST"])
@requires("people.manage")
def take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Somebody comes back: the account is opened, a link for a password is shown this once."""
    user, found = person_of(request), _managed(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.take_back(user, found, form.cleaned_data["reason"])
        except services.WrongState as error:
            messages.error(request, str(error))
            return redirect(found)
        return _show_reset(request, found)
    context = {"form": form, "person": found, "title": _("Take back")}
    return render(request, "accounts/take_back.html", context)


@require_POST
@requires("people.manage")
def unlock(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift the lock after failed tries."""
    found = _managed(request, pk)
    if services.unlock(person_of(request), found):
        messages.success(request, _("%s can try to log in again.") % found)
    else:
        messages.info(request, _("The login of %s was not locked.") % found)
    return redirect(found)


@never_cache
@require_POST
@requires("people.manage")
def issue_reset(request: HttpRequest, pk: int) -> HttpResponse:
    """A link for a new password, shown this once."""
    found = _managed(request, pk)
    if not found.is_active:
        messages.error(request, _("%s has left: take them back first.") % found)
        return redirect(found)
    return _show_reset(request, found)


@require_POST
@requires("people.manage")
def reset_two_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Turn somebody's two-step login off, where telephone and recovery codes are lost."""
    found = _managed(request, pk)
    if second_factor.reset_by(person_of(request), found):
        messages.success(request, _("%s logs in with the password alone now.") % found)
    else:
        messages.info(request, _("%s does not use two-step login.") % found)
    return redirect(found)


@never_cache
@require_POST
@requires("people.manage")
def renew_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """A new link in place of one that was lost or has run out."""
    found = _managed_invitation(request, pk)
    try:
        token = services.renew_invitation(person_of(request), found)
    except services.LinkSpent as error:
        messages.error(request, str(error))
        return redirect(found.office)
    found.refresh_from_db()
    return show_invitation(request, found, token)


@require_POST
@requires("people.manage")
def revoke_invitation(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw an invitation."""
    found = _managed_invitation(request, pk)
    try:
        services.revoke_invitation(person_of(request), found)
    except services.LinkSpent as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The invitation of %s is withdrawn.") % found)
    return redirect(found.office)


def _show_reset(request: HttpRequest, found: User) -> HttpResponse:
    link, token = services.issue_reset(person_of(request), found)
    context = {
        "title": _("Link for a new password"),
        "office": found.office,
        "who": found.display_name,
        "link": request.build_absolute_uri(reverse("accounts:reset", args=[token])),
        "until": link.expires_at,
        "person": found,
    }
    return render(request, "accounts/link.html", context)


def readable_person(request: HttpRequest, pk: int) -> User:
    """404 for whoever is not even a name to the reader, 403 for whoever is a name only."""
    user = person_of(request)
    visible = User.objects.visible_to(user).select_related("office__region", "successor")
    found: User = get_object_or_404(visible | User.objects.filter(pk=user.pk), pk=pk)
    if found.pk == user.pk:
        return found
    if not may(user, "people.read"):
        raise PermissionDenied("people.read")
    if not User.objects.in_detail_to(user).filter(pk=pk).exists():
        raise PermissionDenied("people.read")
    return found


def _managed(request: HttpRequest, pk: int) -> User:
    user = person_of(request)
    visible = User.objects.visible_to(user).select_related("office__region", "successor")
    found: User = get_object_or_404(visible, pk=pk)
    if not appoints(user, found):
        raise PermissionDenied("people.manage")
    return found


def _managed_invitation(request: HttpRequest, pk: int) -> Invitation:
    user = person_of(request)
    visible = Invitation.objects.visible_to(user).select_related("office__region")
    found: Invitation = get_object_or_404(visible, pk=pk)
    if not appoints_in(user, found.office):
        raise PermissionDenied("people.manage")
    return found
