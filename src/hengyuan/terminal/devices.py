"""What devices at a lane say, in one vocabulary: every driver ends here, the lane begins here.

Masses are integer kg, lengths integer mm. `at` is the arrival time in seconds of the monotonic
clock of this process; wall-clock times are aware datetimes.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal


class DeviceState(StrEnum):
    """Whether what a device last said may still be believed."""

    UNKNOWN = "unknown"
    """Nothing heard yet."""
    OK = "ok"
    STALE = "stale"
    """Connected, but silent for longer than its kind ever is: its last value counts no more."""
    OFFLINE = "offline"
    """No connection."""
    FAULT = "fault"
    """It speaks, but what it says cannot be used, or it reports a fault itself."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One frame of a scale. `mass_kg` is the gross on the deck, a tare shown being added back."""

    mass_kg: int | None
    """None where the frame itself says that there is no valid weight; `fault` says why."""
    stable: bool | None
    """None where this family of scales does not say."""
    at: float
    raw: bytes
    fault: str | None = None
    """`over_range`, `under_range`, `not_zeroed`, or `device_error` where it reports another one."""
    tare_kg: int = 0
    """Tare that the indicator was subtracting from what it shows."""


@dataclass(frozen=True, slots=True)
class AxleReading:
    """The axles of one vehicle, front first."""

    axle_count: int
    group_kg: tuple[int, ...]
    """Mass per axle group."""
    group_codes: tuple[int, ...]
    """Code per group: 1 single/single tyres, 2 single/dual, 5 tandem/dual, 7 tri/dual ..."""
    layout: tuple[int, ...]
    """Axles per group, e.g. (1, 2, 3); empty where the codes do not explain every axle."""
    spacings_mm: tuple[int, ...]
    """Between neighbouring axles; empty where the device did not send them."""
    speed_kmh_x10: int | None
    at: float
    reversing: bool = False
    """True: the vehicle backed off, the last reading is void; all other fields are empty."""
    raw: bytes = b""
    axle_speeds_kmh: tuple[int, ...] = ()
    over_limit: bool | None = None
    """The device's own flag. The law decides, not this."""

    @property
    def gross_kg(self) -> int:
        """Sum over the groups."""
        return sum(self.group_kg)


@dataclass(frozen=True, slots=True)
class Refused:
    """Bytes that did not become a reading, and why."""

    reason: str
    """A short code: `noise`, `half_frame`, `checksum`, `digits` ..."""
    raw: bytes
    at: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """A sound frame that carries no measurement (a status reply, an acknowledgement)."""

    what: str
    raw: bytes
    at: float


PictureKind = Literal["plate", "head", "tail", "panorama"]


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture as the camera sent it."""

    kind: PictureKind
    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class PlateEvent:
    """A plate camera saw a vehicle."""

    event_id: str
    """The camera's own identifier: the same event sent twice has the same one."""
    plate: str | None
    """None where the camera saw a vehicle and could not read a plate."""
    colour: str | None
    """Plate colour, by the names of `hengyuan.law.plates.PlateColour`; None where unknown."""
    confidence: int | None
    """0 to 100."""
    lane: int | None
    camera_at: datetime | None
    """By the camera's clock, which may be years off; aware."""
    received_at: datetime
    """By this machine's clock; aware, UTC."""
    direction: str | None
    """`forward`, `reverse`, or None where the camera does not say."""
    pictures: tuple[Picture, ...]
    retransmission: bool
    """Sent late, after the camera had been off-line: not a vehicle that is here now."""
    camera: str
    picture_faults: tuple[str, ...] = ()
    """Pictures announced but missing or not usable, in words."""


MessageLevel = Literal["idle", "ok", "over", "wait", "fault"]
Colour = Literal["red", "green", "yellow"]
"""What a display of red and green diodes can show."""
LEVEL_COLOUR: dict[MessageLevel, Colour] = {
    "idle": "green",
    "ok": "green",
    "over": "red",
    "wait": "yellow",
    "fault": "red",
}


@dataclass(frozen=True, slots=True)
class Message:
    """What a display is to show, top line first."""

    lines: tuple[str, ...]
    level: MessageLevel


@dataclass(frozen=True, slots=True)
class ShowResult:
    """Whether a display took a message."""

    acknowledged: bool
    error: str | None
    took_ms: int


class BarrierPosition(StrEnum):
    """Where a barrier's arm is."""

    UNKNOWN = "unknown"
    """No input says so, they contradict each other, or the arm is on its way."""
    CLOSED = "closed"
    OPEN = "open"


LampColour = Literal["off", "red", "yellow", "green"]

SensorPlace = Literal["approach", "front_edge", "rear_edge", "barrier"]
"""`approach`: before the scale. `front_edge`, `rear_edge`: at the ends of the deck, covered while a
truck stands only partly on it. `barrier`: under the arm."""


@dataclass(frozen=True, slots=True)
class SensorReading:
    """What beams and loops see: True where something is, None where it is not known."""

    covered: dict[SensorPlace, bool | None]
    at: float


@dataclass(slots=True)
class Counters:
    """What a device's line has carried since the driver started."""

    octets: int = 0
    frames: int = 0
    notices: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    """Refused pieces by reason."""
    connects: int = 0
    last_error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """For status pages and heartbeats: plain values only."""
        return {
            "octets": self.octets,
            "frames": self.frames,
            "notices": self.notices,
            "refused": dict(self.refused),
            "connects": self.connects,
            "last_error": self.last_error,
        }
