"""F7, 顶松 DS822-X.

- Long, 22 bytes: `02 | address | A or a | sign | 6 digits | decimals | 6 digits tare | error |
  two status bytes | CHK | 03`.
- Display, 17 bytes: `02 | address | c | 5 × (digit, blank or point) | two status bytes | CHK |
  03`.

CHK is the XOR of all before it, with bit 6 set. Error is '0' when all is well. What the status
bytes mean is not known: nothing is read from them.
"""

from __future__ import annotations

from functools import reduce

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.f7.settings import Settings
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, read_number, to_kg

STX, ETX = 0x02, 0x03
LONG, DISPLAY = 22, 17
_SIGNS = {0x2B: 1, 0x20: 1, 0x2D: -1}


def checksum(frame: bytes) -> int:
    """CHK over all of `frame`."""
    return reduce(lambda a, b: a ^ b, frame) | 0x40


class Decoder(FrameDecoder[Reading]):
    """F7 stream to readings, in either form."""

    start = bytes([STX])
    longest = 64

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(counters)
        self._unit: MassUnit = settings.unit if settings else "kg"
        self._address = settings.address if settings else 1
        self._weight = settings.weight if settings else "unknown"

    def length(self, buffer: bytes) -> int | None:
        if len(buffer) < 3:
            return None
        if buffer[2] in b"Aa":
            return LONG
        if buffer[2] == 0x63:
            return DISPLAY
        raise Bad("form", f"byte 3 is {buffer[2]:02X}, neither A, a nor c")

    def read(self, frame: bytes, at: float) -> Reading:
        if STX in frame[1:]:
            raise Bad("half_frame", "the next frame begins inside this one")
        if frame[-1] != ETX:
            raise Bad("end", f"byte {len(frame)} is {frame[-1]:02X}, not 03")
        if frame[1] != 0x40 + self._address:
            raise Bad("address", f"byte 2 is {frame[1]:02X}, not {0x40 + self._address:02X}")
        wanted = checksum(frame[:-2])
        if frame[-2] != wanted:
            raise Bad("checksum", f"CHK is {frame[-2]:02X}, it must be {wanted:02X}")
        if len(frame) == DISPLAY:
            return Reading(self._displayed(frame[3:13]), None, at, frame)
        return self._long(frame, at)

    def _long(self, frame: bytes, at: float) -> Reading:
        if frame[3] not in _SIGNS:
            raise Bad("sign", f"byte 4 is {frame[3]:02X}, neither 2B nor 2D")
        if not 0x30 <= frame[10] <= 0x34:
            raise Bad("decimals", f"byte 11 is {frame[10]:02X}, not '0' to '4'")
        weight, tare = _digits(frame, 4), _digits(frame, 11)
        if frame[17] != 0x30:
            return Reading(None, None, at, frame, fault="device_error")
        power = -(frame[10] - 0x30)
        mass_kg = to_kg(_SIGNS[frame[3]] * weight, power, self._unit)
        tare_kg = to_kg(tare, power, self._unit)
        if tare and self._weight == "unknown":
            why = f"a tare of {tare_kg} kg, and whether the weight is gross or net is not known"
            raise Bad("tare", f"{why}: clear it, or set weight = 'gross' or 'net'")
        if self._weight == "gross":
            tare_kg = 0
        return Reading(mass_kg + tare_kg, None, at, frame, tare_kg=tare_kg)

    def _displayed(self, pairs: bytes) -> int:
        shown = b""
        for digit, mark in zip(pairs[::2], pairs[1::2], strict=True):
            if mark not in b" .":
                raise Bad("digits", f"{mark:02X} behind a digit, neither blank nor point")
            shown += bytes([digit]) + (b"." if mark == 0x2E else b"")
        number = read_number(shown)
        if number is None:
            raise Bad("digits", f"bytes 4 to 13 are {pairs.hex(' ').upper()}, no number")
        return to_kg(*number, self._unit)


def _digits(frame: bytes, at: int) -> int:
    field = frame[at : at + 6].lstrip(b" ")
    if not field.isdigit():
        said = frame[at : at + 6].hex(" ").upper()
        raise Bad("digits", f"bytes {at + 1} to {at + 6} are {said}, no number")
    return int(field)


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


def encode(
    mass_kg: int,
    *,
    tare_kg: int = 0,
    decimals: int = 0,
    unit: MassUnit = "kg",
    address: int = 1,
    error: bytes = b"0",
) -> bytes:
    """The long frame of an indicator that shows `mass_kg` beside `tare_kg`.

    Raises `ValueError` where six digits do not hold them.
    """
    digits, tare = from_kg(mass_kg, -decimals, unit), from_kg(tare_kg, -decimals, unit)
    if abs(digits) > 999_999 or not 0 <= tare <= 999_999:
        raise ValueError(f"{mass_kg} kg in {unit} with {decimals} decimals needs over six digits")
    sign = 0x2D if digits < 0 else 0x2B
    body = b"\x02%cA%c%06d%d%06d%c00" % (0x40 + address, sign, abs(digits), decimals, tare, error)
    return body + bytes([checksum(body), ETX])


def encode_display(mass_kg: int, *, address: int = 1) -> bytes:
    """The display frame of an indicator that shows whole kg. `ValueError` over five digits."""
    shown = f"{mass_kg:05d}"
    if len(shown) != 5:
        raise ValueError(f"{mass_kg} kg needs over five digits")
    body = b"\x02%cc" % (0x40 + address) + b"".join(b"%c " % ord(c) for c in shown) + b"<0"
    return body + bytes([checksum(body), ETX])
