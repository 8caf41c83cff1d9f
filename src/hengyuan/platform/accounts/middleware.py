"""What holds on every request of somebody who is logged in."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _

from hengyuan.platform.accounts import sessions


class PasswordChangeRequired(MiddlewareMixin):
    """A password that somebody else has chosen is good for one thing: choosing another."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        user = request.user
        if not user.is_authenticated or not user.must_change_password:
            return None
        allowed = {
            reverse("accounts:password"),
            reverse("accounts:logout"),
            reverse("theme"),
            reverse("set_language"),
        }
        if request.path in allowed:
            return None
        messages.info(request, _("Choose a password of your own first."))
        return redirect("accounts:password")


class SessionSeen(MiddlewareMixin):
    """Keeps the list of sessions: in which browser, from where, last seen when."""

    def process_request(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            sessions.note_seen(request)
