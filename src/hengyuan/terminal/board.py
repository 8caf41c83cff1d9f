"""What people at the gate see: the newest state of every lane, and a bell when it changes."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from hengyuan.record.model import Record
from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.judging import Finding
from hengyuan.terminal.lane.phases import Phase

NEWEST = 20
"""How many passages a page shows."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A recorded passage as it is shown. `finding` is None for an entering truck."""

    record: Record
    finding: Finding | None


@dataclass(slots=True)
class LaneView:
    """A lane as it is now."""

    number: int
    title: str
    kind: Literal["exit", "entry"]
    phase: Phase = Phase.EMPTY
    scale: DeviceState = DeviceState.UNKNOWN
    scale_fault: str | None = None
    mass_kg: int | None = None
    current: Weighed | None = None
    """The truck on the scale, once it is recorded."""
    faults: dict[str, str] = field(default_factory=dict)
    """What the lane cannot do at the moment, by a short code, and why."""


class Board:
    """Lanes, the newest passages, and who is waiting for news."""

    def __init__(self, newest: Iterable[Weighed] = ()) -> None:
        """`newest`: what the last run recorded, newest first."""
        self.lanes: dict[int, LaneView] = {}
        self.newest: deque[Weighed] = deque(newest, maxlen=NEWEST)
        self.version = 0
        self._bells: set[asyncio.Event] = set()

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
