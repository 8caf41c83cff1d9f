"""What must hold for everything that a bad line yields."""

from typing import Any

from hengyuan.terminal.devices import Notice
from hengyuan.terminal.drivers.syn6288.codec import Speech


def check(items: list[Any], stream: bytes) -> None:
    """No speech whose bytes do not cancel out."""
    for item in items:
        if isinstance(item, Speech | Notice):
            value = 0
            for byte in item.raw:
                value ^= byte
            assert value == 0
