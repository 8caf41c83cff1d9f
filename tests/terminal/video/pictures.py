"""Made-up pictures, encoded: what a camera would send."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import av

HEAD = struct.Struct(">IIB")


def write_units(
    path: Path,
    size: tuple[int, int] = (320, 240),
    *,
    seconds: float = 4,
    fps: int = 25,
    gop: int = 25,
    codec: str = "h264",
    kbit: int | None = None,
    b_frames: int = 0,
    noisy: bool = False,
) -> Path:
    """A file of access units with start codes, for `rtsp_server.py` to loop."""
    encoder = av.CodecContext.create({"h264": "libx264", "hevc": "libx265"}[codec], "w")
    encoder.width, encoder.height = size
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = fps
    encoder.gop_size = gop
    encoder.thread_count = 1
    if kbit:
        encoder.bit_rate = kbit * 1000
    options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
    if codec == "h264":
        options |= {"sc_threshold": "0"}
        if kbit:
            options |= {"nal-hrd": "cbr", "maxrate": f"{kbit}k", "bufsize": f"{kbit}k"}
        options |= {"bf": str(b_frames)} if b_frames else {}
    else:
        options |= {"x265-params": f"log-level=none:repeat-headers=1:bframes=0:keyint={gop}"}
    encoder.options = options
    packets = []
    chance = random.Random(1)
    for number in range(round(seconds * fps)):
        frame = av.VideoFrame(*size, "yuv420p")
        for plane_number, plane in enumerate(frame.planes):
            shade = (number * 3 + plane_number * 40) % 256
            row = bytes((shade + column // 4) % 256 for column in range(plane.line_size))
            rows = row * plane.height
            if noisy:
                at = chance.randrange(len(rows) // 2)
                rows = rows[:at] + chance.randbytes(len(rows) // 16) + rows[at:]
            plane.update(rows[: plane.buffer_size])
        frame.pts = number
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    with path.open("wb") as file:
        file.write(f"{codec} {fps}\n".encode())
        for number, packet in enumerate(packets):
            data = bytes(packet)
            file.write(HEAD.pack(len(data), number, packet.is_keyframe) + data)
    return path
