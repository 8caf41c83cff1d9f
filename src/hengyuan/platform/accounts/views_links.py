"""What a one-time link opens: an account of one's own, or a new password."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from hengyuan.platform.accounts import inviting, services
from hengyuan.platform.accounts.forms import AcceptForm, NewPasswordForm
from hengyuan.platform.throttle import throttled


def _too_often(request: HttpRequest, limit: int, period_s: int) -> HttpResponse:
    why = _("Too many tries from your address. Wait a minute, then open the link again.")
    return render(request, "accounts/spent.html", {"why": why}, status=429)


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
@throttled("invitation", limit=60, period_s=60, refuse=_too_often)
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The invited person chooses user name and password."""
    found = inviting.invitation_of(token)
    if found is None:
        return _no_such_link(request)
    if not found.is_open or not found.office.is_active:
        return _spent(request, services.spent_because(found))
    initial = {"display_name": found.display_name, "phone": found.phone}
    form = AcceptForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            services.accept(
                found,
                values["username"],
                values["password1"],
                display_name=values["display_name"],
                phone=values["phone"],
            )
        except services.LinkSpent as error:
            return _spent(request, str(error))
        except ValidationError as error:
            form.add_error(None, error.messages)
        else:
            messages.success(
                request,
                _("Your account is ready. Log in as “%s” with the password you chose.")
                % values["username"],
            )
            return redirect("accounts:login")
    return render(request, "accounts/invitation.html", {"form": form, "invitation": found})


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
@throttled("reset", limit=60, period_s=60, refuse=_too_often)
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """The person chooses a new password."""
    found = inviting.reset_link_of(token)
    if found is None:
        return _no_such_link(request)
    if not found.is_open or not found.person.is_active:
        return _spent(request, services.spent_because(found))
    form = NewPasswordForm(found.person, request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reset_password(found, form.cleaned_data["new_password1"])
        except services.LinkSpent as error:
            return _spent(request, str(error))
        messages.success(request, _("Your new password holds. Log in with it."))
        return redirect("accounts:login")
    return render(request, "accounts/reset.html", {"form": form, "link": found})


def _no_such_link(request: HttpRequest) -> HttpResponse:
    why = _("This link is not one of ours. Was it copied whole?")
    return render(request, "accounts/spent.html", {"why": why}, status=404)


def _spent(request: HttpRequest, why: str) -> HttpResponse:
    return render(request, "accounts/spent.html", {"why": why}, status=410)
