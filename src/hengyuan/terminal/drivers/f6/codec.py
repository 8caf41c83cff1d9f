"""F6, lines of text: `ST,GS,+ 123.456 kg` CR LF.

First ST stable, US in motion, OL out of range; then GS gross, NT net, TR tare; sign, figures and
blanks as the make likes (`ST,GS, 0000270kg` was seen). Lines may end in CR, LF or both.
"""

from __future__ import annotations

import re
from typing import Literal

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.f6.settings import Settings
from hengyuan.terminal.drivers.framing import Bad
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, read_number, to_kg
from hengyuan.terminal.drivers.repeats import RepeatedDecoder

LONGEST = 48
_ENDS = re.compile(rb"\r\n|\r|\n")
_LINE = re.compile(rb"(ST|US|OL),(GS|NT|TR),([-+ 0-9.]*)([A-Za-z]*) *")
_UNITS: dict[bytes, MassUnit] = {b"kg": "kg", b"t": "t", b"g": "g"}

Status = Literal["ST", "US", "OL"]
Kind = Literal["GS", "NT", "TR"]


class Decoder(RepeatedDecoder):
    """F6 stream to readings."""

    start = b"ST,"
    starts = (b"ST,", b"US,", b"OL,")
    longest = 64

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(settings.repeats if settings else 1, counters)
        self._unit = settings.unit if settings else "frame"
        self._net_is_gross = settings is not None and settings.net == "gross"

    def length(self, buffer: bytes) -> int | None:
        end = _ENDS.search(buffer[:LONGEST])
        if end is None:
            if len(buffer) >= LONGEST:
                raise Bad("length", f"no end of the line within {LONGEST} bytes")
            whole = _LINE.fullmatch(buffer)
            return len(buffer) if self.final and whole and whole[4] in _UNITS else None
        if end[0] == b"\r" and end.end() == len(buffer) and not self.final:
            return None
        return end.end()

    def parse(self, frame: bytes, at: float) -> Reading | Notice:
        line = frame.rstrip(b"\r\n")
        if any(start in line[1:] for start in self.starts):
            raise Bad("half_frame", "the next line begins inside this one")
        found = _LINE.fullmatch(line)
        if found is None:
            raise Bad("line", f"{line.decode('ascii', 'backslashreplace')!r} is no such line")
        status, kind, shown, unit = found.groups()
        if kind == b"NT" and not self._net_is_gross:
            raise Bad("net", "shows net and not its tare: clear it, or set net = 'gross'")
        if status == b"OL":
            fault = "under_range" if shown.lstrip().startswith(b"-") else "over_range"
            return Reading(None, None, at, frame, fault=fault)
        mass_kg = self._mass(shown, unit)
        if kind == b"TR":
            return Notice(f"tare {mass_kg} kg", frame, at)
        return Reading(mass_kg=mass_kg, stable=status == b"ST", at=at, raw=frame)

    def _mass(self, shown: bytes, unit: bytes) -> int:
        number = read_number(shown)
        if number is None:
            raise Bad("digits", f"{shown.decode('ascii', 'backslashreplace')!r} is no number")
        known = _UNITS.get(unit.lower())
        if known is None:
            raise Bad("unit", f"the unit {unit.decode()!r} is neither kg, t nor g")
        return to_kg(*number, known if self._unit == "frame" else self._unit)


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


def encode(
    mass_kg: int,
    stable: bool,
    *,
    kind: Kind = "GS",
    decimals: int = 0,
    unit: MassUnit = "kg",
    over_range: bool = False,
) -> bytes:
    """The line of an indicator that shows `mass_kg` in `unit` with `decimals` places.

    Raises `ValueError` where eight characters do not hold it.
    """
    digits = from_kg(mass_kg, -decimals, unit)
    sign = "-" if digits < 0 else "+"
    shown = " " * 8 if over_range else f"{abs(digits) / 10**decimals:8.{decimals}f}"
    if len(shown) != 8:
        raise ValueError(f"{mass_kg} kg in {unit} with {decimals} decimals needs over 8 characters")
    status: Status = "OL" if over_range else "ST" if stable else "US"
    return f"{status},{kind},{sign}{shown} {unit}\r\n".encode()
