"""Forms of the orders to terminals."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

_MAX_TEXT = 60_000


class SettingsForm(forms.Form):
    """Settings as TOML."""

    text = forms.CharField(
        label=_("Settings (TOML)"),
        max_length=_MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 16, "spellcheck": "false", "class": "code"}),
        help_text=_(
            "judge, retention, upkeep, times of platform, and of a lane everything but its "
            "devices; named by number. They replace the settings sent before."
        ),
    )
    whole = forms.BooleanField(
        label=_("This is the whole file, devices and all"),
        required=False,
        help_text=_("Only so are addresses changed. The folder of the terminal's data stays."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Stays readable in the history.")
    )


class RulePackForm(forms.Form):
    """A limit table as JSON."""

    text = forms.CharField(
        label=_("Rule pack (JSON)"),
        max_length=_MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "code"}),
        help_text=_(
            "Give it a version and a first day of its own; a version that was sent once never "
            "changes."
        ),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Stays readable in the history.")
    )
