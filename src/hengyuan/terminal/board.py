"""What people at the gate see: the newest state of every lane, and a bell when it changes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from hengyuan.record.model import Record
from hengyuan.terminal.devices import BarrierPosition, DeviceState, LampColour, SensorPlace
from hengyuan.terminal.judging import Finding
from hengyuan.terminal.lane.phases import Phase

Hold = Literal["over", "unknown"]
"""Why the exit barrier is not opened for the truck on the scale."""

NextStep = Literal[
    "drive_on",
    "wait",
    "move_forward",
    "move_back",
    "too_long",
    "two_trucks",
    "recording",
    "drive_off",
    "unload",
    "gatekeeper",
    "scale_fault",
    "store_fault",
]
"""What is to be done next at a lane: by the driver (`drive_on`, `move_forward`: the rear edge of
the scale is covered, `move_back`: the front edge, `drive_off`), by the lane itself (`wait`,
`recording`) or by the gatekeeper (`too_long`: both edges are covered, `two_trucks`: two
stand on the scale together, `unload`: over the limit and held, `gatekeeper`: no verdict and held,
`scale_fault`, `store_fault`)."""

REMEMBERED = 2000
NEWEST = 20
"""How many passages a page shows."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A recorded passage as it is shown. `finding` is None for an entering truck."""

    record: Record
    finding: Finding | None


@dataclass(slots=True)
class BarrierView:
    """A barrier as it is now."""

    place: Literal["exit", "entry"]
    position: BarrierPosition = BarrierPosition.UNKNOWN
    """By its own inputs; UNKNOWN where it has none."""
    wanted: Literal["open", "closed"] | None = None
    """Where the lane wants it; None where it is left as it is."""
    trouble: str | None = None
    """Why it is not there."""


@dataclass(slots=True)
class LaneView:
    """A lane as it is now."""

    number: int
    title: str
    kind: Literal["exit", "entry", "both"]
    phase: Phase = Phase.EMPTY
    scale: DeviceState = DeviceState.UNKNOWN
    scale_fault: str | None = None
    mass_kg: int | None = None
    current: Weighed | None = None
    """The truck on the scale, once it is recorded."""
    faults: dict[str, str] = field(default_factory=dict)
    """What the lane cannot do at the moment, by a short code, and why."""
    next_step: NextStep = "wait"
    sensors: dict[SensorPlace, bool | None] | None = None
    """What the position sensors see: True where something is, None where it is not known. None for
    a lane without sensors."""
    held_by: tuple[SensorPlace, ...] = ()
    """Edges of the scale that the truck still covers: its weight does not count."""
    barriers: dict[str, BarrierView] = field(default_factory=dict)
    """By the name of the device."""
    lamps: dict[str, LampColour] = field(default_factory=dict)
    """What each lamp was told to show, by the name of the device."""
    hold: Hold | None = None
    """Why the truck on the scale is not let out."""


class Board:
    """Lanes, the newest passages, and who is waiting for news."""

    def __init__(self, newest: Iterable[Weighed] = ()) -> None:
        """`newest`: what the last run recorded, newest first."""
        self.lanes: dict[int, LaneView] = {}
        self.newest: deque[Weighed] = deque(newest, maxlen=NEWEST)
        self.settled_at: dict[int, float] = {}
        """When the weights of this run's records stood, by seq, on the monotonic clock."""
        self.version = 0
        self._bells: set[asyncio.Event] = set()

    def recorded(self, seq: int, settled_at: float) -> None:
        """A record was stored whose weight stood at that time."""
        self.settled_at[seq] = settled_at
        while len(self.settled_at) > REMEMBERED:
            del self.settled_at[next(iter(self.settled_at))]

    def ring(self) -> None:
        """Something has changed."""
        self.version += 1
        for bell in self._bells:
            bell.set()

    async def changes(self, pause_s: float, at_least_every_s: float) -> AsyncIterator[None]:
        """One turn now, one after each change, `pause_s` apart at the least."""
        bell = asyncio.Event()
        self._bells.add(bell)
        try:
            while True:
                bell.clear()
                yield
                await asyncio.sleep(pause_s)
                try:
                    async with asyncio.timeout(at_least_every_s):
                        await bell.wait()
                except TimeoutError:
                    continue
        finally:
            self._bells.discard(bell)


Ring = Callable[[], None]
