"""The trucks of the world: real masses and axles, invented plates, known truth."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from hengyuan.law.limits import limit_for
from hengyuan.law.vehicles import Layout, Vehicle
from hengyuan.law.verdict import Judgement, judge
from hengyuan.world.axle_records import AxleRecord
from hengyuan.world.plates import invented_plate, invented_trailer_plate
from hengyuan.world.vehicles import completed_spacings, vehicle_of

CARGOES = ("0100", "0300", "0400", "0500", "0600", "0800")
"""Coal, ore, steel, building material, cement, other minerals: what leaves by such gates."""
YELLOW_FROM_KG = 4_500
"""Heavy and medium trucks bear yellow plates, light ones blue (GA 36)."""
MAX_MADE_KG = 120_000

# Upper ends of the severity bands, in per cent above the limit: a made overload is spread over
# them, so that each band is met.
_MADE_RATES = ((2, 10), (10, 30), (30, 50), (50, 100), (100, 140))


@dataclass(frozen=True, slots=True)
class Truck:
    """One truck. Masses in kg, distances in mm, front axle first."""

    number: int
    """Running number in this world, from 1."""
    record: int
    """Number of the axle record that it was made from."""
    gross_kg: int
    axle_kg: tuple[int, ...]
    spacings_mm: tuple[int, ...]
    length_mm: int
    vehicle: Vehicle
    """What it truly is, as far as its axles tell."""
    plate: str
    plate_colour: str
    trailer_plate: str | None
    cargo: str
    made: bool
    """The world made it heavier than it was measured."""
    spacings_made: bool
    """The record had no distances: the world assumed them."""

    @property
    def axles(self) -> int:
        """Axle count."""
        return len(self.axle_kg)

    @property
    def layout(self) -> Layout:
        """Axles per group, front first."""
        layout = self.vehicle.layout
        assert layout is not None, "the world always knows the layout"
        return layout

    @property
    def group_kg(self) -> tuple[int, ...]:
        """Mass per axle group."""
        masses = iter(self.axle_kg)
        return tuple(sum(next(masses) for _ in range(axles)) for axles in self.layout)

    def indicated_kg(self, division_kg: int) -> int:
        """What a sound scale with this division shows: the nearest step, half goes up."""
        return (2 * self.gross_kg + division_kg) // (2 * division_kg) * division_kg

    def judged(self, division_kg: int, on: date) -> Judgement:
        """What the law says of what a sound scale shows of this truck."""
        return judge(self.vehicle, self.indicated_kg(division_kg), on)


def trucks(
    records: Sequence[AxleRecord], seed: int, made_share: float = 0.0, on: date | None = None
) -> Iterator[Truck]:
    """Trucks without end, the same ones for the same seed.

    Each round takes every record once, in an order of its own. `made_share` of the trucks are
    scaled up to an overload beyond what Europe's roads show, and labelled; `on` is the day whose
    law says where overload begins. Plates do not repeat for `hengyuan.world.plates.PLATES` trucks.
    """
    if not records:
        raise ValueError("a world without axle records has no trucks")
    if not 0 <= made_share <= 1:
        raise ValueError(f"made_share is a share from 0 to 1, not {made_share}")
    chance = random.Random(seed)
    day = on or date(2024, 1, 1)
    number = 0
    offset = chance.randrange(1_000_000)
    while True:
        for record in chance.sample(records, len(records)):
            number += 1
            yield _truck(record, number, offset + number, made_share, day, chance)


def _truck(
    record: AxleRecord,
    number: int,
    plate_number: int,
    made_share: float,
    day: date,
    chance: random.Random,
) -> Truck:
    spacings_mm = record.spacings_mm or completed_spacings(record.axles, record.length_mm)
    vehicle = vehicle_of(spacings_mm)
    axle_kg = _adding_up(record.axle_kg, record.gross_kg)
    made = chance.random() < made_share
    if made:
        low, high = chance.choice(_MADE_RATES)
        limit_kg = limit_for(vehicle, day).limit_kg
        wanted_kg = round(limit_kg * (1 + chance.uniform(low, high) / 100))
        axle_kg = _scaled(axle_kg, min(wanted_kg, MAX_MADE_KG))
    return Truck(
        number=number,
        record=record.number,
        gross_kg=sum(axle_kg),
        axle_kg=axle_kg,
        spacings_mm=spacings_mm,
        length_mm=record.length_mm,
        vehicle=vehicle,
        plate=invented_plate(plate_number),
        plate_colour="yellow" if sum(axle_kg) >= YELLOW_FROM_KG else "blue",
        trailer_plate=invented_trailer_plate(plate_number)
        if len(vehicle.layout or ()) > 2
        else None,
        cargo=chance.choice(CARGOES),
        made=made,
        spacings_made=not record.measured,
    )


def _scaled(axle_kg: tuple[int, ...], gross_kg: int) -> tuple[int, ...]:
    before_kg = sum(axle_kg)
    return _adding_up(tuple(mass * gross_kg // before_kg for mass in axle_kg), gross_kg)


def _adding_up(axle_kg: tuple[int, ...], gross_kg: int) -> tuple[int, ...]:
    """The same axles, the last one taking up what rounding left over."""
    return (*axle_kg[:-1], gross_kg - sum(axle_kg[:-1]))
