"""What becomes of a camera's stream: over a real RTSP server, with all that can go wrong there."""

import base64
import contextlib
import http.server
import subprocess
import sys
import threading
import time

import av
import pytest

from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.video.chunks import segments_of
from hengyuan.terminal.video.joining import join, runs_of
from hengyuan.terminal.video.recorder import Recorder
from hengyuan.terminal.video.ring import Ring
from tests.terminal.video.streams import cameras, stream, until

FOREVER = 2**60


class Recording:
    """A recorder and what it announced."""

    def __init__(self, folder, settings, now_ms=lambda: time.time() * 1000):
        self.ring = Ring(folder / "ring")
        self.announced = []
        self.recorder = Recorder(settings, folder, self.ring, now_ms, self.announced.append)

    def __getattr__(self, name):
        return getattr(self.recorder, name)

    def until(self, segments):
        until(lambda: len(self.announced) >= segments)

    def is_(self, state):
        until(lambda: self.recorder.state is state)


@contextlib.contextmanager
def recording(folder, settings, **more):
    at = Recording(folder, settings, **more)
    at.start()
    try:
        yield at
    finally:
        at.ask_to_stop()
        at.join(2)


def pictures(path):
    """Size and number of the pictures of a file, and its length in s."""
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
        shapes = {(frame.width, frame.height) for frame in frames}
        assert [frame.pts for frame in frames] == sorted({frame.pts for frame in frames})
        return shapes, len(frames), file.duration / av.time_base


@pytest.mark.slow
def test_a_clip_of_the_past_decodes_and_is_as_long_as_what_was_recorded(tmp_path, small):
    with cameras({"front": small}) as eyes, recording(tmp_path, stream(eyes.url("front"))) as at:
        at.until(3)
        kept = [each.kept for each in at.announced[:3]]
        assert at.state is DeviceState.OK
        ((init, segments),) = runs_of(at.ring.span(kept[1].start_ms, kept[2].end_ms))
        assert segments == kept[1:]
        length_ms = join(init, segments, tmp_path / "clip.mp4")
    # 0.8 s each, at 25 pictures a second
    assert length_ms == 1600
    assert pictures(tmp_path / "clip.mp4") == ({(320, 240)}, 40, 1.6)
    # by the wall clock: the segment ended when its last packet came
    assert 0 < time.time() * 1000 - kept[2].end_ms < 10_000
    assert kept[1].start_ms == pytest.approx(kept[0].end_ms, abs=20)


@pytest.mark.slow
def test_a_camera_that_changes_its_picture_begins_anew(tmp_path, small, large):
    with cameras({"front": small}) as eyes, recording(tmp_path, stream(eyes.url("front"))) as at:
        at.until(1)
        eyes.tell("use", "front", large)
        until(lambda: at.announced[-1].run > at.announced[0].run)
        at.until(len(at.announced) + 1)
        runs = runs_of(at.ring.span(0, FOREVER))
    assert at.counters.connects == 1, "without losing the connection"
    clips = []
    for number, (init, segments) in enumerate(runs):
        path = tmp_path / f"{number}.mp4"
        join(init, segments, path)
        clips.append(pictures(path)[0])
    assert clips == [{(320, 240)}, {(640, 360)}]


@pytest.mark.slow
def test_a_camera_with_sound_and_a_password_is_recorded_without_its_sound(tmp_path, small):
    (tmp_path / "secret").write_text("p@ss word\n")
    with cameras({"front": small}, login="gate:p@ss word", sound=True) as eyes:
        settings = stream(eyes.url("front"), user="gate", password_file="secret")
        with recording(tmp_path, settings) as at:
            at.until(1)
            ((init, segments),) = runs_of(at.ring.span(0, FOREVER))
            join(init, segments, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as file:
        assert [each.type for each in file.streams] == ["video"]


@pytest.mark.parametrize(
    ("user", "password", "mount", "why"),
    [
        ("gate", "Wr0ng-0ne", "front", "401"),
        ("", "", "front", "401"),
        ("gate", "R1ght-0ne", "nowhere", "404"),
    ],
)
def test_no_error_shows_a_password(tmp_path, small, capfd, user, password, mount, why):
    with cameras({"front": small}, login="gate:R1ght-0ne") as eyes:
        settings = stream(eyes.url(mount), user=user, password=password)
        with recording(tmp_path, settings) as at:
            until(lambda: at.counters.last_error)
            at.is_(DeviceState.OFFLINE)
    assert why in at.counters.last_error
    said = "".join(capfd.readouterr()) + at.counters.last_error
    assert "0ne" not in said


@pytest.mark.slow
def test_h265_is_recorded_as_it_comes(tmp_path, hevc):
    with cameras({"front": hevc}) as eyes, recording(tmp_path, stream(eyes.url("front"))) as at:
        at.until(2)
        ((init, segments),) = runs_of(at.ring.span(0, FOREVER))
        join(init, segments, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as file:
        assert file.streams.video[0].codec_context.name == "hevc"
        assert sum(1 for _ in file.decode(video=0)) >= 40


@pytest.mark.slow
def test_a_camera_that_died_is_recorded_again_when_it_is_back(tmp_path, small):
    with cameras({"front": small}) as eyes, recording(tmp_path, stream(eyes.url("front"))) as at:
        at.until(1)
        eyes.kill()
        at.is_(DeviceState.OFFLINE)
        before = len(at.announced)
        with cameras({"front": small}, port=eyes.port):
            at.until(before + 1)
            at.is_(DeviceState.OK)
        runs = [each.run for each in at.announced]
        assert runs[-1] == runs[0] + 1
        numbers = [each.kept.number for each in at.announced]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.slow
def test_a_camera_that_falls_silent_is_stale_and_then_gone(tmp_path, small):
    with cameras({"front": small}) as eyes:
        settings = stream(eyes.url("front"), stale_s=0.5, silence_s=2)
        with recording(tmp_path, settings) as at:
            at.until(1)
            eyes.tell("hold", "front")
            at.is_(DeviceState.STALE)
            at.is_(DeviceState.OFFLINE)
            eyes.tell("go", "front")
            at.is_(DeviceState.OK)


@pytest.mark.slow
def test_stopping_keeps_what_came_and_does_not_wait_for_a_silent_camera(tmp_path, small):
    with cameras({"front": small}) as eyes:
        with recording(tmp_path, stream(eyes.url("front"))) as at:
            at.until(1)
            until(lambda: at.counters.frames > 35)
        (_, *rest) = [each.kept for each in at.announced]
        assert rest, "the segment that was under way is kept"
        assert not at._thread.is_alive()


@pytest.mark.slow
def test_a_full_disk_is_said_and_recording_goes_on_when_there_is_room(tmp_path, small, monkeypatch):
    with cameras({"front": small}) as eyes, recording(tmp_path, stream(eyes.url("front"))) as at:
        at.until(1)
        at.recorder.may_write = False
        at.is_(DeviceState.FAULT)
        assert at.counters.last_error == "too little space is left on the disk"
        before = len(at.announced)
        at.recorder.may_write = True
        at.until(before + 1)
        at.is_(DeviceState.OK)
        assert at.announced[before].run > at.announced[before - 1].run
        append = at.ring.append

        def full(*_):
            raise OSError(28, "No space left on device", "/secret/path")

        monkeypatch.setattr(at.ring, "append", full)
        at.is_(DeviceState.FAULT)
        assert at.counters.last_error == "No space left on device"
        monkeypatch.setattr(at.ring, "append", append)
        at.is_(DeviceState.OK)


@pytest.mark.slow
def test_a_disk_that_is_not_there_is_a_fault_until_it_is(tmp_path, small):
    (tmp_path / "ring").write_text("not a folder")
    with cameras({"front": small}) as eyes, recording(tmp_path, stream(eyes.url("front"))) as at:
        at.is_(DeviceState.FAULT)
        assert at.counters.last_error == "File exists"
        (tmp_path / "ring").unlink()
        at.until(1)
        at.is_(DeviceState.OK)


@pytest.mark.slow
def test_every_file_of_the_ring_is_a_film_by_itself(tmp_path, small):
    with cameras({"front": small}) as eyes, recording(tmp_path, stream(eyes.url("front"))) as at:
        at.until(2)
    (path,) = (tmp_path / "ring").iterdir()
    count = round(sum(kept.duration_ms for kept in segments_of(path)) / 40)
    assert pictures(path)[:2] == ({(320, 240)}, count)


RECORD = """
import sys, time
from pathlib import Path
from hengyuan.terminal.logs import configure_logging
from hengyuan.terminal.video import muxer
from hengyuan.terminal.video.recorder import Recorder
from hengyuan.terminal.video.ring import Ring
from tests.terminal.video.streams import stream

configure_logging(False)
muxer.SEGMENT_S = 0.8
folder = Path(sys.argv[1])
now_ms = lambda: time.time() * 1000
Recorder(stream(sys.argv[2]), folder, Ring(folder / "ring"), now_ms,
         lambda each: print(each.kept.number, flush=True)).start()
time.sleep(60)
"""


@pytest.mark.slow
def test_a_recorder_that_is_killed_in_mid_segment_loses_nothing_that_was_written(tmp_path, small):
    written = 0
    with cameras({"front": small}) as eyes:
        for _ in range(2):
            with subprocess.Popen(
                [sys.executable, "-c", RECORD, str(tmp_path), eyes.url("front")],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ) as recorder:
                try:
                    for _ in range(2):
                        written = int(recorder.stdout.readline())
                    time.sleep(0.4)
                finally:
                    recorder.kill()
            ring = Ring(tmp_path / "ring").load()
            kept = ring.span(0, FOREVER)
            assert [each.number for each in kept] == list(range(1, written + 1))
            assert ring.next_number == written + 1
        ((init, segments),) = runs_of(kept)
        length_ms = join(init, segments, tmp_path / "clip.mp4")
        # the camera is the same, so one film; the time without a recorder is a gap in it
        assert pictures(tmp_path / "clip.mp4")[1] == 20 * written
        assert length_ms > 800 * written


@pytest.mark.slow
def test_a_clock_that_jumps_leaves_order_and_length_as_they_were(tmp_path, small):
    step_ms = 0.0
    with cameras({"front": small}) as eyes:
        settings = stream(eyes.url("front"))
        with recording(tmp_path, settings, now_ms=lambda: time.time() * 1000 + step_ms) as at:
            at.until(1)
            step_ms = -3_600_000
            at.until(len(at.announced) + 2)
            step_ms = 3_600_000
            at.until(len(at.announced) + 2)
    kept = at.ring.span(0, FOREVER)
    assert [each.number for each in kept] == list(range(1, len(kept) + 1))
    assert {each.duration_ms for each in kept[:-1]} == {800}
    assert len({round(each.start_ms / 3_600_000) for each in kept}) == 3


class _Http(http.server.BaseHTTPRequestHandler):
    """An encoder box that streams MPEG-TS over HTTP, at its own pace, to whoever has the login."""

    film: bytes

    def do_GET(self):
        login = base64.b64encode(b"gate:p@ss").decode()
        if self.headers.get("Authorization") != f"Basic {login}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="eye"')
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "video/mp2t")
        self.end_headers()
        step = len(self.film) // 100
        for at in range(0, len(self.film), step):
            self.wfile.write(self.film[at : at + step])
            time.sleep(0.04)

    def log_message(self, *_):
        pass


def film(path):
    """Four seconds of MPEG-TS with pictures that are sent in another order than shown."""
    with av.open(str(path), "w", format="mpegts") as output:
        stream = output.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.options = {"g": "10", "bf": "2", "b-adapt": "0", "x264-params": "scenecut=0"}
        for number in range(100):
            picture = av.VideoFrame(320, 240, "yuv420p")
            for plane in picture.planes:
                plane.update(bytes([number % 256]) * plane.buffer_size)
            picture.pts = number
            output.mux(stream.encode(picture))
        output.mux(stream.encode(None))
    return path.read_bytes()


@pytest.mark.slow
def test_a_stream_over_http_with_pictures_out_of_order_is_recorded_too(tmp_path):
    _Http.film = film(tmp_path / "film.ts")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Http)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = stream(
        f"http://127.0.0.1:{server.server_port}/live.ts", user="gate", password="p@ss"
    )
    try:
        with recording(tmp_path, settings) as at:
            at.until(2)
            ((init, segments),) = runs_of(at.ring.span(0, FOREVER))
            length_ms = join(init, segments, tmp_path / "clip.mp4")
            assert pictures(tmp_path / "clip.mp4")[1] == length_ms / 40
            at.is_(DeviceState.OFFLINE)
            assert "p@ss" not in at.counters.last_error
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_a_camera_that_sends_over_udp_is_recorded(tmp_path, small):
    with cameras({"front": small}) as eyes:
        settings = stream(eyes.url("front"), transport="udp")
        with recording(tmp_path, settings) as at:
            at.until(2)
    ((init, segments),) = runs_of(at.ring.span(0, FOREVER))
    join(init, segments, tmp_path / "clip.mp4")
    assert pictures(tmp_path / "clip.mp4")[0] == {(320, 240)}


@pytest.mark.slow
def test_a_camera_without_h264_or_h265_is_a_fault_that_says_so(tmp_path):
    path = tmp_path / "film.ts"
    with av.open(str(path), "w", format="mpegts") as output:
        video = output.add_stream("mpeg2video", rate=25)
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        for number in range(100):
            picture = av.VideoFrame(320, 240, "yuv420p")
            picture.pts = number
            output.mux(video.encode(picture))
    _Http.film = path.read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Http)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = stream(f"http://127.0.0.1:{server.server_port}/", user="gate", password="p@ss")
    try:
        with recording(tmp_path, settings) as at:
            at.is_(DeviceState.FAULT)
            assert at.counters.last_error == (
                "the camera sends mpeg2video; set it to H.264 or H.265"
            )
    finally:
        server.shutdown()
        server.server_close()
