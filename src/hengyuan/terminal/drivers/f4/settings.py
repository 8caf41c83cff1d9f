"""Settings of an F4 indicator."""

from __future__ import annotations

from typing import Literal

from hengyuan.terminal.drivers.settings import ScaleSettings


class Settings(ScaleSettings, tag="f4", frozen=True, kw_only=True):
    """`checksum`: `auto` finds out whether the indicator sends the 18th byte."""

    checksum: Literal["auto", "required", "absent"] = "auto"
    unit: Literal["frame", "kg", "t"] = "frame"
    """`frame` believes the frame's unit; some makes send the wrong one."""
