"""Settings of an F5 indicator."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.settings import ScaleSettings


class Settings(ScaleSettings, tag="f5", frozen=True, kw_only=True):
    """The status byte differs per model, and there is neither unit nor checksum."""

    unit: Literal["kg", "t"] = "kg"
    decimals_offset: Literal[0, 1] = 0
    """1 where the status counts the decimals from 1 (HT9800)."""
    stable_bit: Literal[0, 4, 6] = 0
    """Which bit of the status says that the weight stands; 0: none is known to."""
    overload_bit: Literal[0, 7] = 7
    """Which bit of the status says that the scale is overloaded; 0: none does."""
    repeats: Annotated[int, Meta(ge=1, le=20)] = 2
    """A weight counts when so many frames on end were identical."""
