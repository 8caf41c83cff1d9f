"""Two people change the same thing at once: the second one is told, nothing is overwritten unseen.

A model that inherits `Versioned` counts its versions. A form that inherits `VersionedForm` carries
the version that its page was made from; the service takes the row with `locked(…, version)`, which
raises Stale where somebody has written since. `form.tell_stale(stale)` then shows who changed
what, keeps what was typed, and takes the next press of the button as meant with that knowledge.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from hengyuan.platform.audit import Entry

Record = TypeVar("Record", bound=models.Model)


class Versioned(models.Model):
    """Counts what is written to it: `step` before each save, in the transaction that locked it."""

    version = models.PositiveIntegerField(gettext_lazy("version"), default=1, editable=False)

    class Meta:
        abstract = True

    def step(self) -> None:
        """One version more, unless this is the first."""
        if self.pk is not None and not self._state.adding:
            self.version += 1


class Stale(ValueError):
    """Somebody else has written since the page was made; nothing was changed.

    `record` is what stands there now, `entries` what was written in between, newest first.
    """

    def __init__(self, record: Any, entries: list[Entry]) -> None:
        super().__init__(
            _("“%s” has been changed meanwhile. Look at what changed, then save again.") % record
        )
        self.record = record
        self.entries = entries


def locked(records: models.QuerySet[Record], pk: Any, version: int | None = None) -> Record:
    """The record, its row locked until the transaction ends. Stale on another version."""
    # keys are not changed, so rows that point here (a history names its author) can be written
    found: Any = records.select_for_update(of=("self",), no_key=True).get(pk=pk)
    if version is not None and found.version != version:
        raise Stale(found, _written_since(found, version))
    return found  # type: ignore[no-any-return]


def _written_since(record: Any, version: int) -> list[Entry]:
    from hengyuan.platform.audit import entries_of

    newer = record.history.filter(version__gt=version).select_related("history_user")
    return entries_of(list(newer[:20]))


class VersionedForm(forms.BaseModelForm):
    """Left of ModelForm: carries the version that was read, in a hidden field."""

    stale: Stale | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"] = forms.IntegerField(
            widget=forms.HiddenInput, min_value=1, initial=self.instance.version
        )

    @property
    def read_version(self) -> int:
        """The version that the person had before them. Only of a valid form."""
        return int(self.cleaned_data["version"])

    def values(self) -> dict[str, Any]:
        """What was entered, without the version."""
        return {name: value for name, value in self.cleaned_data.items() if name != "version"}

    def tell_stale(self, stale: Stale) -> None:
        """Say who changed what in between; saving again is then done knowingly."""
        self.stale = stale
        entered: Any = self.data
        entered = entered.copy()
        entered[self.add_prefix("version")] = str(stale.record.version)
        self.data = entered
