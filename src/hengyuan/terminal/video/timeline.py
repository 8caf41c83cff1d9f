"""When a frame was seen, from when its packet came, by a clock that never steps.

Packets come late and in bursts, never early: the smallest delay seen is the best guess of the true
one. A camera's crystal drifts and some cameras stall, so only the last minute counts.
"""

from __future__ import annotations

import math

_SPAN_S = 30.0


class Timeline:
    """Joins the time of a stream to the monotonic clock, both in seconds."""

    def __init__(self) -> None:
        self._begun_s = -math.inf
        self._before_s = math.inf
        self._least_s = math.inf

    def arrived(self, stream_s: float, now_s: float) -> None:
        """A packet of that time in the stream came now."""
        if now_s - self._begun_s > _SPAN_S:
            self._begun_s = now_s
            self._before_s, self._least_s = self._least_s, math.inf
        self._least_s = min(self._least_s, now_s - stream_s)

    def seen_s(self, stream_s: float) -> float:
        """When the frame of that time in the stream was seen; after the first packet."""
        return stream_s + min(self._before_s, self._least_s)
