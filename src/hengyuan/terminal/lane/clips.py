"""Clips of the trucks that someone will ask about. What makes them is elsewhere."""

from __future__ import annotations

from typing import Protocol

from hengyuan.terminal.lane.sightings import StoredFile


class Clips(Protocol):
    """Whatever keeps the pictures of a lane's cameras for a while."""

    def keeps(self, lane: int) -> bool:
        """Whether there is any camera of a lane whose clips can be had."""
        ...

    async def frame(self, lane: int) -> bytes | None:
        """What a camera of a lane saw a moment ago, as JPEG; None where no stream of it shows the
        trucks and is running. OSError if it cannot be read."""
        ...

    async def clip(self, lane: int, from_ms: int, to_ms: int) -> list[StoredFile]:
        """Clips of all cameras of `lane` over a span of the wall clock, stored as evidence files.

        Empty where no camera has anything of that span any more, or yet. OSError if the disk
        refuses.
        """
        ...
