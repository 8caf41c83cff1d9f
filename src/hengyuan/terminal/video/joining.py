"""Segments of the ring into one MP4 file that any player takes, without decoding a picture."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import av
import structlog

from hengyuan.terminal.video.chunks import Kept, decode_time, moved, read_init
from hengyuan.terminal.video.muxer import SCALE

log = structlog.get_logger(__name__)


def runs_of(segments: Iterable[Kept]) -> list[tuple[bytes, list[Kept]]]:
    """Segments that one initialisation segment serves, in order, with it. What has been deleted or
    damaged meanwhile is left out."""
    runs: list[tuple[bytes, list[Kept]]] = []
    for path, group in itertools.groupby(segments, key=lambda kept: kept.path):
        try:
            init = read_init(path)
        except OSError as error:
            log.warning("video.file_unreadable", file=path.name, why=error.strerror or str(error))
            continue
        if runs and runs[-1][0] == init:
            runs[-1][1].extend(group)
        else:
            runs.append((init, list(group)))
    return runs


def parts_of(segments: Sequence[Kept], most_bytes: int) -> list[list[Kept]]:
    """The segments in as few parts as have room in files of that size; a part has one at least."""
    parts: list[list[Kept]] = []
    size = 0
    for kept in segments:
        if not parts or size + kept.size > most_bytes:
            parts.append([])
            size = 0
        parts[-1].append(kept)
        size += kept.size
    return parts


def join(init: bytes, segments: Sequence[Kept], target: Path) -> int:
    """Write the segments into one file whose time begins at 0; its length in ms, 0 if nothing could
    be read. A gap in the recording is a gap in the file. OSError if the disk refuses."""
    stream = _Stream(init, segments)
    try:
        with (
            av.open(stream, "r", format="mp4") as source,
            av.open(
                str(target), "w", format="mp4", container_options={"movflags": "faststart"}
            ) as output,
        ):
            video = source.streams.video[0]
            copy = output.add_stream_from_template(video, opaque=True)
            first = end = 0
            begun = False
            for packet in source.demux(video):
                if packet.dts is None or packet.pts is None:
                    continue
                if not begun:
                    begun, first = True, packet.dts
                packet.dts -= first
                packet.pts -= first
                end = packet.dts + (packet.duration or 0)
                packet.stream = copy
                output.mux_one(packet)
            return round(end * video.time_base * 1000) if begun and video.time_base else 0
    except av.error.InvalidDataError:
        # not one segment was left to read
        return 0


class _Stream:
    """The segments as one readable file, of which only one segment is in memory."""

    def __init__(self, init: bytes, segments: Sequence[Kept]) -> None:
        self._parts = self._read(init, segments)
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            try:
                self._rest = next(self._parts)
            except StopIteration:
                return b""
        size = len(self._rest) if size < 0 else size
        part, self._rest = self._rest[:size], self._rest[size:]
        return part

    def _read(self, init: bytes, segments: Sequence[Kept]) -> Iterator[bytes]:
        yield init
        begin_ms = segments[0].start_ms
        end = 0
        for kept in segments:
            try:
                data = kept.read()
            except OSError as error:
                log.warning(
                    "video.segment_unreadable", number=kept.number, why=error.strerror or str(error)
                )
                continue
            # by the clock, and never back: where one stream went on, the clock is its own
            at = max(end, (kept.start_ms - begin_ms) * SCALE // 1000)
            if at - end < SCALE // 2:
                at = end
            yield moved(data, at - decode_time(data))
            end = at + kept.duration_ms * SCALE // 1000
