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
    layout: str | None, axles: int | None, axle_kg: Sequence[int], group_kg: Sequence[int]
) -> AxleDrawing | None:
    """Place the axles of a layout; without a layout they stand apart. None without any axle.

    A group's mass is the one that was weighed, else the sum of its axles where all are known.
    """
    groups = _groups(layout, axles or len(axle_kg))
    if not groups:
        return None
    drawn: list[Axle] = []
    bars: list[Group] = []
    x = MARGIN
    for number, size in enumerate(groups):
        first = len(drawn)
        for _ in range(size):
            index = len(drawn)
            drawn.append(Axle(x, axle_kg[index] if index < len(axle_kg) else None))
            x += IN_GROUP
        x += BETWEEN_GROUPS - IN_GROUP
        masses = [axle.mass_kg for axle in drawn[first:]]
        mass_kg: int | None = None
        if number < len(group_kg) and len(group_kg) == len(groups):
            mass_kg = group_kg[number]
        elif size > 1 and all(mass is not None for mass in masses):
            mass_kg = sum(mass for mass in masses if mass is not None)
        bars.append(Group(drawn[first].x, drawn[-1].x, mass_kg))
    return AxleDrawing(drawn[-1].x + MARGIN, tuple(drawn), tuple(bars))


def _groups(layout: str | None, axles: int) -> tuple[int, ...]:
    if layout is not None:
        try:
            return parse_layout(layout)
        except ValueError:
            pass
    return (1,) * axles
