"""One picture of a stream as JPEG: for whoever wants to see which camera it is."""

from __future__ import annotations

from fractions import Fraction

from av.codec.context import CodecContext
from av.error import FFmpegError
from av.packet import Packet

from hengyuan.terminal.video.nal import Codec


def jpeg_of(codec: Codec, key_frame: bytes) -> bytes | None:
    """A key frame with its parameter sets, decoded; None where it cannot be."""
    reader = CodecContext.create(codec, "r")
    try:
        frames = [*reader.decode(Packet(key_frame)), *reader.decode(None)]
        if not frames:
            return None
        picture = frames[0].reformat(format="yuvj420p")
        writer = CodecContext.create("mjpeg", "w")
        writer.width, writer.height = picture.width, picture.height
        writer.pix_fmt, writer.time_base = "yuvj420p", Fraction(1, 25)
        picture.pts = 0
        written = [*writer.encode(picture), *writer.encode(None)]
    except (FFmpegError, ValueError):
        return None
    return bytes(written[0]) if written else None
