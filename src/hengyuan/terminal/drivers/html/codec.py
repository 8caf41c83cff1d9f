"""What the display page fetches: one JSON object with the message and its version."""

from __future__ import annotations

import msgspec

from hengyuan.terminal.devices import Message, MessageLevel, Refused
from hengyuan.terminal.drivers.html.settings import Settings


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The message on show. `version` grows with every change."""

    version: int
    level: MessageLevel
    lines: tuple[str, ...]

    @property
    def message(self) -> Message:
        """Without the version."""
        return Message(self.lines, self.level)


def encode(message: Message, version: int) -> bytes:
    """The JSON that the page gets."""
    return msgspec.json.encode(Shown(version, message.level, message.lines))


def decode(data: bytes, settings: Settings | None = None) -> list[Shown | Refused]:
    """The message of one answer to the page."""
    try:
        return [msgspec.json.decode(data, type=Shown)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return [Refused("json", data[:256], 0.0, str(error))]
