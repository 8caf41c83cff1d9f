"""Logging in and out, and changing one's own password."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import views as auth_views
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from hengyuan.platform.accounts import services
from hengyuan.platform.accounts.forms import LoginForm, OwnPasswordForm


class Login(auth_views.LoginView):
    template_name = "accounts/login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


class PasswordChange(auth_views.PasswordChangeView):
    template_name = "accounts/password.html"
    form_class = OwnPasswordForm
    success_url = reverse_lazy("home")

    def form_valid(self, form: Any) -> HttpResponse:
        answer = super().form_valid(form)
        services.note_password_changed(form.user)
        messages.success(self.request, _("Your password has been changed."))
        return answer


def locked_out(
    request: HttpRequest, response: HttpResponse | None = None, credentials: Any = None
) -> HttpResponse:
    """What is shown after too many failed tries, and until the lock runs out."""
    minutes = round(settings.AXES_COOLOFF_TIME * 60)
    context = {"minutes": minutes, "tries": settings.AXES_FAILURE_LIMIT}
    return render(request, "accounts/locked.html", context, status=429)
