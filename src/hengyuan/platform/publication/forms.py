"""Forms about publications."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.publication.drafting import DECIDED
from hengyuan.platform.publication.models import (
    TEXT_MAX_CHARS,
    Objection,
    PublicationList,
    PublicationRules,
    PublishedUnit,
)
from hengyuan.platform.publication.rules import Rules, normal_document_no


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options
    )


def _name_empty_choice(form: forms.BaseForm, label: Any) -> None:
    for name in ("mode", "department"):
        field: Any = form.fields[name]
        field.choices = [("", label), *(pair for pair in field.choices if pair[0])]


class VersionForm(forms.Form):
    """The version that the person looked at; writing upon another one is refused."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class TitleForm(VersionForm):
    title = forms.CharField(label=_("title"), max_length=100)


class UnitForm(forms.ModelForm):
    """What is decided of one unit on the draft. Any of it may wait."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    class Meta:
        model = PublishedUnit
        fields = list(DECIDED)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name_empty_choice(self, _("not decided"))

    def decided(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in DECIDED}


class BulkForm(forms.ModelForm):
    """The same for several units; what stays empty is not changed."""

    class Whom:
        CHOSEN = "chosen"
        EMPTY = "empty"
        ALL = "all"

    whom = forms.ChoiceField(
        label=_("For"),
        choices=[
            (Whom.CHOSEN, _("the ticked units")),
            (Whom.EMPTY, _("wherever it is empty")),
            (Whom.ALL, _("all units of the list")),
        ],
    )
    # versions of all rows as the page showed them, as row:version
    seen = forms.CharField(widget=forms.MultipleHiddenInput, required=False)
    rows = forms.CharField(widget=forms.MultipleHiddenInput, required=False)

    class Meta:
        model = PublishedUnit
        fields = list(DECIDED)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in DECIDED:
            self.fields[name].required = False
        _name_empty_choice(self, _("unchanged"))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and not self.decided():
            raise forms.ValidationError(_("Fill in at least one field to be set."))
        if not self.errors and not self.versions():
            raise forms.ValidationError(_("Tick the units that it is for."))
        return cleaned

    def decided(self) -> dict[str, str]:
        """What was filled in."""
        return {name: value for name in DECIDED if (value := self.cleaned_data.get(name))}

    @property
    def only_empty(self) -> bool:
        return bool(self.cleaned_data["whom"] == self.Whom.EMPTY)

    def versions(self) -> dict[int, int]:
        """The rows that are meant, with the version that was seen; malformed ones are left out."""
        seen: dict[int, int] = {}
        for pair in self._listed("seen"):
            row, _colon, version = pair.partition(":")
            if row.isdigit() and version.isdigit():
                seen[int(row)] = int(version)
        if self.cleaned_data.get("whom") != self.Whom.CHOSEN:
            return seen
        chosen = {int(row) for row in self._listed("rows") if row.isdigit()}
        return {row: version for row, version in seen.items() if row in chosen}

    def _listed(self, name: str) -> list[str]:
        data: Any = self.data
        return list(data.getlist(name)) if hasattr(data, "getlist") else []


class LeaveOutForm(VersionForm):
    reason = forms.CharField(
        label=_("Why is this unit not published?"),
        max_length=200,
        help_text=_("Every unit that should be published is; an exception is explained."),
    )


class ReasonOfAbsenceForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)
    reason = forms.CharField(label=_("reason"), max_length=200)


class StepForm(VersionForm):
    """A step that asks nothing but the confirmation."""


class ReasonForm(VersionForm):
    reason = forms.CharField(
        label=_("Reason"), max_length=100, help_text=_("Stays readable in the history.")
    )


class PublishForm(VersionForm):
    document_no = forms.CharField(
        label=_("document number"), max_length=40, help_text=_("Like 洪政公告〔2026〕3号.")
    )
    published_on = _day(_("published on"))
    objection_until = _day(_("objections until"))

    @staticmethod
    def suggested(found: PublicationList, rules: Rules) -> dict[str, Any]:
        """Today, the shortest period, and the county's own way of numbering."""
        today = timezone.localdate()
        previous = found.supersedes.document_no if found.supersedes else ""
        issuer = previous.partition("〔")[0]
        return {
            "document_no": f"{issuer}〔{today.year}〕号" if issuer else "",
            "published_on": today,
            "objection_until": rules.earliest_end(today),
        }

    def clean_document_no(self) -> str:
        return normal_document_no(self.cleaned_data["document_no"])


class FinaliseForm(VersionForm):
    final_document_no = forms.CharField(
        label=_("number of the final document"),
        max_length=40,
        required=False,
        help_text=_("Where the final list goes out under a number of its own."),
    )


class ObjectionForm(forms.ModelForm):
    """A letter, call or visit that a clerk enters."""

    class Meta:
        model = Objection
        fields = ["name", "contact", "unit", "via", "received_on", "text"]
        widgets: Mapping[str, forms.Widget] = {
            "text": forms.Textarea(attrs={"rows": 6}),
            "received_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts: Mapping[str, Any] = {
            "contact": _("Telephone or address. Seen by this county's office only."),
            "unit": _("Empty: the list as a whole, or a unit that is missing from it."),
        }

    def __init__(self, *args: Any, found: PublicationList, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit: Any = self.fields["unit"]
        unit.queryset = found.units.all()
        unit.empty_label = _("The list as a whole")
        via: Any = self.fields["via"]
        # what comes through the portal enters itself
        via.choices = [
            choice for choice in Objection.Via.choices if choice[0] != Objection.Via.PORTAL
        ]


class AnswerForm(VersionForm):
    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[
            (Objection.State.UPHELD, Objection.State.UPHELD.label),
            (Objection.State.REJECTED, Objection.State.REJECTED.label),
        ],
        widget=forms.RadioSelect,
    )
    strike = forms.BooleanField(
        label=_("Take the unit off the list"),
        required=False,
        help_text=_("The published document stays; the final list leaves the unit out."),
    )
    answer = forms.CharField(
        label=_("answer"), max_length=TEXT_MAX_CHARS, widget=forms.Textarea(attrs={"rows": 6})
    )

    def __init__(self, *args: Any, objection: Objection, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if objection.unit_id is None:
            del self.fields["strike"]


class RulesForm(forms.ModelForm):
    class Meta:
        model = PublicationRules
        fields = ["publish_by", "objection_days", "counting", "own_review"]
        widgets: Mapping[str, forms.Widget] = {
            "publish_by": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        }
