"""What a lane is told by its settings, and what it asks of those around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from hengyuan.terminal.lane.edges import EdgeRule
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.sightings import Sighting
from hengyuan.terminal.lane.stability import StabilityRule
from hengyuan.terminal.lane.together import Left, Together


@dataclass(frozen=True, slots=True)
class LaneRule:
    """The lane's settings; see `config.LaneConfig` for their meaning. Times in s, masses in kg."""

    stability: StabilityRule
    arrive_kg: int
    leave_kg: int
    change_kg: int
    same_kg: int
    stale_after_s: float
    join_wait_s: float
    join_before_s: float
    resume_before_s: float
    resume_wait_s: float
    return_s: float
    edges: EdgeRule


class Listener(Protocol):
    """What the lane makes happen around it."""

    def settling(self, passage: Passage) -> None:
        """A truck has come to rest, its weight will soon stand: the moment for its pictures."""
        ...

    def complete(self, passage: Passage) -> None:
        """Weighed and joined: judge it, store it, tell it; then call `stored` and `told`."""
        ...

    def complete_late(self, passage: Passage, sighting: Sighting) -> None:
        """An event came for a passage whose record is already stored without it."""
        ...

    def pictured_late(self, passage: Passage, sighting: Sighting, stands: bool) -> None:
        """A picture came for a passage whose record is stored without it. `stands`: while the truck
        was on the scale."""
        ...

    def left_unweighed(self, passage: Passage, reason: str) -> None:
        """It leaves no record; the reason is to be written down."""
        ...

    def together(self, passage: Passage, two: Together) -> None:
        """Two trucks stand on the scale: nothing is weighed until one of them is alone."""
        ...

    def together_over(self, left: Left) -> None:
        """Two trucks stood on the scale; `left` says who is there now."""
        ...

    def departed(self, passage: Passage) -> None:
        """A truck that was weighed has left the scale; another may stand there already."""
        ...

    def again(self, passage: Passage) -> None:
        """The truck that was told before stands on the scale still: show it once more."""
        ...

    def cleared(self) -> None:
        """The scale is free again."""
        ...

    def changed(self) -> None:
        """Phase, or the state of the scale or of its edges, is another one now."""
        ...
