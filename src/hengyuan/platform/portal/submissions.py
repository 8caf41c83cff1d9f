"""Forms that anybody can send: what keeps programs from filling them, and a double click harmless.

No riddles and no foreign service: a field that people do not see, a mark in the form that says
when it was opened (signed, so it cannot be made up), and ceilings per address in the views.
"""

from __future__ import annotations

import secrets
import time
from typing import Any

from django import forms
from django.core import signing
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

MIN_FILLING_S = 2
MAX_FILLING_S = 12 * 3600
_SALT = "hengyuan.portal.submission"


def new_mark(opened_at_s: float | None = None) -> str:
    """The mark of a form that is opened now: a name of its own and the time, signed."""
    opened = time.time() if opened_at_s is None else opened_at_s
    return signing.dumps({"name": secrets.token_hex(16), "at": int(opened)}, salt=_SALT)


class PublicForm(forms.Form):
    """A form on a public page. Once valid, `submission` is its name: the same for a second click.

    A form that is sent again after an error keeps its mark, one that is too old gets a new one.
    """

    website = forms.CharField(
        label=gettext_lazy("Leave this empty"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )
    mark = forms.CharField(required=False, widget=forms.HiddenInput, max_length=300)

    submission: str = ""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(data, *args, **kwargs)
        self.fields["mark"].initial = new_mark
        for name, field in self.fields.items():
            if name not in {"website", "mark"} and isinstance(field.widget, forms.Textarea):
                field.widget.attrs["rows"] = 6

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("website"):
            raise forms.ValidationError(
                _("This looks as if a program had filled in the form. Leave the last field empty.")
            )
        self.submission = self._checked_mark(cleaned.get("mark") or "")
        return cleaned

    def _checked_mark(self, mark: str) -> str:
        try:
            said = signing.loads(mark, salt=_SALT)
            name, open_for_s = str(said["name"]), time.time() - int(said["at"])
        except (signing.BadSignature, KeyError, TypeError, ValueError):
            name, open_for_s = "", MAX_FILLING_S + 1
        if open_for_s > MAX_FILLING_S:
            self._renew_mark()
            raise forms.ValidationError(
                _("The form had been open for too long. Nothing is lost: send it once more.")
            )
        if open_for_s < MIN_FILLING_S:
            raise forms.ValidationError(_("That was very quick. Please send it once more."))
        return name

    def _renew_mark(self) -> None:
        data: Any = self.data
        renewed = data.copy()
        renewed["mark"] = new_mark()
        self.data = renewed
