"""Settings of an F3 indicator."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.settings import ScaleSettings


class Settings(ScaleSettings, tag="f3", frozen=True, kw_only=True):
    """The frame carries its unit; only its longer form carries a checksum."""

    net: Literal["refuse", "gross"] = "refuse"
    """A frame that shows net does not say what the tare is. `gross`: this indicator never has a
    tare, so that its net is the gross."""
    repeats: Annotated[int, Meta(ge=1, le=20)] = 1
    """A weight without a checksum counts when so many frames on end were identical."""
