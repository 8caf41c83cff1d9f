"""Parking display and voice boards."""

from __future__ import annotations

from hengyuan.terminal.devices import Message
from hengyuan.terminal.drivers.displays import Answered, LineDisplay
from hengyuan.terminal.drivers.parking485.codec import Decoder, Done, frames_for
from hengyuan.terminal.drivers.parking485.settings import Settings


class Driver(LineDisplay):
    """One window after the other, each answered; a phrase is spoken once, not at each refresh."""

    settings: Settings
    _spoken: Message | None = None

    def frames(self, message: Message) -> list[bytes]:
        frames = frames_for(message, self.settings)
        again, self._spoken = message is self._spoken, message
        return frames[: self.settings.rows] if again else frames

    def make_decoder(self) -> Decoder:
        return Decoder(self.settings, self.counters)

    def answered(self, item: object) -> Answered | None:
        if not isinstance(item, Done):
            return None
        return Answered(f"the board refused the frame (code {item.error})" if item.error else None)
