"""Scales over Modbus: asked for status and weight in one question."""

from __future__ import annotations

from hengyuan.terminal.drivers.modbus_scale.codec import Decoder, make_decoder, question
from hengyuan.terminal.drivers.modbus_scale.settings import Settings
from hengyuan.terminal.drivers.polling import PolledScaleDriver


class Driver(PolledScaleDriver):
    """Asks for the gross."""

    settings: Settings

    def make_decoder(self) -> Decoder:
        return make_decoder(self.settings, self.counters)

    def question(self) -> bytes:
        return question(self.settings)
