"""What a person may ask of the list of records; the choices are those of their scope."""

from __future__ import annotations

import contextlib
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict
from django.urls import reverse_lazy
from django.utils.functional import Promise
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from hengyuan.law.bands import DEFAULT_BANDS, HEAVY_LISTS_KG
from hengyuan.law.codes import CARGO_TYPES
from hengyuan.law.regions import InvalidRegion, scope_prefix
from hengyuan.platform.accounts.scope import scope_of, visible_regions
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.regions.models import Level
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.weighing import words
from hengyuan.platform.weighing.chains import ChainRange, chain_range
from hengyuan.platform.weighing.filters import search_for
from hengyuan.platform.weighing.models import WeighingQuerySet
from hengyuan.platform.weighing.search import Search

ANY = ("", _("all"))
# A county has other units, a unit other terminals: the form is asked for again with the list.
_ASKS_AGAIN = {
    "hx-get": reverse_lazy("weighing:records"),
    "hx-trigger": "change consume",
    "hx-include": "closest form",
    "hx-target": "#record-search",
}
DIFFERENCES = {
    "verdict": _("Verdicts differ"),
    "limit": _("Limits differ"),
    "any": _("Verdict or limit differs"),
}


def _choices(names: words.Words) -> list[tuple[str, Any]]:
    return [ANY, *names.items()]


def band_choices() -> list[tuple[str, str]]:
    """The severity bands above the limit, lightest first."""
    return [
        (band.id, words.band_words(band.above_bp, band.upto_bp))
        for band in DEFAULT_BANDS
        if band.above_bp is not None
    ]


def heavy_choices() -> list[tuple[str, str]]:
    """The lists of the heaviest trucks; a truck is on one of them only."""
    return [(f"{kg // 1000}t", f"≥ {kg // 1000} t") for kg in sorted(HEAVY_LISTS_KG)]


class RecordFilterForm(forms.Form):
    """The filter of the records list. Without dates in the address it is today's."""

    from_day = forms.DateField(label=_("From"), required=False, widget=forms.DateInput)
    to_day = forms.DateField(label=_("To"), required=False, widget=forms.DateInput)
    region = forms.ChoiceField(
        label=_("County"), required=False, widget=forms.Select(attrs=_ASKS_AGAIN)
    )
    unit = forms.ModelChoiceField(
        SourceUnit.objects.none(),
        label=_("Source unit"),
        required=False,
        to_field_name="code",
        empty_label=ANY[1],
        widget=forms.Select(attrs=_ASKS_AGAIN),
    )
    terminal = forms.ModelChoiceField(
        Terminal.objects.none(),
        label=_("Terminal"),
        required=False,
        to_field_name="code",
        empty_label=ANY[1],
    )
    plate = forms.CharField(label=_("Plate"), required=False, max_length=16)
    verdict = forms.ChoiceField(
        label=_("Verdict"), required=False, choices=lambda: _choices(words.VERDICTS)
    )
    band = forms.ChoiceField(
        label=_("Overload rate"), required=False, choices=lambda: [ANY, *band_choices()]
    )
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=lambda: _choices(words.WANTED_KINDS)
    )
    flag = forms.ChoiceField(
        label=_("Flag"),
        required=False,
        choices=lambda: [ANY, ("any", _("with any flag")), *words.FLAGS.items()],
    )
    differs = forms.ChoiceField(
        label=_("Second judgement"), required=False, choices=lambda: [ANY, *DIFFERENCES.items()]
    )
    heavy = forms.ChoiceField(
        label=_("Heavy trucks"), required=False, choices=lambda: [ANY, *heavy_choices()]
    )
    hour = forms.TypedChoiceField(
        label=_("Hour"),
        required=False,
        coerce=int,
        empty_value=None,
        choices=lambda: [ANY, *((str(h), f"{h:02d}:00–{h:02d}:59") for h in range(24))],
    )
    cargo = forms.ChoiceField(
        label=_("Cargo"), required=False, choices=lambda: [ANY, *CARGO_TYPES.items()]
    )
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=64,
        widget=forms.TextInput(
            attrs={"placeholder": _("loading note, carrier, destination, operator")}
        ),
    )

    # Shown at once; the others stand behind "more".
    FIRST = ("from_day", "to_day", "region", "unit", "plate", "verdict")

    def __init__(self, data: QueryDict, user: Any) -> None:
        super().__init__(with_default_period(data))
        scope = scope_of(user)
        for name in ("from_day", "to_day"):
            self.fields[name].widget.input_type = "date"
            self.fields[name].widget.format = "%Y-%m-%d"
        if scope.unit_id is not None:
            del self.fields["region"], self.fields["unit"]
        else:
            self._offer_regions(user, scope.region_prefix)
            self._offer_units(user)
        self._offer_terminals(user)

    def _offer_regions(self, user: Any, own_prefix: str | None) -> None:
        below = visible_regions(user).filter(level__in=(Level.CITY, Level.COUNTY))
        choices = [
            (code, name)
            for code, name in below.values_list("code", "name")
            if scope_prefix(code) != own_prefix
        ]
        if self.data.get("region") and self.data["region"] not in dict(choices):
            self._forget_own_region(own_prefix)
        if choices:
            self.fields["region"].choices = [ANY, *choices]  # type: ignore[attr-defined]
        else:
            del self.fields["region"]

    def _forget_own_region(self, own_prefix: str | None) -> None:
        """One's own region is what one sees without choosing any."""
        with contextlib.suppress(InvalidRegion):
            if scope_prefix(self.data["region"]) == own_prefix:
                without = QueryDict(mutable=True)
                without.update(self.data)
                without["region"] = ""
                self.data = without

    def _offer_units(self, user: Any) -> None:
        units = SourceUnit.objects.visible_to(user).order_by("code")
        region = self.fields.get("region")
        chosen = self.data.get("region", "")
        if region is not None and chosen in dict(region.choices):  # type: ignore[attr-defined]
            units = units.filter(region__code__startswith=scope_prefix(chosen)) if chosen else units
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        if region is not None and (not chosen or chosen.endswith("00")):
            self._offer_only_chosen("unit")

    def _offer_terminals(self, user: Any) -> None:
        terminals = Terminal.objects.visible_to(user).order_by("code")
        unit = self.data.get("unit", "") if "unit" in self.fields else ""
        if unit:
            terminals = terminals.filter(unit__code=unit)
        self.fields["terminal"].queryset = terminals  # type: ignore[attr-defined]
        if "unit" in self.fields and not unit:
            self._offer_only_chosen("terminal")

    def _offer_only_chosen(self, name: str) -> None:
        """Keep a select short until the one before it is chosen; an address may still name any."""
        field: Any = self.fields[name]
        code = self.data.get(name) or None
        field.widget.choices = [ANY]
        if code:
            chosen = field.queryset.filter(code=code).first()
            if chosen is not None:
                field.widget.choices = [ANY, (code, str(chosen))]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        begin, end = found.get("from_day"), found.get("to_day")
        if begin and end and begin > end:
            self.add_error("to_day", _("The end of the period lies before its beginning."))
        return found

    @property
    def first(self) -> list[forms.BoundField]:
        """The fields that are always in sight."""
        return [self[name] for name in self.FIRST if name in self.fields]

    @property
    def more(self) -> list[forms.BoundField]:
        """The fields behind "more"."""
        return [self[name] for name in self.fields if name not in self.FIRST]

    @property
    def asks_for_more(self) -> bool:
        """True when one of the fields behind "more" is filled in."""
        return any(field.value() for field in self.more)

    def wanted(self) -> dict[str, Any]:
        """What was filled in and is valid."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if value not in (None, "") and name in self.fields
        }

    def search(self, records: WeighingQuerySet) -> Search:
        """The search for what was filled in, among these records of the person's scope."""
        return search_for(records, self.wanted(), of_one_unit="unit" not in self.fields)

    def description(self) -> list[tuple[str, str]]:
        """Label and value of what was asked for, in words: stands in exports and in their log."""
        said = []
        for name, value in self.wanted().items():
            field = self.fields[name]
            choices = dict(getattr(field, "choices", ())) if not hasattr(field, "queryset") else {}
            text = choices.get(str(value), value)
            said.append(
                (str(field.label), f"{text:%Y-%m-%d}" if isinstance(text, date) else str(text))
            )
        return said

    def query(self, **changes: str) -> str:
        """The address's query of this filter, with changes; what is empty is left out.

        Both dates stand in it even when empty: their absence means today.
        """
        values = {name: self.data.get(name, "") for name in self.fields} | changes
        return urlencode(
            {
                name: value
                for name, value in values.items()
                if value != "" or name in ("from_day", "to_day")
            }
        )

    def periods(self) -> list[dict[str, Any]]:
        """Ready-made periods: label, query and whether it is the present one."""
        now = (self.data.get("from_day", ""), self.data.get("to_day", ""))
        return [
            {
                "label": label,
                "query": self.query(from_day=begin, to_day=end),
                "is_chosen": (begin, end) == now,
            }
            for label, begin, end in _periods(localdate())
        ]


def with_default_period(data: QueryDict) -> QueryDict:
    """The same data; today is put in where it says nothing of a period."""
    if "from_day" in data or "to_day" in data:
        return data
    filled = data.copy()
    filled["from_day"] = filled["to_day"] = localdate().isoformat()
    return filled


def _periods(today: date) -> list[tuple[str | Promise, str, str]]:
    def day(ago: int) -> str:
        return (today - timedelta(days=ago)).isoformat()

    return [
        (_("Today"), day(0), day(0)),
        (_("Yesterday"), day(1), day(1)),
        (_("7 days"), day(6), day(0)),
        (_("30 days"), day(29), day(0)),
        (_("This month"), today.replace(day=1).isoformat(), day(0)),
        (_("Any time"), "", ""),
    ]


class ChainForm(forms.Form):
    """Which chain to export; once valid, `chosen` is the range in whole batches."""

    chosen: ChainRange

    terminal = forms.ModelChoiceField(
        Terminal.objects.none(),
        label=_("Terminal code"),
        to_field_name="code",
        widget=forms.TextInput,
        error_messages={"invalid_choice": _("No enrolled terminal of your region has this code.")},
    )
    first = forms.IntegerField(
        label=_("From number"), required=False, min_value=1, max_value=2**53 - 1
    )
    last = forms.IntegerField(
        label=_("To number"), required=False, min_value=1, max_value=2**53 - 1
    )

    def __init__(self, user: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        terminals = Terminal.objects.visible_to(user).exclude(public_key="").order_by("code")
        self.fields["terminal"].queryset = terminals.select_related("unit")  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and first > last:
            self.add_error("last", _("The last number lies before the first."))
        elif found.get("terminal"):
            chosen = chain_range(found["terminal"], first, last)
            if chosen is None:
                self.add_error("first", _("The terminal has no record in this range."))
            else:
                self.chosen = chosen
        return found
