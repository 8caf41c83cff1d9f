"""A frame as the configuration describes it.

What the description leaves open is not guessed: a flag that says neither yes nor no, a unit that
is not listed, figures that are none are refused. Without a checksum in it, `repeats` identical
frames on end make a weight.
"""

from __future__ import annotations

from typing import Literal

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.custom_scale import sums
from hengyuan.terminal.drivers.custom_scale.frame import (
    MAX_LENGTH,
    Checksum,
    Decimals,
    Flag,
    Value,
    index,
    octets,
)
from hengyuan.terminal.drivers.custom_scale.settings import Settings
from hengyuan.terminal.drivers.framing import Bad
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, read_number, to_kg
from hengyuan.terminal.drivers.repeats import RepeatedDecoder


class Decoder(RepeatedDecoder):
    """Described stream to readings."""

    longest = MAX_LENGTH

    def __init__(self, settings: Settings, counters: Counters | None = None) -> None:
        self._frame = settings.frame
        self._unit = settings.unit
        self.start = octets(self._frame.start)
        self._end = octets(self._frame.end) if self._frame.end is not None else b""
        self._units = self._frame.unit.written() if self._frame.unit is not None else {}
        alone = 1 if self._frame.checksum is not None else 2
        super().__init__(settings.repeats or alone, counters)

    def length(self, buffer: bytes) -> int | None:
        if self._frame.length is not None:
            return self._frame.length
        end = buffer.find(self._end, len(self.start), MAX_LENGTH)
        if end < 0:
            return None
        return end + len(self._end)

    def parse(self, frame: bytes, at: float) -> Reading:
        spec = self._frame
        if spec.is_text and self.start in frame[1:]:
            raise Bad("half_frame", "the next frame begins inside this one")
        if not frame.endswith(self._end):
            raise Bad("end", f"does not end in {self._end.hex(' ').upper()}")
        if spec.checksum is not None:
            _check(frame, spec.checksum)
        if spec.over_range is not None and _is_so(frame, spec.over_range, "over_range"):
            return Reading(None, None, at, frame, fault="over_range")
        if spec.under_range is not None and _is_so(frame, spec.under_range, "under_range"):
            return Reading(None, None, at, frame, fault="under_range")
        if spec.net is not None and _is_so(frame, spec.net, "net"):
            raise Bad("net", "shows net and not its tare: clear the tare at the indicator")
        stable = None if spec.stable is None else _is_so(frame, spec.stable, "stable")
        return Reading(self._mass(frame), stable, at, frame)

    def _mass(self, frame: bytes) -> int:
        spec = self._frame
        digits, power = _value(frame, spec.value)
        if power is None:
            power = -self._decimals(frame)
        if spec.negative is not None:
            if digits < 0:
                raise Bad("sign", "the figures are below zero; another place says the sign")
            if _is_so(frame, spec.negative, "negative"):
                digits = -digits
        unit: MassUnit = self._unit
        if spec.unit is not None:
            said = _piece(frame, spec.unit.at, spec.unit.size, "unit")
            if said not in self._units:
                raise Bad("unit", f"the unit is {said.hex(' ').upper()}, none of those described")
            unit = self._units[said]
        return to_kg(digits, power, unit)

    def _decimals(self, frame: bytes) -> int:
        decimals = self._frame.decimals
        if isinstance(decimals, int):
            return decimals
        (byte,) = _piece(frame, decimals.at, 1, "decimals")
        places = (byte & decimals.mask) - decimals.zero
        if not 0 <= places <= decimals.most:
            raise Bad("decimals", f"{byte:02X} says {places} decimal places")
        return places


def _value(frame: bytes, value: Value) -> tuple[int, int | None]:
    """The figures; with a point among them, the power of ten that it says."""
    field = _piece(frame, value.at, value.count, "value")
    shown = field[::-1] if value.order == "low_first" else field
    if value.coding == "binary":
        return int.from_bytes(shown, "big", signed=value.signed), None
    if value.coding == "bcd":
        if not shown.hex().isdecimal():
            raise Bad("digits", f"the value {field.hex(' ').upper()} is no BCD")
        return int(shown.hex()), None
    number = read_number(shown)
    if number is None:
        raise Bad("digits", f"the value {field.hex(' ').upper()} is no number")
    return number[0], number[1] if b"." in shown else None


def _check(frame: bytes, checksum: Checksum) -> None:
    said = _piece(frame, checksum.at, checksum.size, "checksum")
    wanted = sums.written(checksum, _covered(frame, checksum))
    if said != wanted:
        raise Bad(
            "checksum",
            f"the checksum is {said.hex(' ').upper()}, it must be {wanted.hex(' ').upper()}",
        )


def _covered(frame: bytes, checksum: Checksum) -> bytes:
    first, last = index(checksum.first, len(frame)), index(checksum.last, len(frame))
    if not 0 <= first <= last < len(frame):
        raise Bad("length", f"{len(frame)} bytes are too few for the checksum")
    return frame[first : last + 1]


def _is_so(frame: bytes, flag: Flag, name: str) -> bool:
    said = _piece(frame, flag.at, flag.size, name)
    if flag.bit is not None:
        return said[0] >> flag.bit & 1 == flag.when
    if said == octets(flag.yes or ""):
        return True
    if flag.no is not None and said not in [octets(no) for no in flag.no]:
        raise Bad(name, f"{name} is {said.hex(' ').upper()}, neither yes nor no")
    return False


def _piece(frame: bytes, at: int, size: int, name: str) -> bytes:
    first = index(at, len(frame))
    if not 0 <= first <= len(frame) - size:
        raise Bad("length", f"{len(frame)} bytes have no place for the {name}")
    return frame[first : first + size]


def decode(data: bytes, settings: Settings) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


FlagName = Literal["negative", "stable", "net", "over_range", "under_range"]


def encode(mass_kg: int, settings: Settings, *flags: FlagName) -> bytes:
    """The frame of an indicator that shows `mass_kg` with `flags` set; blanks where nothing is
    described.

    Raises `ValueError` where the frame has no fixed length or does not hold the mass.
    """
    spec = settings.frame
    if spec.length is None:
        raise ValueError("a frame without a length cannot be built")
    frame = bytearray((b" " if spec.value.coding == "ascii" else b"\0") * spec.length)
    start, end = octets(spec.start), octets(spec.end) if spec.end is not None else b""
    frame[: len(start)] = start
    frame[len(frame) - len(end) :] = end
    decimals = spec.decimals if isinstance(spec.decimals, int) else 0
    if isinstance(spec.decimals, Decimals):
        frame[index(spec.decimals.at, spec.length)] |= spec.decimals.zero
    unit: MassUnit = settings.unit
    if spec.unit is not None:
        said, unit = next(iter(spec.unit.written().items()))
        _put(frame, spec.unit.at, said)
    digits = from_kg(mass_kg, -decimals, unit)
    _put(frame, spec.value.at, _figures(digits, settings))
    set_flags = {*flags, *(["negative"] if digits < 0 else [])}
    for name in ("negative", "stable", "net", "over_range", "under_range"):
        flag: Flag | None = getattr(spec, name)
        if flag is not None:
            _set(frame, flag, name in set_flags)
    if spec.checksum is not None:
        covered = _covered(bytes(frame), spec.checksum)
        _put(frame, spec.checksum.at, sums.written(spec.checksum, covered))
    return bytes(frame)


def _figures(digits: int, settings: Settings) -> bytes:
    value = settings.frame.value
    signless = settings.frame.negative is not None
    number = abs(digits) if signless else digits
    try:
        if value.coding == "binary":
            data = number.to_bytes(value.count, "big", signed=value.signed)
        elif value.coding == "bcd":
            data = bytes.fromhex(f"{number:0{2 * value.count}d}")
        else:
            data = f"{number:0{value.count}d}".encode()
    except (OverflowError, ValueError):
        raise ValueError(f"the figures do not hold {digits}") from None
    if len(data) != value.count:
        raise ValueError(f"the figures do not hold {digits}")
    return data[::-1] if value.order == "low_first" else data


def _set(frame: bytearray, flag: Flag, on: bool) -> None:
    if flag.bit is not None:
        mask = 1 << flag.bit
        at = index(flag.at, len(frame))
        frame[at] = frame[at] | mask if on == bool(flag.when) else frame[at] & ~mask
    elif on:
        _put(frame, flag.at, octets(flag.yes or ""))
    elif flag.no:
        _put(frame, flag.at, octets(flag.no[0]))


def _put(frame: bytearray, at: int, data: bytes) -> None:
    first = index(at, len(frame))
    frame[first : first + len(data)] = data
