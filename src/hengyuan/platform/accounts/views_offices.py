"""Pages of offices: the tree and its list, one office with its people, founding and closing."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
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
from django.views.decorators.http import require_GET, require_http_methods

from hengyuan.platform.accounts import queries, services
from hengyuan.platform.accounts.filters import OfficeFilter
from hengyuan.platform.accounts.forms_offices import (
    InviteForm,
    NewOfficeForm,
    OfficeForm,
    ReasonForm,
    tell_problems,
)
from hengyuan.platform.accounts.hierarchy import (
    LOOKED_AFTER,
    appoints_in,
    edits_office,
    manages_office,
)
from hengyuan.platform.accounts.models import Office, OfficeKind, User
from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.accounts.requests import person_of
from hengyuan.platform.accounts.tables import OfficeTable
from hengyuan.platform.audit import trail
from hengyuan.platform.excel import Column, ExcelOfList
from hengyuan.platform.listing import ListPage
from hengyuan.platform.versioning import Stale


class OfficeList(ListPage):
    required_action = "offices.view"
    model = Office
    table_class = OfficeTable
    filterset_class = OfficeFilter
    title = gettext_lazy("Offices")
    empty_text = gettext_lazy("No office has been entered in your region yet.")
    template_name = "accounts/offices.html"

    def get_queryset(self) -> QuerySet[Any]:
        return queries.listed_offices(self.request.user)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        user = person_of(self.request)
        return context | {
            "tree": queries.region_tree(user),
            "chosen": self.request.GET.get("region", ""),
            "founded": founded_kinds(user),
        }


class OfficesExcel(ExcelOfList):
    required_action = "offices.view"
    page = OfficeList
    file_name = "offices"
    columns = (
        Column(gettext_lazy("name"), 32, lambda office: office.name),
        Column(gettext_lazy("kind"), 16, lambda office: office.get_kind_display()),
        Column(gettext_lazy("region"), 16, lambda office: office.region.name),
        Column(gettext_lazy("led by"), 20, lambda office: "、".join(map(str, office.heads))),
        Column(gettext_lazy("people"), 8, lambda office: office.people_count),
        Column(gettext_lazy("duty telephone"), 18, lambda office: office.duty_phone),
        Column(gettext_lazy("address"), 32, lambda office: office.address),
        Column(
            gettext_lazy("state"), 8, lambda office: _("open") if office.is_active else _("closed")
        ),
    )


def founded_kinds(user: User) -> list[OfficeKind]:
    """The kinds of office that this person can enter."""
    if not may(user, "offices.manage") or user.office is None:
        return []
    kinds = LOOKED_AFTER[OfficeKind(user.office.kind)]
    return [kind for kind in OfficeKind if kind in kinds]


@require_GET
@requires("offices.view")
def office(request: HttpRequest, pk: int) -> HttpResponse:
    """One office: what is to know of it, its people, the invitations that are open."""
    user = person_of(request)
    found = _visible(request, pk)
    people = queries.people_of(found)
    reads = _reads_people(user, found)
    appoints = appoints_in(user, found)
    context = {
        "office": found,
        "people": people,
        "locks": queries.locks_of(people) if appoints else {},
        "reads_people": reads,
        "appoints": appoints and found.is_active,
        "manages": manages_office(user, found),
        "edits": edits_office(user, found),
        "invitations": queries.open_invitations(found) if reads else [],
        "trail": trail(found, last=10) if reads else [],
    }
    return render(request, "accounts/office.html", context)


@require_http_methods(["GET", "POST"])
@requires("offices.manage")
def new_office(request: HttpRequest, kind: str) -> HttpResponse:
    """Enter an office that one's own office looks after."""
    user = person_of(request)
    if kind not in founded_kinds(user):
        raise Http404("an office of that kind is not entered by this office")
    initial = {"region": request.GET.get("region", "")}
    form = NewOfficeForm(request.POST or None, user=user, kind=OfficeKind(kind), initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.create_office(user, **form.wanted())
        except ValidationError as error:
            tell_problems(form, error)
        else:
            messages.success(request, _("“%s” is entered. Invite somebody to lead it now.") % made)
            return redirect("offices:invite", made.pk)
    context = {
        "form": form,
        "title": _("New: %s") % OfficeKind(kind).label,
        "back": reverse("offices:offices"),
    }
    return render(request, "accounts/office_form.html", context)


@require_http_methods(["GET", "POST"])
@requires("offices.view")
def edit_office(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, telephone, address. Its own head changes the last two."""
    user = person_of(request)
    found = _visible(request, pk)
    if not edits_office(user, found):
        raise PermissionDenied("offices.edit_own")
    form = OfficeForm(
        request.POST or None, instance=copy(found), may_rename=manages_office(user, found)
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.change_office(user, found, form.read_version, **form.values())
        except Stale as stale:
            form.tell_stale(stale)
        except ValidationError as error:
            tell_problems(form, error)
        else:
            messages.success(request, _("The changes are saved."))
            return redirect(found)
    context = {
        "form": form,
        "office": found,
        "title": _("Edit"),
        "back": found.get_absolute_url(),
    }
    return render(request, "accounts/office_form.html", context)


@require_http_methods(["GET", "POST"])
@requires("offices.manage")
def close_office(request: HttpRequest, pk: int) -> HttpResponse:
    """Close it, after having seen who loses access."""
    found = _managed(request, pk)
    count = found.people.filter(is_active=True).count()
    explanation = _(
        "Its %(count)s people can do nothing any more and are logged out, open invitations end. "
        "What they wrote stays. It can be opened again."
    ) % {"count": count}
    return _move(
        request, found, services.close_office, pgettext_lazy("office", "Close"), explanation
    )


@require_http_methods(["GET", "POST"])
@requires("offices.manage")
def reopen_office(request: HttpRequest, pk: int) -> HttpResponse:
    """Open it again."""
    explanation = _("Its people can work again with the roles that they had.")
    return _move(
        request,
        _managed(request, pk),
        services.reopen_office,
        gettext_lazy("Open again"),
        explanation,
    )


@never_cache
@require_http_methods(["GET", "POST"])
@requires("people.manage")
def invite(request: HttpRequest, pk: int) -> HttpResponse:
    """Invite somebody; the link is shown this once."""
    user = person_of(request)
    found = _visible(request, pk)
    if not appoints_in(user, found):
        raise PermissionDenied("people.manage")
    if not found.is_active:
        messages.error(request, _("“%s” is closed: nobody can be invited to it.") % found)
        return redirect(found)
    leads = any(person.is_head and person.is_active for person in queries.people_of(found))
    form = InviteForm(request.POST or None, office=found, leads=leads)
    if request.method == "POST" and form.is_valid():
        invitation, token = services.invite(user, found, **form.cleaned_data)
        return show_invitation(request, invitation, token)
    context = {"form": form, "office": found, "title": _("Invite somebody")}
    return render(request, "accounts/invite.html", context)


def show_invitation(request: HttpRequest, invitation: Any, token: str) -> HttpResponse:
    """The page with the link, shown this once."""
    context = {
        "title": _("Invitation"),
        "office": invitation.office,
        "who": invitation.display_name,
        "link": request.build_absolute_uri(reverse("accounts:invitation", args=[token])),
        "until": invitation.expires_at,
        "is_invitation": True,
    }
    return render(request, "accounts/link.html", context)


def _move(
    request: HttpRequest,
    found: Office,
    service: Callable[[User, Office, str], Office],
    title: str | Promise,
    explanation: str,
) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            service(person_of(request), found, form.cleaned_data["reason"])
        except services.WrongState as error:
            messages.error(request, str(error))
            return redirect(found)
        except ValidationError as error:
            tell_problems(form, error)
        else:
            messages.success(request, _("Done: %(what)s, “%(office)s”.") % _named(title, found))
            return redirect(found)
    context = {"form": form, "office": found, "title": title, "explanation": explanation}
    return render(request, "accounts/office_reason.html", context)


def _named(title: str | Promise, found: Office) -> dict[str, str]:
    return {"what": str(title), "office": found.name}


def _reads_people(user: User, found: Office) -> bool:
    reads = may(user, "people.read")
    return reads and Office.objects.audited_by(user).filter(pk=found.pk).exists()


def _visible(request: HttpRequest, pk: int) -> Office:
    visible = Office.objects.visible_to(request.user).select_related("region", "source_unit")
    return get_object_or_404(visible, pk=pk)


def _managed(request: HttpRequest, pk: int) -> Office:
    found = _visible(request, pk)
    if not manages_office(person_of(request), found):
        raise PermissionDenied("offices.manage")
    return found
