"""Rows of the sheet of source units: which unit is meant, and what the row makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from hengyuan.platform.ledger.grading import suggested_grade
from hengyuan.platform.ledger.importing.columns import GRADES, UNITS
from hengyuan.platform.ledger.importing.known import Known, Places
from hengyuan.platform.ledger.importing.plan import Action, Plan, RowPlan
from hengyuan.platform.ledger.importing.rows import RowReader
from hengyuan.platform.ledger.models import SourceUnit, WorkingState
from hengyuan.platform.ledger.positions import are_swapped, extent_of, is_plausible
from hengyuan.platform.ledger.similarity import plain_name
from hengyuan.platform.regions.models import Region

NEEDED = ("name", "region", "kind", "supervision_mode")
# column → field, of those that are taken over as they stand
_FIELDS = {
    name: name
    for name in (
        "name",
        "credit_code",
        "address",
        "kind",
        "cargo_codes",
        "annual_throughput_t",
        "grade",
        "supervision_mode",
        "state",
        "legal_person",
        "contact_name",
        "contact_phone",
        "longitude",
        "latitude",
        "closed_on",
        "closed_reason",
    )
}
_HEADINGS = _FIELDS | {"township": "township", "region": "region"}
_NEVER_CLEARED = {"name", "kind", "grade", "supervision_mode", "state"}
_SMALL_THROUGHPUT_T = 1_000


@dataclass(slots=True)
class PlannedUnit:
    """A unit that a row is about: a new one, one of the ledger, or none where it is unclear."""

    row: int
    unit: SourceUnit | None
    is_refused: bool

    @property
    def is_in_ledger(self) -> bool:
        return self.unit is not None and self.unit.pk is not None


class UnitRows:
    """Plans the rows one after the other and remembers which units they were."""

    def __init__(self, known: Known, plan: Plan) -> None:
        self._known = known
        self._plan = plan
        self._codes_left = dict(known.codes_left)
        # what has been seen: (what, value) → row number, whether that row gave a unit code
        self._seen: dict[tuple[str, ...], tuple[int, bool]] = {}
        self.by_name: dict[tuple[str, str], PlannedUnit] = {}
        self.by_pk: dict[int, PlannedUnit] = {}
        self.new: list[tuple[RowReader, SourceUnit]] = []

    def take(self, reader: RowReader) -> None:
        """Plan one row."""
        county = self._county(reader)
        unit = self._meant(reader, county)
        if unit is not None:
            county = unit.region
        self._check_twice(reader, county, unit)
        changes: tuple[Any, ...] = ()
        is_new = unit is None
        if is_new and not reader.is_given("code"):
            reader.need(*NEEDED)
        if not reader.is_refused and county is not None:
            unit = unit or SourceUnit(region=county)
            changes = self._put(reader, unit, county, is_new)
        if not reader.is_refused and unit is not None and is_new:
            self._enter(reader, unit)
        self._remember(reader, county, unit)
        self._conclude(reader, county, unit, is_new, changes)

    def code_of(self, pk: int) -> str:
        """The code of a unit of the ledger."""
        return self._known.units[pk].code

    def _county(self, reader: RowReader) -> Region | None:
        """The county that the row names; None where it names none, or none that will do."""
        if "region" not in reader.values:
            return None
        return county_named(reader, self._known.places)

    def _meant(self, reader: RowReader, county: Region | None) -> SourceUnit | None:
        """The unit of the ledger that the row is about: by unit code, credit code, name."""
        if reader.is_given("code"):
            return self._by_code(reader, county)
        if county is None:
            return None
        return self._by_credit(reader, county) or self._by_name(reader, county)

    def _by_code(self, reader: RowReader, county: Region | None) -> SourceUnit | None:
        unit = unit_with_code(reader, self._known)
        if unit is not None and county is not None and county.pk != unit.region_id:
            reader.error("county_fixed", "region", county=unit.region.name)
        return unit

    def _by_credit(self, reader: RowReader, county: Region) -> SourceUnit | None:
        code = reader.values.get("credit_code")
        if not code:
            return None
        found = _open_first(
            unit for unit in self._known.by_credit.get(code, ()) if unit.region_id == county.pk
        )
        if len(found) > 1:
            name = plain_name(reader.values.get("name", ""))
            same = [unit for unit in found if plain_name(unit.name) == name]
            if len(same) != 1:
                codes = "、".join(unit.code for unit in found)
                reader.error("credit_ambiguous", "credit_code", codes=codes)
                return None
            found = same
        return found[0] if found else None

    def _by_name(self, reader: RowReader, county: Region) -> SourceUnit | None:
        name = reader.values.get("name")
        if not name:
            return None
        found = _open_first(self._known.by_name.get((county.pk, plain_name(name)), ()))
        credit = reader.values.get("credit_code")
        if credit:
            other = [unit for unit in found if unit.credit_code]
            found = [unit for unit in found if not unit.credit_code]
            if other and not found:
                reader.error(
                    "twice_in_ledger", "name", code=other[0].code, credit=other[0].credit_code
                )
                return None
        if len(found) > 1:
            reader.error("unit_ambiguous", "name", name=name)
            return None
        return found[0] if found else None

    def _check_twice(
        self, reader: RowReader, county: Region | None, unit: SourceUnit | None
    ) -> None:
        """Refuse a row about a unit that an earlier row is about."""
        has_code = reader.is_given("code")
        for column, key in self._keys(reader, county, unit):
            earlier = self._seen.get(key)
            if earlier is None:
                self._seen[key] = (reader.row.number, has_code)
            # two sites of one company, or two units of one name, each with its own code
            elif key[0] == "unit" or not (has_code and earlier[1]):
                heading = UNITS.column(column).heading
                reader.error("twice_in_file", column, row=earlier[0], by=heading)
                return

    def _keys(
        self, reader: RowReader, county: Region | None, unit: SourceUnit | None
    ) -> list[tuple[str, tuple[str, ...]]]:
        keys: list[tuple[str, tuple[str, ...]]] = []
        if unit is not None:
            column = "code" if reader.is_given("code") else "name"
            column = "credit_code" if "credit_code" in reader.values else column
            keys.append((column, ("unit", str(unit.pk))))
        if county is not None and reader.values.get("credit_code"):
            key = ("credit", county.pk, reader.values["credit_code"])
            keys.append(("credit_code", key))
        if county is not None and reader.values.get("name"):
            keys.append(("name", ("name", county.pk, plain_name(reader.values["name"]))))
        return keys

    def _put(
        self, reader: RowReader, unit: SourceUnit, county: Region, is_new: bool
    ) -> tuple[Any, ...]:
        was_closed = unit.is_closed and not is_new
        renamed_from = unit.name if not is_new else ""
        wanted = {
            name: value
            for name, value in reader.wanted(_FIELDS).items()
            if value is not None or name not in _NEVER_CLEARED
        }
        if "township" in reader.values:
            wanted["township"] = self._township(reader, county)
        elif reader.clears and not reader.is_given("township"):
            wanted["township"] = None
        self._suggest_grade(reader, unit, wanted, is_new)
        changes = reader.put(unit, wanted, _HEADINGS)
        changed = set(wanted) if is_new else _names(changes)
        _check_position(reader, unit, county, changed)
        _check_throughput(reader, unit, changed)
        self._check_closing(reader, unit, was_closed)
        if not is_new and "credit_code" in changed:
            self._tell_same_credit(reader, unit)
        if renamed_from and "name" in changed and not reader.is_given("code"):
            reader.warn("name_changes", "name", name=renamed_from, code=unit.code)
        if not reader.is_refused:
            reader.check(unit, changed, _HEADINGS)
        return changes

    def _township(self, reader: RowReader, county: Region) -> Region | None:
        name = reader.values["township"]
        townships = self._known.places.townships.get(county.pk, {})
        found = townships.get(name) or townships.get(name.removeprefix(county.name))
        if found is None:
            names = [known for known in townships if not known.isdigit()]
            reader.error(
                "township_unknown",
                "township",
                county=county.name,
                hint=_hint(name, names),
                choices="、".join(names) or "—",
            )
        return found

    def _tell_same_credit(self, reader: RowReader, unit: SourceUnit) -> None:
        """Another unit has the code already: a company with several sites, or a slip."""
        others = self._known.by_credit.get(unit.credit_code, ())
        for other in [other for other in others if other is not unit][:1]:
            reader.warn("credit_elsewhere", "credit_code", name=other.name, code=other.code)

    def _suggest_grade(
        self, reader: RowReader, unit: SourceUnit, wanted: dict[str, Any], is_new: bool
    ) -> None:
        """A grade where a new unit has none; a word where the one that it has does not fit."""
        throughput_t = wanted.get("annual_throughput_t", unit.annual_throughput_t)
        suggested = suggested_grade(throughput_t)
        if suggested is None:
            return
        if is_new and "grade" not in wanted:
            wanted["grade"] = suggested.value
            reader.warn("grade_suggested", "grade", suggested=GRADES[suggested])
            return
        grade = wanted.get("grade", unit.grade)
        touched = grade != unit.grade or throughput_t != unit.annual_throughput_t
        if grade != suggested and (is_new or touched):
            reader.warn("grade_differs", "grade", suggested=GRADES[suggested])

    def _check_closing(self, reader: RowReader, unit: SourceUnit, was_closed: bool) -> None:
        if was_closed and not unit.is_closed:
            reader.error("reopening", "state")
        elif unit.is_closed:
            if not unit.closed_reason:
                heading = UNITS.column("closed_reason").heading
                reader.error("closed_reason_missing", "closed_reason", column=heading)
            unit.closed_on = unit.closed_on or timezone.localdate()
        else:
            for name in ("closed_on", "closed_reason"):
                if reader.is_given(name):
                    reader.error("closed_facts_alone", name, column=UNITS.column("state").heading)

    def _enter(self, reader: RowReader, unit: SourceUnit) -> None:
        self._codes_left[unit.region_id] -= 1
        if self._codes_left[unit.region_id] < 0:
            reader.error("county_full", "region", county=unit.region.name)

    def _remember(self, reader: RowReader, county: Region | None, unit: SourceUnit | None) -> None:
        planned = PlannedUnit(reader.row.number, unit, reader.is_refused)
        name = reader.values.get("name") or (unit.name if unit is not None else "")
        if county is not None and name:
            self.by_name.setdefault((county.pk, plain_name(name)), planned)
        if unit is not None and unit.pk is not None:
            self.by_pk.setdefault(unit.pk, planned)

    def _conclude(
        self,
        reader: RowReader,
        county: Region | None,
        unit: SourceUnit | None,
        is_new: bool,
        changes: tuple[Any, ...],
    ) -> None:
        action = Action.UNCHANGED
        if reader.is_refused or unit is None:
            action, changes = Action.REFUSED, ()
        elif is_new:
            action = Action.NEW
            self._plan.writes[SourceUnit].new.append(unit)
            self.new.append((reader, unit))
        elif changes:
            action = Action.CHANGED
            fields = _names(changes) | ({"closed_on"} if unit.is_closed else set())
            self._plan.writes[SourceUnit].change(unit, fields)
        name = str(reader.values.get("name") or (unit.name if unit is not None else ""))
        subject = f"{county.name if county else ''} {name}".strip()
        target = unit.code if unit is not None and not is_new else ""
        self._plan.rows.append(
            RowPlan(UNITS.name, reader.row.number, subject, target, action, changes)
        )


def county_named(reader: RowReader, places: Places) -> Region | None:
    """The county in a row's cell, by name or code; the row is refused where it is none in scope."""
    name = reader.values["region"]
    county = places.counties.get(name) or places.by_name.get(name)
    if county is None:
        in_scope = [places.counties[code].name for code in sorted(places.in_scope)]
        reader.error(
            "county_unknown",
            "region",
            hint=_hint(name, in_scope),
            choices="、".join(in_scope),
        )
        return None
    if county.pk not in places.in_scope:
        reader.error("county_foreign", "region", county=county.name)
        return None
    return county


def unit_with_code(reader: RowReader, known: Known) -> SourceUnit | None:
    """The unit in scope whose code the row gives; else the row is refused."""
    code = reader.values.get("code")
    if code is None:
        return None
    unit = known.by_code.get(code)
    if unit is None:
        county = known.places.counties.get(code[:6])
        if county is not None and county.pk not in known.places.in_scope:
            reader.error("county_foreign", "code", county=county.name)
        else:
            reader.error("code_unknown", "code")
    return unit


def _open_first(units: Any) -> list[SourceUnit]:
    """The open ones, or the closed ones where there are no others."""
    found = list(units)
    return [unit for unit in found if not unit.is_closed] or found


def _hint(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1, cutoff=0.5)
    if not close:
        close = [known for known in names if known.startswith(name) or name.startswith(known)][:1]
    return _("Is “%s” meant? ") % close[0] if close else ""


def _names(changes: tuple[Any, ...]) -> set[str]:
    headings = {UNITS.column(column).heading: name for name, column in _HEADINGS.items()}
    return {headings[change.heading] for change in changes}


def _check_position(reader: RowReader, unit: SourceUnit, county: Region, changed: set[str]) -> None:
    if not changed & {"longitude", "latitude"}:
        return
    if (unit.longitude is None) != (unit.latitude is None):
        reader.error("position_half", "latitude" if unit.latitude is None else "longitude")
    elif unit.longitude is not None and unit.latitude is not None:
        if are_swapped(county.pk, unit.longitude, unit.latitude):
            reader.error("position_swapped", "longitude")
        elif not is_plausible(county.pk, unit.longitude, unit.latitude):
            west, south, east, north = extent_of(county.pk)
            extent = f"{west}–{east}, {south}–{north}"
            reader.warn("position_far", "longitude", county=county.name, extent=extent)


def _check_throughput(reader: RowReader, unit: SourceUnit, changed: set[str]) -> None:
    throughput_t = unit.annual_throughput_t
    is_small = throughput_t is not None and 0 < throughput_t < _SMALL_THROUGHPUT_T
    if "annual_throughput_t" in changed and is_small and unit.state == WorkingState.WORKING:
        reader.warn("throughput_small", "annual_throughput_t", value=throughput_t)
