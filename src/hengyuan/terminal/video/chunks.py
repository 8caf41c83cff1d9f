"""The recording's files: pure MP4, each segment with a box before it that says which one it is.

A file is `ftyp moov`, then for each segment `uuid moof mdat`. Players skip the `uuid` box. It
carries number, time, length and checksum, so the files need no index beside them: what a power cut
has torn off or left as zeros is seen when it is read, and all before it is whole.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEAD = struct.Struct(">I4s16sQqIII")
_MARK = bytes.fromhex("6d1f2c7e0b7a4e2b9f43a6f0e1c85d90")
_BOX = struct.Struct(">I4s")
_LARGEST_INIT = 64 * 1024
HEAD_BYTES = _HEAD.size


@dataclass(frozen=True, slots=True)
class Kept:
    """One segment on disk."""

    number: int
    start_ms: int
    """The county's time of its first frame, as well as it was known."""
    duration_ms: int
    path: Path
    offset: int
    """Where `moof` begins."""
    size: int
    """Bytes of `moof` and `mdat`."""
    checksum: int

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.duration_ms

    def read(self) -> bytes:
        """`moof` and `mdat`. OSError if they are gone or damaged."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read(self.size)
        if zlib.crc32(data) != self.checksum:
            raise OSError(f"segment {self.number} in {self.path.name} is damaged")
        return data


def head_of(kept: Kept) -> bytes:
    """The box that stands before a segment."""
    return _HEAD.pack(
        _HEAD.size,
        b"uuid",
        _MARK,
        kept.number,
        kept.start_ms,
        kept.duration_ms,
        kept.size,
        kept.checksum,
    )


def read_init(path: Path) -> bytes:
    """`ftyp` and `moov` of a file. OSError if it has none."""
    with path.open("rb") as file:
        init = file.read(_init_size(file))
    if not init:
        raise OSError(f"{path.name} has no beginning")
    return init


def segments_of(path: Path) -> Iterator[Kept]:
    """The segments that are wholly there, in their order; none for a file torn in its beginning."""
    with path.open("rb") as file:
        end = file.seek(0, 2)
        at = _init_size(file)
        while at and at + _HEAD.size <= end:
            file.seek(at)
            size, kind, mark, number, start_ms, duration_ms, length, checksum = _HEAD.unpack(
                file.read(_HEAD.size)
            )
            at += _HEAD.size
            if (size, kind, mark) != (_HEAD.size, b"uuid", _MARK) or at + length > end:
                return
            yield Kept(number, start_ms, duration_ms, path, at, length, checksum)
            at += length


def _init_size(file: BinaryIO) -> int:
    """Bytes up to the first segment; 0 if the beginning is not whole. Leaves the file at 0."""
    file.seek(0)
    data = file.read(_LARGEST_INIT)
    file.seek(0)
    at = 0
    for wanted in (b"ftyp", b"moov"):
        if at + _BOX.size > len(data):
            return 0
        size, kind = _BOX.unpack_from(data, at)
        if kind != wanted or size < _BOX.size or at + size > len(data):
            return 0
        at += size
    return at


def box_sizes(data: bytes | bytearray) -> list[tuple[bytes, int]]:
    """Kind and size of the boxes that are wholly in `data`."""
    found = []
    at = 0
    while at + _BOX.size <= len(data):
        size, kind = _BOX.unpack_from(data, at)
        if size < _BOX.size or at + size > len(data):
            break
        found.append((kind, size))
        at += size
    return found


def moved(data: bytes, by: int) -> bytes:
    """A segment whose decode time is `by` units later."""
    moof_end = _BOX.unpack_from(data, 0)[0]
    at = data.index(b"tfdt", 0, moof_end)
    wide = data[at + 4] == 1
    form = struct.Struct(">Q" if wide else ">I")
    time = form.unpack_from(data, at + 8)[0] + by
    return data[: at + 8] + form.pack(time) + data[at + 8 + form.size :]


def decode_time(data: bytes) -> int:
    """When the first frame of a segment is decoded, in units of its track."""
    moof_end = _BOX.unpack_from(data, 0)[0]
    at = data.index(b"tfdt", 0, moof_end)
    form = struct.Struct(">Q" if data[at + 4] == 1 else ">I")
    return int(form.unpack_from(data, at + 8)[0])
