"""How a frame looks, as an installer writes it down from a manual.

Bytes are counted from 1, as manuals do; negative numbers count from the end, -1 is the last byte.
Bytes are written as hex (`02`, `0D 0A`) or, after `text:`, as they are (`text:ST,`).
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hengyuan.terminal.words import installer_text as _

MAX_LENGTH = 256
CHECKSUM_SIZES = {
    "xor": 1,
    "sum": 1,
    "negated_sum": 1,
    "crc16_modbus": 2,
    "crc16_arc": 2,
    "crc16_xmodem": 2,
}
_WIDEST = {"ascii": 16, "bcd": 6, "binary": 4}

Position = Annotated[int, Meta(ge=-MAX_LENGTH, le=MAX_LENGTH)]
Order = Literal["high_first", "low_first"]


def octets(written: str) -> bytes:
    """The bytes that a description means. Raises `ValueError` naming what is wrong."""
    if written.startswith("text:"):
        text = written.removeprefix("text:")
        if not text or not text.isascii():
            raise ValueError(_("{text} must be ASCII after text:").format(text=repr(written)))
        return text.encode("ascii")
    try:
        data = bytes.fromhex(written)
    except ValueError:
        data = b""
    if not data:
        why = _("{text} is neither hex bytes such as 0D 0A nor text:...")
        raise ValueError(why.format(text=repr(written)))
    return data


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A piece of a frame."""

    at: Position
    """Its first byte."""

    def __post_init__(self) -> None:
        if self.at == 0:
            raise ValueError(_("at: bytes are counted from 1, or from -1 backwards"))


class Value(_Part, frozen=True, kw_only=True):
    """The figures."""

    count: Annotated[int, Meta(ge=1, le=16)]
    """Bytes that they take."""
    coding: Literal["ascii", "bcd", "binary"] = "ascii"
    """ASCII may hold blanks, a sign and a point."""
    order: Order = "high_first"
    signed: bool = False
    """Of binary figures: two's complement."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.count > _WIDEST[self.coding]:
            why = _("count: {coding} figures take {most} bytes at most")
            raise ValueError(why.format(coding=self.coding, most=_WIDEST[self.coding]))
        if self.signed and self.coding != "binary":
            raise ValueError(_("signed: only binary figures are; use negative"))


class Decimals(_Part, frozen=True, kw_only=True):
    """Where the frame says how many decimal places it has: (byte & mask) - zero."""

    mask: Annotated[int, Meta(ge=1, le=255)] = 255
    zero: Annotated[int, Meta(ge=0, le=255)] = 0x30
    """What the byte is for none; 48 is the character 0."""
    most: Annotated[int, Meta(ge=0, le=6)] = 4
    """A frame that says more is refused."""


class Flag(_Part, frozen=True, kw_only=True):
    """Something that is so or not: a bit, or bytes that stand there."""

    bit: Annotated[int, Meta(ge=0, le=7)] | None = None
    when: Literal[0, 1] = 1
    """What the bit is when it is so."""
    yes: str | None = None
    no: list[str] | None = None
    """Where given, anything that is neither `yes` nor one of these is refused."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if (self.bit is None) == (self.yes is None):
            raise ValueError(_("give either bit, or yes with the bytes that stand there"))
        if self.bit is not None and self.no is not None:
            raise ValueError(_("no: goes with yes, not with bit"))
        sizes = {len(octets(written)) for written in (*self.yeses, *(self.no or ()))}
        if len(sizes) > 1:
            raise ValueError(_("yes and no must have as many bytes as each other"))

    @property
    def yeses(self) -> tuple[str, ...]:
        """What means that it is so; none where a bit does."""
        return () if self.yes is None else (self.yes,)

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(octets(self.yes)) if self.yes is not None else 1


class UnitField(_Part, frozen=True, kw_only=True):
    """Where the frame says its unit, and how it writes each."""

    kg: str | None = None
    t: str | None = None
    g: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        sizes = {len(written) for written in self.written()}
        if len(sizes) != 1:
            raise ValueError(_("give kg, t or g, all with as many bytes as each other"))

    def written(self) -> dict[bytes, Literal["kg", "t", "g"]]:
        """Each unit by its bytes."""
        units: dict[bytes, Literal["kg", "t", "g"]] = {}
        if self.kg is not None:
            units[octets(self.kg)] = "kg"
        if self.t is not None:
            units[octets(self.t)] = "t"
        if self.g is not None:
            units[octets(self.g)] = "g"
        return units

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(next(iter(self.written())))


class Checksum(_Part, frozen=True, kw_only=True):
    """What is worked out from the bytes `first` to `last` and stands at `at`."""

    kind: Literal["xor", "sum", "negated_sum", "crc16_modbus", "crc16_arc", "crc16_xmodem"]
    first: Position
    last: Position
    written: Literal["bytes", "hex"] = "bytes"
    """`hex`: as characters, two a byte."""
    order: Order = "high_first"
    set_bits: Annotated[int, Meta(ge=0, le=255)] = 0
    """Bits that are set in it whatever comes out, as some makes do to avoid control characters."""
    mask: Annotated[int, Meta(ge=1, le=255)] = 255
    """Bits that count; 127 for a sum of seven bits."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.first == 0 or self.last == 0:
            raise ValueError(_("first, last: bytes are counted from 1, or from -1 backwards"))
        if CHECKSUM_SIZES[self.kind] > 1 and (self.set_bits or self.mask != 255):
            raise ValueError(_("set_bits and mask are for checksums of one byte"))

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return CHECKSUM_SIZES[self.kind] * (2 if self.written == "hex" else 1)


class Frame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole frame: `[lanes.scale.frame]`."""

    start: str
    """What every frame begins with, and nothing else as far as possible."""
    end: str | None = None
    length: Annotated[int, Meta(ge=3, le=MAX_LENGTH)] | None = None
    """All bytes, start and end included. Without it, a frame lasts until its end."""
    value: Value
    negative: Flag | None = None
    decimals: Annotated[int, Meta(ge=0, le=6)] | Decimals = 0
    """A number, or where the frame says it. A point among the figures outweighs both."""
    unit: UnitField | None = None
    checksum: Checksum | None = None
    stable: Flag | None = None
    net: Flag | None = None
    """A frame that shows net is refused: its tare is not known."""
    over_range: Flag | None = None
    under_range: Flag | None = None

    def __post_init__(self) -> None:
        octets(self.start)
        if self.end is not None:
            octets(self.end)
        if self.length is None:
            self._check_open()
        else:
            self._check_places(self.length)

    @property
    def is_text(self) -> bool:
        """Whether neither start nor end can stand among figures and checksum."""
        as_text = self.checksum is None or self.checksum.written == "hex"
        return self.value.coding == "ascii" and as_text

    def places(self) -> list[tuple[str, int, int]]:
        """Every part that is there: its name, its first byte, how many bytes it takes."""
        flags = ("negative", "stable", "net", "over_range", "under_range")
        parts = [("value", self.value.at, self.value.count)]
        for name in (*flags, "unit", "checksum"):
            part: Flag | UnitField | Checksum | None = getattr(self, name)
            if part is not None:
                parts.append((name, part.at, part.size))
        if isinstance(self.decimals, Decimals):
            parts.append(("decimals", self.decimals.at, 1))
        return parts

    def _check_open(self) -> None:
        if self.end is None:
            raise ValueError(_("give length, or end, or both"))
        if not self.is_text:
            raise ValueError(_("length: must be given where a byte may have any value"))

    def _check_places(self, length: int) -> None:
        for name, at, size in self.places():
            first = index(at, length)
            if not 0 <= first <= length - size:
                why = _("{part}: bytes {first} to {last} are outside a frame of {length}")
                raise ValueError(
                    why.format(part=name, first=first + 1, last=first + size, length=length)
                )
        if self.checksum is not None:
            self._check_sum(self.checksum, length)
        if len(octets(self.start)) + len(octets(self.end or "00")) > length:
            raise ValueError(_("start and end are longer than the frame"))

    def _check_sum(self, checksum: Checksum, length: int) -> None:
        first, last = index(checksum.first, length), index(checksum.last, length)
        own = index(checksum.at, length)
        if not 0 <= first <= last < length:
            raise ValueError(_("checksum: first and last are no stretch of the frame"))
        if first < own + checksum.size and own <= last:
            raise ValueError(_("checksum: it stands among the bytes that it is worked out from"))
        value = index(self.value.at, length)
        if value < first or value + self.value.count - 1 > last:
            raise ValueError(_("checksum: it does not cover the value"))


def index(at: int, length: int) -> int:
    """The 0-based place of byte `at` in a frame of `length`; may lie outside."""
    return at - 1 if at > 0 else length + at
