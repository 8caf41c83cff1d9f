"""A frame written down as hex bytes and fields, checked, filled in and read back."""

from __future__ import annotations

import re
from functools import reduce
from operator import xor

from hengyuan.terminal.drivers.framing import Bad
from hengyuan.terminal.drivers.modbus import crc
from hengyuan.terminal.words import installer_text as _

_PIECE = re.compile(r"\{(\w+)\}|([0-9A-Fa-f]{2})|\s+")
_SIZES = {"row": 1, "length": 1, "length16": 2, "xor": 1, "sum": 1, "crc": 2}


def hex_bytes(text: str) -> bytes:
    """Raises `ValueError` in words."""
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise ValueError(_("{text} is not hex").format(text=repr(text))) from error


class Template:
    """One frame's form. Raises `ValueError` with what is wrong with it.

    It begins with a fixed byte, has `{text}` once, and says where the text ends: by a length before
    it, or by fixed bytes at the end.
    """

    def __init__(self, written: str) -> None:
        self._pieces: list[bytes | str] = []
        position = 0
        while position < len(written):
            found = _PIECE.match(written, position)
            if not found:
                piece = repr(written[position : position + 8])
                raise ValueError(_("frame: {piece} is no hex and no field").format(piece=piece))
            position = found.end()
            if found[1]:
                self._add_field(found[1])
            elif found[2]:
                self._pieces.append(bytes.fromhex(found[2]))
        self._check()

    def _add_field(self, name: str) -> None:
        if name != "text" and name not in _SIZES:
            known = ", ".join(("text", *_SIZES))
            why = _("frame: {name} is no field; there are {known}")
            raise ValueError(why.format(name=f"{{{name}}}", known=known))
        self._pieces.append(name)

    def _check(self) -> None:
        pieces = self._pieces
        if pieces.count("text") != 1:
            raise ValueError(_("frame: {text} must stand in it once"))
        if not isinstance(pieces[0], bytes):
            raise ValueError(_("frame: must begin with a fixed byte to be told from noise"))
        at = pieces.index("text")
        self._sized = any(piece in ("length", "length16") for piece in pieces[:at])
        if not self._sized and not isinstance(pieces[-1], bytes):
            raise ValueError(_("frame: needs {length} before {text}, or a fixed byte at its end"))
        self._before = sum(_size(piece) for piece in pieces[:at])
        self._after = sum(_size(piece) for piece in pieces[at + 1 :])

    @property
    def start(self) -> bytes:
        """The fixed bytes that it begins with."""
        return _run(self._pieces)

    @property
    def end(self) -> bytes:
        """The fixed bytes that it ends with."""
        return b"".join(reversed([bytes(p) for p in _leading(self._pieces[::-1])]))

    def build(self, text: bytes, row: int) -> bytes:
        """The frame that carries `text`, already encoded."""
        frame = b""
        for piece in self._pieces:
            frame += piece if isinstance(piece, bytes) else _field(piece, frame, text, row)
        return frame

    def length(self, buffer: bytes) -> int | None:
        """Length of the frame at the start of `buffer`; None while that cannot be said."""
        if not self._sized:
            found = buffer.find(self.end, self._before)
            return None if found < 0 else found + len(self.end)
        if len(buffer) < self._before:
            return None
        position = 0
        for piece in self._pieces:
            if piece in ("length", "length16"):
                size = int.from_bytes(buffer[position : position + _size(piece)], "big")
                return self._before + size + self._after
            position += _size(piece)
        return None

    def read(self, frame: bytes) -> tuple[int, bytes]:
        """Row and text of a whole frame. Raises `Bad` where it is not built by this template."""
        text = frame[self._before : len(frame) - self._after]
        row, position = 0, 0
        for piece in self._pieces:
            if piece == "row":
                row = frame[position]
            position += len(text) if piece == "text" else _size(piece)
        if len(frame) < self._before + self._after or self.build(text, row) != frame:
            raise Bad("template", "the frame is not of this form")
        return row, text


def _leading(pieces: list[bytes | str]) -> list[bytes]:
    out = []
    for piece in pieces:
        if not isinstance(piece, bytes):
            break
        out.append(piece)
    return out


def _run(pieces: list[bytes | str]) -> bytes:
    return b"".join(_leading(pieces))


def _size(piece: bytes | str) -> int:
    if isinstance(piece, bytes):
        return len(piece)
    return _SIZES.get(piece, 0)


def _field(name: str, before: bytes, text: bytes, row: int) -> bytes:
    match name:
        case "text":
            return text
        case "row":
            return bytes([row])
        case "length":
            return bytes([len(text)])
        case "length16":
            return len(text).to_bytes(2, "big")
        case "xor":
            return bytes([reduce(xor, before)])
        case "sum":
            return bytes([sum(before) & 0xFF])
        case _:
            return crc(before)
