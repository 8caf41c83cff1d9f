"""Forms that ask for pictures: which camera, when, what for."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.video.models import Purpose
from hengyuan.platform.video.queries import CameraRow
from hengyuan.platform.video.services import CLIP_LOOK_BACK, MAX_CLIP

_DATETIME_FORMAT = "%Y-%m-%dT%H:%M:%S"
_LENGTHS = (
    (30, _("30 seconds")),
    (60, _("1 minute")),
    (180, _("3 minutes")),
    (300, _("5 minutes")),
    (int(MAX_CLIP.total_seconds()), _("10 minutes")),
)


class LiveForm(forms.Form):
    """What a camera is watched for; the camera is the button that is pressed."""

    purpose = forms.ChoiceField(
        label=_("Purpose"), choices=Purpose.choices, help_text=_("Noted with your name and time.")
    )
    camera = forms.CharField(max_length=40, widget=forms.HiddenInput, required=True)


class ClipForm(forms.Form):
    """A span of the past of one camera."""

    camera = forms.ChoiceField(label=_("Camera"))
    begins_at = forms.DateTimeField(
        label=_("Begins at"),
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": "1"}, format=_DATETIME_FORMAT
        ),
        input_formats=[_DATETIME_FORMAT, "%Y-%m-%dT%H:%M"],
    )
    seconds = forms.TypedChoiceField(label=_("Duration"), choices=_LENGTHS, coerce=int, initial=60)
    clip_purpose = forms.ChoiceField(label=_("Purpose"), choices=Purpose.choices)
    note = forms.CharField(
        label=_("Note"),
        max_length=200,
        required=False,
        help_text=_("For example the plate, or the number of the case."),
    )

    def __init__(self, *args: Any, cameras: list[CameraRow], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["camera"]
        field.choices = [(camera.name, camera.label) for camera in cameras]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        begins_at, seconds = cleaned.get("begins_at"), cleaned.get("seconds")
        if begins_at is None or seconds is None:
            return cleaned
        now = timezone.now()
        cleaned["ends_at"] = begins_at + timedelta(seconds=seconds)
        if cleaned["ends_at"] > now:
            self.add_error(
                "begins_at",
                ValidationError(_("This is not over yet: a clip can be taken of the past only.")),
            )
        if begins_at < now - CLIP_LOOK_BACK:
            self.add_error("begins_at", ValidationError(_("No terminal keeps recordings so long.")))
        return cleaned
