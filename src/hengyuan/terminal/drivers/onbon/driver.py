"""Onbon displays over TCP or serial."""

from __future__ import annotations

from hengyuan.terminal.devices import Message
from hengyuan.terminal.drivers.displays import Answered, LineDisplay
from hengyuan.terminal.drivers.onbon.codec import Answer, Decoder, areas_for, text_frame
from hengyuan.terminal.drivers.onbon.settings import Settings


class Driver(LineDisplay):
    """All areas in one command, which the controller acknowledges or refuses."""

    settings: Settings
    called = "display"

    def frames(self, message: Message) -> list[bytes]:
        return [text_frame(areas_for(message, self.settings))]

    def make_decoder(self) -> Decoder:
        return Decoder(self.settings, self.counters)

    def answered(self, item: object) -> Answered | None:
        return Answered(item.why) if isinstance(item, Answer) else None
