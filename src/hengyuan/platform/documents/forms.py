"""Forms of an office's templates: one field a text block, and the upload of a Word template."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.documents.kinds import DocumentKind
from hengyuan.platform.documents.word_files import MAX_BYTES


class TextsForm(forms.Form):
    """The wording of one kind; what is wrong with it the service says."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)

    def __init__(self, *args: Any, kind: DocumentKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for block in kind.texts:
            widget: forms.Widget = (
                forms.Textarea(attrs={"rows": block.lines})
                if block.lines > 1
                else forms.TextInput()
            )
            self.fields[block.name] = forms.CharField(
                label=str(block.label),
                required=block.required,
                widget=widget,
                help_text=str(block.help_text),
                max_length=4000,
            )

    def texts(self) -> dict[str, str]:
        """What was typed, by block."""
        return {name: text for name, text in self.cleaned_data.items() if name != "version"}


class WordForm(forms.Form):
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    word = forms.FileField(
        label=_("Word template (.docx)"),
        widget=forms.ClearableFileInput(attrs={"accept": ".docx"}),
        help_text=_("At most 5 MB, without macros, objects and links to other files."),
    )

    def clean_word(self) -> Any:
        upload = self.cleaned_data["word"]
        if upload.size > MAX_BYTES:
            raise forms.ValidationError(
                _("The file is larger than %s MB.") % (MAX_BYTES // 1024 // 1024)
            )
        return upload


class ResetForm(forms.Form):
    version = forms.IntegerField(min_value=0)
    part = forms.ChoiceField(choices=[("texts", ""), ("word", "")])
