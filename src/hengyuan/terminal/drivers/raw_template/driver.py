"""Displays whose frame is written down as a template."""

from __future__ import annotations

import time

from hengyuan.terminal.devices import Message, Notice
from hengyuan.terminal.drivers.base import Clock
from hengyuan.terminal.drivers.displays import Answered, LineDisplay
from hengyuan.terminal.drivers.framing import FrameDecoder
from hengyuan.terminal.drivers.raw_template.codec import (
    AnswerDecoder,
    Decoder,
    RowText,
    frames_for,
)
from hengyuan.terminal.drivers.raw_template.settings import Settings
from hengyuan.terminal.transports.link import Link


class Driver(LineDisplay):
    """Fills the template in, and waits for the answer if the device has one."""

    settings: Settings

    def __init__(
        self, settings: Settings, *, clock: Clock = time.monotonic, link: Link | None = None
    ) -> None:
        super().__init__(settings, clock=clock, link=link)
        self.answers = settings.answer is not None

    def frames(self, message: Message) -> list[bytes]:
        return frames_for(message, self.settings)

    def make_decoder(self) -> FrameDecoder[RowText]:
        if self.answers:
            return AnswerDecoder(self.settings, self.counters)
        return Decoder(self.settings, self.counters)

    def answered(self, item: object) -> Answered | None:
        return Answered(None) if isinstance(item, Notice) else None
