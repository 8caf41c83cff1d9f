"""What a camera sends, looked at for some seconds: for whoever sets it up."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hengyuan.terminal.config_video import VideoStreamTable
from hengyuan.terminal.video.muxer import SCALE, Muxer
from hengyuan.terminal.video.nal import Codec, with_start_codes
from hengyuan.terminal.video.source import Source

LONGEST_KEY_S = 4.0
MOST_MBIT_S = 8.0


@dataclass(frozen=True, slots=True)
class Probed:
    """A stream in figures."""

    codec: Codec
    width: int
    height: int
    pictures_s: float
    mbit_s: float
    key_every_s: float | None
    """Longest time between key frames; None where fewer than two came."""
    first_key_s: float | None = None
    """How long the first key frame was waited for; None where none came, and size is 0 × 0."""

    @property
    def plays_everywhere(self) -> bool:
        """Whether any browser can show it live."""
        return self.codec == "h264"

    @property
    def key_frames_are_rare(self) -> bool:
        """Live pictures then come late, and clips begin far from what was asked for."""
        return self.key_every_s is None or self.key_every_s > LONGEST_KEY_S


def probe(
    stream: VideoStreamTable, folder: Path, seconds: float,
    take_key: Callable[[Codec, bytes], None] = lambda codec, data: None,
) -> Probed:  # fmt: skip
    """Watch a stream. Blocks; SourceError where it cannot be had, in words without secrets.
    `take_key` gets the first key frame with its parameter sets, as it stands in a stream."""
    source = Source(stream, folder, stream.silence_s)
    size = (0, 0)
    times: list[int] = []
    keys: list[int] = []
    octets = 0
    first_key_s: float | None = None
    try:
        begun = time.monotonic()
        end = begun + seconds
        for unit in source.units():
            packet = unit.packet
            assert packet.dts is not None
            times.append(packet.dts)
            octets += packet.size
            if packet.is_keyframe:
                keys.append(packet.dts)
                if first_key_s is None:
                    first_key_s = time.monotonic() - begun
                    announced = b"" if unit.sets else with_start_codes(source.sets)
                    take_key(source.codec, announced + bytes(packet))
                if sets := unit.sets or source.sets:
                    size = Muxer(source.codec, sets, bytes(packet)).size
            if time.monotonic() > end:
                break
    finally:
        source.close()
    took_s = max((max(times, default=0) - min(times, default=0)) / SCALE, 0.001)
    between = [after - before for before, after in itertools.pairwise(keys)]
    return Probed(
        codec=source.codec,
        width=size[0],
        height=size[1],
        pictures_s=(len(times) - 1) / took_s,
        mbit_s=octets * 8e-6 / took_s,
        key_every_s=max(between) / SCALE if between else None,
        first_key_s=first_key_s,
    )
