"""All streams of one terminal: what the gatekeeper's page, the lanes and the county ask for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from hengyuan.terminal.lane.sightings import StoredFile


class NoVideo(LookupError):
    """There is no such camera, or nothing was recorded in that span; the text says which."""


@dataclass(frozen=True, slots=True)
class LiveSegment:
    """Some two seconds of a stream, playable after the initialisation segment before it."""

    sequence: int
    """Grows by one with each segment of a camera, over restarts too; a jump is a loss."""
    init: bytes | None
    """`ftyp` and `moov`, with the first segment and again whenever the stream begins anew: a player
    then sets a discontinuity. None where the one before still holds."""
    data: bytes
    """`moof` and `mdat`, beginning with a key frame."""
    duration_ms: int


class Video:
    """Recorders, ring and clips. Times are ms since 1970."""

    @property
    def cameras(self) -> list[str]:
        """Names of the streams, in the order of the configuration."""
        raise NotImplementedError

    def live(self, camera: str) -> AsyncIterator[LiveSegment]:
        """From the newest segment on, for as long as it is read; what a slow reader misses is left
        out. It waits while the camera is away. NoVideo for a camera that is not configured."""
        raise NotImplementedError

    async def clip(self, lane: int, from_ms: int, to_ms: int) -> list[StoredFile]:
        """Clips of a lane's cameras as evidence files, durably stored; times by this machine's
        clock, as records have them. Empty where nothing was recorded. OSError if the disk refuses.
        """
        raise NotImplementedError

    async def export(self, camera: str, from_ms: int, to_ms: int) -> Path:
        """One MP4 file of a span that is no evidence; times by the county's clock. Whoever asked
        deletes it; one that is left is gone with the next start. NoVideo where there is nothing,
        ValueError for a span that is empty or longer than `max_clip_s`, OSError if the disk
        refuses."""
        raise NotImplementedError
