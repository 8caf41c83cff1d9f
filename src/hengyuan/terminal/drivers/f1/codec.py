"""F1, the 12-byte STX frame: `02 | sign | 6 digits | decimals | XOR high | XOR low | 03`.

Sign is 2B or 2D; the digits are ASCII, high first; decimals '0' to '4'. XOR runs over bytes 2 to 9
and travels as two ASCII characters, high nibble first. The family has no stable bit.
"""

from __future__ import annotations

from functools import reduce

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.f1.settings import Settings
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, to_kg

STX, ETX = 0x02, 0x03
LENGTH = 12
_SIGNS = {0x2B: 1, 0x2D: -1}


def checksum(frame: bytes) -> bytes:
    """The two checksum characters of bytes 2 to 9 of `frame`."""
    value = reduce(lambda a, b: a ^ b, frame[1:9])
    return b"%X%X" % (value >> 4, value & 0x0F)


class Decoder(FrameDecoder[Reading]):
    """Continuous F1 stream to readings."""

    start = bytes([STX])

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(counters)
        self._unit: MassUnit = settings.unit if settings else "kg"

    def length(self, buffer: bytes) -> int:
        return LENGTH

    def read(self, frame: bytes, at: float) -> Reading:
        if STX in frame[1:]:
            raise Bad("half_frame", "the next frame begins inside this one")
        if frame[11] != ETX:
            raise Bad("end", f"byte 12 is {frame[11]:02X}, not 03")
        if frame[1] not in _SIGNS:
            raise Bad("sign", f"byte 2 is {frame[1]:02X}, neither 2B nor 2D")
        digits = frame[2:8]
        if not digits.isdigit():
            raise Bad("digits", f"bytes 3 to 8 are {digits.hex(' ').upper()}, not six digits")
        if not 0x30 <= frame[8] <= 0x34:
            raise Bad("decimals", f"byte 9 is {frame[8]:02X}, not '0' to '4'")
        wanted = checksum(frame)
        if frame[9:11] != wanted:
            raise Bad(
                "checksum",
                f"bytes 10 and 11 are {frame[9:11].hex(' ').upper()}, "
                f"the XOR of bytes 2 to 9 is {wanted.hex(' ').upper()}",
            )
        mass_kg = to_kg(_SIGNS[frame[1]] * int(digits), -(frame[8] - 0x30), self._unit)
        return Reading(mass_kg=mass_kg, stable=None, at=at, raw=frame)


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


def encode(mass_kg: int, decimals: int = 0, unit: MassUnit = "kg") -> bytes:
    """The frame of an indicator that shows `mass_kg` in `unit` with `decimals` places.

    Raises `ValueError` where six digits do not hold it.
    """
    if not 0 <= decimals <= 4:
        raise ValueError(f"decimals must be 0 to 4, not {decimals}")
    digits = from_kg(mass_kg, -decimals, unit)
    if abs(digits) > 999_999:
        raise ValueError(f"{mass_kg} kg in {unit} with {decimals} decimals needs over six digits")
    body = b"\x02%c%06d%d" % (0x2D if digits < 0 else 0x2B, abs(digits), decimals)
    return body + checksum(body) + b"\x03"
