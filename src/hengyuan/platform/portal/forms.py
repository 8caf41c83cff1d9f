"""Forms of the portal: those of the public, and those of the offices that answer."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import MinLengthValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from hengyuan.law.plates import InvalidPlate, parse_plate, split_colour
from hengyuan.platform.accounts.models import User
from hengyuan.platform.ledger.models import SupervisionMode, UnitKind
from hengyuan.platform.portal import queries, receipts
from hengyuan.platform.portal.models import Outcome, Report, Topic
from hengyuan.platform.portal.pictures import (
    MAX_BYTES,
    MAX_PICTURES,
    Redrawn,
    UnusablePicture,
    redraw,
)
from hengyuan.platform.portal.submissions import PublicForm
from hengyuan.platform.publication.models import PublicationList, PublishedUnit
from hengyuan.platform.regions.models import Region
from hengyuan.platform.versioning import Stale
from hengyuan.record.ticket import BadTicket, Ticket, parse_ticket

# administrative offences older than two years are not pursued (行政处罚法, art. 36)
_PURSUED_FOR = timedelta(days=731)
# clocks of telephones differ
_AHEAD = timedelta(minutes=15)
_DATETIME_FORMAT = "%Y-%m-%dT%H:%M"


class UnitSearchForm(forms.Form):
    """What the published units are searched by; what cannot be is left out, not refused."""

    search = forms.CharField(
        label=gettext_lazy("Name or address"), required=False, max_length=50, strip=True
    )
    county = forms.ModelChoiceField(
        label=gettext_lazy("county"),
        queryset=Region.objects.none(),
        required=False,
        empty_label=gettext_lazy("All counties"),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("kind"),
        required=False,
        choices=[("", gettext_lazy("All kinds")), *UnitKind.choices],
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("supervision mode"),
        required=False,
        choices=[("", gettext_lazy("All modes")), *SupervisionMode.choices],
    )

    def __init__(self, *args: Any, counties: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        county: Any = self.fields["county"]
        county.queryset = counties

    def wanted(self) -> dict[str, Any]:
        """The fields that are filled in and valid."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class TicketForm(forms.Form):
    number = forms.CharField(
        label=gettext_lazy("Number of the weigh ticket"),
        max_length=300,
        help_text=gettext_lazy("As printed below the QR code: 14102451001-01-1234-9f3a1c2e"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "off"}),
    )

    def clean_number(self) -> Ticket:
        try:
            return parse_ticket(self.cleaned_data["number"])
        except BadTicket:
            raise forms.ValidationError(
                _("This is no ticket number. It has the form 14102451001-01-1234-9f3a1c2e.")
            ) from None


class ReceiptForm(forms.Form):
    receipt = forms.CharField(
        label=gettext_lazy("Receipt number"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
    )

    def clean_receipt(self) -> str:
        try:
            return receipts.normal_receipt(self.cleaned_data["receipt"])
        except receipts.BadReceipt as error:
            raise forms.ValidationError(str(error)) from None


class _ManyFiles(forms.FileInput):
    allow_multiple_selected = True


class PicturesField(forms.FileField):
    """Up to three pictures, drawn anew; the value is a list of `Redrawn`."""

    widget = _ManyFiles

    def clean(self, data: Any, initial: Any = None) -> list[Redrawn]:
        files = [file for file in data or [] if file]
        if len(files) > MAX_PICTURES:
            raise forms.ValidationError(_("At most %s pictures.") % MAX_PICTURES)
        made, problems = [], []
        for file in files:
            try:
                made.append(self._redrawn(super().clean(file, initial)))
            except forms.ValidationError as error:
                problems += error.messages
            except UnusablePicture as error:
                problems.append(f"{file.name}: {error}")
        if problems:
            raise forms.ValidationError(problems)
        return made

    def _redrawn(self, file: UploadedFile) -> Redrawn:
        if file.size is None or file.size > MAX_BYTES:
            raise UnusablePicture(
                _("The picture is larger than %s MB. Send a smaller one.") % (MAX_BYTES >> 20)
            )
        return redraw(file.read())


class ReportForm(PublicForm):
    """A report (举报)."""

    topic = forms.ChoiceField(
        label=gettext_lazy("What happened?"), choices=Topic.choices, widget=forms.RadioSelect
    )
    region = forms.ModelChoiceField(
        label=gettext_lazy("In which county?"),
        queryset=Region.objects.none(),
        empty_label=gettext_lazy("Choose"),
    )
    place = forms.CharField(
        label=gettext_lazy("Where?"),
        max_length=200,
        help_text=gettext_lazy("The source unit, the road and kilometre, or the village."),
    )
    happened_at = forms.DateTimeField(
        label=gettext_lazy("When?"),
        input_formats=[_DATETIME_FORMAT, "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S"],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_DATETIME_FORMAT),
        help_text=gettext_lazy("As exactly as you know."),
    )
    plate = forms.CharField(
        label=gettext_lazy("Plate of the truck"),
        required=False,
        max_length=16,
        help_text=gettext_lazy("If you saw it; a part of it helps, too."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    description = forms.CharField(
        label=gettext_lazy("What did you see?"),
        max_length=2000,
        validators=[
            MinLengthValidator(10, gettext_lazy("A few words more: at least 10 characters."))
        ],
        widget=forms.Textarea,
    )
    pictures = PicturesField(
        label=pgettext_lazy("report", "Pictures"),
        required=False,
        help_text=gettext_lazy(
            "Up to three, JPEG or PNG, 10 MB each. Place and device are taken out of them."
        ),
        widget=_ManyFiles(attrs={"accept": "image/jpeg,image/png", "multiple": True}),
    )
    contact_name = forms.CharField(
        label=gettext_lazy("Your name"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact = forms.CharField(
        label=gettext_lazy("Telephone or e-mail"), required=False, max_length=60
    )
    # the published unit whose page the person came from
    unit = forms.CharField(required=False, widget=forms.HiddenInput, max_length=11)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        region: Any = self.fields["region"]
        region.queryset = queries.counties()
        latest = timezone.localtime().strftime(_DATETIME_FORMAT)
        self.fields["happened_at"].widget.attrs["max"] = latest

    def clean_plate(self) -> str:
        """As it is stored; one that was read in part stays as it was typed."""
        typed = self.cleaned_data["plate"]
        try:
            return parse_plate(typed).text if typed else ""
        except InvalidPlate:
            return split_colour(typed)[1][:16]

    def clean_happened_at(self) -> Any:
        at = self.cleaned_data["happened_at"]
        if at > timezone.now() + _AHEAD:
            raise forms.ValidationError(_("This moment has not come yet."))
        if at < timezone.now() - _PURSUED_FOR:
            raise forms.ValidationError(_("What lies more than two years back is not pursued."))
        return at

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("contact_name") and not cleaned.get("contact"):
            self.add_error("contact", _("A name alone reaches nobody: add a telephone or e-mail."))
        return cleaned

    def published_unit(self) -> PublishedUnit | None:
        """The unit that is meant, if it is published and lies in the county that was chosen."""
        code = self.cleaned_data.get("unit")
        region = self.cleaned_data.get("region")
        if not code or region is None:
            return None
        return queries.public_units().filter(unit_code=code, list__region=region).first()


class ObjectionForm(PublicForm):
    """An objection (异议) to a list in its objection period."""

    unit = forms.ModelChoiceField(
        label=gettext_lazy("What is it about?"),
        queryset=PublishedUnit.objects.none(),
        required=False,
        empty_label=gettext_lazy("The list as a whole, or a unit that is missing from it"),
    )
    text = forms.CharField(
        label=gettext_lazy("Your objection"),
        max_length=2000,
        validators=[
            MinLengthValidator(10, gettext_lazy("A few words more: at least 10 characters."))
        ],
        widget=forms.Textarea,
    )
    name = forms.CharField(
        label=gettext_lazy("Your name, or that of your unit"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    contact = forms.CharField(
        label=gettext_lazy("Telephone or address"),
        max_length=100,
        help_text=gettext_lazy("Seen by the county's office only."),
    )

    def __init__(self, *args: Any, found: PublicationList, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unit: Any = self.fields["unit"]
        unit.queryset = found.units.filter(struck_by__isnull=True)


class VersionForm(forms.Form):
    """The version of the report that the person looked at; writing upon another is refused."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, report: Report, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"version": report.version})
        super().__init__(*args, **kwargs)
        self.report = report

    def tell_stale(self, stale: Stale) -> None:
        """Say so, keep what was typed, and take the next press of the button knowingly."""
        self.add_error(None, str(stale))
        data: Any = self.data
        renewed = data.copy()
        renewed["version"] = str(stale.record.version)
        self.data = renewed


class AssignForm(VersionForm):
    to = forms.ModelChoiceField(
        label=gettext_lazy("Who looks into it?"),
        queryset=User.objects.none(),
        empty_label=gettext_lazy("Choose"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to: Any = self.fields["to"]
        to.queryset = queries.checkers_of(self.report)


class CheckForm(VersionForm):
    outcome = forms.ChoiceField(
        label=gettext_lazy("outcome"), choices=Outcome.choices, widget=forms.RadioSelect
    )
    findings = forms.CharField(
        label=gettext_lazy("findings"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("For the offices alone; the person who reported does not see it."),
    )


class AnswerForm(VersionForm):
    answer = forms.CharField(
        label=gettext_lazy("public answer"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy(
            "Whoever has the receipt number reads it: no names, plates or telephone numbers."
        ),
    )


class PassOnForm(VersionForm):
    to = forms.ModelChoiceField(
        label=gettext_lazy("To which county?"),
        queryset=Region.objects.none(),
        empty_label=gettext_lazy("Choose"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=100,
        help_text=gettext_lazy("Stays readable in the history."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        to: Any = self.fields["to"]
        here = self.report.region
        to.queryset = Region.objects.counties().filter(parent_id=here.parent_id).exclude(pk=here.pk)
