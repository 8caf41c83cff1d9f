"""NAL units of H.264 and H.265 with start codes: which parameter sets a key frame brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Codec = Literal["h264", "hevc"]

_START = re.compile(rb"\x00\x00\x01")
_SETS: dict[Codec, frozenset[int]] = {"h264": frozenset({7, 8}), "hevc": frozenset({32, 33, 34})}
_PICTURES: dict[Codec, range] = {"h264": range(1, 6), "hevc": range(32)}


def parameter_sets(codec: Codec, data: bytes) -> tuple[bytes, ...]:
    """The parameter sets before the first picture of an access unit, without start codes."""
    found = []
    for unit in _units(data):
        kind = unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63
        if kind in _PICTURES[codec]:
            break
        if kind in _SETS[codec]:
            found.append(unit)
    return tuple(found)


def with_start_codes(units: tuple[bytes, ...]) -> bytes:
    """The units as they stand in a stream."""
    return b"".join(b"\x00\x00\x00\x01" + unit for unit in units)


def _units(data: bytes) -> Iterator[bytes]:
    begin = None
    for start in _START.finditer(data):
        if begin is not None and (unit := data[begin : start.start()].rstrip(b"\x00")):
            yield unit
        begin = start.end()
    if begin is not None and begin < len(data):
        yield data[begin:]
