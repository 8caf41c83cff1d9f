"""Telephone numbers as people write them."""

from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

PHONE = RegexValidator(r"^[0-9+\- ]{5,20}$", _("Digits, spaces, + and - only."))
