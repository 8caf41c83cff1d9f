"""F4, METTLER TOLEDO continuous: `02 A B C | 6 weight | 6 tare | 0D [CHK]`, 17 or 18 bytes.

- A: bits 0-2 scale (000 ×100, 001 ×10, 010 ×1, 011 ×.1, 100 ×.01, 101 ×.001), bits 3-4 increment
  (1, 2, 5), bit 5 set.
- B: bit 0 net, 1 negative, 2 out of range, 3 motion, 4 kg, 5 set, 6 not yet zeroed since power-up.
- C: bits 0-2 unit (000 as B says, 001 grams, 010 tonnes), bit 3 print request, 4 expanded display,
  5 set.
- CHK: two's complement of the low 7 bits of the sum, STX and CR included.

A frame that shows net has its tare added back: a tare keyed in at the indicator hides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.f4.settings import Settings
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, to_kg

STX, CR = 0x02, 0x0D
SHORT, LONG = 17, 18
_POWERS = {0: 2, 1: 1, 2: 0, 3: -1, 4: -2, 5: -3}
_NET, _NEGATIVE, _OUT_OF_RANGE, _MOTION, _KG, _SET, _NOT_ZEROED = (1 << n for n in range(7))
_EXPANDED = 1 << 4
_UNITS: dict[int, MassUnit] = {1: "g", 2: "t"}


def checksum(frame: bytes) -> int:
    """CHK of the 17 bytes from STX to CR."""
    return -sum(frame[:SHORT]) & 0x7F


class Decoder(FrameDecoder[Reading]):
    """Continuous F4 stream to readings, with or without the checksum byte.

    With `checksum = "auto"` the decoder finds out which of the two the indicator sends. Three
    frames whose checksum holds settle it for this connection: from then on none passes without.
    Until then a frame without the byte is believed only right after another such frame.
    """

    start = bytes([STX])
    settled_after = 3

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(counters)
        self._checksum = settings.checksum if settings else "auto"
        self._unit = settings.unit if settings else "frame"
        self._sound_long = 0
        self._short_run = 0
        self._final = False

    def flush(self, at: float = 0.0) -> list[Reading | Notice | Refused]:
        """See `FrameDecoder.flush`: nothing follows, so an 18th byte of 02 can be no STX."""
        self._final = True
        try:
            return super().flush(at)
        finally:
            self._final = False

    def length(self, buffer: bytes) -> int | None:
        if self._checksum == "required":
            return LONG
        if self._checksum == "absent":
            return SHORT
        if len(buffer) < LONG:
            return SHORT if self._final and len(buffer) == SHORT and self._short_run else None
        if buffer[SHORT] != STX:
            return LONG
        if len(buffer) == LONG:
            return LONG if self._final else None
        return LONG if buffer[LONG] == STX else SHORT

    def read(self, frame: bytes, at: float) -> Reading:
        if STX in frame[1:SHORT]:
            raise Bad("half_frame", "the next frame begins inside this one")
        if frame[16] != CR:
            raise Bad("end", f"byte 17 is {frame[16]:02X}, not 0D")
        status = _status(frame)
        weight, tare = _number(frame[4:10], "weight"), _number(frame[10:16], "tare")
        self._check(frame)
        return self._reading(frame, status, weight, tare, at)

    def _check(self, frame: bytes) -> None:
        if len(frame) == LONG:
            wanted = checksum(frame)
            if frame[SHORT] != wanted:
                raise Bad("checksum", f"byte 18 is {frame[SHORT]:02X}, it must be {wanted:02X}")
            self._short_run = 0
            self._sound_long += 1
            if self._checksum == "auto" and self._sound_long >= self.settled_after:
                self._checksum = "required"
        elif self._checksum == "auto":
            self._sound_long = 0
            self._short_run += 1
            if self._short_run < 2:
                raise Bad("unchecked", "no checksum byte; believed from the second such frame on")

    def _reading(self, frame: bytes, status: _Status, weight: int, tare: int, at: float) -> Reading:
        fault = status.fault
        unit: MassUnit = status.unit if self._unit == "frame" else self._unit
        tare_kg = to_kg(tare, status.power, unit) if status.net else 0
        shown_kg = to_kg(-weight if status.negative else weight, status.power, unit)
        return Reading(
            mass_kg=None if fault else shown_kg + tare_kg,
            stable=not status.motion,
            at=at,
            raw=frame,
            fault=fault,
            tare_kg=tare_kg,
        )


@dataclass(frozen=True, slots=True)
class _Status:
    power: int
    unit: MassUnit
    net: bool
    negative: bool
    motion: bool
    fault: str | None


def _status(frame: bytes) -> _Status:
    a, b, c = frame[1], frame[2], frame[3]
    if any(byte & 0xA0 != _SET for byte in (a, b, c)):
        raise Bad("status", f"status bytes {frame[1:4].hex(' ').upper()}: bit 5 must be set")
    if a & 7 not in _POWERS:
        raise Bad("scale", f"scale code {a & 7} of status byte A is not defined")
    if c & _EXPANDED:
        raise Bad("expanded", "the indicator is in expanded display, a mode for its setting-up")
    code = c & 7
    if code not in (0, *_UNITS) or (code == 0 and not b & _KG):
        raise Bad("unit", f"status bytes B {b:02X} and C {c:02X} name neither kg, g nor t")
    fault = None
    if b & _OUT_OF_RANGE:
        fault = "under_range" if b & _NEGATIVE else "over_range"
    elif b & _NOT_ZEROED:
        fault = "not_zeroed"
    return _Status(
        power=_POWERS[a & 7],
        unit=_UNITS.get(code, "kg"),
        net=bool(b & _NET),
        negative=bool(b & _NEGATIVE),
        motion=bool(b & _MOTION),
        fault=fault,
    )


def _number(field: bytes, what: str) -> int:
    digits = field.lstrip(b" ")
    if not digits.isdigit():
        raise Bad("digits", f"the {what} {field.hex(' ').upper()} is no number")
    return int(digits)


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


_STEPS = {  # scale code, increment code
    1: (2, 1),
    2: (2, 2),
    5: (2, 3),
    10: (1, 1),
    20: (1, 2),
    50: (1, 3),
    100: (0, 1),
    200: (0, 2),
    500: (0, 3),
}


def encode(
    mass_kg: int,
    stable: bool,
    *,
    step_kg: int = 20,
    tare_kg: int = 0,
    out_of_range: bool = False,
    not_zeroed: bool = False,
    with_checksum: bool = True,
) -> bytes:
    """The frame of an indicator with `mass_kg` gross on its deck, shown to the nearest `step_kg`.

    With a tare the indicator shows net. Raises `ValueError` where the digits do not hold it.
    """
    if step_kg not in _STEPS:
        raise ValueError(f"step_kg must be one of {sorted(_STEPS)}, not {step_kg}")
    scale, increment = _STEPS[step_kg]
    power = _POWERS[scale]
    unit_kg = 10**power
    steps = from_kg(mass_kg - tare_kg, 0, "kg") * 2 + step_kg
    shown = steps // (2 * step_kg) * step_kg // unit_kg
    tare = tare_kg // unit_kg
    if abs(shown) > 999_999 or not 0 <= tare <= 999_999:
        raise ValueError(f"{mass_kg} kg with tare {tare_kg} kg needs over six digits")
    a = _SET | increment << 3 | scale
    b = _SET | _KG
    for bit, on in (
        (_NET, tare_kg > 0),
        (_NEGATIVE, shown < 0),
        (_OUT_OF_RANGE, out_of_range),
        (_MOTION, not stable),
        (_NOT_ZEROED, not_zeroed),
    ):
        b |= bit if on else 0
    frame = b"\x02%c%c%c%6d%6d\r" % (a, b, _SET, abs(shown), tare)
    return frame + bytes([checksum(frame)]) if with_checksum else frame
