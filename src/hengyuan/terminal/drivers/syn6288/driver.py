"""SYN6288 speech modules on a serial line."""

from __future__ import annotations

from hengyuan.terminal.devices import Message
from hengyuan.terminal.drivers.base import VoiceDriver
from hengyuan.terminal.drivers.displays import Answered, LineDisplay
from hengyuan.terminal.drivers.syn6288.codec import (
    NOT_UNDERSTOOD,
    TAKEN,
    AnswerDecoder,
    Said,
    frames_for,
)
from hengyuan.terminal.drivers.syn6288.settings import Settings


class Driver(LineDisplay, VoiceDriver):
    """Speaks what the driver must know, once; a newer message breaks an older one off."""

    settings: Settings
    repeats = False

    def frames(self, message: Message) -> list[bytes]:
        return frames_for(message, self.settings)

    def make_decoder(self) -> AnswerDecoder:
        return AnswerDecoder(self.counters)

    def answered(self, item: object) -> Answered | None:
        match item:
            case Said(code=code) if code == TAKEN:
                return Answered(None)
            case Said(code=code) if code == NOT_UNDERSTOOD:
                return Answered("the module did not understand the frame")
        return None
