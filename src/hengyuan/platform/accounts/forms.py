"""Forms of logging in and changing one's password."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.utils.translation import gettext_lazy as _


class LoginForm(AuthenticationForm):
    error_messages = {
        "invalid_login": _(
            "User name or password is wrong. Capital and small letters differ in the password."
        ),
        "inactive": _("This account is closed. Ask the head of your office."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("User name")


class OwnPasswordForm(PasswordChangeForm):
    """The one of Django: the old password is asked for, the new one held to the rules."""
