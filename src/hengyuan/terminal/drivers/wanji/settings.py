"""Settings of a 万集 axle controller."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hengyuan.terminal.drivers.settings import Seconds, StreamSettings


class Settings(StreamSettings, tag="wanji", frozen=True, kw_only=True):
    """The controller speaks when a vehicle passes; in between it is asked for its status."""

    spacing_unit_mm: Annotated[int, Meta(ge=1, le=1000)] = 10
    """Unit of the spacings in the frame; the maker's documents do not say, cm is assumed."""
    poll_s: Seconds = 10.0
    """How often its status is asked for. Three questions unanswered mean that it is gone."""
