"""SYN6288: `FD | length high, low | command | parameter | text | XOR`, XOR over all before it.

The length counts command, parameter, text and XOR. Command 01 speaks, its parameter names the
encoding (0 GB2312, 1 GBK); 02 stops, 21 asks for the state, both without parameter. The module
answers with single bytes: 4A started, 41 taken, 45 not understood, 4E busy, 4F idle. `[v12]` and
`[t4]` in a text set volume and speed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import xor

from hengyuan.terminal.devices import Counters, Message, Notice, Refused
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.syn6288.settings import Settings

START = 0xFD
SPEAK, STOP, ASK = 0x01, 0x02, 0x21
ENCODINGS = ("gb2312", "gbk")
MAX_TEXT = 200
STARTED, TAKEN, NOT_UNDERSTOOD, BUSY, IDLE = 0x4A, 0x41, 0x45, 0x4E, 0x4F
_ANSWERS = {
    STARTED: "started",
    TAKEN: "taken",
    NOT_UNDERSTOOD: "not understood",
    BUSY: "busy",
    IDLE: "idle",
}


@dataclass(frozen=True, slots=True)
class Speech:
    """What the module is told to say."""

    text: str
    raw: bytes = b""


@dataclass(frozen=True, slots=True)
class Said:
    """One answer of the module."""

    code: int
    raw: bytes = b""

    @property
    def what(self) -> str:
        """In words."""
        return _ANSWERS[self.code]


class Decoder(FrameDecoder[Speech]):
    """What the host sends."""

    start = bytes([START])
    longest = 3 + 2 + MAX_TEXT + 64

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        super().__init__(counters)

    def length(self, buffer: bytes) -> int | None:
        if len(buffer) < 3:
            return None
        size = int.from_bytes(buffer[1:3], "big")
        if not 2 <= size <= MAX_TEXT + 3:
            raise Bad("length", f"a frame of {size} bytes")
        return 3 + size

    def read(self, frame: bytes, at: float) -> Speech | Notice:
        wanted = reduce(xor, frame[:-1])
        if frame[-1] != wanted:
            raise Bad("checksum", f"XOR {frame[-1]:02X}, it must be {wanted:02X}")
        if frame[3] != SPEAK:
            return Notice(f"command {frame[3]:02X}", frame, at)
        if len(frame) < 6 or frame[4] & 7 >= len(ENCODINGS):
            raise Bad("encoding", "an encoding that is not spoken here")
        return Speech(frame[5:-1].decode(ENCODINGS[frame[4] & 7], errors="replace"), frame)


class AnswerDecoder(FrameDecoder[Said]):
    """What the module sends: single bytes."""

    start = bytes([TAKEN])
    starts = tuple(bytes([code]) for code in _ANSWERS)
    longest = 2

    def length(self, buffer: bytes) -> int | None:
        return 1

    def read(self, frame: bytes, at: float) -> Said | Notice:
        return Said(frame[0], frame)


def build_frame(command: int, body: bytes = b"") -> bytes:
    """A whole frame."""
    frame = bytes([START]) + (len(body) + 2).to_bytes(2, "big") + bytes([command]) + body
    return frame + bytes([reduce(xor, frame)])


def encode_text(text: str, encoding: str = "gbk", limit: int = MAX_TEXT) -> bytes:
    """One line, cut between characters. Brackets would begin a control code: they become round."""
    out = b""
    plain = " ".join(text.split()).replace("[", "(").replace("]", ")")
    for character in plain:
        raw = character.encode(encoding, errors="ignore")
        if len(out) + len(raw) > limit:
            break
        out += raw
    return out


def speech_frame(
    text: str, encoding: str = "gbk", volume: int | None = None, speed: int | None = None
) -> bytes:
    """The command that speaks `text`, with what came before broken off."""
    marks = f"[v{volume}]" if volume is not None else ""
    marks += f"[t{speed}]" if speed is not None else ""
    head = marks.encode()
    body = head + encode_text(text, encoding, MAX_TEXT - len(head))
    return build_frame(SPEAK, bytes([ENCODINGS.index(encoding)]) + body)


def sentence(message: Message) -> str:
    """A message's lines as one sentence to say, units in words."""
    text = "，".join(line for line in message.lines if line.strip())
    text = re.sub(r"(?<=\d)\s*kg\b", "公斤", text)
    return re.sub(r"(?<=\d)\s*t\b", "吨", text)


def frames_for(message: Message, settings: Settings) -> list[bytes]:
    """The frame that speaks `message`; none where it is not to be spoken."""
    text = sentence(message)
    silent = message.level == "idle" or (message.level == "wait" and not settings.speak_wait)
    if silent or not text:
        return []
    return [speech_frame(text, settings.encoding, settings.volume, settings.speed)]


def decode(data: bytes, settings: Settings | None = None) -> list[Speech | Said | Notice | Refused]:
    """All commands and refused bytes of a recording; one of answers alone is read as such."""
    if data and all(byte in _ANSWERS for byte in data):
        return [Said(byte, bytes([byte])) for byte in data]
    decoder = Decoder(settings)
    return [*decoder.feed(data), *decoder.flush()]
