"""Settings of a Hikvision plate camera that pushes its events."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.settings import DeviceSettings, Seconds


class Settings(DeviceSettings, tag="hikvision", frozen=True, kw_only=True):
    """The camera is told, in its own pages, to push to the terminal; nothing is asked of it."""

    host: Annotated[str, Meta(min_length=1)] | None = None
    """Address that its pushes come from; others are refused. None accepts any."""
    view: Literal["front", "rear"] = "front"
    """Which end of the truck it sees."""
    utc_offset_h: Annotated[float, Meta(ge=-12, le=14)] = 8.0
    """Zone of the camera's clock, for firmware that sends its time without one."""
    silence_s: Seconds | None = None
    """Silence after which it counts as gone. None: a camera is silent while no truck comes."""
