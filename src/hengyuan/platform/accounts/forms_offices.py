"""Forms about offices, their people, and those responsible in townships."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.establishing import usual_name
from hengyuan.platform.accounts.models import (
    Invitation,
    Office,
    OfficeKind,
    Role,
    TownshipLead,
    User,
    head_role,
    roles_of,
)
from hengyuan.platform.accounts.queries import counties_without_office
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.regions.models import Region
from hengyuan.platform.versioning import VersionedForm

# what tells one office of a kind from another
_ASKED_OF_KIND = {OfficeKind.DEPARTMENT: "department", OfficeKind.SOURCE_UNIT: "source_unit"}


def _day() -> forms.DateInput:
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


def tell_problems(form: forms.BaseForm, error: ValidationError) -> None:
    """What a service found wrong, at the fields where it was entered."""
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, problems in error.error_dict.items():
        form.add_error(field if field in form.fields else None, problems)


def role_choices(kind: str) -> list[tuple[str, Any]]:
    """The roles of an office of that kind, the one that leads it first."""
    return [(role.value, role.label) for role in Role if role in roles_of(kind)]


class NewOfficeForm(forms.ModelForm):
    """An office that the person's own office looks after: below it, or a department beside it."""

    class Meta:
        model = Office
        fields = ["region", "department", "source_unit", "name", "duty_phone", "address"]

    def __init__(self, *args: Any, user: User, kind: OfficeKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        office: Any = user.office
        self.own_region: Region = office.region
        needed = _ASKED_OF_KIND.get(kind, "region")
        for name in {"region", "department", "source_unit"} - {needed}:
            del self.fields[name]
        asked: Any = self.fields[needed]
        asked.required = True
        if needed == "region":
            asked.queryset = counties_without_office(user)
        elif needed == "source_unit":
            units = SourceUnit.objects.visible_to(user).kept().filter(office=None)
            asked.queryset = units.order_by("name")
        self.fields["name"].required = False
        self.fields["name"].help_text = _("As on the door plate; left empty, the usual name.")

    def wanted(self) -> dict[str, Any]:
        """The fields of the office; of a valid form."""
        values = dict(self.cleaned_data)
        unit: SourceUnit | None = values.get("source_unit")
        region: Region = unit.region if unit else values.get("region", self.own_region)
        name = values.pop("name") or (
            unit.name if unit else usual_name(region, values.get("department", ""))
        )
        return values | {"kind": self.kind, "region": region, "name": name}

    def _post_clean(self) -> None:
        """Nothing: the service checks the whole office, half of it here would be wrong."""


class OfficeForm(VersionedForm, forms.ModelForm):
    """Name, telephone and address; kind and region stay what they were made for."""

    class Meta:
        model = Office
        fields = ["name", "duty_phone", "address"]

    def __init__(self, *args: Any, may_rename: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not may_rename:
            del self.fields["name"]


class ReasonForm(forms.Form):
    """Why; it stays in the history."""

    reason = forms.CharField(
        label=_("Reason"), max_length=100, help_text=_("Stays readable in the history.")
    )


class InviteForm(forms.ModelForm):
    """Who is to work in an office, and as what."""

    class Meta:
        model = Invitation
        fields = ["display_name", "role", "phone"]

    def __init__(self, *args: Any, office: Office, leads: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles: Any = self.fields["role"]
        roles.choices = role_choices(office.kind)
        # an office without a head is given one first
        roles.initial = "" if leads else head_role(office.kind).value


class PersonForm(VersionedForm, forms.ModelForm):
    """A person's name, telephone and role, by whoever appoints them."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=100,
        required=False,
        help_text=_("Stays readable in the history."),
    )

    class Meta:
        model = User
        fields = ["display_name", "phone", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role: Any = self.fields["role"]
        assert self.instance.office is not None
        role.choices = role_choices(self.instance.office.kind)
        role.required = True

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if "role" in self.changed_data and not cleaned.get("reason"):
            self.add_error("reason", _("Say why the role changes."))
        return cleaned


class LeaveForm(ReasonForm):
    """Who takes over, and why the person leaves."""

    successor = forms.ModelChoiceField(
        User.objects.none(), label=_("Who takes over"), required=False, empty_label=_("nobody")
    )

    field_order = ["successor", "reason"]

    def __init__(self, *args: Any, person: User, holds: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        successor: Any = self.fields["successor"]
        successor.queryset = (
            User.objects.active().filter(office=person.office).exclude(pk=person.pk)
        )
        successor.required = holds
        if holds:
            successor.empty_label = "---------"


class LeadForm(VersionedForm, forms.ModelForm):
    """A term in a township: to appoint somebody, and to correct what was entered."""

    class Meta:
        model = TownshipLead
        fields = ["name", "position", "duty_phone", "since"]
        widgets = {"since": _day()}


class ReleaseForm(ReasonForm):
    """When a term ends without a successor."""

    until = forms.DateField(label=_("in office until"), widget=_day(), initial=localdate)

    field_order = ["until", "reason"]
