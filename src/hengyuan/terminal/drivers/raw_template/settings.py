"""Settings of a display whose frame is written down as a template."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from hengyuan.terminal.drivers.raw_template.template import Template, hex_bytes
from hengyuan.terminal.drivers.settings import AnsweringSettings
from hengyuan.terminal.words import installer_text as _

EXAMPLE = "02 {row} {length} {text} {xor} 03"


class Settings(AnsweringSettings, tag="raw_template", frozen=True, kw_only=True):
    """For displays whose makers publish no wire format: whoever has its manual writes it here."""

    frame: Annotated[str, Meta(max_length=500)] = EXAMPLE
    """Hex bytes and the fields `{text}`, `{row}`, `{length}` and `{length16}` (bytes of the text,
    one or two, high first), `{xor}`, `{sum}` and `{crc}` (over all before it, see the codec)."""
    answer: Annotated[str, Meta(max_length=100)] | None = None
    """Hex bytes that the device answers with. None: it does not answer, and what went out counts
    as shown."""
    encoding: Literal["gbk", "gb2312", "utf-8"] = "gbk"
    whole: bool = False
    """All lines in one frame, a blank between them, instead of a frame for each."""
    rows: Annotated[int, Meta(ge=1, le=16)] = 4
    first_row: Annotated[int, Meta(ge=0, le=255)] = 0
    """Number of the top row."""
    max_octets: Annotated[int, Meta(ge=1, le=255)] = 64
    """Longer texts are cut, between characters."""

    def __post_init__(self) -> None:
        Template(self.frame)
        if self.answer is not None and not hex_bytes(self.answer):
            raise ValueError(
                _("answer has no byte; leave it out for a device that does not answer")
            )
