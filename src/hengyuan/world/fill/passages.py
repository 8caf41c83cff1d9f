"""What happens at one terminal in one day: which truck comes when, how heavy, what goes wrong."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import accumulate
from typing import Literal

from hengyuan.record.model import Flag
from hengyuan.world.fill import calendar
from hengyuan.world.fill.calendar import HOUR_MS
from hengyuan.world.fill.fleet import FleetTruck
from hengyuan.world.fill.loads import indicated, overloaded_kg
from hengyuan.world.fill.units import Habits
from hengyuan.world.plates import PLATES, invented_plate

_MINUTE_MS = 60_000
_LOADING_MS = (11 * _MINUTE_MS, 52 * _MINUTE_MS)
_UNLOADING_MS = (15 * _MINUTE_MS, 45 * _MINUTE_MS)
_CORRECTED_MS = (1 * _MINUTE_MS, 7 * _MINUTE_MS)
_BACK_MS = 75 * _MINUTE_MS
"""A truck that has left is not back earlier."""
_LATEST_MS = calendar.DAY_MS - 5 * _MINUTE_MS
_NIGHT = range(18, 25)
"""Ten in the evening to five in the morning, counted in the day's hours from four on."""
_TARE_NOISE_KG = 32
_LEAST_LOAD_KG = 1_000
_BOLD, _CAREFUL, _AT_NIGHT = 4.0, 0.7, 1.5
"""By how much the share of overloads is larger or smaller for a truck, and by night."""
_MISREAD, _VOIDED, _OVERRIDDEN = 0.0016, 0.0006, 0.03
_CLOSED_DAYS = 0.015
_UNSYNCED_DAYS = 0.003

# Of the trucks that leave, these have something of their own.
_UNUSUAL: dict[Flag, float] = {
    "plate_unread": 0.006,
    "plate_typed": 0.008,
    "camera_missing": 0.0015,
    "camera_late": 0.003,
    "axles_unknown": 0.0025,
    "axles_disagree": 0.002,
    "rear_plate_differs": 0.001,
    "resumed": 0.0004,
    "manual_weight": 0.0003,
    "skipped_scale": 0.0002,
}
_UNUSUAL_FLAGS = tuple(_UNUSUAL)
_UNUSUAL_UPTO = tuple(accumulate(_UNUSUAL.values()))
NO_PLATE = frozenset({"plate_unread", "camera_missing"})

Step = Literal["entry", "exit", "corrected", "reweigh", "void"]


@dataclass(frozen=True, slots=True)
class Gate:
    """A terminal as the world drives trucks over its scale."""

    code: str
    number: int
    """Among the terminals of its unit, from 0."""
    habits: Habits


@dataclass(slots=True)
class Passage:
    """A truck on its way through. Masses in kg."""

    truck: FleetTruck
    tare_kg: int
    gross_kg: int
    limit: tuple[int, bool] | None
    """As the terminal finds it, and whether it is assumed."""
    cargo: str
    flag: Flag | None
    misread: str | None = None
    """The plate that the camera read wrongly."""
    overridden: bool = False
    seq: int = 0
    """Of its newest record."""

    @property
    def is_over(self) -> bool:
        return self.limit is not None and self.gross_kg > self.limit[0]


Steps = list[tuple[int, int, Step, Passage]]
"""When (ms since the day began), a running number, what, and who."""


@dataclass(frozen=True, slots=True)
class Day:
    """A day at a gate; a clock that is not synchronised is so for the whole day."""

    steps: Steps
    unsynced: bool = False


class Traffic:
    """Drives trucks over scales: the same ones for the same seed, gate and day."""

    def __init__(self, seed: int, loaded: Sequence[float]) -> None:
        self._seed = seed
        self._loaded = loaded

    def day(
        self, gate: Gate, trucks: Sequence[FleetTruck], day: date, chance: random.Random
    ) -> Day:
        """What happens there; `trucks` are those that drive for its unit on that day."""
        habits = gate.habits
        own = [truck for truck in trucks if truck.number % habits.terminals == gate.number]
        if not own or chance.random() < _CLOSED_DAYS:
            return Day([])
        chance.shuffle(own)
        each = 2 if habits.weighs_entries else 1
        expected = habits.records_a_day / habits.terminals / each
        expected *= calendar.traffic(habits.kind, day, self._seed)
        count = max(0, round(chance.gauss(expected, 1.3 * expected**0.5)))
        steps: Steps = []
        back: dict[int, int] = {}
        for turn, at in enumerate(sorted(_moments(habits.kind, count, chance))):
            truck = own[turn % len(own)]
            if back.get(truck.number, 0) <= at:
                passage = self._passage(habits, truck, day, at, chance)
                back[truck.number] = _pass(habits, passage, at, steps, chance) + _BACK_MS
        steps.sort()
        return Day(steps, chance.random() < _UNSYNCED_DAYS)

    def _passage(
        self, habits: Habits, truck: FleetTruck, day: date, at: int, chance: random.Random
    ) -> Passage:
        draw = chance.random
        limit = truck.limit_kg(habits.knows_bogies, day)
        tare_kg = indicated(truck.tare_on(day) + chance.gauss(0, _TARE_NOISE_KG))
        over = habits.over_share * (_BOLD if truck.bold else _CAREFUL)
        if at // HOUR_MS in _NIGHT:
            over *= _AT_NIGHT
        if limit is None:
            gross_kg = 2 * tare_kg
        elif draw() < over:
            gross_kg = overloaded_kg(limit[0], chance)
        else:
            share = self._loaded[int(draw() * len(self._loaded))]
            gross_kg = min(limit[0], indicated(limit[0] * share))
        found = draw()
        flag = None
        if found < _UNUSUAL_UPTO[-1]:
            flag = _UNUSUAL_FLAGS[bisect(_UNUSUAL_UPTO, found)]
        return Passage(
            truck=truck,
            tare_kg=tare_kg,
            gross_kg=max(gross_kg, tare_kg + _LEAST_LOAD_KG),
            limit=None if flag == "axles_unknown" else limit,
            cargo=habits.cargo[0] if draw() < 0.85 else chance.choice(habits.cargo),
            flag=flag,
        )


def _pass(habits: Habits, passage: Passage, at: int, steps: Steps, chance: random.Random) -> int:
    """Add the steps of a passage; when it is over."""

    def add(after_ms: int, step: Step) -> None:
        steps.append((after_ms, len(steps), step, passage))

    out = at
    if habits.weighs_entries:
        add(at, "entry")
        out += int(chance.uniform(*_LOADING_MS))
    add(out, "exit")
    if passage.flag is not None:
        return out
    if passage.is_over:
        if chance.random() < habits.reweighs:
            later = out + int(chance.uniform(*_UNLOADING_MS))
            if later < _LATEST_MS:
                add(later, "reweigh")
                return later
        passage.overridden = chance.random() < _OVERRIDDEN
        return out
    happened = chance.random()
    later = out + int(chance.uniform(*_CORRECTED_MS))
    if later >= _LATEST_MS or happened >= _MISREAD + _VOIDED:
        return out
    if happened < _MISREAD:
        passage.misread = invented_plate(chance.randrange(PLATES))
        add(later, "corrected")
    else:
        add(later, "void")
    return later


def _moments(kind: str, count: int, chance: random.Random) -> list[int]:
    chosen = chance.choices(range(24), cum_weights=_hours(kind), k=count)
    draw = chance.random
    return [int((hour + draw()) * HOUR_MS) for hour in chosen]


@lru_cache(maxsize=64)
def _hours(kind: str) -> list[float]:
    return list(accumulate(calendar.hours(kind)))
