"""What must hold for everything that a bad line yields."""

from typing import Any

from hengyuan.terminal.devices import Refused
from tests.terminal.drivers.test_modbus import crc_bit_by_bit


def check(items: list[Any], stream: bytes) -> None:
    """Nothing whose CRC does not hold by another reckoning."""
    for item in items:
        if not isinstance(item, Refused):
            assert crc_bit_by_bit(item.raw[:-2]).to_bytes(2, "little") == item.raw[-2:]
