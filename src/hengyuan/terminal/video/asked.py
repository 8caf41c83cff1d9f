"""What `Video` gives back, apart so that naming it does not bring in FFmpeg's libraries."""

from __future__ import annotations

from dataclasses import dataclass


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
