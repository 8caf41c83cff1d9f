"""F1, the STX frames of 耀华 and those who follow them.

- Continuous, 12 bytes: `02 | sign | 6 digits | decimals | XOR high | XOR low | 03`.
- Command mode (tF=1), question: `02 | address | command | XOR high | XOR low | 03`.
- Its answer, 14 bytes: `02 | address | command | sign | 6 digits | decimals | XOR XOR | 03`; some
  models write a point among the digits instead of the decimals.

Sign is 2B or 2D; the digits are ASCII, high first; decimals '0' to '4'. XOR runs over what stands
between 02 and itself and travels as two ASCII characters, high nibble first. Address 'A' is 1;
command A is a handshake, B the gross, C the tare and D the net, on some models the reverse. E and
above differ per model, some zero the scale: they cannot be sent. The family has no stable bit.
"""

from __future__ import annotations

import re
from functools import reduce
from typing import Literal

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers.f1.settings import Settings
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.mass import MassUnit, from_kg, read_number, to_kg

STX, ETX = 0x02, 0x03
LENGTH, QUESTION_LENGTH, ANSWER_LENGTH = 12, 6, 14
_SIGNS = {0x2B: 1, 0x2D: -1}
_WITH_POINT = re.compile(rb"[0-9]{1,6}\.[0-9]{0,5}")

Asked = Literal["handshake", "gross", "tare", "net"]


def checksum(frame: bytes) -> bytes:
    """The two checksum characters of bytes 2 to 9 of a continuous `frame`."""
    return _xor(frame[1:9])


def _xor(data: bytes) -> bytes:
    value = reduce(lambda a, b: a ^ b, data)
    return b"%X%X" % (value >> 4, value & 0x0F)


class Decoder(FrameDecoder[Reading]):
    """F1 stream to readings, continuous or in command mode: a frame's second byte says which."""

    start = bytes([STX])
    longest = 64

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(counters)
        self._unit: MassUnit = settings.unit if settings else "kg"
        self._address = settings.address if settings else 1
        self._tare = settings.tare_command if settings else "C"

    def length(self, buffer: bytes) -> int | None:
        if len(buffer) < 2:
            return None
        if not _is_letter(buffer[1]):
            return LENGTH
        if len(buffer) < QUESTION_LENGTH:
            return None
        if buffer[2] == 0x41 or _is_question(buffer):
            return QUESTION_LENGTH
        if not 0x42 <= buffer[2] <= 0x44:
            raise Bad("command", f"byte 3 is {buffer[2]:02X}, no command from A to D")
        return ANSWER_LENGTH

    def read(self, frame: bytes, at: float) -> Reading | Notice:
        if STX in frame[1:]:
            raise Bad("half_frame", "the next frame begins inside this one")
        if frame[-1] != ETX:
            raise Bad("end", f"byte {len(frame)} is {frame[-1]:02X}, not 03")
        if len(frame) == LENGTH:
            mass_kg = self._mass(frame, 1)
            return Reading(mass_kg=mass_kg, stable=None, at=at, raw=frame)
        if frame[1] != 0x40 + self._address:
            raise Bad("address", f"from {chr(frame[1])}, not from {chr(0x40 + self._address)}")
        if len(frame) == QUESTION_LENGTH:
            return self._handshake(frame, at)
        mass_kg = self._mass(frame, 3)
        if frame[2] == 0x42:
            return Reading(mass_kg=mass_kg, stable=None, at=at, raw=frame)
        what = "tare" if chr(frame[2]) == self._tare else "net"
        return Notice(f"{what} {mass_kg} kg", frame, at)

    def _handshake(self, frame: bytes, at: float) -> Notice:
        _check(frame)
        if frame[2] != 0x41:
            raise Bad("question", "a question to the indicator, no answer of its")
        return Notice("handshake", frame, at)

    def _mass(self, frame: bytes, sign_at: int) -> int:
        """The mass of `frame`, whose sign is byte `sign_at` + 1 and whose checksum must hold."""
        sign = frame[sign_at]
        if sign not in _SIGNS:
            raise Bad("sign", f"byte {sign_at + 1} is {sign:02X}, neither 2B nor 2D")
        shown = frame[sign_at + 1 : sign_at + 8]
        if len(frame) == ANSWER_LENGTH and _WITH_POINT.fullmatch(shown):
            number = read_number(shown)
            assert number is not None
            digits, power = number
        else:
            digits, power = _digits(shown, sign_at)
        _check(frame)
        return to_kg(_SIGNS[sign] * digits, power, self._unit)


def _is_letter(byte: int) -> bool:
    return 0x41 <= byte <= 0x5A


def _is_question(buffer: bytes) -> bool:
    """Whether these are the bytes of a question: on two wires, one's own come back."""
    return buffer[5] == ETX and buffer[3:5] == _xor(buffer[1:3])


def _digits(shown: bytes, sign_at: int) -> tuple[int, int]:
    digits, decimals = shown[:6], shown[6]
    if not digits.isdigit():
        where = f"bytes {sign_at + 2} to {sign_at + 7}"
        raise Bad("digits", f"{where} are {digits.hex(' ').upper()}, not six digits")
    if not 0x30 <= decimals <= 0x34:
        raise Bad("decimals", f"byte {sign_at + 8} is {decimals:02X}, not '0' to '4'")
    return int(digits), -(decimals - 0x30)


def _check(frame: bytes) -> None:
    end = len(frame) - 3
    wanted = _xor(frame[1:end])
    if frame[end:-1] != wanted:
        raise Bad(
            "checksum",
            f"bytes {end + 1} and {end + 2} are {frame[end:-1].hex(' ').upper()}, "
            f"the XOR of bytes 2 to {end} is {wanted.hex(' ').upper()}",
        )


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()


def encode(mass_kg: int, decimals: int = 0, unit: MassUnit = "kg") -> bytes:
    """The frame of an indicator that shows `mass_kg` in `unit` with `decimals` places.

    Raises `ValueError` where six digits do not hold it.
    """
    body = _shown(mass_kg, decimals, unit)
    return b"\x02" + body + _xor(body) + b"\x03"


def request(what: Asked, address: int = 1, tare_command: str = "C") -> bytes:
    """The question for `what` to the indicator with number `address`.

    Raises `ValueError` for anything else: other commands differ per model, some zero the scale.
    """
    body = bytes([_address(address), _command(what, tare_command)])
    return b"\x02" + body + _xor(body) + b"\x03"


def answer(
    what: Asked,
    mass_kg: int = 0,
    *,
    address: int = 1,
    decimals: int = 0,
    unit: MassUnit = "kg",
    tare_command: str = "C",
    literal_point: bool = False,
) -> bytes:
    """What an indicator answers to `request`; `literal_point` writes the point among the digits."""
    body = bytes([_address(address), _command(what, tare_command)])
    if what != "handshake":
        shown = _shown(mass_kg, decimals, unit)
        if literal_point:
            whole = 7 - decimals
            shown = shown[:whole] + b"." + shown[whole:7]
        body += shown
    return b"\x02" + body + _xor(body) + b"\x03"


def _shown(mass_kg: int, decimals: int, unit: MassUnit) -> bytes:
    if not 0 <= decimals <= 4:
        raise ValueError(f"decimals must be 0 to 4, not {decimals}")
    digits = from_kg(mass_kg, -decimals, unit)
    if abs(digits) > 999_999:
        raise ValueError(f"{mass_kg} kg in {unit} with {decimals} decimals needs over six digits")
    return b"%c%06d%d" % (0x2D if digits < 0 else 0x2B, abs(digits), decimals)


def _address(address: int) -> int:
    if not 1 <= address <= 26:
        raise ValueError(f"an address is 1 to 26, not {address}")
    return 0x40 + address


def _command(what: Asked, tare_command: str) -> int:
    net_command = "D" if tare_command == "C" else "C"
    commands = {"handshake": "A", "gross": "B", "tare": tare_command, "net": net_command}
    if what not in commands:
        raise ValueError(f"{what!r} is no question that may be put")
    return ord(commands[what])
