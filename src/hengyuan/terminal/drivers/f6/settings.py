"""Settings of an F6 indicator."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.settings import ScaleSettings


class Settings(ScaleSettings, tag="f6", frozen=True, kw_only=True):
    """The line carries its unit and whether the weight stands, and no checksum."""

    unit: Literal["frame", "kg", "t"] = "frame"
    """`frame` believes the unit on the line; some makes send the wrong one."""
    net: Literal["refuse", "gross"] = "refuse"
    """A line that shows net does not say what the tare is. `gross`: this indicator never has a
    tare, so that its net is the gross."""
    repeats: Annotated[int, Meta(ge=1, le=20)] = 1
    """A weight counts when so many lines on end were identical."""
