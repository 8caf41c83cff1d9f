"""The checksums that a described frame may have."""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Callable
from functools import reduce

from hengyuan.terminal.drivers.custom_scale.frame import CHECKSUM_SIZES, Checksum
from hengyuan.terminal.drivers.modbus import crc as crc_modbus


def _crc_arc(data: bytes) -> int:
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value


_SUMS: dict[str, Callable[[bytes], int]] = {
    "xor": lambda data: reduce(lambda a, b: a ^ b, data),
    "sum": lambda data: sum(data) & 0xFF,
    "negated_sum": lambda data: -sum(data) & 0xFF,
    "crc16_modbus": lambda data: int.from_bytes(crc_modbus(data), "little"),
    "crc16_arc": _crc_arc,
    "crc16_xmodem": lambda data: crc_hqx(data, 0),
}


def written(checksum: Checksum, data: bytes) -> bytes:
    """The checksum of `data` as it stands in the frame."""
    value = _SUMS[checksum.kind](data)
    size = CHECKSUM_SIZES[checksum.kind]
    if size == 1:
        value = value & checksum.mask | checksum.set_bits
    octets = value.to_bytes(size, "big" if checksum.order == "high_first" else "little")
    return octets.hex().upper().encode("ascii") if checksum.written == "hex" else octets
