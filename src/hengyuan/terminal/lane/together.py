"""Two trucks on the scale together: how that is seen without sensors, and who is left of them.

No I/O, no clock. What a weight and those who were seen mean is decided here; what is done about it,
in `lane.py`. Masses in kg, times in s on the monotonic clock. The rules are in docs/lane.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.sightings import AxlesSeen, Sighting

FITS_PERCENT = 10
"""The axle masses of a truck that rolls over an identifier add up to its weight within this."""

Why = Literal["axle_mass", "axles", "plates", "rear_edge", "restart"]
"""How it was found: the first one's axles had already borne its whole weight; two axle readings;
two plates; the edge behind a truck that stood wholly on the scale was covered; the last run."""
Left = Literal["first", "second", "none", "order"]
"""Who is alone on the scale now; `order`: the gatekeeper says that there is one truck only."""


@dataclass(slots=True)
class Together:
    """Two trucks that stand on the scale. `first_kg` is None where it never stood there alone."""

    why: Why
    both_kg: int
    first_kg: int | None
    _first_gone: bool = False

    def course(self, mass_kg: int, change_kg: int) -> None:
        """Follow the weight, in motion too."""
        if self.first_kg is None or mass_kg >= self.first_kg - change_kg:
            return
        # so little is left that the first one's weight is missing from the sum
        self._first_gone |= mass_kg <= self.both_kg - self.first_kg + change_kg

    def alone(
        self, mass_kg: int, change_kg: int, sums_kg: tuple[int | None, int | None]
    ) -> Literal["first", "second"] | None:
        """Who weighs `mass_kg`, which stands; None while both do, or nobody can tell.

        `sums_kg`: what the axles of the first and of the second bore, as far as that is known.
        """
        if mass_kg > self.both_kg + change_kg:
            self.both_kg = mass_kg
        if self._first_gone:
            return "second"
        if mass_kg >= self.both_kg - change_kg:
            return None
        by_weight = self._by_weight(mass_kg, change_kg)
        first, second = (sum_kg is not None and fits(mass_kg, sum_kg) for sum_kg in sums_kg)
        if by_weight is not None or first is second:
            return by_weight
        return "first" if first else "second"

    def _by_weight(self, mass_kg: int, change_kg: int) -> Literal["first", "second"] | None:
        if self.first_kg is None:
            return None
        first = abs(mass_kg - self.first_kg) <= change_kg
        second = abs(mass_kg - (self.both_kg - self.first_kg)) <= change_kg
        if first is second:
            return None
        return "first" if first else "second"


def fits(mass_kg: int, sum_kg: int) -> bool:
    """Whether a weight is that of the truck whose axles bore `sum_kg` together."""
    return abs(mass_kg - sum_kg) * 100 <= FITS_PERCENT * sum_kg


def axle_sum_kg(body: object) -> int | None:
    """What the axles of a reading bore together; None where it does not say."""
    return (sum(body.group_kg) or None) if isinstance(body, AxlesSeen) else None


def since_empty(mass_kg: int, seen: Sequence[Sighting], arrived_at: float) -> Why | None:
    """Whether two trucks make up a weight that stands, by whom was seen before it stood."""
    readings = sorted((s for s in seen if s.kind == "axles"), key=lambda s: s.seen_at)
    sums = [sum_kg for s in readings if (sum_kg := axle_sum_kg(s.body)) is not None]
    if any(fits(mass_kg, sum_kg) for sum_kg in sums):
        return None
    if len([s for s in readings if s.seen_at >= arrived_at]) > 1:
        return "axles"
    devices = {s.device for s in seen if s.kind == "plate"}
    return "plates" if any(_two_plates(seen, each, arrived_at) for each in devices) else None


def _two_plates(seen: Iterable[Sighting], device: str, arrived_at: float) -> bool:
    read = sorted((s for s in seen if s.device == device and s.plate), key=lambda s: s.seen_at)
    if not read or read[-1].seen_at < arrived_at:
        return False
    return any(differ(s.plate, read[-1].plate) for s in read[:-1])


def behind(
    before: Passage, mass_kg: int, seen: Sequence[Sighting], rear_covered: bool
) -> Why | None:
    """Whether a second truck makes up a weight that stands beside `before`, which was recorded.

    `seen`: by the lane's devices since. A device that has not seen the first one yet may do so now:
    what it says tells nothing.
    """
    first_kg = axle_sum_kg(before.axles)
    assert before.mass_kg is not None
    more = [s for s in seen if s.device in before.sightings]
    sums = [sum_kg for s in more if (sum_kg := axle_sum_kg(s.body)) is not None]
    if any(fits(mass_kg, sum_kg) for sum_kg in (first_kg, *sums) if sum_kg is not None):
        return None
    if before.whole and rear_covered:
        return "rear_edge"
    if first_kg is not None and fits(before.mass_kg, first_kg):
        return "axle_mass"
    for sighting in more:
        if sighting.kind == "axles":
            return "axles"
        if differ(sighting.plate, before.sightings[sighting.device].plate):
            return "plates"
    return None


def differ(one: str | None, other: str | None) -> bool:
    """Whether two readings are of two plates: one that differs in a single character is misread."""
    if one is None or other is None:
        return False
    if len(one) != len(other):
        return one not in other and other not in one
    return sum(a != b for a, b in zip(one, other, strict=True)) > 1
