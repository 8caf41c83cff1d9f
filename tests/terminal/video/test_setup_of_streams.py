"""An installer adds the cameras' streams: a real RTSP server, a real probe, a file that holds."""

import io
import tomllib

import av
import pytest

from hengyuan.terminal.config import load_config
from hengyuan.terminal.doctor import stream_checks
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.setup import videos_part
from hengyuan.terminal.setup.stream_addresses import MAKES, make_of_url, without_login
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.video.still import jpeg_of
from tests.terminal.directed.test_serving import configuration
from tests.terminal.setup.conftest import set_up
from tests.terminal.video.streams import cameras

PASSWORD = "p@ss:word/1"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(videos_part, "PROBE_S", 1.0)
    monkeypatch.setattr(stream_checks, "WATCH_S", 1.0)


@pytest.fixture
def path(tmp_path):
    raw = configuration("http://127.0.0.1:9", 8300)
    lane = raw["lanes"][0]
    lane["cameras"] = [
        {"driver": "hikvision_stream", "name": "front", "address": "http://192.0.2.31",
         "login": {"username": "terminal", "password": PASSWORD}}
    ]  # fmt: skip
    lane["name"] = "东门"
    file = tmp_path / "gate.toml"
    file.write_text(write_toml(raw))
    return file


def streams(path, *asked, only="videos", **more):
    """What the file has after these answers, and what was said."""
    videos = {"count": len(asked), **{str(n): each for n, each in enumerate(asked, 1)}}
    answers = {"network": "", "lanes": {"1": {"videos": videos}}, **more}
    out, dialogue = set_up(path, answers, only=[only])
    assert dialogue.unused() == []
    return tomllib.loads(path.read_text())["lanes"][0].get("videos", []), out


def without_trying(**more):
    return {"try": False, **more}


@pytest.fixture
def pictures(monkeypatch):
    """Sizes of the pictures that somebody was shown."""
    seen = []
    show = videos_part._looks_right

    def look(setup, key, table, picture):
        with av.open(io.BytesIO(picture), format="jpeg_pipe") as film:
            (frame,) = film.decode(video=0)
            seen.append((frame.width, frame.height))
        return show(setup, key, table, picture)

    monkeypatch.setattr(videos_part, "_looks_right", look)
    return seen


def test_a_stream_is_watched_said_in_words_and_named(path, small, pictures):
    """The address was pasted with its login; a wrong password is explained."""
    with cameras({"eye": small}, login="terminal:S3cret") as eyes:
        pasted = eyes.url("eye").replace("rtsp://", "rtsp://terminal:S3cret@")
        (found,), out = streams(path, {"make": "other", "url": pasted})
        assert found["url"] == eyes.url("eye")
        assert (found["user"], found["password"]) == ("terminal", "S3cret")
        said = "\n".join(out.said)
        assert "H.264，320 × 240，每秒 25 帧" in said
        assert "0.4 秒一个关键帧" in said
        assert out.warned == []
        assert "S3cret" not in said.replace(pasted, "")
        assert found["name"] == "东门-车头"
        # its picture was there to be looked at, and no longer
        (size,) = pictures
        assert size == (320, 240)
        assert list((path.parent / "data").iterdir()) == []
        # the same stream, and the doctor says the same
        doctor = Findings()
        stream_checks.streams(load_config(path), doctor)
        assert [(step.what, step.level) for step in doctor.steps] == [("video", "good")]
        assert "320 × 240" in doctor.steps[0].text
        # a wrong password: what it means is said, and what was answered is kept
        _, out = streams(path, {"password": "wrong", "user": "terminal"})
        assert any("401" in each and "密码" in each for each in out.warned)
        doctor = Findings()
        stream_checks.streams(load_config(path), doctor)
        (step,) = doctor.steps
        assert (step.level, "401" in step.text) == ("bad", True)
        assert step.remedy


@pytest.mark.slow
def test_h265_and_an_address_without_a_stream_are_said_with_what_to_do(path, hevc, pictures):
    with cameras({"eye": hevc}) as eyes:
        (_one, _two), out = streams(
            path,
            {"make": "other", "url": eyes.url("eye"), "user": "-"},
            {"make": "other", "url": eyes.url("nowhere"), "user": "-"},
        )
        assert any("H.265，320 × 240" in each for each in out.said)
        assert pictures == [(320, 240)]
        assert any("H.264" in each for each in out.warned)
        assert any("404" in each for each in out.warned)
        doctor = Findings()
        stream_checks.streams(load_config(path), doctor)
        assert [step.level for step in doctor.steps] == ["warn", "bad"]
        assert all(step.remedy for step in doctor.steps)


def test_addresses_are_made_by_make_host_and_channel(path):
    asked = [
        without_trying(make="hikvision", host="192.0.2.31"),
        without_trying(make="dahua", host="192.0.2.32:8554", channel=3, user="a", password="b"),
        without_trying(make="vzenith", host="192.0.2.33", user="-"),
    ]
    found, _ = streams(path, *asked)
    assert [each["url"] for each in found] == [
        "rtsp://192.0.2.31:554/Streaming/Channels/101",
        "rtsp://192.0.2.32:8554/cam/realmonitor?channel=3&subtype=0",
        "rtsp://192.0.2.33:8557/h264",
    ]
    assert [each.get("user") for each in found] == ["terminal", "a", None]
    # the plate camera that sees the same is mostly the same device: so is its login
    assert found[0]["password"] == PASSWORD
    load_config(path)


def test_the_plate_cameras_address_is_proposed_for_its_stream(path):
    (found,), _ = streams(path, without_trying())
    assert found["url"] == "rtsp://192.0.2.31:554/Streaming/Channels/101"


def test_names_never_collide_and_one_that_does_is_refused(path):
    one = without_trying(make="vzenith", host="192.0.2.33", user="-")
    found, _ = streams(path, one | {"view": "front"}, one | {"view": "front"})
    assert [each["name"] for each in found] == ["东门-车头", "东门-车头-2"]
    # a plate camera is called `front`; Windows takes FRONT for the same
    with pytest.raises(videos_part.SetupStopped, match="name"):
        streams(path, one | {"name": "FRONT"})
    with pytest.raises(videos_part.SetupStopped, match="name"):
        streams(path, one | {"name": "with blanks/and more"})
    assert load_config(path)


def test_gone_through_again_with_enter_the_file_stays_as_it_is(path):
    raw = tomllib.loads(path.read_text())
    raw["lanes"][0]["videos"] = [
        {"name": "a", "url": "rtsp://192.0.2.32:8554/cam/realmonitor?channel=3&subtype=0",
         "view": "rear", "user": "u", "password_file": "camera.secret", "stale_s": 7.0},
        {"name": "b", "url": "http://192.0.2.33/live.ts", "view": "cab"},
    ]  # fmt: skip
    path.write_text(write_toml(raw))
    path.with_name("camera.secret").write_text("S3cret")
    found, _ = streams(path, without_trying(), without_trying())
    assert found == raw["lanes"][0]["videos"]


def test_a_password_file_that_is_not_there_is_named(path):
    raw = tomllib.loads(path.read_text())
    raw["lanes"][0]["videos"] = [
        {"name": "a", "url": "rtsp://127.0.0.1:9/a", "view": "rear", "user": "u",
         "password_file": "camera.secret"}
    ]  # fmt: skip
    path.write_text(write_toml(raw))
    doctor = Findings()
    stream_checks.streams(load_config(path), doctor)
    (step,) = doctor.steps
    assert (step.level, "camera.secret" in step.text) == ("bad", True)


def test_no_stream_leaves_no_table_and_takes_out_what_was_there(path):
    streams(path, without_trying(make="vzenith", host="192.0.2.33", user="-"))
    found, _ = streams(path)
    assert found == []
    assert "videos" not in path.read_text()


def test_an_address_knows_its_make_again():
    for make in MAKES:
        assert make_of_url(make.url("192.0.2.1", 12)) == make
        assert make_of_url(make.url("[2001:db8::1]:8000")) == make
        with pytest.raises(ValueError, match=r"192\.168"):
            make.url("terminal:secret@192.0.2.1")
    assert make_of_url("rtsp://192.0.2.1/stream1") is None


def test_a_login_is_taken_out_of_an_address():
    assert without_login("rtsp://u:p@192.0.2.1/a") == ("rtsp://192.0.2.1/a", "u", "p")
    assert without_login("rtsp://192.0.2.1/a@b") == ("rtsp://192.0.2.1/a@b", "", "")


def test_bytes_that_are_no_picture_give_none():
    assert jpeg_of("h264", b"\0\0\0\1\x65" + bytes(50)) is None
    assert jpeg_of("hevc", b"") is None
