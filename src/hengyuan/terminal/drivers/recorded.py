"""Recorded frames with the values they must give, and readings as plain values to compare."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import msgspec

Origin = Literal["captured", "manual", "derived"]


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A piece of a recording, as text (UTF-8) or as hex."""

    text: str | None = None
    hex: str | None = None

    @property
    def data(self) -> bytes:
        """Raises `ValueError` where it is neither or both."""
        if (self.text is None) == (self.hex is None):
            raise ValueError("a segment is either text or hex")
        return self.text.encode() if self.text is not None else bytes.fromhex(self.hex or "")


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One recording of `frames.json`."""

    name: str
    origin: Origin
    """`captured` from a device or printed by its maker with a checksum that holds; `manual` as
    described by the maker; `derived` built from the rule."""
    segments: list[Segment]
    expect: list[dict[str, Any]]
    """What each decoded item must say, as `facts` gives it; keys left out are not compared."""
    settings: dict[str, Any] = {}
    """Settings that differ from the driver's own."""

    @property
    def data(self) -> bytes:
        """All segments together."""
        return b"".join(segment.data for segment in self.segments)


def load_frames(folder: Path) -> list[Frame]:
    """The recordings of a driver folder. Raises `msgspec.DecodeError`, `ValueError`, `OSError`."""
    frames = msgspec.json.decode((folder / "frames.json").read_bytes(), type=list[Frame])
    for frame in frames:
        if not frame.data:
            raise ValueError(f"{frame.name}: has no bytes")
    return frames


def facts(item: object) -> dict[str, Any]:
    """A decoded item as JSON values, with its kind as `type`; bytes as hex, pictures as sizes."""
    kind = type(item).__name__
    values = _plain(item)
    return {"type": kind[:1].lower() + kind[1:], **values}


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _size_of(field.name, getattr(value, field.name))
            for field in dataclasses.fields(value)
        }
    if isinstance(value, msgspec.Struct):
        return {name: _plain(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex(" ").upper()
    if isinstance(value, tuple | list):
        return [_plain(element) for element in value]
    return value


def _size_of(name: str, value: Any) -> Any:
    return {"octets": len(value)} if name == "data" else _plain(value)
