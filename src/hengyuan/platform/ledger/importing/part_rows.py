"""Rows about what stands at a unit: gates with their lanes, scales, other equipment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from hengyuan.platform.ledger.importing.columns import EQUIPMENT, LANES, SCALES, UNITS, Sheet
from hengyuan.platform.ledger.importing.known import Known
from hengyuan.platform.ledger.importing.plan import (
    Action,
    FieldChange,
    Plan,
    RowPlan,
)
from hengyuan.platform.ledger.importing.rows import RowReader
from hengyuan.platform.ledger.importing.unit_rows import (
    PlannedUnit,
    UnitRows,
    county_named,
    unit_with_code,
)
from hengyuan.platform.ledger.models import (
    AccuracyClass,
    Equipment,
    Gate,
    Lane,
    Scale,
    SourceUnit,
)
from hengyuan.platform.ledger.similarity import plain_name
from hengyuan.platform.regions.models import Region

_GATE_FIELDS = {"gate_name": "name", "gate_direction": "direction"}
_LANE_FIELDS = {"lane_name": "name", "lane_direction": "direction"}
_TYPE_PLATE = {name: name for name in ("manufacturer", "model", "serial", "installed_on")}
_SCALE_FIELDS = _TYPE_PLATE | {
    name: name
    for name in (
        "accuracy_class",
        "e_kg",
        "max_kg",
        "certificate_no",
        "verified_on",
        "certificate_expires_on",
    )
}
_EQUIPMENT_FIELDS = _TYPE_PLATE | {"kind": "kind", "position": "position"}
_NEVER_CLEARED = {"name", "direction", "kind"}
# Max / e by class, OIML R 76 table 3
_INTERVALS = {AccuracyClass.III: (500, 10_000), AccuracyClass.IIII: (100, 1_000)}


@dataclass(slots=True)
class Site:
    """A unit with what stands at it, from the ledger and from the rows before."""

    unit: SourceUnit
    gates: dict[int, Gate] = field(default_factory=dict)
    lanes: dict[tuple[int, int], Lane] = field(default_factory=dict)
    scales: dict[int, Scale] = field(default_factory=dict)
    equipment: dict[int, Equipment] = field(default_factory=dict)
    # row in which something was named first
    gate_rows: dict[int, int] = field(default_factory=dict)
    rows: dict[tuple[str, int, int | None], int] = field(default_factory=dict)
    serials: dict[tuple[str, str], int] = field(default_factory=dict)


class PartRows:
    """Plans the rows of the three sheets; the units' sheet has been planned before."""

    def __init__(self, known: Known, units: UnitRows, plan: Plan) -> None:
        self._known = known
        self._units = units
        self._plan = plan
        self._sites: dict[int, Site] = {}

    def take(self, reader: RowReader) -> None:
        """Plan one row of any of the three sheets."""
        take = {LANES: self._lane, SCALES: self._scale, EQUIPMENT: self._equipment}[reader.sheet]
        self._planned(reader, take)

    def _planned(
        self, reader: RowReader, take: Callable[[RowReader, Site], tuple[Action, Any]]
    ) -> None:
        site = self._site(reader)
        action: Action = Action.REFUSED
        changes: tuple[FieldChange, ...] = ()
        if site is not None and not reader.is_refused:
            action, changes = take(reader, site)
        if reader.is_refused:
            action, changes = Action.REFUSED, ()
        unit = site.unit if site is not None else None
        name = unit.name if unit is not None else reader.values.get("name", "")
        subject = " ".join([str(name), *_numbers(reader)]).strip()
        target = unit.code if unit is not None and unit.pk is not None else ""
        self._plan.rows.append(
            RowPlan(reader.sheet.name, reader.row.number, subject, target, action, changes)
        )

    def _site(self, reader: RowReader) -> Site | None:
        unit = self._unit(reader)
        if unit is None:
            return None
        if unit.is_closed:
            reader.error("unit_closed", "name" if reader.is_given("name") else "code")
            return None
        return self._sites.setdefault(id(unit), self._known_site(unit))

    def _known_site(self, unit: SourceUnit) -> Site:
        site = Site(unit)
        if unit.pk is None:
            return site
        site.gates = dict(self._known.gates.get(unit.pk, {}))
        for gate in site.gates.values():
            gate.unit = unit
            for number, lane in self._known.lanes.get(gate.pk, {}).items():
                lane.gate = gate
                site.lanes[gate.number, number] = lane
        site.scales = dict(self._known.scales.get(unit.pk, {}))
        site.equipment = dict(self._known.equipment.get(unit.pk, {}))
        gates = {gate.pk: gate for gate in site.gates.values()}
        lanes = {lane.pk: lane for lane in site.lanes.values()}
        for device in (*site.scales.values(), *site.equipment.values()):
            # what is known already is not read again for every device
            device.unit = unit
            device.gate = gates.get(device.gate_id or 0)
            device.lane = lanes.get(device.lane_id or 0)
        return site

    def _unit(self, reader: RowReader) -> SourceUnit | None:
        """The unit that the row is of: by code, else by name and county."""
        if reader.is_given("code"):
            return unit_with_code(reader, self._known)
        if not reader.is_given("name"):
            reader.need("name")
        if reader.is_refused:
            return None
        county = county_named(reader, self._known.places) if reader.is_given("region") else None
        if reader.is_refused:
            return None
        name = reader.values["name"]
        found = self._called(name, county)
        if len(found) > 1:
            reader.error("unit_ambiguous", "name", name=name)
            return None
        if not found:
            reader.error("unit_unknown", "name", name=name, sheet=UNITS.name)
            return None
        planned = found[0]
        if planned.unit is None or (planned.is_refused and not planned.is_in_ledger):
            reader.error("unit_refused", "name", sheet=UNITS.name, row=planned.row)
            return None
        return planned.unit

    def _called(self, name: str, county: Region | None) -> list[PlannedUnit]:
        plain = plain_name(name)
        counties = [county.pk] if county is not None else sorted(self._known.places.in_scope)
        found: list[PlannedUnit] = []
        for code in counties:
            planned = self._units.by_name.get((code, plain))
            if planned is not None:
                found.append(planned)
                continue
            known = self._known.by_name.get((code, plain), [])
            open_ones = [unit for unit in known if not unit.is_closed] or known
            found += [PlannedUnit(0, unit, False) for unit in open_ones]
        return found

    def _lane(self, reader: RowReader, site: Site) -> tuple[Action, Any]:
        reader.need("gate")
        if reader.is_refused:
            return Action.REFUSED, ()
        gate_number, lane_number = reader.values["gate"], reader.values.get("lane")
        self._check_once(reader, site, "lane" if lane_number else "gate", gate_number, lane_number)
        gate, is_new_gate = site.gates.get(gate_number), False
        if gate is None:
            gate, is_new_gate = Gate(unit=site.unit, number=gate_number), True
            reader.need("gate_name")
        wanted = _kept(reader.wanted(_GATE_FIELDS))
        self._check_gate_agrees(reader, site, gate, wanted)
        if lane_number is None:
            for name in ("lane_name", "lane_direction"):
                if reader.is_given(name):
                    reader.need("lane")
                    break
        if reader.is_refused:
            return Action.REFUSED, ()
        gate_changes = reader.put(gate, wanted, _by_field(_GATE_FIELDS))
        lane: Lane | None = None
        lane_changes: tuple[FieldChange, ...] = ()
        is_new_lane = False
        if lane_number is not None:
            lane = site.lanes.get((gate_number, lane_number))
            is_new_lane = lane is None
            lane = lane or Lane(gate=gate, number=lane_number)
            wanted_lane = reader.wanted(_LANE_FIELDS)
            if wanted_lane.get("direction", "") is None:
                del wanted_lane["direction"]
            lane_changes = reader.put(lane, wanted_lane, _by_field(_LANE_FIELDS))
        site.gates[gate_number] = gate
        site.gate_rows.setdefault(gate_number, reader.row.number)
        self._note(Gate, gate, is_new_gate, gate_changes, _by_field(_GATE_FIELDS), LANES)
        if lane is not None and lane_number is not None:
            site.lanes[gate_number, lane_number] = lane
            self._note(Lane, lane, is_new_lane, lane_changes, _by_field(_LANE_FIELDS), LANES)
        changes = (*gate_changes, *lane_changes)
        return _action(is_new_gate or is_new_lane, changes), changes

    def _check_gate_agrees(
        self, reader: RowReader, site: Site, gate: Gate, wanted: dict[str, Any]
    ) -> None:
        """Two rows of one gate must say the same of it."""
        first_row = site.gate_rows.get(gate.number)
        if first_row is None:
            return
        for column, name in _GATE_FIELDS.items():
            if name in wanted and wanted[name] != getattr(gate, name):
                reader.error("gate_name_differs", column, row=first_row)

    def _scale(self, reader: RowReader, site: Site) -> tuple[Action, Any]:
        reader.need("number")
        if reader.is_refused:
            return Action.REFUSED, ()
        self._check_once(reader, site, "number", reader.values["number"])
        scale = site.scales.get(reader.values["number"])
        is_new = scale is None
        scale = scale or Scale(unit=site.unit, number=reader.values["number"])
        wanted = reader.wanted(_SCALE_FIELDS) | self._place(reader, site, scale)
        if reader.is_refused:
            return Action.REFUSED, ()
        changes = reader.put(scale, wanted, _by_field(_SCALE_FIELDS))
        _check_scale(reader, scale, changes)
        return self._finish(reader, site, site.scales, scale, is_new, changes, wanted)

    def _equipment(self, reader: RowReader, site: Site) -> tuple[Action, Any]:
        reader.need("number")
        if reader.is_refused:
            return Action.REFUSED, ()
        self._check_once(reader, site, "number", reader.values["number"])
        thing = site.equipment.get(reader.values["number"])
        is_new = thing is None
        if is_new:
            reader.need("kind")
        thing = thing or Equipment(unit=site.unit, number=reader.values["number"])
        wanted = reader.wanted(_EQUIPMENT_FIELDS) | self._place(reader, site, thing)
        if wanted.get("kind", "") is None:
            del wanted["kind"]
        if reader.is_refused:
            return Action.REFUSED, ()
        changes = reader.put(thing, wanted, _by_field(_EQUIPMENT_FIELDS))
        return self._finish(reader, site, site.equipment, thing, is_new, changes, wanted)

    def _finish(
        self,
        reader: RowReader,
        site: Site,
        siblings: dict[int, Any],
        device: Any,
        is_new: bool,
        changes: tuple[FieldChange, ...],
        wanted: dict[str, Any],
    ) -> tuple[Action, Any]:
        self._check_serial(reader, site, siblings, device)
        headings = _by_field(_SCALE_FIELDS | _EQUIPMENT_FIELDS)
        if not reader.is_refused:
            reader.check(device, set(wanted) | {"number"}, headings)
        if reader.is_refused:
            return Action.REFUSED, ()
        siblings[device.number] = device
        self._note(type(device), device, is_new, changes, headings, reader.sheet)
        return _action(is_new, changes), changes

    def _place(self, reader: RowReader, site: Site, device: Any) -> dict[str, Any]:
        """Gate and lane at which a device stands. A device that moves to another gate leaves its
        lane, unless the row says in which it stands now."""
        wanted = reader.wanted({"gate": "gate", "lane": "lane"})
        number, lane_number = wanted.get("gate"), wanted.get("lane")
        if number is None:
            if lane_number is not None:
                reader.error("lane_without_gate", "lane")
            return dict.fromkeys(wanted)
        gate = site.gates.get(number)
        if gate is None:
            reader.error("gate_unknown", "gate", number=number, sheet=LANES.name)
            return {}
        found: dict[str, Any] = {"gate": gate}
        if lane_number is not None:
            lane = site.lanes.get((number, lane_number))
            if lane is None:
                reader.error(
                    "lane_unknown", "lane", gate=number, number=lane_number, sheet=LANES.name
                )
            found["lane"] = lane
        elif "lane" in wanted or (device.lane is not None and device.lane.gate != gate):
            found["lane"] = None
        return found

    def _check_once(
        self, reader: RowReader, site: Site, column: str, number: int, lane: int | None = None
    ) -> None:
        """Refuse a row about something that an earlier row of the sheet is about."""
        key = (reader.sheet.name, number, lane)
        earlier = site.rows.setdefault(key, reader.row.number)
        if earlier != reader.row.number:
            shown_number = number if lane is None else lane
            reader.error("number_twice", column, number=shown_number, row=earlier)

    def _check_serial(
        self, reader: RowReader, site: Site, siblings: dict[int, Any], device: Any
    ) -> None:
        if "serial" not in reader.values:
            return
        key = (reader.sheet.name, device.serial)
        earlier = site.serials.setdefault(key, reader.row.number)
        if earlier != reader.row.number:
            reader.error("serial_twice", "serial", row=earlier)
            return
        for other in siblings.values():
            if other is not device and other.pk and other.serial == device.serial:
                reader.error("serial_in_ledger", "serial", device=str(other), unit=site.unit.name)

    def _note(
        self,
        model: Any,
        record: Any,
        is_new: bool,
        changes: tuple[FieldChange, ...],
        headings: dict[str, str],
        sheet: Sheet,
    ) -> None:
        writes = self._plan.writes[model]
        if is_new:
            writes.new.append(record)
        elif changes and record.pk is not None:
            by_heading = {
                sheet.column(column).heading: name
                for name, column in headings.items()
                if any(known.field == column for known in sheet.columns)
            }
            writes.change(record, {by_heading[change.heading] for change in changes})


def _numbers(reader: RowReader) -> list[str]:
    """What of the unit the row is about, in the workbook's own words: 出口编号 1 车道编号 2."""
    fields = ("gate", "lane") if reader.sheet is LANES else ("number",)
    return [
        f"{reader.sheet.column(field).heading} {reader.values[field]}"
        for field in fields
        if field in reader.values
    ]


def _by_field(columns: dict[str, str]) -> dict[str, str]:
    """Field → column, with those of the place."""
    return {name: column for column, name in columns.items()} | {"gate": "gate", "lane": "lane"}


def _kept(wanted: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in wanted.items()
        if value is not None or name not in _NEVER_CLEARED
    }


def _action(is_new: bool, changes: tuple[FieldChange, ...]) -> Action:
    if is_new:
        return Action.NEW
    return Action.CHANGED if changes else Action.UNCHANGED


def _check_scale(reader: RowReader, scale: Scale, changes: tuple[FieldChange, ...]) -> None:
    ends = scale.certificate_expires_on
    if ends is not None and scale.verified_on is not None and ends <= scale.verified_on:
        column = "certificate_expires_on"
        if column not in reader.values:
            column = "verified_on"
        heading = SCALES.column("verified_on").heading
        reader.error("date_before", column, other=heading)
    elif "certificate_expires_on" in reader.values and ends and ends < timezone.localdate():
        reader.warn("certificate_expired", "certificate_expires_on", day=ends.isoformat())
    bounds = _INTERVALS.get(AccuracyClass(scale.accuracy_class)) if scale.accuracy_class else None
    if changes and bounds and scale.e_kg and scale.max_kg:
        count = scale.max_kg // scale.e_kg
        if not bounds[0] <= count <= bounds[1]:
            reader.warn(
                "scale_intervals",
                "e_kg" if reader.is_given("e_kg") else "max_kg",
                count=f"{count:,}",
                **{"class": scale.accuracy_class},
                low=f"{bounds[0]:,}",
                high=f"{bounds[1]:,}",
            )
