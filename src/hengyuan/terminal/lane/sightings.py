"""What cameras and axle identifiers saw, waiting for the truck that it belongs to.

An event belongs to the truck that is on the scale or arrives next, and is used once. Where several
of one device wait, the newest is meant: an older one is of a truck that turned away, or a reading
that the camera itself replaced by a better one, and it must not shift all that follow by one.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import msgspec

from hengyuan.record.model import FileRef
from hengyuan.terminal.store import SightingKind


class StoredFile(msgspec.Struct, frozen=True):
    """A picture of a sighting that lies in the evidence folder."""

    ref: FileRef
    size: int


class SinceBoot(msgspec.Struct, frozen=True):
    """When it was kept, by a clock that no step moves: as long as the machine runs, whatever
    becomes of the process, it says how long ago that was."""

    boot: str
    seconds: float


class PlateSeen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A plate event as it is kept. `plate` is None where the camera could not read one."""

    plate: str | None = None
    colour: str | None = None
    confidence: int | None = None
    camera_ms: int | None = None
    retransmission: bool = False
    rear: bool = False
    """The camera sees the rear: its plate is compared, and names the trailer."""
    typed: bool = False
    """A person read it, not a camera."""
    direction: str | None = None
    """How it drove, where the camera says so: `forward` or `reverse`."""
    only_pictures: bool = False
    """The camera sees the cab or the weigh room: it names no truck."""
    files: tuple[StoredFile, ...] = ()
    since_boot: SinceBoot | None = None


class AxlesSeen(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An axle reading as it is kept. `layout` is empty where the device did not explain it."""

    axles: int
    layout: tuple[int, ...] = ()
    group_kg: tuple[int, ...] = ()
    group_codes: tuple[int, ...] = ()
    """The device's digit for each group, which names its tyres."""
    spacings_mm: tuple[int, ...] = ()
    since_boot: SinceBoot | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """One event of one device. `seen_at` is on the monotonic clock of this process."""

    id: int
    device: str
    kind: SightingKind
    seen_at: float
    body: PlateSeen | AxlesSeen
    late: bool = False
    """It was sent again after an outage: the truck may long be gone."""

    @property
    def plate(self) -> str | None:
        """The plate that was read, if it is a plate event and one was read."""
        return self.body.plate if isinstance(self.body, PlateSeen) else None


@dataclass(slots=True)
class Waiting:
    """The sightings that no passage has used yet."""

    kept: list[Sighting] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)
    """Ids that belong to nobody any more; written down with the next change of the lane."""
    _left_behind: dict[str, float] = field(default_factory=dict)
    _of_last_run: set[int] = field(default_factory=set)
    _returning: list[tuple[Sighting, float]] = field(default_factory=list)

    def add(self, sighting: Sighting) -> None:
        """Let a sighting wait."""
        self.kept.append(sighting)

    def resume(self, sighting: Sighting) -> None:
        """Let one wait that the last run left: its truck may have gone while nobody watched."""
        self.kept.append(sighting)
        self._of_last_run.add(sighting.id)

    def forget_last_run(self, devices: Collection[str]) -> None:
        """Pass over what the last run left of these: the truck that it shows has gone."""
        for sighting in [s for s in self.kept if s.id in self._of_last_run]:
            if sighting.device in devices:
                self.drop(sighting)

    def turned_away(self, until: float) -> None:
        """What waits was seen of a truck that left unweighed: until then it may come again."""
        known = [sighting for sighting, _ in self._returning]
        self._returning += [(each, until) for each in self.kept if each not in known]

    def expire_returning(self, now: float) -> None:
        """Pass over what was seen of trucks that turned away and have not come again."""
        gone = [sighting for sighting, until in self._returning if until < now]
        self._returning = [each for each in self._returning if each[1] >= now]
        for sighting in gone:
            if sighting in self.kept:
                self.drop(sighting)

    def left(self, devices: Iterable[str], at: float) -> None:
        """A truck left the scale then, and none of what these devices saw was joined to it."""
        self._left_behind |= dict.fromkeys(devices, at)

    def has_own(self, device: str, since: float) -> bool:
        """Whether a sighting waits that cannot be of a truck that has left without one, before the
        eyes of this run or before it.

        One that can is taken all the same if nothing newer comes: the truck may be back.
        """
        newest = self.newest(device, since)
        if newest is None or newest.id in self._of_last_run:
            return False
        return newest.seen_at > self._left_behind.get(device, -math.inf)

    def expire(self, before: float) -> None:
        """Pass over what was seen before a time: its truck never came to the scale."""
        for sighting in [s for s in self.kept if s.seen_at < before]:
            self.drop(sighting)

    def newest(self, device: str, since: float) -> Sighting | None:
        """The newest of a device that was seen at or after `since`."""
        fitting = [s for s in self.kept if s.device == device and s.seen_at >= since]
        return max(fitting, key=lambda s: (s.seen_at, s.id), default=None)

    def fresh(self, devices: Collection[str], since: float) -> list[Sighting]:
        """What these devices saw at or after `since` with their own eyes and in this run, and what
        is of none that is known to have gone."""
        returning = {sighting.id for sighting, _ in self._returning}
        return [
            s
            for s in self.kept
            if s.device in devices
            and s.seen_at >= since
            and s.seen_at > self._left_behind.get(s.device, -math.inf)
            and not (s.late or s.id in self._of_last_run or s.id in returning)
        ]

    def newest_plate(self, since: float) -> str | None:
        """The plate that was read last at or after `since`."""
        seen = [s for s in self.kept if s.plate is not None and s.seen_at >= since]
        return max(seen, key=lambda s: s.seen_at).plate if seen else None

    def plates(self, since: float) -> list[str]:
        """The plates that were read at or after `since` and wait, oldest first."""
        seen = sorted((s.seen_at, s.plate) for s in self.kept if s.plate and s.seen_at >= since)
        return list(dict.fromkeys(plate for _, plate in seen))

    def take(self, device: str, since: float) -> Sighting | None:
        """Remove and return the newest of a device; all older ones of it are passed over."""
        taken = self.newest(device, since)
        if taken is None:
            return None
        for sighting in [s for s in self.kept if s.device == device]:
            if (sighting.seen_at, sighting.id) <= (taken.seen_at, taken.id):
                self.kept.remove(sighting)
                if sighting is not taken:
                    self.passed.append(sighting.id)
        return taken

    def drop(self, sighting: Sighting) -> None:
        """Pass over one sighting."""
        if sighting in self.kept:
            self.kept.remove(sighting)
        self.passed.append(sighting.id)

    def take_passed(self) -> tuple[int, ...]:
        """The ids passed over since the last call."""
        passed = tuple(self.passed)
        self.passed.clear()
        return passed
