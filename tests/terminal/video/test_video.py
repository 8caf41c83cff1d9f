"""Live pictures, clips and states of a terminal that has streams."""

import asyncio
import contextlib
import subprocess
import sys

import av
import pytest

from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.clock import CheckedClock, SystemClock
from hengyuan.terminal.config import ConfigError, read_config
from hengyuan.terminal.config_video import VideoTable
from hengyuan.terminal.screen.pin import pin_digest
from hengyuan.terminal.screen.video import playlist
from hengyuan.terminal.store import EvidenceFiles, StoreWorker
from hengyuan.terminal.video import video as video_module
from hengyuan.terminal.video.asked import NoVideo
from hengyuan.terminal.video.chunks import Kept
from hengyuan.terminal.video.limits import Room
from hengyuan.terminal.video.recorder import Announced
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for, open_store
from tests.terminal.video.streams import cameras


@contextlib.asynccontextmanager
async def terminal_with(folder, videos, screen=None):
    """A terminal at work whose lane has these streams."""
    county = County()
    async with (
        county.listening() as url,
        open_gate() as gate,
        site(folder, url, identity_for(county), gate, screen, videos=videos) as at,
    ):
        yield at


def length_s(path):
    with av.open(str(path)) as file:
        assert sum(1 for _ in file.decode(video=0)) > 10
        return file.duration / av.time_base


def test_clips_live_pictures_and_states(tmp_path, small, monkeypatch):
    async def scenario():
        with cameras({"front": small, "cab": small}) as eyes:
            videos = [
                {"name": "车头", "url": eyes.url("front"), "view": "front"},
                {"name": "驾驶室", "url": eyes.url("cab"), "view": "cab"},
                {"name": "gone", "url": "rtsp://127.0.0.1:9/x", "view": "rear"},
            ]
            async with terminal_with(tmp_path, videos) as at:
                video = at.terminal.video
                assert video.cameras == ["车头", "驾驶室", "gone"]
                live = video.live("车头")
                first, second = [await anext(live), await anext(live)]
                assert first.init.startswith(b"\x00\x00\x00\x1cftyp")
                assert (second.init, second.sequence) == (None, first.sequence + 1)
                assert second.data[4:8] == b"moof"
                assert second.duration_ms == 800

                now_ms = at.terminal.clock.now_ms()
                # the end lies in a segment that is still to come; only views with a name are kept
                (file,) = await video.clip(1, now_ms - 1000, now_ms)
                assert file.ref.kind == "head_clip"
                path = at.terminal.worker.files.path(file.ref.digest)
                assert path.stat().st_size == file.size
                assert 1 <= length_s(path) <= 1 + 2 * 0.8
                assert await video.clip(1, now_ms - 9_000_000, now_ms - 8_000_000) == []
                assert await video.clip(2, now_ms - 1000, now_ms) == []

                monkeypatch.setattr(video_module, "MAX_EVIDENCE_BYTES", 15_000)
                parts = await video.clip(1, now_ms - 1000, now_ms)
                assert len(parts) >= 2, "a file is no larger than the protocol takes"
                assert max(part.size for part in parts) < 15_000
                monkeypatch.setattr(video_module, "MAX_PARTS", 1)
                assert await video.clip(1, now_ms - 1000, now_ms) == parts[-1:]

                exported = await video.export("驾驶室", now_ms - 1000, now_ms)
                assert 1 <= length_s(exported) <= 1 + 2 * 0.8
                exported.unlink()
                with pytest.raises(NoVideo, match="nothing of"):
                    await video.export("gone", now_ms - 1000, now_ms)
                with pytest.raises(NoVideo, match="configured: 车头"):
                    await video.export("none", now_ms - 1000, now_ms)
                with pytest.raises(ValueError, match="600 s"):
                    await video.export("车头", now_ms - 700_000, now_ms)
                assert list((at.config.data_dir / "video" / ".work").iterdir()) == []

                states = at.terminal.device_states()
                assert {name: states[name] for name in video.cameras} == {
                    "车头": "ok",
                    "驾驶室": "ok",
                    "gone": "offline",
                }
                listed = (await at.http.get("/video/cameras.json")).json()
                assert [(each["name"], each["lane"], each["state"]) for each in listed] == [
                    ("车头", 1, "ok"),
                    ("驾驶室", 1, "ok"),
                    ("gone", 1, "offline"),
                ]
                assert (await at.http.get(listed[0]["live"])).text.startswith("#EXTM3U")
                assert (await at.http.get("/video/gone/live.m3u8")).status_code == 503
                assert (await at.http.get("/video/none/live.m3u8")).status_code == 404
                assert (await at.http.get("/video/gone/1.m4s")).status_code == 404
                assert (await at.status())["videos"]["车头"]["counters"]["frames"] > 20

    asyncio.run(scenario())


def test_live_pictures_are_for_the_gatekeeper_alone(tmp_path):
    videos = [{"name": "eye", "url": "rtsp://127.0.0.1:9/x", "view": "front"}]

    async def scenario():
        async with terminal_with(tmp_path, videos, {"pin": pin_digest("246810")}) as at:
            paths = ("cameras.json", "eye/live.m3u8", "eye/init-1.mp4", "eye/1.m4s")
            answers = [await at.http.get(f"/video/{path}") for path in paths]
            assert {answer.status_code for answer in answers} == {403}
            await at.http.post("/login", data={"pin": "246810"})
            assert (await at.http.get("/video/cameras.json")).status_code == 200

    asyncio.run(scenario())


def test_a_playlist_names_what_follows_without_a_gap(tmp_path):
    def segment(number, run):
        return Announced(Kept(number, 1_780_000_000_000, 2040, tmp_path, 0, 1, 0), b"", run)

    text = playlist([segment(7, 3), segment(8, 4)])
    assert text.splitlines() == [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        "#EXT-X-TARGETDURATION:3",
        "#EXT-X-MEDIA-SEQUENCE:7",
        "#EXT-X-DISCONTINUITY-SEQUENCE:3",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MAP:URI="init-3.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-05-28T20:26:40.000+00:00",
        "#EXTINF:2.040,",
        "7.m4s",
        "#EXT-X-DISCONTINUITY",
        '#EXT-X-MAP:URI="init-4.mp4"',
        "#EXT-X-PROGRAM-DATE-TIME:2026-05-28T20:26:40.000+00:00",
        "#EXTINF:2.040,",
        "8.m4s",
    ]


def test_a_terminal_without_streams_does_not_load_ffmpeg():
    code = (
        "import sys, hengyuan.terminal.app, hengyuan.terminal.screen.app;"
        "sys.exit('av' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("videos", "where"),
    [
        ([{"url": "rtsp://gate:secret@10.0.0.1/1"}], "lanes[0].videos[0].url"),
        ([{"url": "file:///etc/passwd"}], "lanes[0].videos[0].url"),
        ([{"name": "../x"}], "lanes[0].videos[0].name"),
        ([{"name": "Eye"}, {"name": "eye"}], "lanes"),
        ([{"name": "scale"}], "lanes"),
        ([{"view": "sky"}], "lanes[0].videos[0].view"),
    ],
)
def test_a_stream_that_cannot_be_is_refused(tmp_path, videos, where):
    usual = {"name": "eye", "url": "rtsp://10.0.0.1/1", "view": "front"}
    port = {"kind": "tcp", "host": "10.0.0.2", "port": 1}
    raw = {
        "data_dir": "data",
        "platform": {"url": "https://platform.example"},
        "lanes": [
            {
                "number": 1,
                "scale": {"driver": "f1", "name": "scale", "transport": port},
                "displays": [{"driver": "html", "name": "page"}],
                "videos": [usual | each for each in videos],
            }
        ],
    }
    with pytest.raises(ConfigError) as refused:
        read_config(tmp_path / "gate.toml", raw)
    assert [problem.where for problem in refused.value.problems] == [where]
    assert "secret" not in str(refused.value)


def test_recording_pauses_on_a_full_disk_and_goes_on_only_with_room_to_spare(tmp_path, monkeypatch):
    county = County()
    store = open_store(tmp_path, identity_for(county))
    worker = StoreWorker(store, EvidenceFiles(tmp_path / "evidence", SM2_SM3))
    clock = CheckedClock(SystemClock(), 0)
    free = []

    def make_room(rings, table, folder, now_ms):
        assert now_ms is None, "the county has not told the time yet"
        return Room(free[-1] * 1_000_000, free[-1] < 10_000)

    async def scenario():
        monkeypatch.setattr(video_module, "make_room", make_room)
        video = video_module.Video(tmp_path / "video", VideoTable(), {}, worker, clock)
        said = []
        for mb in (20_000, 9_000, 10_500, 11_100, 10_100):
            free.append(mb)
            await video._keep_room()
            said.append(video.too_little_room)
        await video.close()
        return said

    try:
        assert asyncio.run(scenario()) == [False, True, True, False, False]
        said = store._db.execute("SELECT what, detail FROM journal").fetchall()
        assert said == [("video_disk_full", "9000 MB"), ("video_disk_room", "11100 MB")]
    finally:
        worker.close()
