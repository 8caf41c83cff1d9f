"""A ticket in the commands of a receipt printer (ESC/POS), text in GB18030 as printers in China
take it. Pure: bytes out of a ticket, nothing else.
"""

from __future__ import annotations

import unicodedata

from hengyuan.terminal.screen.tickets import Ticket

COLUMNS = {"80mm": 48, "58mm": 32}
"""Half-width characters of the printer's own font in a line: 576 and 384 dots of 12 each."""

_RESET = b"\x1b@"
_CHINESE = b"\x1c&"
_LEFT, _CENTRE = b"\x1ba\x00", b"\x1ba\x01"
_PLAIN, _TALL, _LARGE = b"\x1d!\x00", b"\x1d!\x01", b"\x1d!\x11"
_BOLD, _LIGHT = b"\x1bE\x01", b"\x1bE\x00"
_FEED = b"\x1bd"
_CUT = b"\x1dV\x42\x00"
"""Feed to the knife and cut, leaving one point so that the paper does not fall."""
_MODULE_DOTS = {"80mm": 6, "58mm": 4}


def ticket_bytes(ticket: Ticket, paper: str = "80mm", cut: bool = True) -> bytes:
    """The whole ticket for a paper of 80 or 58 mm. ValueError for another paper."""
    if paper not in COLUMNS:
        raise ValueError(f"a receipt printer has paper of 80mm or 58mm, not {paper}")
    width = COLUMNS[paper]
    rule = _line("-" * width)
    parts = [
        _RESET,
        _CHINESE,
        _CENTRE,
        _LARGE,
        _line(ticket.title),
        _PLAIN,
        *(_line(piece) for piece in _wrapped(ticket.unit, width)),
        _LEFT,
        rule,
    ]
    for each in ticket.lines:
        if each.strong:
            parts += [_BOLD, _TALL, *_pair(each.label, each.value, width), _PLAIN, _LIGHT]
        else:
            parts += _pair(each.label, each.value, width)
    parts += [rule, _CENTRE, _LARGE, _line(ticket.verdict), _PLAIN, _LEFT]
    for note in ticket.notes:
        parts += [_line(piece) for piece in _wrapped(f"※{note}", width)]
    parts.append(rule)
    for name in ticket.signatures:
        parts += [_line(""), _line(f"{name}: {'_' * (width - _columns(name) - 2)}")]
    parts += [
        _line(""),
        _CENTRE,
        qr_bytes(ticket.address.encode(), _MODULE_DOTS[paper]),
        *(_line(piece) for piece in _wrapped(ticket.number, width)),
        _line(ticket.foot),
        _LEFT,
        _FEED + b"\x03",
    ]
    if cut:
        parts.append(_CUT)
    return b"".join(parts)


def qr_bytes(data: bytes, module_dots: int = 6) -> bytes:
    """A QR code drawn by the printer itself: GS ( k, functions 165, 167, 169, 180 and 181."""
    if not 1 <= len(data) <= 2000:
        raise ValueError(f"{len(data)} bytes do not go into a code")
    return b"".join(
        (
            _gs_k(65, b"\x32\x00"),  # model 2
            _gs_k(67, bytes((module_dots,))),
            _gs_k(69, b"\x31"),  # error correction M: paper gets dirty
            _gs_k(80, b"\x30" + data),
            _gs_k(81, b"\x30"),
        )
    )


def _gs_k(function: int, parameters: bytes) -> bytes:
    length = len(parameters) + 2
    return b"\x1d(k" + length.to_bytes(2, "little") + bytes((0x31, function)) + parameters


def _line(text: str) -> bytes:
    # control characters are commands to a printer: none comes from a text
    clean = "".join(each for each in text if unicodedata.category(each)[0] != "C")
    return clean.encode("gb18030", errors="replace") + b"\n"


def _pair(label: str, value: str, width: int) -> list[bytes]:
    """Label to the left, value to the right; on lines of its own where it does not fit."""
    room = width - _columns(label)
    if _columns(value) + 2 <= room:
        return [_line(label + " " * (room - _columns(value)) + value)]
    return [_line(label), *(_line("  " + piece) for piece in _wrapped(value, width - 2))]


def _wrapped(text: str, width: int) -> list[str]:
    pieces, piece, taken = [], "", 0
    for each in text:
        wide = _columns(each)
        if taken + wide > width:
            pieces.append(piece)
            piece, taken = "", 0
        piece, taken = piece + each, taken + wide
    return [*pieces, piece] if piece or not pieces else pieces


def _columns(text: str) -> int:
    """Columns that a text takes: printers draw Chinese twice as wide."""
    return sum(1 if each.isascii() else 2 for each in text)
