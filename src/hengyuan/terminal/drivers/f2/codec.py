"""F2, the reversed stream: `=`, 7 characters, low digit first, then `0` or `-`.

`=00.1000-` is -1.00. There is no checksum: `repeats` identical frames on end make a weight.
"""

from __future__ import annotations

import re

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.f2.settings import Settings
from hengyuan.terminal.drivers.framing import Bad
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, read_number, to_kg
from hengyuan.terminal.drivers.repeats import RepeatedDecoder

LENGTH = 9
_SHOWN = re.compile(rb"[0-9]+(?:\.[0-9]*)?")


class Decoder(RepeatedDecoder):
    """F2 stream to readings."""

    start = b"="
    longest = 64

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(settings.repeats if settings else 2, counters)
        self._unit: MassUnit = settings.unit if settings else "kg"
        self._decimals = settings.decimals if settings else 0

    def length(self, buffer: bytes) -> int:
        return LENGTH

    def parse(self, frame: bytes, at: float) -> Reading:
        if b"=" in frame[1:]:
            raise Bad("half_frame", "the next frame begins inside this one")
        sign, shown = frame[8:], frame[7:0:-1]
        if sign not in (b"0", b"-"):
            raise Bad("sign", f"byte 9 is {sign.hex().upper()}, neither '0' nor '-'")
        number = read_number(shown) if _SHOWN.fullmatch(shown) else None
        if number is None:
            raise Bad("digits", f"bytes 2 to 8 are {frame[1:8].hex(' ').upper()}, no number")
        digits, power = number
        if b"." not in shown:
            power = -self._decimals
        mass_kg = to_kg(-digits if sign == b"-" else digits, power, self._unit)
        return Reading(mass_kg=mass_kg, stable=None, at=at, raw=frame)


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


def encode(mass_kg: int, decimals: int = 0, unit: MassUnit = "kg") -> bytes:
    """The frame of an indicator that shows `mass_kg` in `unit` with `decimals` places.

    Raises `ValueError` where the seven characters do not hold it.
    """
    digits = from_kg(mass_kg, -decimals, unit)
    shown = f"{abs(digits):07d}"
    if decimals:
        shown = f"{abs(digits):06d}"
        shown = f"{shown[:-decimals]}.{shown[-decimals:]}"
    if len(shown) != 7 or not 0 <= decimals <= 5:
        raise ValueError(f"{mass_kg} kg in {unit} with {decimals} decimals needs over 7 characters")
    return b"=" + shown[::-1].encode() + (b"-" if digits < 0 else b"0")
