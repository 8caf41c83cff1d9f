"""When a frame was seen, from when its packet came.

Packets come late and in bursts, never early: the smallest delay seen is the best guess of the true
one. A camera's crystal drifts, so the guess gives way slowly.
"""

from __future__ import annotations

_DRIFT = 0.001
"""Seconds a second by which a camera's clock may be off."""
_STEP_MS = 5_000
"""A larger difference is a clock that was set, or a stream that began anew."""


class Timeline:
    """Joins the time of a stream, in seconds, to the county's, in ms."""

    def __init__(self) -> None:
        self._zero_ms: float | None = None
        self._last_s = 0.0

    def arrived(self, stream_s: float, now_ms: float) -> None:
        """A packet of that time in the stream came now."""
        zero_ms = now_ms - stream_s * 1000
        if self._zero_ms is None or abs(zero_ms - self._zero_ms) > _STEP_MS:
            self._zero_ms = zero_ms
        else:
            given_way = self._zero_ms + (stream_s - self._last_s) * _DRIFT * 1000
            self._zero_ms = min(zero_ms, given_way)
        self._last_s = stream_s

    def at_ms(self, stream_s: float) -> int:
        """The county's time at that time of the stream."""
        assert self._zero_ms is not None
        return round(self._zero_ms + stream_s * 1000)
