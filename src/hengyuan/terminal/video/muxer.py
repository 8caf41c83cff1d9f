"""Packets of a camera into MP4 segments that begin with a key frame, by FFmpeg's own muxer."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet

from hengyuan.terminal.video.chunks import box_sizes
from hengyuan.terminal.video.nal import Codec, with_start_codes

if TYPE_CHECKING:
    from av.video.stream import VideoStream

SCALE = 90_000
TIME_BASE = Fraction(1, SCALE)
SEGMENT_S = 2.0
_EARLY_S = 0.1
"""A camera's key frames come a little early now and then; a segment is not to be twice as long."""
MOST_BYTES = 24 * 1024 * 1024
"""A segment that grows beyond this is cut off: its camera sends no key frames."""


class NoKeyFrames(OSError):
    """The camera sends so few key frames that no segment ends."""


@dataclass(frozen=True, slots=True)
class Segment:
    """`moof` and `mdat`; `begins` is the decode time of its first frame in 1/90 000 s."""

    data: bytes
    begins: int
    duration: int


class Muxer:
    """One initialisation segment, in `init`, and the segments that belong to it.

    Times of packets are in 1/90 000 s and grow; the first packet is a key frame.
    """

    def __init__(self, codec: Codec, sets: tuple[bytes, ...], key_frame: bytes) -> None:
        self._sink = _Sink()
        self._bytes = 0
        self._begins: int | None = None
        self._pending: Packet[VideoStream] | None = None
        self._end = 0
        options = {
            "movflags": "frag_keyframe+empty_moov+default_base_moof+skip_trailer",
            "min_frag_duration": str(round((SEGMENT_S - _EARLY_S) * 1_000_000)),
            "video_track_timescale": str(SCALE),
        }
        self._output: OutputContainer = av.open(
            self._sink, "w", format="mp4", container_options=options
        )
        with _probed(codec, with_start_codes(sets) + key_frame) as probe:
            source = probe.streams.video[0]
            self.size = (source.codec_context.width, source.codec_context.height)
            # "opaque" copies the parameters and opens no encoder
            self._stream: VideoStream = self._output.add_stream_from_template(source, opaque=True)
        self._stream.time_base = TIME_BASE
        self._output.start_encoding()
        self.init = self._sink.take()

    def push(self, packet: Packet[VideoStream]) -> Segment | None:
        """Take a packet; the segment that the key frame before it has completed, if one has."""
        before, self._pending = self._pending, packet
        return None if before is None else self._mux(before, packet.dts)

    def finish(self) -> Segment | None:
        """The last segment, cut where the stream broke off. The muxer is of no use afterwards."""
        last = self._pending
        done = None
        if last is not None and last.dts is not None:
            done = self._mux(last, last.dts + (last.duration or SCALE // 25))
        end = self._end
        self._output.close()
        if done is not None or self._begins is None:
            return done
        data = _fragment(self._sink.take())
        return Segment(data, self._begins, end - self._begins) if data else None

    def _mux(self, packet: Packet[VideoStream], next_dts: int | None) -> Segment | None:
        assert packet.dts is not None and next_dts is not None
        packet.duration = next_dts - packet.dts
        packet.time_base = TIME_BASE
        packet.stream = self._stream
        self._bytes += packet.size
        self._end = next_dts
        self._output.mux_one(packet)
        if self._begins is None:
            self._begins = packet.dts
        data = _fragment(self._sink.take())
        if not data:
            if self._bytes > MOST_BYTES:
                raise NoKeyFrames(f"no key frame in {self._bytes} bytes")
            return None
        begins, self._begins, self._bytes = self._begins, packet.dts, packet.size
        return Segment(data, begins, packet.dts - begins)


class _Sink:
    """What the muxer writes into."""

    def __init__(self) -> None:
        self._data = bytearray()

    def write(self, data: bytes) -> int:
        self._data += data
        return len(data)

    def take(self) -> bytes:
        data, self._data = bytes(self._data), bytearray()
        return data


def _fragment(data: bytes) -> bytes:
    """`moof` and `mdat` out of what the muxer wrote."""
    if not data:
        return b""
    kinds = [kind for kind, _ in box_sizes(data)]
    assert kinds == [b"moof", b"mdat"], kinds
    return data


def _probed(codec: Codec, data: bytes) -> InputContainer:
    """What FFmpeg itself finds out about a stream from its parameter sets and a key frame."""
    return av.open(io.BytesIO(data), "r", format=codec)
