"""仰邦 Onbon BX-5K/6K: `A5`×8 | 14-byte header | data | CRC-16/ARC low, high | `5A`.

The CRC runs over header and data before escaping. Between the A5s and the 5A, A5 travels as A6 02,
A6 as A6 01, 5A as 5B 02, 5B as 5B 01. Texts are GBK; `\\C1` red, `\\C2` green and `\\C3` yellow
colour what follows them. All numbers are little-endian.

Header: destination u16 (FFFE any), source u16 (8000 a host), 6 bytes 0, device type (FE any),
protocol version 02, length of the data u16. Data of the dynamic-area command: A3 06, answer
wanted, process mode, 0, areas to delete, number of areas, and per area its length u16 and 27 bytes
of `_AREA` before the text. Dynamic areas live in memory and spare the controller's flash.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from hengyuan.terminal.devices import LEVEL_COLOUR, Colour, Counters, Message, Notice, Refused
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.onbon.settings import Settings

PREAMBLE, END = 0xA5, 0x5A
_HEADER = struct.Struct("<HH6xBBH")
_AREA = struct.Struct("<BHHHHBBBH3sBBBBBBI")
_HOST, _ANY, _ANY_TYPE, _VERSION = 0x8000, 0xFFFE, 0xFE, 0x02
_TEXT_COMMAND = b"\xa3\x06"
_ANSWER = 0xA0
_PIXELS = 0x8000
"""Set in an x or a width that counts pixels; otherwise they count bytes of 8 pixels."""
_STATIC, _MOVE_LEFT = 1, 3

_CODES: dict[str, Colour] = {"1": "red", "2": "green", "3": "yellow"}
_COLOUR_CODE = {colour: code for code, colour in _CODES.items()}
_ESCAPES = {0xA5: b"\xa6\x02", 0xA6: b"\xa6\x01", 0x5A: b"\x5b\x02", 0x5B: b"\x5b\x01"}
_UNESCAPES = {escaped: bytes([plain]) for plain, escaped in _ESCAPES.items()}
NACK_REASONS = {5: "checksum"}


@dataclass(frozen=True, slots=True)
class TextArea:
    """One line on the display, position and size in pixels."""

    number: int
    x: int
    y: int
    width: int
    height: int
    text: str
    colour: Colour | None = None
    scrolling: bool = False


@dataclass(frozen=True, slots=True)
class TextFrame:
    """A dynamic-area command as the controller receives it."""

    areas: tuple[TextArea, ...]
    wants_answer: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The controller's ACK (`error` None) or NACK."""

    error: int | None

    @property
    def why(self) -> str | None:
        """The error in words; None for an ACK."""
        if self.error is None:
            return None
        reason = NACK_REASONS.get(self.error, "error")
        return f"the display refused the frame: {reason} (code {self.error})"


def crc(data: bytes) -> bytes:
    """CRC-16/ARC (polynomial A001 reflected, initial 0), low byte first."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def escape(body: bytes) -> bytes:
    """`body` without any A5 or 5A in it."""
    return b"".join(_ESCAPES.get(byte, bytes([byte])) for byte in body)


def unescape(body: bytes) -> bytes:
    """The inverse of `escape`. Raises `Bad` for an escape that does not exist."""

    def plain(match: re.Match[bytes]) -> bytes:
        if match[0] not in _UNESCAPES:
            raise Bad("escape", f"{match[0].hex(' ').upper()} is no escape")
        return _UNESCAPES[match[0]]

    return re.sub(rb"[\xa6\x5b].?", plain, body, flags=re.DOTALL)


class Decoder(FrameDecoder[Answer | TextFrame]):
    """What travels between host and controller, in either direction."""

    start = bytes([PREAMBLE])

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(counters)

    def length(self, buffer: bytes) -> int | None:
        body = self.lead(buffer)
        end = buffer.find(END, body)
        torn = buffer.find(PREAMBLE, body)
        if torn >= 0 and (end < 0 or torn < end):
            raise Bad("half_frame", "the next frame begins inside this one")
        return None if end < 0 else end + 1

    def lead(self, buffer: bytes) -> int:
        return len(buffer) - len(buffer.lstrip(self.start))

    def read(self, frame: bytes, at: float) -> Answer | TextFrame | Notice:
        data = open_frame(frame)
        if data[:1] == bytes([_ANSWER]) and len(data) >= 3 and data[1] in (0, 1):
            return Answer(data[2] if data[1] else None)
        if data.startswith(_TEXT_COMMAND):
            return _read_areas(data)
        return Notice(f"command {data[:2].hex(' ').upper()}", frame, at)


def open_frame(frame: bytes) -> bytes:
    """The data of a whole frame, its escapes, length and CRC checked. Raises `Bad`."""
    body = unescape(frame.lstrip(bytes([PREAMBLE]))[:-1])
    if len(body) < _HEADER.size + 2:
        raise Bad("length", f"{len(body)} bytes are less than header and CRC")
    wanted = crc(body[:-2])
    if body[-2:] != wanted:
        raise Bad(
            "checksum", f"CRC {body[-2:].hex(' ').upper()}, it must be {wanted.hex(' ').upper()}"
        )
    announced = _HEADER.unpack_from(body)[-1]
    data = body[_HEADER.size : -2]
    if announced != len(data):
        raise Bad("length", f"the header announces {announced} bytes, {len(data)} came")
    return data


def build_frame(data: bytes, *, to_host: bool = False) -> bytes:
    """A whole frame round `data`."""
    ends = (_HOST, _ANY) if to_host else (_ANY, _HOST)
    body = _HEADER.pack(*ends, _ANY_TYPE, _VERSION, len(data)) + data
    return bytes([PREAMBLE]) * 8 + escape(body + crc(body)) + bytes([END])


def text_frame(areas: Sequence[TextArea]) -> bytes:
    """The command that shows `areas`, asking for an answer."""
    data = _TEXT_COMMAND + bytes([1, 0, 0, 0, len(areas)])
    for area in areas:
        packed = _pack_area(area)
        data += len(packed).to_bytes(2, "little") + packed
    return build_frame(data)


def _pack_area(area: TextArea) -> bytes:
    text = encode_text(area.text)
    if area.colour:
        text = rb"\C" + _COLOUR_CODE[area.colour].encode() + text
    return (
        _AREA.pack(
            0,  # area type: text
            _PIXELS | area.x,
            area.y,
            _PIXELS | area.width,
            area.height,
            area.number,
            0,  # space between lines
            0,  # run mode: repeat
            10,  # seconds until data counts as old; without effect in this run mode
            bytes(3),  # no sound, no extension, no alignment
            1 if area.scrolling else 2,  # single line or several
            1,  # no automatic line break
            _MOVE_LEFT if area.scrolling else _STATIC,
            0,  # exit mode
            2,  # speed, 0 is the fastest
            10,  # stay, in half seconds
            len(text),
        )
        + text
    )


def encode_text(text: str) -> bytes:
    """GBK, one line. A backslash would begin a control code: it becomes a slash."""
    return " ".join(text.split()).replace("\\", "/").encode("gbk", errors="replace") or b" "


def areas_for(message: Message, settings: Settings) -> tuple[TextArea, ...]:
    """The display's rows for `message`; rows that it does not use are blanked.

    A line that is too wide for the display moves. Lines past the last row are dropped.
    """
    row_height = settings.height_px // settings.rows
    areas = []
    for row in range(settings.rows):
        line = message.lines[row] if row < len(message.lines) else ""
        areas.append(
            TextArea(
                number=row,
                x=0,
                y=row * row_height,
                width=settings.width_px,
                height=row_height,
                text=line,
                colour=LEVEL_COLOUR[message.level],
                scrolling=len(encode_text(line)) * 8 > settings.width_px,
            )
        )
    return tuple(areas)


def decode_text_frame(frame: bytes) -> TextFrame:
    """Areas and texts of a whole dynamic-area frame. Raises `Bad`."""
    data = open_frame(frame)
    if not data.startswith(_TEXT_COMMAND):
        raise Bad("command", f"command {data[:2].hex(' ').upper()} shows no text")
    return _read_areas(data)


def _read_areas(data: bytes) -> TextFrame:
    try:
        wants_answer, deleted = data[2] == 1, data[5]
        position = 6 if deleted == 0xFF else 6 + deleted
        count = data[position]
        position += 1
        areas = []
        for _ in range(count):
            size = int.from_bytes(data[position : position + 2], "little")
            area = data[position + 2 : position + 2 + size]
            areas.append(_read_area(area))
            position += 2 + size
    except (IndexError, struct.error) as error:
        raise Bad("length", "the areas are longer than the data") from error
    if position != len(data):
        raise Bad("length", f"{len(data) - position} bytes are left over after the last area")
    return TextFrame(tuple(areas), wants_answer)


def _read_area(area: bytes) -> TextArea:
    fields = _AREA.unpack_from(area)
    x, y, width, height, number = fields[1:6]
    reserved, mode, size = fields[9], fields[12], fields[16]
    if reserved[0]:
        raise Bad("sound", "areas with sound are not read")
    raw = area[_AREA.size :]
    if len(raw) != size:
        raise Bad("length", f"an area announces {size} bytes of text, {len(raw)} came")
    text = raw.decode("gbk", errors="replace")
    codes = re.findall(r"\\C(\d)", text)
    return TextArea(
        number=number,
        x=_pixels(x),
        y=y,
        width=_pixels(width),
        height=height,
        text=re.sub(r"\\C\d", "", text),
        colour=_CODES.get(codes[0]) if codes else None,
        scrolling=mode == _MOVE_LEFT,
    )


def _pixels(value: int) -> int:
    return value & ~_PIXELS if value & _PIXELS else value * 8


def encode_ack() -> bytes:
    """The controller's ACK."""
    return build_frame(bytes([_ANSWER, 0, 0, 0, 0]), to_host=True)


def encode_nack(error: int) -> bytes:
    """The controller's NACK; 5 says that the CRC was wrong."""
    return build_frame(bytes([_ANSWER, 1, error, 0, 0]), to_host=True)


def decode(
    data: bytes, settings: Settings | None = None
) -> list[Answer | TextFrame | Notice | Refused]:
    """All commands, answers and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()
