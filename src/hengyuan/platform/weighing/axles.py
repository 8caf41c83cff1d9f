"""A small side view of a truck: a wheel for each axle, its mass below, the groups joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hengyuan.law.vehicles import parse_layout

# Drawing units (an SVG of its own scale): wheel radius and distances between axle centres.
WHEEL = 13
IN_GROUP = 60
BETWEEN_GROUPS = 96
MARGIN = 40
# Measured distances are drawn to scale, yet never so close that the masses run together.
UNITS_PER_METRE = 44
CLOSEST = 54
HEIGHT = 112


@dataclass(frozen=True, slots=True)
class Axle:
    x: int
    mass_kg: int | None

    @property
    def label(self) -> str:
        return "" if self.mass_kg is None else f"{self.mass_kg:,}"


@dataclass(frozen=True, slots=True)
class Group:
    """Axles that carry together: from the first to the last, and their mass where it is known."""

    x1: int
    x2: int
    mass_kg: int | None

    @property
    def middle(self) -> int:
        return (self.x1 + self.x2) // 2

    @property
    def left(self) -> int:
        return self.x1 - WHEEL

    @property
    def span(self) -> int:
        return self.x2 - self.x1 + 2 * WHEEL

    @property
    def label(self) -> str:
        return "" if self.mass_kg is None else f"{self.mass_kg:,}"


@dataclass(frozen=True, slots=True)
class AxleDrawing:
    width: int
    axles: tuple[Axle, ...]
    groups: tuple[Group, ...]
    height: int = HEIGHT
    wheel: int = WHEEL

    @property
    def deck_width(self) -> int:
        return self.width - 16


def draw_axles(
    layout: str | None,
    axles: int | None,
    axle_kg: Sequence[int] = (),
    group_kg: Sequence[int] = (),
    spacing_mm: Sequence[int] = (),
) -> AxleDrawing | None:
    """Place the axles, to scale where their distances were measured. None without any axle.

    A group's mass is the one that was weighed, else the sum of its axles where all are known.
    """
    groups = _groups(layout, axles or len(axle_kg) or len(spacing_mm) + bool(spacing_mm))
    if not groups:
        return None
    places = _places(groups, spacing_mm)
    drawn = [
        Axle(x, axle_kg[index] if index < len(axle_kg) else None) for index, x in enumerate(places)
    ]
    bars, first = [], 0
    for number, size in enumerate(groups):
        own = drawn[first : first + size]
        weighed = group_kg[number] if len(group_kg) == len(groups) else None
        bars.append(Group(own[0].x, own[-1].x, _mass_of_group(weighed, own)))
        first += size
    return AxleDrawing(places[-1] + MARGIN, tuple(drawn), tuple(bars))


def _places(groups: tuple[int, ...], spacing_mm: Sequence[int]) -> list[int]:
    places = [MARGIN]
    if len(spacing_mm) == sum(groups) - 1:
        for distance_mm in spacing_mm:
            places.append(places[-1] + max(CLOSEST, distance_mm * UNITS_PER_METRE // 1000))
        return places
    for size in groups:
        places += [places[-1] + IN_GROUP * step for step in range(1, size)]
        places.append(places[-1] + BETWEEN_GROUPS)
    return places[:-1]


def _mass_of_group(weighed_kg: int | None, axles: list[Axle]) -> int | None:
    masses = [axle.mass_kg for axle in axles if axle.mass_kg is not None]
    if weighed_kg is not None or len(axles) == 1 or len(masses) < len(axles):
        return weighed_kg
    return sum(masses)


def _groups(layout: str | None, axles: int) -> tuple[int, ...]:
    if layout is not None:
        try:
            return parse_layout(layout)
        except ValueError:
            pass
    return (1,) * axles
