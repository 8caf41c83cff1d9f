"""The form that takes a workbook."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.ledger.importing.package import MAX_BYTES


class ImportForm(forms.Form):
    """A workbook; what is in it is looked at by the dry run."""

    workbook = forms.FileField(
        label=_("Workbook (.xlsx)"),
        widget=forms.FileInput(attrs={"accept": ".xlsx"}),
        help_text=_("Nothing is written before you have seen and confirmed what would change."),
        allow_empty_file=True,
    )

    def clean_workbook(self) -> Any:
        upload = self.cleaned_data["workbook"]
        if upload.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %s MB. Remove pictures, or cut it by county.")
                % (MAX_BYTES // 1024 // 1024)
            )
        return upload
