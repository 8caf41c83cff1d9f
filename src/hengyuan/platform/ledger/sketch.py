"""A sketch of a unit's surroundings: the other units around it, true to scale. It is no map."""

from __future__ import annotations

import math
from dataclasses import dataclass

from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.ledger.queries import NEIGHBOURS_WITHIN_M, Neighbour

SIDE = 420
_EDGE = 30
_RINGS = (100, 200, 500, 1_000, 2_000, 5_000)
_LEAST_M = 200
_SHOWN = 12
_DIAGONAL = math.sqrt(0.5)


@dataclass(frozen=True, slots=True)
class Dot:
    """Another unit on the sketch; `label` is its number in the list."""

    x: float
    y: float
    label: str
    name: str
    url: str
    is_near: bool


@dataclass(frozen=True, slots=True)
class Ring:
    radius: float
    label: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Sketch:
    side: int
    centre: float
    rings: tuple[Ring, ...]
    dots: tuple[Dot, ...]


def sketch(unit: SourceUnit, near: list[Neighbour]) -> Sketch | None:
    """The unit in the middle, others by distance and bearing; None without a position."""
    if unit.longitude is None or unit.latitude is None:
        return None
    shown = near[:_SHOWN]
    farthest = max((other.apart_m for other in shown), default=NEIGHBOURS_WITHIN_M)
    reach = next((ring for ring in _RINGS if ring >= max(farthest, _LEAST_M)), _RINGS[-1])
    scale = (SIDE / 2 - _EDGE) / reach
    centre = SIDE / 2
    rings = tuple(
        Ring(
            round(ring * scale, 1),
            _metres(ring),
            # to the south-east, where no axis runs
            round(centre + ring * scale * _DIAGONAL, 1),
            round(centre + ring * scale * _DIAGONAL, 1),
        )
        for ring in _RINGS
        if reach / 10 <= ring <= reach
    )
    dots = tuple(
        Dot(
            round(centre + other.apart_m * scale * math.sin(math.radians(other.bearing)), 1),
            round(centre - other.apart_m * scale * math.cos(math.radians(other.bearing)), 1),
            str(number),
            other.unit.name,
            other.unit.get_absolute_url(),
            other.apart_m <= 100,
        )
        for number, other in enumerate(shown, start=1)
    )
    return Sketch(SIDE, centre, rings, dots)


def _metres(distance: int) -> str:
    return f"{distance} m" if distance < 1_000 else f"{distance // 1_000} km"
