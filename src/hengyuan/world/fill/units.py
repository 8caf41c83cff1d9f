"""The source units of a filled city: those of the demo's city, and as many more as are wanted."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from itertools import islice

from hengyuan.world.city.plan import COUNTIES, KINDS, PlannedUnit, units
from hengyuan.world.city.terminals import equipped
from hengyuan.world.plates import PLATES

RECORDS_A_DAY = 80
"""Of a unit on an ordinary day, on average: 800 units then make 22 million records in a year."""
MOST_UNITS = 5_000

# how much passes a unit of a kind, beside the others
_BUSY = {
    "coal": 1.35, "steel": 2.9, "coke": 1.6, "cement": 0.95, "sand-stone": 0.85,
    "freight-station": 0.6, "logistics-park": 0.7, "commercial-vehicles": 0.25,
}  # fmt: skip
_SPREAD = 0.62
_TERMINALS = ((750, 4), (480, 3), (240, 2))
"""From so many records a day on, so many terminals."""
_WORDS = (
    "青山", "碧波", "银河", "甘泉", "黄崖", "高岭", "广川", "蓝溪", "瑞源", "近山", "新月", "石桥",
    "天台", "锦屏", "龙吟", "凰坡", "雪峰", "榆林", "松园", "桃园", "菊亭", "莲塘", "槐荫", "燕门",
    "鹰翔", "马苑", "北辰", "暮云", "晚霞", "秋实", "夏蝉", "冬青",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Habits:
    """What is peculiar to a unit and its gates."""

    name: str
    county: str
    kind: str
    cargo: tuple[str, ...]
    records_a_day: float
    terminals: int
    weighs_entries: bool
    """Trucks are weighed when they come in, too; else their tares are remembered."""
    sees_groups: bool
    """An axle identifier tells the mass on each axle group."""
    sees_distances: bool
    knows_bogies: bool
    """Two axles behind a tractor's steering axle are taken for two drive axles."""
    sees_trailers: bool
    keeps_notes: bool
    """A loading note goes with each truck."""
    attended: bool
    has_room_camera: bool
    over_share: float
    """Of its trucks, those above the limit."""
    reweighs: float
    """Of these, those that are sent back and weighed again."""


def more_units(count: int) -> list[PlannedUnit]:
    """So many working units with all equipment, beyond those of the demo's city."""
    total = sum(len(county.units) for county in COUNTIES)
    shares = [count * len(county.units) / total for county in COUNTIES]
    numbers = [math.floor(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda at: numbers[at] - shares[at])
    for at in by_remainder[: count - sum(numbers)]:
        numbers[at] += 1
    known = units()
    made: list[PlannedUnit] = []
    for at, county in enumerate(COUNTIES):
        of_it = [unit for unit in known if unit.county is county]
        towns = [unit.township for unit in of_it]
        for index in range(numbers[at]):
            kind = KINDS[county.units[index % len(county.units)]]
            number = len(known) + len(made) + 1
            word = _WORDS[(at * 7 + index) % len(_WORDS)]
            longitude, latitude = _place(county.longitude, county.latitude, len(of_it) + index)
            unit = replace(
                of_it[0],
                number=number,
                name=f"{county.name}示例{word}{index + 2}号{kind.suffix}",
                kind=kind,
                credit_code="",
                township=towns[index % len(towns)],
                longitude=longitude,
                latitude=latitude,
                throughput_t=kind.throughput_t * (50 + number * 31 % 120) // 100 // 1000 * 1000,
                state="working",
                mode=("electronic", "stationed", "electronic", "patrol")[number % 4],
                lanes=1,
                certificate_days=(30 + number * 41 % 320,),
                has_camera=True,
                has_display=True,
            )
            made.append(unit)
    return made


def chosen_units(count: int) -> tuple[list[PlannedUnit], list[PlannedUnit]]:
    """The units that get terminals, and those of them that the demo's city does not have."""
    if not 1 <= count <= MOST_UNITS:
        raise ValueError(f"a city has 1 to {MOST_UNITS} units, not {count}")
    chosen = list(islice(equipped(), count))
    more = more_units(count - len(chosen))
    return [*chosen, *more], more


def habits_of(planned: list[PlannedUnit], seed: int, scale: float) -> list[Habits]:
    """What each unit is like; together they record RECORDS_A_DAY a unit on average."""
    weights = []
    for unit in planned:
        chance = random.Random(f"{seed}/size/{unit.name}")
        weights.append(_BUSY[unit.kind.code] * math.exp(chance.gauss(0, _SPREAD)))
    each = RECORDS_A_DAY * scale * len(planned) / sum(weights)
    return [
        _habits(unit, weight * each, random.Random(f"{seed}/habits/{unit.name}"))
        for unit, weight in zip(planned, weights, strict=True)
    ]


def fleet_size(habits: list[Habits]) -> int:
    """How many trucks serve these units; never more than there are plates."""
    return min(PLATES, sum(regulars(unit) for unit in habits))


def regulars(unit: Habits) -> int:
    """How many trucks call a unit their own: each drives two or three rounds on four of five
    days."""
    passages = unit.records_a_day / (2 if unit.weighs_entries else 1)
    return max(3, math.ceil(passages / 2.2 / 0.8))


def _habits(unit: PlannedUnit, records_a_day: float, chance: random.Random) -> Habits:
    terminals = next((count for least, count in _TERMINALS if records_a_day >= least), 1)
    return Habits(
        name=unit.name,
        county=unit.county.code,
        kind=unit.kind.code,
        cargo=unit.kind.cargo,
        records_a_day=records_a_day,
        terminals=terminals,
        weighs_entries=chance.random() < 0.4,
        sees_groups=chance.random() < 0.6,
        sees_distances=chance.random() < 0.12,
        knows_bogies=chance.random() < 0.8,
        sees_trailers=chance.random() < 0.3,
        keeps_notes=chance.random() < 0.3,
        attended=chance.random() < 0.5,
        has_room_camera=chance.random() < 0.35,
        over_share=min(0.14, 0.013 * math.exp(chance.gauss(0, 0.85))),
        reweighs=chance.choice((0.15, 0.45, 0.8)),
    )


def _place(longitude: float, latitude: float, index: int) -> tuple[float, float]:
    """Spread like the seeds of a sunflower, so that no two look like one place."""
    radius, angle = 0.016 * math.sqrt(index + 1), index * 2.399963
    return (
        round(longitude + radius * math.cos(angle), 6),
        round(latitude + radius * math.sin(angle), 6),
    )
