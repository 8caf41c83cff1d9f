"""Forms of the design page: one with every kind of field, and the sample list's filter."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.weighing import words


class SampleForm(forms.Form):
    """Checked like any other; nothing is stored."""

    name = forms.CharField(label=_("Name"), max_length=20)
    gross_kg = forms.IntegerField(
        label=_("Gross (kg)"), min_value=0, max_value=120_000, help_text=_("Whole kilograms.")
    )
    day = forms.DateField(label=_("Day"), help_text=_("As 2026-09-21."))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[("coal", _("Coal")), ("steel", _("Steel"))], required=False
    )
    mode = forms.ChoiceField(
        label=_("Supervision"),
        choices=[("post", _("Stationed")), ("round", _("By rounds"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("Remarks"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    agreed = forms.BooleanField(label=_("I have compared it with the document."))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") == "steel" and (data.get("gross_kg") or 0) < 1000:
            raise forms.ValidationError(
                _("Steel of less than 1000 kg: enter the gross mass, not the load's.")
            )
        return data


class SampleFilter(forms.Form):
    search = forms.CharField(label=_("Plate or source unit"), required=False, max_length=100)
    verdict = forms.ChoiceField(
        label=_("Verdict"),
        required=False,
        choices=[("", _("All verdicts")), *((v, words.VERDICTS[v]) for v in ("over", "pass"))],
    )
