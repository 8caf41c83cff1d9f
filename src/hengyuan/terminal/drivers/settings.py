"""What the settings of all drivers have in common. Each driver's own are in its folder."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hengyuan.terminal.drivers.http import Address, Login
from hengyuan.terminal.transports.settings import Transport

Seconds = Annotated[float, Meta(gt=0)]


class DeviceSettings(
    msgspec.Struct, tag_field="driver", kw_only=True, frozen=True, forbid_unknown_fields=True
):
    """One device. Subclasses carry the driver's name as their tag."""

    name: Annotated[str, Meta(min_length=1, max_length=64)]
    """What the device is called on screens and in records, unique at its terminal."""


class StreamSettings(DeviceSettings, frozen=True):
    """A device that sends and takes bytes."""

    transport: Transport
    gap_s: Seconds = 0.5
    """Silence after which half a frame counts as torn off."""


class ScaleSettings(StreamSettings, frozen=True):
    """A weigh indicator."""

    stale_s: Seconds = 2.0
    """No sound frame for so long means that the weight is unknown, never the last value."""
    silence_s: Seconds = 10.0
    """No byte at all for so long: the connection is taken down and opened again."""


class PolledScaleSettings(ScaleSettings, frozen=True):
    """A weigh indicator that speaks when it is asked."""

    poll_s: Seconds = 0.1
    """It is asked again so long after its answer."""
    answer_s: Seconds = 0.5
    """An answer that takes longer is none, and the question is put again."""


CameraView = Literal["front", "rear", "cab", "weigh_room", "exit"]
"""What a camera of a lane sees. `front` and `rear` read plates on the scale; `exit` reads plates
behind it, where every truck that leaves comes by; `cab` and `weigh_room` give pictures only."""
End = Literal["front", "rear"]

BarrierPlace = Literal["exit", "entry"]
"""Behind the scale, or before it."""


class CameraSettings(DeviceSettings, frozen=True):
    """A plate camera."""

    view: CameraView = "front"
    """What of the lane it sees."""
    utc_offset_h: Annotated[float, Meta(ge=-12, le=14)] = 8.0
    """Zone of the camera's clock, where it sends its time without one."""

    @property
    def end(self) -> End:
        """Which end of a truck that drives out it sees."""
        return "rear" if self.view == "rear" else "front"


class PushCameraSettings(CameraSettings, frozen=True):
    """A plate camera that posts to the terminal."""

    host: Annotated[str, Meta(min_length=1)] | None = None
    """Address that its pushes come from; others are refused. None accepts any."""
    silence_s: Seconds | None = None
    """Silence after which it counts as gone. None: a camera is silent while no truck comes."""
    address: Address | None = None
    """`http://192.0.2.10`: where it is asked for a picture. None: it is never asked."""
    login: Login | None = None
    snapshot_path: Annotated[str, Meta(pattern="^(/.*)?$")] = ""
    """Where on it a picture of this moment is; nothing: it is never asked."""


class AnsweringSettings(StreamSettings, frozen=True):
    """A display or loudspeaker on a line."""

    ack_timeout_s: Seconds = 1.0
    """An answer that takes longer is none: the line is opened anew."""
    refresh_s: Seconds = 30.0
    """How often a display's message is sent again, so that one whose power failed shows it anew."""


class ModbusSettings(StreamSettings, frozen=True):
    """A device that is asked over Modbus. Devices of one transport share its line."""

    gap_s: Seconds = 0.1
    framing: Literal["rtu", "tcp"] = "rtu"
    """`rtu` on serial lines, also behind a transparent device server; `tcp` for Modbus TCP."""
    unit: Annotated[int, Meta(ge=1, le=247)] = 1
    answer_s: Seconds = 0.5
    """An answer that takes longer is none."""
    poll_s: Seconds = 0.1
    """How often its inputs are read."""
    stale_s: Seconds = 1.0
    """Inputs that were not read for so long are not known."""
