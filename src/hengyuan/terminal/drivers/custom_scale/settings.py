"""Settings of an indicator whose frame is described in the configuration."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hengyuan.terminal.drivers.custom_scale.frame import Frame
from hengyuan.terminal.drivers.mass import MassUnit
from hengyuan.terminal.drivers.settings import ScaleSettings


class Settings(ScaleSettings, tag="custom_scale", frozen=True, kw_only=True):
    """The description is a table of its own."""

    frame: Frame
    unit: MassUnit = "kg"
    """Of a frame that does not carry its unit."""
    repeats: Annotated[int, Meta(ge=0, le=20)] = 0
    """A weight counts when so many frames on end were identical; 0 asks for two where there is no
    checksum, and for one where there is."""
