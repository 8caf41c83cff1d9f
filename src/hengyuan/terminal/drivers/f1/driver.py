"""F1 indicators: in continuous mode they need no asking, in command mode they are asked."""

from __future__ import annotations

from hengyuan.terminal.drivers.f1.codec import Decoder, request
from hengyuan.terminal.drivers.f1.settings import Settings
from hengyuan.terminal.drivers.polling import PolledScaleDriver


class Driver(PolledScaleDriver):
    """Listens, or asks for the gross."""

    settings: Settings

    def make_decoder(self) -> Decoder:
        return Decoder(self.settings, self.counters)

    def question(self) -> bytes | None:
        if self.settings.mode == "continuous":
            return None
        return request("gross", self.settings.address)
