"""Parking display and voice boards: `DA | 64 | FF FF | CMD | DL | data | CRC low, high`.

CRC-16/MODBUS over all before it. Texts are GBK. Commands:

62 puts a text into a window: `TWID ETM ETS DM DT EXM EXS FINDEX DRS | TC 4 | 00 4 | TL low, high |
text`: window, way in, its speed, 00, seconds per page, way out, its speed, font, times to show (0
for ever), colour R G B A. 30 speaks: `01 | text`. D5 reads the inputs: `remote control 4 | lines
2 | keys 2`, low byte first. The board answers 62 and 30 with one byte, 0 for done.
"""

from __future__ import annotations

from dataclasses import dataclass

from hengyuan.terminal.devices import LEVEL_COLOUR, Colour, Counters, Message, Notice, Refused
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.modbus import crc
from hengyuan.terminal.drivers.parking485.settings import Settings

TEXT, SPEAK, INPUTS = 0x62, 0x30, 0xD5
_VERSION, _ANY_PACKET = 0x64, b"\xff\xff"
_STILL, _MOVING = 0x00, 0x15
_SONG_16, _FIXED = 3, 19
MAX_TEXT = 254 - _FIXED

_RGBA: dict[Colour, bytes] = {
    "red": b"\xff\0\0\0",
    "green": b"\0\xff\0\0",
    "yellow": b"\xff\xff\0\0",
}
_COLOUR_OF = {value: name for name, value in _RGBA.items()}


@dataclass(frozen=True, slots=True)
class LineText:
    """A text for one window."""

    row: int
    text: str
    colour: Colour | None
    scrolling: bool
    stay_s: int
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Speech:
    """A phrase to speak."""

    text: str
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Done:
    """The board's answer to `command`; `error` 0 where it did it."""

    command: int
    error: int
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the board's inputs say; bit n is line or key n."""

    remote: int
    lines: int
    keys: int
    raw: bytes = b""


Item = LineText | Speech | Done | Inputs


class Decoder(FrameDecoder[Item]):
    """What travels between host and board, in either direction."""

    longest = 6 + 255 + 2

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        self.start = bytes([settings.address if settings else 0, _VERSION]) + _ANY_PACKET
        super().__init__(counters)

    def length(self, buffer: bytes) -> int | None:
        return None if len(buffer) < 6 else 8 + buffer[5]

    def read(self, frame: bytes, at: float) -> Item | Notice:
        wanted = crc(frame[:-2])
        if frame[-2:] != wanted:
            ours, theirs = wanted.hex(" ").upper(), frame[-2:].hex(" ").upper()
            raise Bad("checksum", f"CRC {theirs}, it must be {ours}")
        command, data = frame[4], frame[6:-2]
        if command in (TEXT, SPEAK) and len(data) == 1:
            return Done(command, data[0], frame)
        if command == TEXT:
            return _read_text(data, frame)
        if command == SPEAK and data:
            return Speech(data[1:].decode("gbk", errors="replace"), frame)
        if command == INPUTS and len(data) == 8:
            remote, lines, keys = (
                int.from_bytes(data[a:b], "little") for a, b in ((0, 4), (4, 6), (6, 8))
            )
            return Inputs(remote, lines, keys, frame)
        return Notice(f"command {command:02X}", frame, at)


def _read_text(data: bytes, frame: bytes) -> LineText:
    if len(data) < _FIXED:
        raise Bad("length", f"{len(data)} bytes are less than a text command has")
    size = int.from_bytes(data[17:19], "little")
    if size != len(data) - _FIXED:
        raise Bad("length", f"{size} bytes of text announced, {len(data) - _FIXED} came")
    return LineText(
        row=data[0],
        text=data[_FIXED:].decode("gbk", errors="replace"),
        colour=_COLOUR_OF.get(data[9:13]),
        scrolling=data[1] == _MOVING,
        stay_s=data[4],
        raw=frame,
    )


def build_frame(address: int, command: int, data: bytes = b"") -> bytes:
    """A whole frame. Raises `ValueError` where the data are too long."""
    if len(data) > 255:
        raise ValueError(f"{len(data)} bytes of data, at most 255")
    frame = bytes([address, _VERSION]) + _ANY_PACKET + bytes([command, len(data)]) + data
    return frame + crc(frame)


def encode_text(text: str, limit: int = MAX_TEXT) -> bytes:
    """GBK, one line, cut between characters. A backquote would begin a time code: it goes."""
    out = b""
    for character in " ".join(text.split()).replace("`", "'"):
        raw = character.encode("gbk", errors="replace")
        if len(out) + len(raw) > limit:
            break
        out += raw
    return out


def text_frame(line: LineText, address: int = 0) -> bytes:
    """The command that puts a text into a window."""
    text = encode_text(line.text) or b" "
    way = _MOVING if line.scrolling else _STILL
    data = bytes([line.row, way, 1, 0, line.stay_s, way, 1, _SONG_16, 0])
    data += _RGBA[line.colour or "red"] + bytes(4) + len(text).to_bytes(2, "little") + text
    return build_frame(address, TEXT, data)


def speech_frame(text: str, address: int = 0) -> bytes:
    """The command that speaks a phrase at once."""
    return build_frame(address, SPEAK, b"\x01" + encode_text(text, 254))


def inputs_frame(address: int = 0) -> bytes:
    """The command that asks for the inputs."""
    return build_frame(address, INPUTS)


def done_frame(command: int, error: int = 0, address: int = 0) -> bytes:
    """The board's answer."""
    return build_frame(address, command, bytes([error]))


def inputs_answer(inputs: Inputs, address: int = 0) -> bytes:
    """The board's answer to the question for its inputs."""
    sizes = ((inputs.remote, 4), (inputs.lines, 2), (inputs.keys, 2))
    data = b"".join(value.to_bytes(size, "little") for value, size in sizes)
    return build_frame(address, INPUTS, data)


def frames_for(message: Message, settings: Settings) -> list[bytes]:
    """The board's frames for `message`; rows that it does not use are blanked, others dropped."""
    frames = []
    for row in range(settings.rows):
        text = message.lines[row] if row < len(message.lines) else ""
        wide = len(encode_text(text)) > settings.columns
        line = LineText(row, text, LEVEL_COLOUR[message.level], wide, 5)
        frames.append(text_frame(line, settings.address))
    phrase = settings.phrases.get(message.level)
    return [*frames, speech_frame(phrase, settings.address)] if phrase else frames


def decode(data: bytes, settings: Settings | None = None) -> list[Item | Notice | Refused]:
    """All commands, answers and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()
