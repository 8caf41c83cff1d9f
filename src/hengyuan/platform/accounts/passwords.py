"""Rules for passwords beside those of Django."""

from django.contrib.auth.password_validation import MinimumLengthValidator
from django.utils.translation import ngettext


class MinimumLength(MinimumLengthValidator):
    """Django's rule; its complaint has no Chinese of its own."""

    def get_error_message(self) -> str:
        return ngettext(
            "The password is too short: at least %(length)d character.",
            "The password is too short: at least %(length)d characters.",
            self.min_length,
        ) % {"length": self.min_length}
