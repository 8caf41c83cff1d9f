"""The trucks of a filled city.

A truck has a unit that it drives for on most days, one or two others, and is at one of them a day:
so it is never in two places at once. Which one follows from its number and the day alone. Its axles
and how the load lies on them are those of a measured truck; its plate is invented.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from hengyuan.law.limits import NotInForce, NotInTable, limit_for
from hengyuan.law.vehicles import Combination, Vehicle, format_layout
from hengyuan.record.model import CombinationName, PlateColourName
from hengyuan.world.axle_records import AxleRecord
from hengyuan.world.fill.loads import empty_kg
from hengyuan.world.fill.units import Habits, fleet_size, regulars
from hengyuan.world.plates import PLATES, invented_plate, invented_trailer_plate
from hengyuan.world.trucks import YELLOW_FROM_KG
from hengyuan.world.vehicles import completed_spacings, vehicle_of

_MASK = 0xFFFF_FFFF
_AT_HOME, _AT_SECOND, _RESTS = 0.62, 0.80, 1.0
"""Of a truck's days: at its own unit up to the first, elsewhere up to the second, then nowhere."""
_VISITS = 0.04
"""Of the days of a truck that belongs to nobody, those on which it comes to some unit."""

# Which axle counts come how often, by kind of unit: assumed. Six axles carry coal and steel,
# four-axle tippers stone.
_AXLES: dict[str, dict[int, float]] = {
    "coal": {3: 2, 4: 16, 5: 9, 6: 72, 7: 1},
    "coke": {3: 1, 4: 9, 5: 10, 6: 79, 7: 1},
    "steel": {2: 2, 3: 3, 4: 12, 5: 16, 6: 66, 7: 1},
    "cement": {2: 3, 3: 8, 4: 38, 5: 10, 6: 41},
    "sand-stone": {2: 7, 3: 12, 4: 58, 5: 4, 6: 19},
    "freight-station": {2: 18, 3: 10, 4: 22, 5: 16, 6: 34},
    "logistics-park": {2: 34, 3: 12, 4: 18, 5: 14, 6: 22},
    "commercial-vehicles": {2: 4, 3: 8, 4: 18, 5: 46, 6: 24},
}


@dataclass(frozen=True, slots=True)
class FleetTruck:
    """A truck. Masses in kg, distances in mm."""

    number: int
    plate: str
    plate_colour: PlateColourName
    trailer_plate: str | None
    axles: int
    layout: str
    combination: CombinationName | None
    has_bogie: bool
    """A train whose tractor has two axles close together behind its steering axle."""
    shares: tuple[float, ...]
    """Of the gross mass, on each axle group."""
    spacings_mm: tuple[int, ...]
    tare_kg: int
    wear_kg: float
    """How much its tare changes from summer to winter."""
    bold: bool
    """Its driver loads more than others do."""
    units: tuple[int, ...]
    """Where it drives: places in the list of units, its own first; none belongs to nobody."""

    def limit_kg(self, knows_bogies: bool, day: date) -> tuple[int, bool] | None:
        """Its limit as a terminal finds it, and whether that is assumed; None without one."""
        drive_axles = 2 if knows_bogies and self.has_bogie else None
        return _limit(self.axles, self.combination, self.layout, drive_axles, day)

    def tare_on(self, day: date) -> float:
        """What it truly weighs empty on that day."""
        return self.tare_kg + self.wear_kg * ((day.toordinal() + self.number) % 365 / 182.5 - 1)


class Fleet:
    """All trucks of the city, the same ones for the same seed and units."""

    def __init__(self, habits: Sequence[Habits], records: Sequence[AxleRecord], seed: int) -> None:
        self._habits = habits
        self._seed = seed
        self._by_axles: dict[int, list[AxleRecord]] = defaultdict(list)
        for record in records:
            self._by_axles[record.axles].append(record)
        chance = random.Random(f"{seed}/fleet")
        self._offset = chance.randrange(PLATES)
        self._near: dict[str, list[int]] = defaultdict(list)
        for at, unit in enumerate(habits):
            self._near[unit.county].append(at)
        self.trucks = self._own(chance)
        self.trucks += self._strangers(len(self.trucks), chance)

    def at_work(self, day: date, units: frozenset[int]) -> dict[int, list[FleetTruck]]:
        """The trucks of that day by unit, of these units alone."""
        found: dict[int, list[FleetTruck]] = defaultdict(list)
        turn = day.toordinal() * 0x9E3779B1 + self._seed
        count = len(self._habits)
        for truck in self.trucks:
            mixed = _mixed(truck.number, turn)
            where = truck.units
            draw = (mixed & 0xFFFF) / 0x10000
            if not where:
                if draw >= _VISITS:
                    continue
                unit = (mixed >> 16) % count
            elif draw < _AT_HOME or (draw < _AT_SECOND and len(where) == 1):
                unit = where[0]
            elif draw < _AT_SECOND:
                unit = where[1 + (mixed >> 16) % (len(where) - 1)]
            else:
                continue
            if unit in units:
                found[unit].append(truck)
        return found

    def _own(self, chance: random.Random) -> list[FleetTruck]:
        wanted = [regulars(unit) for unit in self._habits]
        room = fleet_size(list(self._habits)) * 0.9 / sum(wanted)
        trucks: list[FleetTruck] = []
        for at, unit in enumerate(self._habits):
            for _ in range(max(2, round(wanted[at] * min(1.0, room)))):
                units = [at]
                if chance.random() < 0.45:
                    units.append(chance.choice(self._near[unit.county]))
                if chance.random() < 0.12:
                    units.append(chance.randrange(len(self._habits)))
                trucks.append(self._truck(len(trucks), unit.kind, tuple(units), chance))
        return trucks

    def _strangers(self, first: int, chance: random.Random) -> list[FleetTruck]:
        count = min(max(1, first // 8), max(0, PLATES - first))
        kinds = list(_AXLES)
        return [
            self._truck(first + number, chance.choice(kinds), (), chance) for number in range(count)
        ]

    def _truck(
        self, number: int, kind: str, units: tuple[int, ...], chance: random.Random
    ) -> FleetTruck:
        wanted = {axles: share for axles, share in _AXLES[kind].items() if axles in self._by_axles}
        axles = chance.choices(list(wanted), list(wanted.values()))[0]
        record = chance.choice(self._by_axles[axles])
        spacings = record.spacings_mm or completed_spacings(record.axles, record.length_mm)
        vehicle = vehicle_of(spacings)
        layout = vehicle.layout or (1,) * axles
        masses = iter(record.axle_kg)
        groups = [sum(next(masses) for _ in range(size)) for size in layout]
        tare_kg = empty_kg(axles, chance)
        plate_number = (self._offset + number) % PLATES
        combination = vehicle.combination
        return FleetTruck(
            number=number,
            plate=invented_plate(plate_number),
            plate_colour="yellow" if tare_kg >= YELLOW_FROM_KG else "blue",
            trailer_plate=invented_trailer_plate(plate_number)
            if combination is not Combination.RIGID and axles > 3
            else None,
            axles=axles,
            layout=format_layout(layout),
            combination=None if combination is None else combination.value,
            has_bogie=combination is Combination.ARTICULATED and layout[:2] == (1, 2),
            shares=tuple(group / sum(groups) for group in groups),
            spacings_mm=spacings,
            tare_kg=tare_kg,
            wear_kg=chance.uniform(-70, 70),
            bold=chance.random() < 0.1,
            units=units,
        )


def _mixed(number: int, turn: int) -> int:
    """32 bits of a truck and a day that look like chance."""
    value = (number * 0x85EBCA6B + turn) & _MASK
    value = ((value ^ (value >> 15)) * 0x2C1B3C6D) & _MASK
    value = ((value ^ (value >> 12)) * 0x297A2D39) & _MASK
    return value ^ (value >> 15)


@lru_cache(maxsize=65_536)
def _limit(
    axles: int,
    combination: CombinationName | None,
    layout: str,
    drive_axles: int | None,
    day: date,
) -> tuple[int, bool] | None:
    vehicle = Vehicle(
        axles=axles,
        combination=None if combination is None else Combination(combination),
        layout=tuple(int(group) for group in layout.split("+")),
        drive_axles=drive_axles,
    )
    try:
        limit = limit_for(vehicle, day)
    except (NotInTable, NotInForce):
        return None
    return limit.limit_kg, bool(limit.assumed)
