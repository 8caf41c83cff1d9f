"""Forms: what is held as evidence, and why it is let go again."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.history.models import EvidenceHold
from hengyuan.platform.terminals.models import Terminal


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


class HoldForm(forms.ModelForm):
    """Which records are kept: those of a terminal, or of a region where none is named."""

    terminal = forms.ModelChoiceField(
        Terminal.objects.none(),
        label=_("Terminal code"),
        to_field_name="code",
        required=False,
        widget=forms.TextInput,
        help_text=_("Empty: all terminals of the region."),
        error_messages={"invalid_choice": _("No terminal of your region has this code.")},
    )

    class Meta:
        model = EvidenceHold
        fields = [
            "case",
            "reason",
            "terminal",
            "region",
            "first_seq",
            "last_seq",
            "from_day",
            "to_day",
        ]
        widgets = {"from_day": _day(), "to_day": _day()}

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        visible: Any = Terminal.objects.visible_to(user)
        self.fields["terminal"].queryset = visible.select_related("unit")  # type: ignore[attr-defined]
        region: Any = self.fields["region"]
        region.queryset = visible_regions(user).order_by("code")
        region.required = False
        region.help_text = _("Not needed where a terminal is named.")

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("terminal"):
            found["region"] = found["terminal"].unit.region
        elif not found.get("region") and not self.errors:
            self.add_error("region", _("Name a terminal or a region."))
        return found


class LiftForm(forms.Form):
    """Why a hold is lifted."""

    lift_reason = forms.CharField(
        label=_("Why it is lifted"),
        max_length=500,
        help_text=_("Such as the number of the decision that closed the case."),
    )
