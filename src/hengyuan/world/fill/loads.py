"""How heavy trucks are: empty, loaded as measured, and above the limit where the world makes it so.

The spread of loads below the limit is that of the measured trucks, each beside the limit of its own
axles. What is above the limit is made: Europe's roads do not show it.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from datetime import date

from hengyuan.law.limits import limit_for
from hengyuan.world.axle_records import AxleRecord
from hengyuan.world.trucks import MAX_MADE_KG
from hengyuan.world.vehicles import completed_spacings, vehicle_of

DIVISION_KG = 20
_LAW_DAY = date(2024, 1, 1)
_LOADED_FROM = 0.6
"""A measured truck below this share of its limit is empty or half empty."""
_FULLER = 0.55
"""Trucks leave a source unit fuller than they drive on Europe's roads: what was missing to the
limit shrinks to this share."""

# upper ends of the overload rate in per cent, and how often a made overload lies below each
_MADE = ((2, 10), (10, 30), (30, 50), (50, 100), (100, 140))
_MADE_UPTO = (0.70, 0.905, 0.965, 0.995, 1.0)
_EMPTY_KG = {2: (4_800, 7_200), 3: (8_600, 11_600), 4: (12_400, 15_800), 5: (13_400, 16_200),
             6: (14_600, 18_000)}  # fmt: skip
_EMPTY_LONGEST_KG = (18_000, 21_500)


def loaded_shares(records: Sequence[AxleRecord]) -> tuple[float, ...]:
    """Gross mass beside the limit of every measured truck that was loaded and not above it."""
    shares = []
    for record in records:
        spacings = record.spacings_mm or completed_spacings(record.axles, record.length_mm)
        limit_kg = limit_for(vehicle_of(spacings), _LAW_DAY).limit_kg
        share = record.gross_kg / limit_kg
        if _LOADED_FROM <= share <= 1:
            shares.append(1 - (1 - share) * _FULLER)
    return tuple(shares)


def empty_kg(axles: int, chance: random.Random) -> int:
    """The tare of a truck with so many axles."""
    low, high = _EMPTY_KG.get(axles, _EMPTY_LONGEST_KG)
    return round(chance.triangular(low, high))


def overloaded_kg(limit_kg: int, chance: random.Random) -> int:
    """A made overload: seven of ten below 10 %, few above 50 %."""
    low, high = _MADE[bisect(_MADE_UPTO, chance.random() * 0.999_999)]
    # within its band a little is likelier than a lot
    rate = low + (high - low) * chance.random() ** 1.6
    return indicated(min(limit_kg * (1 + rate / 100), MAX_MADE_KG))


def indicated(kg: float) -> int:
    """What a scale with this division shows."""
    return int(kg / DIVISION_KG + 0.5) * DIVISION_KG
