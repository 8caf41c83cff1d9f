"""The part of the ledger that a workbook is compared with: what the person may write to."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.ledger.models import Equipment, Gate, Lane, Scale, SourceUnit
from hengyuan.platform.ledger.services import codes_left
from hengyuan.platform.ledger.similarity import Entry, plain_name
from hengyuan.platform.regions.models import Level, Region

if TYPE_CHECKING:
    from hengyuan.platform.accounts.models import User


@dataclass(slots=True)
class Places:
    """All counties by code and by name, those in scope, and their townships."""

    counties: dict[str, Region]
    in_scope: frozenset[str]
    townships: dict[str, dict[str, Region]]
    """County code → township by code and by name."""
    by_name: dict[str, Region] = field(init=False)

    def __post_init__(self) -> None:
        self.by_name = {county.name: county for county in self.counties.values()}


@dataclass(slots=True)
class Known:
    """Units in scope with what stands at them. Built once, then asked for row by row."""

    places: Places
    units: dict[int, SourceUnit]
    gates: dict[int, dict[int, Gate]]
    lanes: dict[int, dict[int, Lane]]
    scales: dict[int, dict[int, Scale]]
    equipment: dict[int, dict[int, Equipment]]
    codes_left: dict[str, int]
    by_code: dict[str, SourceUnit] = field(init=False)
    by_credit: dict[str, list[SourceUnit]] = field(init=False)
    by_name: dict[tuple[str, str], list[SourceUnit]] = field(init=False)

    def __post_init__(self) -> None:
        self.by_code = {unit.code: unit for unit in self.units.values()}
        self.by_credit = defaultdict(list)
        self.by_name = defaultdict(list)
        for unit in self.units.values():
            if unit.credit_code:
                self.by_credit[unit.credit_code].append(unit)
            self.by_name[unit.region_id, plain_name(unit.name)].append(unit)

    def entries(self) -> list[Entry]:
        """The open units as they are compared with new ones."""
        return [
            Entry(
                unit.pk,
                unit.name,
                unit.region_id,
                self.places.counties[unit.region_id].name,
                unit.credit_code,
                unit.longitude,
                unit.latitude,
            )
            for unit in self.units.values()
            if not unit.is_closed
        ]


def places_for(user: User | None) -> Places:
    """The places that a person may write to; all of them for nobody, who is the machine itself."""
    counties = {county.code: county for county in Region.objects.counties()}
    if user is None:
        in_scope = frozenset(counties)
        townships = Region.objects.filter(level=Level.TOWNSHIP)
    else:
        regions = visible_regions(user)
        in_scope = frozenset(regions.counties().values_list("code", flat=True))
        townships = regions.filter(level=Level.TOWNSHIP)
    by_county: dict[str, dict[str, Region]] = defaultdict(dict)
    for township in townships:
        below = by_county[township.parent_id or ""]
        below[township.code] = below[township.name] = township
    return Places(counties, in_scope, by_county)


def known_to(user: User | None, lock: bool = False) -> Known:
    """The ledger as the person may write to it. With `lock` nobody else changes these units, or
    enters others in these counties, until the transaction ends."""
    places = places_for(user)
    if lock:
        # in the order of their codes, as everybody who locks several counties
        list(
            Region.objects.select_for_update()
            .filter(code__in=places.in_scope)
            .order_by("code")
            .values_list("code")
        )
    units = SourceUnit.objects.filter(region__in=places.in_scope).order_by("pk")
    if lock:
        units = units.select_for_update(of=("self",))
    found = {unit.pk: unit for unit in units}
    for unit in found.values():
        # what is known already is not read again for every unit
        unit.region = places.counties[unit.region_id]
        if unit.township_id is not None:
            unit.township = places.townships[unit.region_id].get(unit.township_id)
    gates: dict[int, dict[int, Gate]] = defaultdict(dict)
    lanes: dict[int, dict[int, Lane]] = defaultdict(dict)
    scales: dict[int, dict[int, Scale]] = defaultdict(dict)
    equipment: dict[int, dict[int, Equipment]] = defaultdict(dict)
    for gate in Gate.objects.filter(unit__region__in=places.in_scope):
        gates[gate.unit_id][gate.number] = gate
    for lane in Lane.objects.filter(gate__unit__region__in=places.in_scope):
        lanes[lane.gate_id][lane.number] = lane
    for scale in Scale.objects.filter(unit__region__in=places.in_scope):
        scales[scale.unit_id][scale.number] = scale
    for thing in Equipment.objects.filter(unit__region__in=places.in_scope):
        equipment[thing.unit_id][thing.number] = thing
    return Known(places, found, gates, lanes, scales, equipment, codes_left(places.in_scope))
