"""A password that somebody else has chosen is good for one thing: choosing another."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.utils.translation import gettext as _


class PasswordChangeRequired(MiddlewareMixin):
    """Sends people whose password was given to them to the page where they choose their own."""

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
