"""Forms of the ledger."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.law.credit_code import CreditCodeProblem, check_credit_code
from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.ledger.models import Gate, Lane, SourceUnit
from hengyuan.platform.regions.models import Level

_CREDIT_CODE_PROBLEMS = {
    CreditCodeProblem.LENGTH: _("A credit code has 18 characters."),
    CreditCodeProblem.CHARACTERS: _(
        "A credit code has digits and capital letters without I, O, S, V, Z."
    ),
    CreditCodeProblem.REGION: _("Characters 3 to 8 of a credit code are six digits."),
}


class UnitForm(forms.ModelForm):
    """A source unit; offers the counties and townships of the person's scope only."""

    cargo_codes = forms.MultipleChoiceField(
        label=_("cargo"),
        choices=list(CARGO_TYPES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    accept_credit_code = forms.BooleanField(
        label=_("The credit code was compared with the business licence"),
        required=False,
        help_text=_("Some genuine codes of the early years fail the check character."),
    )

    class Meta:
        model = SourceUnit
        fields = [
            "name",
            "credit_code",
            "kind",
            "grade",
            "state",
            "region",
            "township",
            "address",
            "longitude",
            "latitude",
            "legal_person",
            "contact_name",
            "contact_phone",
            "annual_throughput_t",
            "cargo_codes",
        ]

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        regions = visible_regions(user)
        counties: Any = self.fields["region"]
        counties.queryset = regions.counties()
        townships: Any = self.fields["township"]
        townships.queryset = regions.filter(level=Level.TOWNSHIP).select_related("parent")
        several = counties.queryset.count() > 1
        townships.label_from_instance = (
            (lambda township: f"{township.parent.name} {township.name}") if several else str
        )
        if not several:
            counties.initial = counties.queryset.first()
            counties.empty_label = None
        if self.instance.pk:
            # the code begins with the county and is never given again
            counties.disabled = True
        self.needs_licence_check = False

    def clean_credit_code(self) -> str:
        code: str = self.cleaned_data["credit_code"]
        if not code:
            return ""
        result = check_credit_code(code)
        if result.error and result.problem is not None:
            raise forms.ValidationError(_CREDIT_CODE_PROBLEMS[result.problem])
        if result.warning and not self.data.get(self.add_prefix("accept_credit_code")):
            self.needs_licence_check = True
            raise forms.ValidationError(
                _(
                    "The check character does not fit. Compare with the business licence; if the "
                    "code stands there like this, tick the box below and save again."
                )
            )
        return result.code

    def fields_to_save(self) -> dict[str, Any]:
        """What the service is given."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class GateForm(forms.ModelForm):
    class Meta:
        model = Gate
        fields = ["name", "direction"]


class LaneForm(forms.ModelForm):
    class Meta:
        model = Lane
        fields = ["name", "direction"]
