"""Forms about terminals."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.terminals.models import Terminal


class TerminalForm(forms.ModelForm):
    """A new terminal of one unit."""

    class Meta:
        model = Terminal
        fields = ["name", "gate"]

    def __init__(self, *args: Any, unit: SourceUnit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        gate: Any = self.fields["gate"]
        gate.queryset = unit.gates.all()


class ReasonForm(forms.Form):
    """Why a terminal is suspended, resumed or retired; it stays in the trail."""

    reason = forms.CharField(
        label=_("Reason"), max_length=100, help_text=_("Stays readable in the history.")
    )
