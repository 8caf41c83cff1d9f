"""Displays whose makers publish no wire format (灵信, 中航 and others), by a template.

`{xor}` is the XOR of all bytes before it, `{sum}` the low byte of their sum, `{crc}` their
CRC-16/MODBUS, low byte first. Nothing here was ever tried on such a display.
"""

from __future__ import annotations

from dataclasses import dataclass

from hengyuan.terminal.devices import Counters, Message, Notice, Refused
from hengyuan.terminal.drivers.framing import FrameDecoder
from hengyuan.terminal.drivers.raw_template.settings import EXAMPLE, Settings
from hengyuan.terminal.drivers.raw_template.template import Template, hex_bytes


@dataclass(frozen=True, slots=True)
class RowText:
    """A text for one row."""

    row: int
    text: str
    raw: bytes = b""


class Decoder(FrameDecoder[RowText]):
    """What the host sends."""

    longest = 1024

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        self._template = Template(settings.frame if settings else EXAMPLE)
        self._encoding = settings.encoding if settings else "gbk"
        self.start = self._template.start
        super().__init__(counters)

    def length(self, buffer: bytes) -> int | None:
        return self._template.length(buffer)

    def read(self, frame: bytes, at: float) -> RowText | Notice:
        row, text = self._template.read(frame)
        return RowText(row, text.decode(self._encoding, errors="replace"), frame)


class AnswerDecoder(FrameDecoder[RowText]):
    """The one answer that the device gives, as a notice."""

    def __init__(self, settings: Settings, counters: Counters | None = None) -> None:
        self.start = hex_bytes(settings.answer or "00")
        self.longest = len(self.start) + 1
        super().__init__(counters)

    def length(self, buffer: bytes) -> int | None:
        return len(self.start)

    def read(self, frame: bytes, at: float) -> RowText | Notice:
        return Notice("answer", frame, at)


def encode_text(text: str, settings: Settings) -> bytes:
    """One line, cut between characters to what the settings allow."""
    out = b""
    for character in " ".join(text.split()):
        raw = character.encode(settings.encoding, errors="replace")
        if len(out) + len(raw) > settings.max_octets:
            break
        out += raw
    return out


def frames_for(message: Message, settings: Settings) -> list[bytes]:
    """The frames for `message`; rows that it does not use are blanked, others dropped."""
    template = Template(settings.frame)
    lines = list(message.lines[: settings.rows])
    if settings.whole:
        lines = [" ".join(lines)]
    else:
        lines += [""] * (settings.rows - len(lines))
    return [
        template.build(encode_text(line, settings) or b" ", (settings.first_row + number) & 0xFF)
        for number, line in enumerate(lines)
    ]


def decode(data: bytes, settings: Settings | None = None) -> list[RowText | Notice | Refused]:
    """All texts and refused bytes of a recording."""
    decoder = Decoder(settings)
    return decoder.feed(data) + decoder.flush()
