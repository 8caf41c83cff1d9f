"""The phases of a passage over the scale, and which may follow which. Drawn in docs/lane.md."""

from __future__ import annotations

from enum import StrEnum


class Phase(StrEnum):
    """Where the lane stands with the truck that is on its scale."""

    EMPTY = "empty"
    ARRIVED = "arrived"
    """Weight on the scale, still changing."""
    SETTLING = "settling"
    """The weight has begun to stand still."""
    WEIGHED = "weighed"
    """The weight stands; plate or axles may still be waited for."""
    JUDGED = "judged"
    """The verdict is known and on its way into the store and onto the display."""
    TOLD = "told"
    """The record is stored and a display has acknowledged the verdict."""
    LEAVING = "leaving"


TRANSITIONS: dict[Phase, frozenset[Phase]] = {
    Phase.EMPTY: frozenset({Phase.ARRIVED}),
    Phase.ARRIVED: frozenset({Phase.SETTLING, Phase.LEAVING}),
    Phase.SETTLING: frozenset({Phase.ARRIVED, Phase.WEIGHED, Phase.TOLD, Phase.LEAVING}),
    Phase.WEIGHED: frozenset({Phase.ARRIVED, Phase.JUDGED}),
    Phase.JUDGED: frozenset({Phase.TOLD, Phase.LEAVING}),
    Phase.TOLD: frozenset({Phase.ARRIVED, Phase.LEAVING}),
    Phase.LEAVING: frozenset({Phase.ARRIVED, Phase.EMPTY}),
}
