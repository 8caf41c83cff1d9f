"""A picture out of a stream: for a plate that is typed where no camera can be asked."""

import asyncio
import dataclasses
import io
import zlib

import av
import pytest

from hengyuan.terminal.drivers.plate_events import jpeg_problem
from hengyuan.terminal.video import muxer, video
from hengyuan.terminal.video.chunks import Kept
from hengyuan.terminal.video.frames import key_frame
from hengyuan.terminal.video.recorder import Announced
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for
from tests.terminal.video.streams import cameras


def size_of(jpeg):
    with av.open(io.BytesIO(jpeg), format="mjpeg") as file:
        frame = next(file.decode(video=0))
        return frame.width, frame.height


@pytest.fixture
def segment(tmp_path):
    """A segment as the recorder keeps it: fragmented, its beginning apart."""
    path = tmp_path / "made.mp4"
    with av.open(
        str(path), "w", format="mp4", options={"movflags": "empty_moov+default_base_moof"}
    ) as file:
        stream = file.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for number in range(10):
            frame = av.VideoFrame(320, 240, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 20 % 256]) * plane.buffer_size)
            frame.pts = number
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    data = path.read_bytes()
    begins = data.index(b"moof") - 4
    path.write_bytes(data[begins:])

    kept = Kept(7, 0, 400, path, 0, len(data) - begins, zlib.crc32(data[begins:]))
    return Announced(kept, data[:begins], 1)


def test_the_key_frame_of_a_segment_is_a_whole_jpeg_of_its_size(segment):
    jpeg = key_frame(segment)
    assert jpeg_problem(jpeg) is None
    assert size_of(jpeg) == (320, 240)


def test_a_damaged_or_lost_segment_is_an_error(segment):
    with pytest.raises(OSError, match="damaged"):
        key_frame(dataclasses.replace(segment, kept=dataclasses.replace(segment.kept, checksum=1)))
    with pytest.raises(OSError, match="segment 7"):
        key_frame(dataclasses.replace(segment, init=b"ftyp no film at all"))
    segment.kept.path.unlink()
    with pytest.raises(OSError):
        key_frame(segment)


@pytest.mark.slow
def test_a_plate_is_typed_with_a_frame_of_the_stream_where_no_camera_answers(
    tmp_path, small, large, monkeypatch
):
    monkeypatch.setattr(muxer, "SEGMENT_S", 0.8)
    county = County()

    async def scenario():
        with cameras({"cab": large, "front": small}) as eyes:
            videos = [
                {"name": "cabin", "url": eyes.url("cab"), "view": "cab"},
                {"name": "gate", "url": eyes.url("front"), "view": "front"},
            ]
            async with (
                county.listening() as url,
                open_gate() as gate,
                site(tmp_path, url, identity_for(county), gate, videos=videos) as at,
            ):
                await anext(at.terminal.video.live("gate"))
                at.roll_on(20_000)
                at.axles(20_000)
                await at.until(lambda: at.terminal.board.lanes[1].phase.value == "told")
                record = await at.terminal.lanes[1].orders.type_plate(
                    None, "晋L12345", "yellow", None
                )
                assert record.plate == "晋L12345"
                assert "plate_typed" in record.flags
                (digest,) = [f.digest for f in record.files if f.kind == "plate"]
                jpeg = at.terminal.worker.files.path(digest).read_bytes()
                assert jpeg_problem(jpeg) is None
                assert size_of(jpeg) == (320, 240)
                monkeypatch.setattr(video, "FRESH_MS", -60_000)
                assert await at.terminal.video.frame(1) is None
                assert await at.terminal.video.frame(2) is None

    asyncio.run(scenario())
