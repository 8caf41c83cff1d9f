"""Described indicators: they need no asking."""

from __future__ import annotations

from hengyuan.terminal.drivers.base import ScaleDriver
from hengyuan.terminal.drivers.custom_scale.codec import Decoder
from hengyuan.terminal.drivers.custom_scale.settings import Settings


class Driver(ScaleDriver):
    """Listens."""

    settings: Settings

    def make_decoder(self) -> Decoder:
        return Decoder(self.settings, self.counters)
