"""How a truck's mass comes onto the deck of a scale, swings, settles and leaves again.

Axle after axle rolls on; the springs swing and die away; then the weight stands. An indicator
holds its last digit while nothing moves, so a settled weight is one value, not two in turn. Times
are seconds of a monotonic clock that the caller reads.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

IDLE_NOISE_KG = 5.0
"""Standard deviation of wind, dust and temperature on an empty deck."""
SWING_SHARE = 0.03
SWING_HZ = 2.5
"""A loaded truck's springs: 2 to 3 Hz, a few per cent of its mass at first."""
ROLLING_SHARE = 0.015
"""How much of what is on the deck shakes while wheels turn: no plateau between two axles."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast things happen at a gate, in seconds, and how often the scale speaks."""

    frame_hz: float = 10.0
    roll_on_s: float = 4.0
    settle_s: float = 2.5
    leave_s: float = 1.5
    """From the verdict on the display until the wheels turn."""
    roll_off_s: float = 3.0
    gap_s: float = 4.0
    """Empty deck between one truck and the next, at least."""

    def slower_by(self, factor: float) -> "Pace":
        """The same gate with everything but the scale's frames taking `factor` times as long."""
        return Pace(
            frame_hz=self.frame_hz,
            roll_on_s=self.roll_on_s * factor,
            settle_s=self.settle_s * factor,
            leave_s=self.leave_s * factor,
            roll_off_s=self.roll_off_s * factor,
            gap_s=self.gap_s * factor,
        )


REALISTIC = Pace()
LIVELY = Pace(roll_on_s=2.0, settle_s=1.2, leave_s=1.0, roll_off_s=1.5, gap_s=1.0)
"""For an audience: a truck over each gate every eight seconds or so."""
FAST = Pace(
    frame_hz=100.0, roll_on_s=0.06, settle_s=0.05, leave_s=0.01, roll_off_s=0.05, gap_s=0.08
)
"""A passage in about 0.25 s, what the terminal itself needs not counted."""


class Deck:
    """The deck of one scale and what stands on it."""

    def __init__(self, pace: Pace, division_kg: int, seed: int) -> None:
        self.pace = pace
        self.division_kg = division_kg
        self._chance = random.Random(seed)
        self._axle_kg: tuple[int, ...] = ()
        self._on_at = 0.0
        self._off_at: float | None = None
        self._backwards = False

    @property
    def occupied(self) -> bool:
        """Whether a truck was driven on and not off again."""
        return bool(self._axle_kg) and self._off_at is None

    def drive_on(self, axle_kg: Sequence[int], at: float) -> None:
        """A truck's front axle reaches the deck. ValueError where another one stands on it."""
        if self.occupied:
            raise ValueError("two trucks cannot stand on one deck")
        self._axle_kg, self._on_at, self._off_at = tuple(axle_kg), at, None

    def drive_off(self, at: float, backwards: bool = False) -> None:
        """The truck on the deck begins to leave. ValueError where there is none."""
        if not self.occupied:
            raise ValueError("there is no truck on the deck")
        self._off_at, self._backwards = at, backwards

    @property
    def settled_at(self) -> float:
        """When the weight of the truck on the deck stands, or stood."""
        return self._on_at + self.pace.roll_on_s + self.pace.settle_s

    @property
    def empty_at(self) -> float | None:
        """When the last axle has left, or None while a truck stays."""
        return None if self._off_at is None else self._off_at + self.pace.roll_off_s

    def over_rear_edge(self, at: float) -> bool:
        """Whether a truck stands across the edge by which it came."""
        if self._off_at is not None:
            return self._backwards and self._leaves(at)
        return bool(self._axle_kg) and at < self._on_at + self.pace.roll_on_s

    def over_front_edge(self, at: float) -> bool:
        """Whether a truck stands across the edge by which trucks leave."""
        return not self._backwards and self._leaves(at)

    def _leaves(self, at: float) -> bool:
        return self._off_at is not None and at < self._off_at + self.pace.roll_off_s

    def moving(self, at: float) -> bool:
        """Whether the mass on the deck changes: what an indicator's motion bit says."""
        if not self._axle_kg:
            return False
        if self._off_at is not None:
            return at < self._off_at + self.pace.roll_off_s
        return at < self.settled_at

    def indicated_kg(self, at: float) -> int:
        """What the indicator shows, a whole number of divisions."""
        steps = math.floor(self._mass_kg(at) / self.division_kg + 0.5)
        return steps * self.division_kg

    def _mass_kg(self, at: float) -> float:
        if not self._axle_kg:
            return self._noise_kg()
        if self._off_at is not None:
            gone = self._rolled(at - self._off_at, self.pace.roll_off_s)
            if gone >= len(self._axle_kg):
                return self._noise_kg()
            return self._shaken(sum(self._axle_kg) - self._carried_kg(gone))
        since_s = at - self._on_at
        if since_s < self.pace.roll_on_s:
            return self._shaken(self._carried_kg(self._rolled(since_s, self.pace.roll_on_s)))
        gross_kg = sum(self._axle_kg)
        if at >= self.settled_at:
            return gross_kg
        return gross_kg + self._swing_kg(since_s - self.pace.roll_on_s, gross_kg)

    def _rolled(self, since_s: float, whole_s: float) -> float:
        """How many axles have passed the edge, broken numbers being an axle on its way."""
        if since_s >= whole_s:
            return float(len(self._axle_kg))
        return max(0.0, since_s / whole_s * len(self._axle_kg))

    def _carried_kg(self, axles: float) -> float:
        whole = int(axles)
        carried = float(sum(self._axle_kg[:whole]))
        if whole < len(self._axle_kg):
            # an axle climbs the edge in the last third of its way, and is either on or off before
            carried += self._axle_kg[whole] * max(0.0, (axles - whole - 2 / 3) * 3)
        return carried

    def _swing_kg(self, since_s: float, gross_kg: int) -> float:
        # dies away to half a division just when the settling time is over
        first_kg = gross_kg * SWING_SHARE
        decay = math.log(max(2.0, first_kg / (self.division_kg / 2))) / self.pace.settle_s
        hz = max(SWING_HZ, 3 / self.pace.settle_s)
        return first_kg * math.exp(-decay * since_s) * math.cos(2 * math.pi * hz * since_s)

    def _shaken(self, carried_kg: float) -> float:
        share = self._chance.uniform(-ROLLING_SHARE, ROLLING_SHARE)
        return carried_kg * (1 + share) + self._noise_kg()

    def _noise_kg(self) -> float:
        return self._chance.gauss(0.0, IDLE_NOISE_KG)
