"""F5, FF and BCD: `FF | status | BCD low | BCD middle | BCD high`, two digits a byte.

Status: bits 0-2 decimal places (counted from 1 by some models), bit 5 negative; bit 4 or bit 6
stable, per model; bit 7 overload where a model has it. No checksum: `repeats` identical frames on
end make a weight.
"""

from __future__ import annotations

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.f5.settings import Settings
from hengyuan.terminal.drivers.framing import Bad
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, to_kg
from hengyuan.terminal.drivers.repeats import RepeatedDecoder

LENGTH = 5
MOST_DECIMALS = 5
_NEGATIVE = 1 << 5


class Decoder(RepeatedDecoder):
    """F5 stream to readings."""

    start = b"\xff"
    longest = 64

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(settings.repeats if settings else 2, counters)
        self._unit: MassUnit = settings.unit if settings else "kg"
        self._offset = settings.decimals_offset if settings else 0
        self._stable_bit = settings.stable_bit if settings else 0
        self._overload_bit = settings.overload_bit if settings else 7

    def length(self, buffer: bytes) -> int:
        return LENGTH

    def parse(self, frame: bytes, at: float) -> Reading:
        if 0xFF in frame[1:]:
            raise Bad("half_frame", "the next frame begins inside this one")
        status, digits = frame[1], frame[:1:-1].hex()
        if not digits.isdecimal():
            raise Bad("digits", f"bytes 3 to 5 are {frame[2:].hex(' ').upper()}, no BCD")
        decimals = (status & 7) - self._offset
        if not 0 <= decimals <= MOST_DECIMALS:
            raise Bad("decimals", f"byte 2 is {status:02X}: {decimals} decimals")
        over = bool(self._overload_bit and status >> self._overload_bit & 1)
        sign = -1 if status & _NEGATIVE else 1
        return Reading(
            mass_kg=None if over else to_kg(sign * int(digits), -decimals, self._unit),
            stable=bool(status >> self._stable_bit & 1) if self._stable_bit else None,
            at=at,
            raw=frame,
            fault="over_range" if over else None,
        )


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


def encode(
    mass_kg: int,
    stable: bool = False,
    *,
    decimals: int = 0,
    unit: MassUnit = "kg",
    decimals_offset: int = 0,
    stable_bit: int = 4,
    overload: bool = False,
) -> bytes:
    """The frame of an indicator that shows `mass_kg` in `unit` with `decimals` places.

    Raises `ValueError` where six digits or the status do not hold it.
    """
    digits = from_kg(mass_kg, -decimals, unit)
    if abs(digits) > 999_999:
        raise ValueError(f"{mass_kg} kg in {unit} with {decimals} decimals needs over six digits")
    if not 0 <= decimals <= MOST_DECIMALS:
        raise ValueError(f"decimals must be 0 to {MOST_DECIMALS}, not {decimals}")
    status = decimals + decimals_offset
    status |= _NEGATIVE if digits < 0 else 0
    status |= stable << stable_bit | overload << 7
    return bytes([0xFF, status]) + bytes.fromhex(f"{abs(digits):06d}")[::-1]
