"""Settings of a SYN6288 speech module."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.settings import AnsweringSettings


class Settings(AnsweringSettings, tag="syn6288", frozen=True, kw_only=True):
    """Speaks a message's lines one after the other."""

    encoding: Literal["gbk", "gb2312"] = "gbk"
    volume: Annotated[int, Meta(ge=0, le=16)] = 12
    speed: Annotated[int, Meta(ge=0, le=5)] = 4
    speak_wait: bool = True
    """Whether it also says what the driver has to wait for. Verdicts and faults are always said,
    the invitation of a free scale never."""
