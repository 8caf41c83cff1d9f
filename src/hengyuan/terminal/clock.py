"""Two clocks: a monotonic one for what is measured, the wall clock for what is written down.

Order and durations never come from the wall clock, which may step by hours; it only dates records.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from hengyuan.record.model import MAX_TIME_MS, MIN_TIME_MS

MAX_OFFSET_MS = 5_000
"""A clock further off than this flags the records that it dates."""


class Clock(Protocol):
    """What the terminal reads time from; tests put their own in its place."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""
        ...

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC by this machine, right or wrong."""
        ...


class SystemClock:
    """This machine's clocks."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000


@cache
def boot_id() -> str | None:
    """Names this run of the machine, during which `monotonic` of all its processes is one clock.

    None where the system does not tell (Windows).
    """
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip() or None
    except OSError:
        return None


def utc(ms: int) -> datetime:
    """Milliseconds since 1970 as an aware datetime."""
    return datetime.fromtimestamp(ms / 1000, UTC)


class CheckedClock:
    """The wall clock, and how far it is from the platform's.

    A check is carried forward on the monotonic clock, so that a step of the wall clock between two
    checks shows at once. One brought over from the last run counts until the first new one.
    """

    def __init__(self, clock: Clock, offset_ms: int | None = None) -> None:
        self._clock = clock
        self._carried_ms = offset_ms
        self._platform_minus_monotonic_ms: float | None = None

    def checked(self, platform_ms: int, asked_at: float, answered_at: float) -> None:
        """The platform said `platform_ms` between two readings of the monotonic clock."""
        middle_ms = (asked_at + answered_at) / 2 * 1000
        self._platform_minus_monotonic_ms = platform_ms - middle_ms

    @property
    def offset_ms(self) -> int | None:
        """This clock minus the platform's in ms; None while never checked."""
        if self._platform_minus_monotonic_ms is None:
            return self._carried_ms
        return self._clock.now_ms() - self._platform_ms()

    @property
    def checked_in_this_run(self) -> bool:
        """True once the platform has told its time: only then is anything deleted for its age."""
        return self._platform_minus_monotonic_ms is not None

    @property
    def unsynced(self) -> bool:
        """True when the clock was never checked or is off by more than it may be."""
        offset = self.offset_ms
        return offset is None or abs(offset) > MAX_OFFSET_MS

    def request_ms(self) -> int:
        """The platform's time as well as it is known here, for signing requests."""
        offset = self.offset_ms
        return self._clock.now_ms() - (offset or 0)

    def record_ms(self, after_ms: int | None) -> tuple[int, bool]:
        """Time for a record and whether it is to be flagged.

        It is this machine's time. A clock outside 2000 to 2100 dates nothing: then the platform's
        time serves if it is known, otherwise one millisecond after `after_ms`, the last record.
        """
        now_ms = self._clock.now_ms()
        if MIN_TIME_MS <= now_ms <= MAX_TIME_MS:
            return now_ms, self.unsynced
        if self._platform_minus_monotonic_ms is not None:
            return self._platform_ms(), True
        return (after_ms + 1 if after_ms is not None else MIN_TIME_MS), True

    def _platform_ms(self) -> int:
        assert self._platform_minus_monotonic_ms is not None
        return round(self._clock.monotonic() * 1000 + self._platform_minus_monotonic_ms)
