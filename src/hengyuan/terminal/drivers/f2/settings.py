"""Settings of an F2 indicator."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.settings import ScaleSettings


class Settings(ScaleSettings, tag="f2", frozen=True, kw_only=True):
    """The frame carries neither unit nor checksum."""

    unit: Literal["kg", "t"] = "kg"
    decimals: Annotated[int, Meta(ge=0, le=5)] = 0
    """Decimal places of a frame that writes no point."""
    repeats: Annotated[int, Meta(ge=1, le=20)] = 2
    """A weight counts when so many frames on end were identical."""
