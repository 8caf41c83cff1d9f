"""The integrator's tools for streams, and what a log never shows."""

import datetime
import json
import subprocess
import sys

import av
import pytest
from typer.testing import CliRunner

from hengyuan.cli.terminal import app
from hengyuan.terminal.video.ring import Ring
from tests.terminal.video.streams import cameras, stream
from tests.terminal.video.test_recording import recording

runner = CliRunner()
CHINA = datetime.timezone(datetime.timedelta(hours=8))


@pytest.fixture
def config(tmp_path):
    """A function that writes a configuration with these streams."""

    def write(*videos):
        tables = "\n".join(
            "[[lanes.videos]]\n" + "\n".join(f"{key} = {json.dumps(each[key])}" for key in each)
            for each in videos
        )
        path = tmp_path / "gate.toml"
        path.write_text(
            'data_dir = "data"\n[platform]\nurl = "https://platform.example"\n'
            "[[lanes]]\nnumber = 1\n"
            'scale = { driver = "f1", name = "scale",'
            ' transport = { kind = "tcp", host = "10.0.0.2", port = 1 } }\n'
            f'displays = [{{ driver = "html", name = "page" }}]\n{tables}\n',
            encoding="utf-8",
        )
        return str(path)

    return write


@pytest.mark.slow
def test_a_probe_says_what_a_camera_sends_and_what_to_change(config, small, hevc):
    with cameras({"front": small, "rear": hevc}) as eyes:
        path = config(
            {"name": "front", "url": eyes.url("front"), "view": "front"},
            {"name": "rear", "url": eyes.url("rear"), "view": "rear"},
            {
                "name": "gone",
                "url": eyes.url("nowhere"),
                "view": "cab",
                "user": "u",
                "password": "S3cret",
            },
        )
        every = ["video", "probe", path, "--seconds", "1.5"]
        result = runner.invoke(app, every)
        assert result.exit_code == 1
        front, rear, advice, gone = result.stdout.splitlines()
        assert front.startswith("✓ front: h264 320×240,25 帧/秒")
        assert front.endswith("关键帧间隔 0.4 秒")
        assert rear.startswith("✓ rear: hevc 320×240")
        assert "设为 H.264" in advice
        assert gone == "✗ gone: Server returned 404 Not Found"
        (found,) = runner.invoke(app, [*every, "front", "--json"]).stdout.splitlines()
        assert json.loads(found)["key_every_s"] == pytest.approx(0.4)


@pytest.mark.slow
def test_a_clip_is_cut_out_of_the_recording_while_it_goes_on(config, small, tmp_path):
    with cameras({"front": small}) as eyes:
        path = config({"name": "front", "url": eyes.url("front"), "view": "front"})
        with recording(tmp_path, stream(eyes.url("front"))) as at:
            (tmp_path / "data" / "video").mkdir(parents=True)
            (tmp_path / "data" / "video" / "front").symlink_to(tmp_path / "ring")
            at.until(3)
            begin = datetime.datetime.fromtimestamp(at.announced[1].kept.start_ms / 1000, CHINA)
            out = tmp_path / "out.mp4"
            cut = ["video", "cut", path, "front", "--from", f"{begin:%Y-%m-%d %H:%M:%S}"]
            result = runner.invoke(app, [*cut, "--seconds", "2", "-o", str(out)])
        assert result.exit_code == 0, result.output
        with av.open(str(out)) as film:
            assert sum(1 for _ in film.decode(video=0)) >= 40
        result = runner.invoke(app, [*cut[:5], "2020-01-01 00:00:00", "-o", str(out)])
        assert (result.exit_code, result.stderr) == (1, "front: 那段时间没有录像\n")


def test_a_stream_that_is_not_configured_is_named_with_those_that_are(config):
    path = config({"name": "front", "url": "rtsp://10.0.0.1/1", "view": "front"})
    result = runner.invoke(app, ["video", "probe", path, "rear"])
    assert result.exit_code == 2
    assert "已配置:front" in result.stderr


def test_looking_for_a_clip_writes_nothing_where_nothing_was_recorded(config, tmp_path):
    path = config({"name": "front", "url": "rtsp://10.0.0.1/1", "view": "front"})
    out = tmp_path / "out.mp4"
    result = runner.invoke(
        app, ["video", "cut", path, "front", "--from", "2026-05-20 08:00:00", "-o", str(out)]
    )
    assert result.exit_code == 1
    assert not out.exists()
    assert not (tmp_path / "data").exists()
    assert Ring(tmp_path / "ring").load().next_number == 1


FAILING = """
import structlog
from hengyuan.terminal.logs import configure_logging

configure_logging()

def connect(password):
    raise RuntimeError("it stumbled")

try:
    connect("S3cret")
except RuntimeError:
    structlog.get_logger().exception("failed")
"""


def test_a_log_shows_where_something_failed_and_not_with_which_values():
    done = subprocess.run([sys.executable, "-c", FAILING], capture_output=True, text=True)
    (line,) = done.stderr.splitlines()
    said = json.loads(line)
    assert said["event"] == "failed"
    assert [frame["name"] for frame in said["exception"][0]["frames"]] == ["<module>", "connect"]
    assert "S3cret" not in line
