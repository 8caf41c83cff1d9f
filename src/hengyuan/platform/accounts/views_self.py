"""Pages about oneself: profile, password, sessions, two-step login."""

from __future__ import annotations

from typing import Any

import segno
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse, reverse_lazy
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengyuan.platform.accounts import access, second_factor, services, sessions
from hengyuan.platform.accounts.forms import (
    CodeForm,
    OwnPasswordCheckForm,
    OwnPasswordForm,
    ProfileForm,
)
from hengyuan.platform.accounts.models import AccessKind, LoginSession, User
from hengyuan.platform.accounts.requests import person_of
from hengyuan.platform.accounts.views import wait_words
from hengyuan.platform.versioning import Stale


def own_tabs(person: User) -> list[dict[str, Any]]:
    """The pages about oneself."""
    return [
        {"label": _("Profile"), "url": reverse("accounts:profile")},
        {"label": _("Change password"), "url": reverse("accounts:password")},
        {"label": _("Two-step login"), "url": reverse("accounts:two_step")},
        {"label": _("Sessions"), "url": reverse("accounts:sessions")},
        {"label": _("What I wrote"), "url": reverse("people:writes", args=[person.pk])},
        {"label": _("My logins"), "url": reverse("people:access", args=[person.pk])},
    ]


@require_http_methods(["GET", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Name and telephone, and what others have decided about one."""
    person = person_of(request)
    # a copy of its own: a form that is not valid must not change who is shown as logged in
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=person.pk))
    if request.method == "POST" and form.is_valid():
        try:
            services.change_person(person, person, form.read_version, **form.values())
        except Stale as stale:
            form.tell_stale(stale)
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("accounts:profile")
    context = {
        "form": form,
        "person": person,
        "title": _("Profile"),
        "tabs": own_tabs(person),
        "two_step": second_factor.is_on(person),
    }
    return render(request, "accounts/profile.html", context)


class PasswordChange(auth_views.PasswordChangeView):
    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("home")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {"title": _("Change password"), "tabs": own_tabs(person_of(self.request))}

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        person = person_of(self.request)
        services.note_password_changed(form.user)
        access.note(AccessKind.PASSWORD, person, request=self.request)
        sessions.end_others(person, self.request.session.session_key)
        messages.success(self.request, _("Your password has been changed."))
        return answer


# sessions


@require_GET
def own_sessions(request: HttpRequest) -> HttpResponse:
    """Where one is logged in, with a way to end each."""
    person = person_of(request)
    context = {
        "title": _("Sessions"),
        "tabs": own_tabs(person),
        "sessions": sessions.of_person(person),
        "here": request.session.session_key,
    }
    return render(request, "accounts/sessions.html", context)


@require_POST
def end_session(request: HttpRequest, pk: int) -> HttpResponse:
    """Log one other browser out."""
    person = person_of(request)
    session = get_object_or_404(LoginSession.objects.filter(person=person), pk=pk)
    if session.session_key == request.session.session_key:
        messages.info(request, _("This is the session you are in: log out to end it."))
        return redirect("accounts:sessions")
    sessions.end(session)
    access.note(AccessKind.SESSION_ENDED, person, request=request, detail=session.device)
    messages.success(request, _("The session is ended."))
    return redirect("accounts:sessions")


@require_POST
def end_others(request: HttpRequest) -> HttpResponse:
    """Log out everywhere but here."""
    person = person_of(request)
    count = sessions.end_others(person, request.session.session_key)
    if count:
        access.note(AccessKind.SESSION_ENDED, person, request=request, detail=f"{count}")
    messages.success(
        request,
        ngettext("%(count)d session is ended.", "%(count)d sessions are ended.", count)
        % {"count": count},
    )
    return redirect("accounts:sessions")


# two-step login


@never_cache
@require_http_methods(["GET", "POST"])
def two_step(request: HttpRequest) -> HttpResponse:
    """How it stands; turning it on with a code that the telephone shows."""
    person = person_of(request)
    if second_factor.is_on(person):
        return _two_step_on(request, person, OwnPasswordCheckForm(user=person))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            codes = second_factor.confirm(person, form.cleaned_data["code"])
            if codes is not None:
                return _show_codes(request, person, codes)
            form.add_error(
                "code",
                _("This code is wrong. Look whether the telephone's clock is right, then retry."),
            )
        except second_factor.TryLater as error:
            form.add_error("code", wait_words(error.wait_s))
    device = second_factor.begin(person)
    context = {
        "title": _("Two-step login"),
        "tabs": own_tabs(person),
        "form": form,
        "qr_code": _drawn(device.config_url),
        "secret": second_factor.secret_text(device),
    }
    return render(request, "accounts/two_step.html", context)


@never_cache
@require_POST
def two_step_off(request: HttpRequest) -> HttpResponse:
    """Turn it off, with the password."""
    person = person_of(request)
    form = OwnPasswordCheckForm(request.POST, user=person)
    if not form.is_valid():
        return _two_step_on(request, person, form)
    second_factor.turn_off(person)
    messages.success(request, _("Two-step login is turned off."))
    return redirect("accounts:two_step")


@never_cache
@require_POST
def recovery_codes(request: HttpRequest) -> HttpResponse:
    """Ten new recovery codes, with the password."""
    person = person_of(request)
    if not second_factor.is_on(person):
        return redirect("accounts:two_step")
    form = OwnPasswordCheckForm(request.POST, user=person)
    if not form.is_valid():
        return _two_step_on(request, person, form)
    return _show_codes(request, person, second_factor.renew_codes(person))


def _two_step_on(request: HttpRequest, person: User, form: OwnPasswordCheckForm) -> HttpResponse:
    context = {
        "title": _("Two-step login"),
        "tabs": own_tabs(person),
        "form": form,
        "codes_left": second_factor.codes_left(person),
    }
    return render(request, "accounts/two_step_on.html", context)


def _show_codes(request: HttpRequest, person: User, codes: list[str]) -> HttpResponse:
    context = {"title": _("Recovery codes"), "codes": codes}
    return render(request, "accounts/recovery_codes.html", context)


def _drawn(text: str) -> SafeString:
    """A QR code as SVG in the page: dark on white also where the page is dark."""
    drawn = segno.make(text, micro=False, error="m").svg_inline(
        scale=4, border=3, dark="#101010", light="#ffffff", omitsize=False
    )
    return mark_safe(drawn)  # noqa: S308 - made here, and the text is not in it
