"""Forms of what stands at a unit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.ledger.forms import DayInput
from hengyuan.platform.ledger.models import Equipment, Gate, Lane, Scale, SourceUnit


class GateForm(forms.ModelForm):
    class Meta:
        model = Gate
        fields = ["name", "direction"]


class LaneForm(forms.ModelForm):
    class Meta:
        model = Lane
        fields = ["name", "direction"]


class _DeviceForm(forms.ModelForm):
    """A device of one unit: only its own gates and lanes are offered."""

    def __init__(self, *args: Any, unit: SourceUnit, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # the model asks its unit whether gate and lane fit
        self.instance.unit = unit
        gate: Any = self.fields["gate"]
        gate.queryset = unit.gates.all()
        gate.label_from_instance = lambda found: f"{found.number} {found.name}"
        lane: Any = self.fields["lane"]
        lane.queryset = Lane.objects.filter(gate__unit=unit).select_related("gate")
        lane.label_from_instance = lambda found: f"{found.gate.name} · {found.number} {found.name}"
        lane.help_text = _("The gate follows from the lane.")


class ScaleForm(_DeviceForm):
    class Meta:
        model = Scale
        fields = [
            "gate",
            "lane",
            "accuracy_class",
            "max_kg",
            "e_kg",
            "manufacturer",
            "model",
            "serial",
            "installed_on",
            "certificate_no",
            "verified_on",
            "certificate_expires_on",
        ]
        widgets = {
            "installed_on": DayInput,
            "verified_on": DayInput,
            "certificate_expires_on": DayInput,
        }


class EquipmentForm(_DeviceForm):
    class Meta:
        model = Equipment
        fields = [
            "kind",
            "position",
            "gate",
            "lane",
            "manufacturer",
            "model",
            "serial",
            "installed_on",
        ]
        widgets = {"installed_on": DayInput}
