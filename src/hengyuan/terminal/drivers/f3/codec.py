"""F3, the text of 耀华 A12 and A12E.

- Plain: `w`, then `w` gross, `n` net or `t` tare, 7 characters, unit: `wn0003.17kg`, mostly with
  CR LF.
- Checked, 15 bytes: `W`, `G` or `N`, 7 characters, unit, XOR of bytes 1 to 11 as two characters,
  CR LF.
- Over range nine spaces, `OL`, the same XOR (23), CR LF; under range `LO`.
"""

from __future__ import annotations

from functools import reduce
from typing import Literal

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.f3.settings import Settings
from hengyuan.terminal.drivers.framing import Bad
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, read_number, to_kg
from hengyuan.terminal.drivers.repeats import RepeatedDecoder

PLAIN, CHECKED = 11, 15
_BLANKS = b" " * 9
_END = b"\r\n"
_KINDS = {b"w": "gross", b"n": "net", b"t": "tare", b"G": "gross", b"N": "net"}
_UNITS: dict[bytes, MassUnit] = {b"kg": "kg", b" t": "t", b"t ": "t", b" g": "g", b"g ": "g"}
_FAULTS = {b"OL": "over_range", b"LO": "under_range"}


def checksum(frame: bytes) -> bytes:
    """The two characters after the first eleven of `frame`."""
    return b"%02X" % reduce(lambda a, b: a ^ b, frame[:PLAIN])


class Decoder(RepeatedDecoder):
    """F3 stream to readings, in either form."""

    start = b"WG"
    starts = (b"WG", b"WN", b"ww", b"wn", b"wt", _BLANKS)
    longest = 64

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(settings.repeats if settings else 1, counters)
        self._net_is_gross = settings is not None and settings.net == "gross"

    def length(self, buffer: bytes) -> int | None:
        if buffer.startswith(b"w"):
            return self._plain_length(buffer)
        if buffer.startswith(_BLANKS + b" "):
            raise Bad("blanks", "more than nine")
        return CHECKED

    def _plain_length(self, buffer: bytes) -> int | None:
        tail = buffer[PLAIN : PLAIN + 2]
        if tail == _END:
            return PLAIN + 2
        if self.final or not _END.startswith(tail):
            return PLAIN
        return None

    def lead(self, buffer: bytes) -> int:
        blanks = len(buffer) - len(buffer.lstrip(b" "))
        return max(1, blanks - len(_BLANKS))

    def needs_repeats(self, frame: bytes) -> bool:
        return len(frame) != CHECKED

    def parse(self, frame: bytes, at: float) -> Reading | Notice:
        if len(frame) == CHECKED:
            _check(frame)
            if frame.startswith(_BLANKS):
                return Reading(None, None, at, frame, fault=_FAULTS[frame[9:11]])
        kind = _KINDS[frame[1:2]]
        mass_kg = _mass(frame)
        if kind == "tare":
            return Notice(f"tare {mass_kg} kg", frame, at)
        if kind == "net" and not self._net_is_gross:
            raise Bad("net", "shows net and not its tare: clear it, or set net = 'gross'")
        return Reading(mass_kg=mass_kg, stable=None, at=at, raw=frame)


def _check(frame: bytes) -> None:
    if frame[13:] != _END:
        raise Bad("end", f"bytes 14 and 15 are {frame[13:].hex(' ').upper()}, not 0D 0A")
    if frame.startswith(b" ") and not (frame.startswith(_BLANKS) and frame[9:11] in _FAULTS):
        raise Bad("kind", "spaces, and neither OL nor LO behind nine of them")
    wanted = checksum(frame)
    if frame[11:13] != wanted:
        said = frame[11:13].hex(" ").upper()
        raise Bad(
            "checksum",
            f"bytes 12 and 13 are {said}, the XOR of bytes 1 to 11 is {wanted.hex(' ').upper()}",
        )


def _mass(frame: bytes) -> int:
    number = read_number(frame[2:9])
    if number is None:
        raise Bad("digits", f"bytes 3 to 9 are {frame[2:9].hex(' ').upper()}, no number")
    unit = _UNITS.get(frame[9:11])
    if unit is None:
        raise Bad("unit", f"bytes 10 and 11 are {frame[9:11].hex(' ').upper()}: not kg, t or g")
    return to_kg(*number, unit)


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


def encode(
    mass_kg: int,
    kind: Literal["gross", "net", "tare"] = "gross",
    *,
    decimals: int = 0,
    unit: MassUnit = "kg",
    checked: bool = True,
) -> bytes:
    """The frame of an indicator that shows `mass_kg` in `unit` with `decimals` places.

    Raises `ValueError` where the seven characters do not hold it, or for a checked tare.
    """
    digits = from_kg(mass_kg, -decimals, unit)
    shown = f"{digits / 10**decimals:07.{decimals}f}"
    if len(shown) != 7:
        raise ValueError(f"{mass_kg} kg in {unit} with {decimals} decimals needs over 7 characters")
    heads = {True: {"gross": b"WG", "net": b"WN"}, False: {"gross": b"ww", "net": b"wn"}}[checked]
    if not checked:
        heads["tare"] = b"wt"
    if kind not in heads:
        raise ValueError(f"the checked form has no {kind}")
    body = heads[kind] + shown.encode() + unit.rjust(2).encode()
    return body + checksum(body) + _END if checked else body + _END


def encode_out_of_range(*, under: bool = False) -> bytes:
    """What an indicator sends instead of a weight that it cannot show."""
    body = _BLANKS + (b"LO" if under else b"OL")
    return body + checksum(body) + _END
