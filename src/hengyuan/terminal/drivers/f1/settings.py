"""Settings of an F1 indicator."""

from __future__ import annotations

from typing import Literal

from hengyuan.terminal.drivers.settings import ScaleSettings


class Settings(ScaleSettings, tag="f1", frozen=True, kw_only=True):
    """The frame carries digits and decimals, not the unit: that stands on the indicator's face."""

    unit: Literal["kg", "t"] = "kg"
