"""What must hold for everything that a bad line yields."""

from typing import Any

from hengyuan.terminal.drivers.raw_template.codec import RowText


def check(items: list[Any], stream: bytes) -> None:
    """No text but from a frame of the example's form, its XOR worked out once more."""
    for item in items:
        if isinstance(item, RowText):
            value = 0
            for byte in item.raw[:-2]:
                value ^= byte
            assert (item.raw[0], item.raw[-2], item.raw[-1]) == (2, value, 3)
            assert item.raw[2] == len(item.raw) - 5
