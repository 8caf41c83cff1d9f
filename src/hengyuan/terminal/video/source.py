"""A camera's stream as packets with start codes and times that grow; secrets stay in here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import av
from av.bitstream import BitStreamFilterContext
from av.error import FFmpegError

from hengyuan.terminal.video.muxer import SCALE, TIME_BASE
from hengyuan.terminal.video.nal import Codec, parameter_sets

if TYPE_CHECKING:
    from av.packet import Packet
    from av.video.stream import VideoStream

    from hengyuan.terminal.config_video import VideoStreamTable

_CODECS: tuple[Codec, ...] = ("h264", "hevc")
_JUMP = 10 * SCALE
OPEN_S = 10.0
_PROTOCOLS = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy"
"""What an address or a play-list behind it may lead to: nothing on this machine's own disk."""


class SourceError(OSError):
    """The stream cannot be had, in words without address, user or password."""


class NotPlayable(SourceError):
    """The camera sends something else than H.264 or H.265: waiting does not help."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One packet. `begins_anew`: its time has no relation to that of the one before."""

    packet: Packet[VideoStream]
    sets: tuple[bytes, ...]
    """Parameter sets that it brings along; only those of key frames are looked for."""
    begins_anew: bool


class Source:
    """An open stream. Blocks; SourceError at any time."""

    def __init__(self, stream: VideoStreamTable, folder: Path, silence_s: float) -> None:
        options = {"protocol_whitelist": _PROTOCOLS, "fflags": "nobuffer"}
        if stream.url.startswith("rtsp"):
            options["rtsp_transport"] = stream.transport
        try:
            self._input = av.open(
                _address(stream, folder), "r", options=options, timeout=(OPEN_S, silence_s)
            )
        except (FFmpegError, OSError, ValueError) as error:
            raise SourceError(_why(error)) from None
        try:
            self._choose()
        except BaseException:
            self._input.close()
            raise

    def _choose(self) -> None:
        """The first video stream; sound is left to the camera."""
        videos = self._input.streams.video
        name = videos[0].codec_context.name if videos else "no video"
        if name not in _CODECS:
            raise NotPlayable(f"the camera sends {name}; set it to H.264 or H.265")
        self._video = videos[0]
        self.codec: Codec = name
        self._filter = BitStreamFilterContext(f"{name}_mp4toannexb", self._video)
        extradata = self._video.codec_context.extradata or b""
        self.sets = parameter_sets(self.codec, extradata)
        """Parameter sets that were announced before the first packet; may be empty."""

    def units(self) -> Iterator[Unit]:
        """The packets as they come, until the stream ends."""
        last: int | None = None
        try:
            for raw in self._input.demux(self._video):
                if not raw.size or raw.is_corrupt:
                    continue
                for packet in self._filter.filter(raw):
                    dts = _ticks(packet, packet.dts if packet.dts is not None else packet.pts)
                    if dts is None:
                        continue
                    pts = _ticks(packet, packet.pts)
                    anew = last is None or not last - SCALE < dts < last + _JUMP
                    if last is not None and not anew:
                        dts = max(dts, last + 1)
                    last = dts
                    packet.time_base = TIME_BASE
                    packet.dts = dts
                    packet.pts = dts if pts is None else max(pts, dts)
                    sets: tuple[bytes, ...] = ()
                    if packet.is_keyframe:
                        sets = parameter_sets(self.codec, bytes(packet))
                    yield Unit(packet, sets, anew)
        except (FFmpegError, OSError) as error:
            raise SourceError(_why(error)) from None

    def close(self) -> None:
        """Let go of the connection."""
        self._input.close()


def _ticks(packet: Packet[VideoStream], time: int | None) -> int | None:
    return None if time is None else round(time * packet.time_base * SCALE)


def _address(stream: VideoStreamTable, folder: Path) -> str:
    password = stream.password
    if stream.password_file is not None:
        password = (folder / stream.password_file).read_text("utf-8").strip()
    if not stream.user:
        return stream.url
    scheme, _, rest = stream.url.partition("://")
    return f"{scheme}://{quote(stream.user, safe='')}:{quote(password, safe='')}@{rest}"


def _why(error: Exception) -> str:
    """What went wrong. FFmpeg's own text would repeat the address with the password in it."""
    if isinstance(error, TimeoutError | av.error.ExitError):
        return "no answer in time"
    return getattr(error, "strerror", None) or type(error).__name__
