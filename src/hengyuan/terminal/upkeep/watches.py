"""What changes at a gate, told apart from what only flickers. No I/O, no clock of their own.

Times are seconds of the monotonic clock; the wall clock dates what is written down.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

BAD_STATES = frozenset({"fault", "offline", "stale"})
"""`unknown` is neither: a camera that has seen no truck yet has said nothing."""


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A device that has failed, or is sound again, since `since` on the monotonic clock."""

    device: str
    failed: bool
    state: str
    since: float


@dataclass(slots=True)
class _Seen:
    state: str
    since: float
    """Of its being good or bad, whichever of the two it is."""
    down: bool
    down_since: float | None = None


class DeviceWatch:
    """Devices and when their trouble is one. `down` are those that had failed when the last run
    ended."""

    def __init__(self, failed_after_s: float, sound_after_s: float, down: frozenset[str]) -> None:
        self._failed_after_s = failed_after_s
        self._sound_after_s = sound_after_s
        self._was_down = down
        self._seen: dict[str, _Seen] = {}

    def look(self, states: Mapping[str, str], now: float) -> list[DeviceChange]:
        """What has become of the devices by now."""
        changes = []
        for device in set(states) | set(self._seen) | self._was_down:
            # what is told only while it is in trouble is sound when it is told no more
            change = self._look(device, states.get(device, "ok"), now)
            if change is not None:
                changes.append(change)
        return sorted(changes, key=lambda change: change.since)

    def down_for_s(self, device: str, now: float) -> float:
        """How long a device has been out of order in this run; 0 for one that is sound."""
        seen = self._seen.get(device)
        if seen is None or not seen.down or seen.state not in BAD_STATES:
            return 0.0
        return now - seen.since

    def _look(self, device: str, state: str, now: float) -> DeviceChange | None:
        seen = self._seen.get(device)
        if seen is None:
            seen = self._seen[device] = _Seen(state, now, device in self._was_down)
        elif state != "unknown" and (state in BAD_STATES) != (seen.state in BAD_STATES):
            seen.since = now
        if state == "unknown":
            return None
        seen.state = state
        lasted_s = now - seen.since
        if state in BAD_STATES:
            if seen.down or lasted_s < self._failed_after_s:
                return None
            seen.down, seen.down_since = True, seen.since
            return DeviceChange(device, True, state, seen.since)
        if not seen.down or lasted_s < self._sound_after_s:
            return None
        seen.down = False
        return DeviceChange(device, False, state, seen.since)

    def outage_s(self, change: DeviceChange) -> int | None:
        """How long the outage that is over lasted; None where it began before this run."""
        began = self._seen[change.device].down_since
        return None if began is None else round(change.since - began)


ZeroWhy = Literal["hourly", "drifted", "returned"]


@dataclass(frozen=True, slots=True)
class Zero:
    """What a free scale shows, and why it is written down."""

    kg: int
    why: ZeroWhy


_SAMPLES = 15


@dataclass(slots=True)
class ZeroWatch:
    """One scale. Its reading counts once it was free for a while; the median of the last ones, so
    that a person who walks over it is none."""

    bound_kg: int
    free_s: float
    every_s: float
    drifting: bool = False
    last_kg: int | None = None
    _free_since: float | None = None
    _kept_at: float | None = None
    _samples: deque[int] = field(default_factory=lambda: deque(maxlen=_SAMPLES))

    def look(self, free: bool, kg: int | None, now: float) -> Zero | None:
        """`free`: no truck is there and the scale is sound. Asked once a second."""
        if not free or kg is None:
            self._free_since = None
            self._samples.clear()
            return None
        if self._free_since is None:
            self._free_since = now
        self._samples.append(kg)
        if now - self._free_since < self.free_s or len(self._samples) < _SAMPLES:
            return None
        shown = self.last_kg = round(median(self._samples))
        if abs(shown) > self.bound_kg and not self.drifting:
            self.drifting = True
            return self._keep(shown, "drifted", now)
        # half of the bound: a zero on the edge would otherwise come and go all day
        if self.drifting and abs(shown) <= self.bound_kg / 2:
            self.drifting = False
            return self._keep(shown, "returned", now)
        if self._kept_at is None or now - self._kept_at >= self.every_s:
            return self._keep(shown, "hourly", now)
        return None

    def _keep(self, kg: int, why: ZeroWhy, now: float) -> Zero:
        self._kept_at = now
        return Zero(kg, why)


@dataclass(slots=True)
class ClockWatch:
    """The clock: off for a while, right for a while."""

    after_s: float
    off: bool = False
    _changed_at: float | None = None

    def look(self, unsynced: bool, now: float) -> bool | None:
        """True: it is off from now on; False: right again; None: as before."""
        if unsynced == self.off:
            self._changed_at = None
            return None
        if self._changed_at is None:
            self._changed_at = now
        if now - self._changed_at < self.after_s:
            return None
        self.off, self._changed_at = unsynced, None
        return unsynced
