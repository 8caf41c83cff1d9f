"""Forms of the ledger: units, and how they leave it and come back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.law.credit_code import CreditCodeProblem, check_credit_code
from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.ledger import queries
from hengyuan.platform.ledger.grading import suggested_grade
from hengyuan.platform.ledger.models import Grade, SourceUnit, SupervisionMode, WorkingState
from hengyuan.platform.ledger.positions import are_swapped
from hengyuan.platform.regions.models import Level
from hengyuan.platform.versioning import Stale

_CREDIT_CODE_PROBLEMS = {
    CreditCodeProblem.LENGTH: _("A credit code has 18 characters."),
    CreditCodeProblem.CHARACTERS: _(
        "A credit code has digits and capital letters without I, O, S, V, Z."
    ),
    CreditCodeProblem.REGION: _("Characters 3 to 8 of a credit code are six digits."),
}


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class UnitForm(forms.ModelForm):
    """A source unit; offers the counties and townships of the person's scope only."""

    cargo_codes = forms.MultipleChoiceField(
        label=_("cargo"),
        choices=list(CARGO_TYPES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    grade = forms.ChoiceField(
        label=_("grade"),
        choices=[("", _("By the yearly tonnage")), *Grade.choices],
        required=False,
    )
    accept_credit_code = forms.BooleanField(
        label=_("The credit code was compared with the business licence"),
        required=False,
        help_text=_("Some genuine codes of the early years fail the check character."),
    )
    accept_similar = forms.BooleanField(
        label=_("It is another unit than those named above"), required=False
    )

    class Meta:
        model = SourceUnit
        fields = [
            "name",
            "credit_code",
            "kind",
            "grade",
            "state",
            "supervision_mode",
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
        self._limit_places(user)
        state: Any = self.fields["state"]
        if self.instance.is_closed:
            # a closed unit comes back by being re-opened, with a reason
            state.disabled = True
        else:
            state.choices = [
                choice for choice in WorkingState.choices if choice[0] != WorkingState.CLOSED
            ]
        self.needs_licence_check = False
        self.similar: list[queries.SuspectedPair] = []
        self.stale: Stale | None = None
        if self.instance.pk:
            self.fields["read_at"] = forms.CharField(
                widget=forms.HiddenInput,
                required=False,
                initial=self.instance.updated_at.isoformat(),
            )

    def _limit_places(self, user: Any) -> None:
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

    def clean_read_at(self) -> datetime | None:
        """The state of the unit that the person had before them."""
        text = self.cleaned_data["read_at"]
        if not text:
            return None
        try:
            read_at = datetime.fromisoformat(text)
        except ValueError:
            read_at = None
        # whatever else was sent, it is no state that anybody can have read
        return read_at if read_at and read_at.tzinfo else datetime.fromtimestamp(0, UTC)

    def tell_stale(self, stale: Stale) -> None:
        """Say who changed what in between; saving again is then done knowingly."""
        self.stale = stale
        entered: Any = self.data
        entered = entered.copy()
        entered[self.add_prefix("read_at")] = stale.record.updated_at.isoformat()
        self.data = entered

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

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        county = cleaned.get("region")
        if county is None:
            return cleaned
        longitude, latitude = cleaned.get("longitude"), cleaned.get("latitude")
        known = longitude is not None and latitude is not None
        if known and are_swapped(county.pk, longitude, latitude):  # type: ignore[arg-type]
            self.add_error("longitude", _("Longitude and latitude are swapped."))
        if not cleaned.get("grade"):
            cleaned["grade"] = (
                suggested_grade(cleaned.get("annual_throughput_t")) or Grade.GENERAL
            ).value
        if self.instance.pk is None and cleaned.get("name") and not cleaned.get("accept_similar"):
            self._look_for_similar(cleaned)
        return cleaned

    def _look_for_similar(self, cleaned: dict[str, Any]) -> None:
        self.similar = queries.similar_units(
            name=cleaned["name"],
            county=cleaned["region"],
            credit_code=cleaned.get("credit_code", ""),
            longitude=cleaned.get("longitude"),
            latitude=cleaned.get("latitude"),
        )
        if self.similar:
            self.add_error(
                None,
                _("The ledger has units that look like this one. Is it one of them?"),
            )

    def fields_to_save(self) -> dict[str, Any]:
        """What the service is given."""
        return {name: self.cleaned_data[name] for name in self._meta.fields or ()}


class BulkForm(forms.Form):
    """What is to become of the units that are ticked."""

    change = forms.ChoiceField(
        label=_("With the units that are ticked"),
        choices=[
            ("grade", _("Set the grade by the yearly tonnage")),
            *(
                (f"mode-{mode}", _("Suggest: %s") % label)
                for mode, label in SupervisionMode.choices
            ),
        ],
    )

    def changes(self) -> dict[str, Any]:
        """The service's fields."""
        change = self.cleaned_data["change"]
        if change == "grade":
            return {"grade": lambda unit: suggested_grade(unit.annual_throughput_t)}
        return {"supervision_mode": change.removeprefix("mode-")}


class _PastDay(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=DayInput, initial=timezone.localdate, **kwargs)

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is not None and day > timezone.localdate():
            raise forms.ValidationError(_("The day lies ahead."))
        return day


class CloseForm(forms.Form):
    on = _PastDay(label=_("closed on"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Stays with the unit, such as: resources exhausted, licence withdrawn."),
    )


class ReopenForm(forms.Form):
    state = forms.ChoiceField(
        label=_("working state"),
        choices=[choice for choice in WorkingState.choices if choice[0] != WorkingState.CLOSED],
        initial=WorkingState.WORKING,
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=100, help_text=_("Stays readable in the history.")
    )


class MergeForm(forms.Form):
    """Which of two entries stays. The other one is closed and points to it."""

    kept = forms.ChoiceField(label=_("The entry that stays"), widget=forms.RadioSelect)
    take_over = forms.BooleanField(
        label=_("Fill in its blank facts from the other entry"), required=False, initial=True
    )
    on = _PastDay(label=_("merged on"))
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("Stays with the entry that is closed, such as: entered twice by two offices."),
    )

    def __init__(self, *args: Any, pair: tuple[SourceUnit, SourceUnit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept: Any = self.fields["kept"]
        kept.choices = [(unit.code, f"{unit.name} {unit.code}") for unit in pair]
        # what terminals have signed stays with their unit: keep that one if only one has any
        with_terminals = [unit for unit in pair if unit.terminals.exists()]
        kept.initial = (with_terminals or sorted(pair, key=lambda unit: unit.pk))[0].code


class NotDuplicateForm(forms.Form):
    reason = forms.CharField(
        label=_("Why they are two units"),
        max_length=200,
        help_text=_("Such as: two sites of one company, different gates."),
    )
