"""Settings of an F1 indicator."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.settings import PolledScaleSettings


class Settings(PolledScaleSettings, tag="f1", frozen=True, kw_only=True):
    """The frame carries digits and decimals, not the unit: that stands on the indicator's face."""

    unit: Literal["kg", "t"] = "kg"
    mode: Literal["continuous", "command"] = "continuous"
    """`command`: the indicator (tF=1) answers questions, and the terminal asks for the gross."""
    address: Annotated[int, Meta(ge=1, le=26)] = 1
    """The indicator's number in command mode: 1 is `A` on the line."""
    tare_command: Literal["C", "D"] = "C"
    """Which letter means tare; the other means net. Manuals differ."""
