"""Coming in and going: login in one step or two, logging out, the page of a locked login."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth import views as auth_views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.timezone import now
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from hengyuan.platform.accounts import access, second_factor
from hengyuan.platform.accounts.clients import address_of
from hengyuan.platform.accounts.forms import CodeForm, LoginForm
from hengyuan.platform.accounts.models import AccessKind, User

SECOND_STEP_WITHIN_S = 300
_WAITING = "second_step"


class Login(auth_views.LoginView):
    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        person: User = form.get_user()
        if not second_factor.is_on(person):
            return _enter(self.request, person, self.get_success_url())
        self.request.session.cycle_key()
        self.request.session[_WAITING] = {
            "person": person.pk,
            "since": int(time.time()),
            "password": person.get_session_auth_hash(),
            "next": self.get_success_url(),
        }
        return redirect("accounts:second_step")

    def form_invalid(self, form: Any) -> HttpResponse:
        username = str(self.request.POST.get("username", ""))
        is_locked = getattr(self.request, "axes_locked_out", False)
        kind = AccessKind.LOCKED if is_locked else AccessKind.FAILED
        if username:
            person = access.person_named(username)
            access.note(kind, person, request=self.request, username=username)
        return super().form_invalid(form)


class Logout(auth_views.LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if isinstance(request.user, User):
            access.note(AccessKind.LOGOUT, request.user, request=request)
        return super().post(request, *args, **kwargs)


@never_cache
@login_not_required
@require_http_methods(["GET", "POST"])
def second_step(request: HttpRequest) -> HttpResponse:
    """The code of the telephone, for whoever has just given the right password."""
    person = _waiting_person(request)
    if person is None:
        request.session.pop(_WAITING, None)
        messages.info(request, _("Log in with your password first."))
        return redirect("accounts:login")
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if second_factor.verify(person, form.cleaned_data["code"]):
                wanted = request.session.pop(_WAITING)["next"]
                _tell_codes_left(request, person)
                return _enter(request, person, wanted)
            form.add_error("code", _("This code is wrong, or was used already."))
        except second_factor.TryLater as error:
            form.add_error("code", wait_words(error.wait_s))
    return render(request, "accounts/second_step.html", {"form": form})


def wait_words(wait_s: int) -> str:
    """Says how long the next try is refused."""
    return ngettext(
        "Too many wrong codes: try again in %(seconds)d second.",
        "Too many wrong codes: try again in %(seconds)d seconds.",
        wait_s,
    ) % {"seconds": wait_s}


def _waiting_person(request: HttpRequest) -> User | None:
    """Who has given the right password a short while ago; nobody if it was changed since."""
    waiting = request.session.get(_WAITING)
    if not waiting or time.time() - waiting["since"] > SECOND_STEP_WITHIN_S:
        return None
    person = User.objects.active().select_related("office").filter(pk=waiting["person"]).first()
    if person is None:
        return None
    same = constant_time_compare(person.get_session_auth_hash(), waiting["password"])
    return person if same else None


def _tell_codes_left(request: HttpRequest, person: User) -> None:
    left = second_factor.codes_left(person)
    if left <= 2:
        messages.warning(
            request,
            ngettext(
                "You have %(count)d recovery code left: make new ones on the page of two-step "
                "login.",
                "You have %(count)d recovery codes left: make new ones on the page of two-step "
                "login.",
                left,
            )
            % {"count": left},
        )


def _enter(request: HttpRequest, person: User, wanted: str) -> HttpResponse:
    login(request, person, backend="django.contrib.auth.backends.ModelBackend")
    access.note(AccessKind.LOGIN, person, request=request)
    return redirect(wanted)


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """What is shown after too many failed tries, and until the lock runs out."""
    username = str((getattr(request, "axes_credentials", None) or {}).get("username", ""))
    until = access.locked_until([username], address_of(request)).get(username)
    left_s = (until - now()).total_seconds() if until else access.cool_off().total_seconds()
    context = {
        "tries": settings.AXES_FAILURE_LIMIT,
        "until": until,
        "minutes": max(1, -(-int(left_s) // 60)),
    }
    return render(request, "accounts/locked.html", context, status=429)
