"""Settings of an 仰邦 Onbon display."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from hengyuan.terminal.drivers.settings import AnsweringSettings


class Settings(AnsweringSettings, tag="onbon", frozen=True, kw_only=True):
    """The message's lines become as many dynamic areas, one below the other."""

    width_px: Annotated[int, Meta(ge=16, le=2048)] = 128
    height_px: Annotated[int, Meta(ge=16, le=1024)] = 64
    rows: Annotated[int, Meta(ge=1, le=16)] = 4
