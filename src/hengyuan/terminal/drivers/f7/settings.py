"""Settings of an F7 indicator."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.settings import ScaleSettings


class Settings(ScaleSettings, tag="f7", frozen=True, kw_only=True):
    """The frame carries its decimals and its tare, not its unit."""

    unit: Literal["kg", "t"] = "kg"
    address: Annotated[int, Meta(ge=1, le=26)] = 1
    """The indicator's number: 1 is `A` on the line."""
    weight: Literal["unknown", "gross", "net"] = "unknown"
    """What the weight of a frame with a tare is. The manual does not say: while it is unknown,
    such a frame is refused; `net` has the tare added back."""
