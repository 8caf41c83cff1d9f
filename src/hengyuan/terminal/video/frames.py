"""One picture out of a recorded stream."""

from __future__ import annotations

import io
from fractions import Fraction

import av

from hengyuan.terminal.video.recorder import Announced

QUALITY = 3
"""FFmpeg's scale: 2 is best, 31 worst."""


def key_frame(segment: Announced) -> bytes:
    """The first picture of a segment, which stands for itself, as JPEG. OSError if the segment is
    gone or damaged, or holds no picture."""
    data = segment.init + segment.kept.read()
    try:
        with av.open(io.BytesIO(data), "r", format="mp4") as file:
            frame = next(iter(file.decode(video=0)), None)
            if frame is None:
                raise OSError(f"segment {segment.kept.number} holds no picture")
            encoder = av.CodecContext.create("mjpeg", "w")
            assert isinstance(encoder, av.VideoCodecContext)
            encoder.width, encoder.height = frame.width, frame.height
            encoder.pix_fmt = "yuvj420p"
            encoder.time_base = Fraction(1, 25)
            encoder.options = {"qmin": str(QUALITY), "qmax": str(QUALITY)}
            picture = frame.reformat(format="yuvj420p")
            picture.pts = 0
            packets = [*encoder.encode(picture), *encoder.encode(None)]
    except av.FFmpegError as error:
        raise OSError(f"segment {segment.kept.number}: {error}") from error
    return b"".join(bytes(packet) for packet in packets)
