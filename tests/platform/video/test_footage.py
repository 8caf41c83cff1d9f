"""Pictures from a gate to the county's browser: live, clips, who may, who did, and what fails."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from hengyuan.platform.footage_files import live_root
from hengyuan.platform.terminals.models import Command, Terminal
from hengyuan.platform.video import queries, services
from hengyuan.platform.video.models import Clip, LiveSession, Viewing
from hengyuan.platform.video.services import CannotShow
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.uplink import footage as terminal_footage
from tests.conftest import Cast
from tests.platform.records import TestTerminal, enrolled_terminal, running_lane
from tests.platform.video.footage import CLIP, INIT, segment, with_cameras
from tests.platform.video.gate import FakeVideo, gate_at

pytestmark = pytest.mark.usefixtures("committed_intake")
T = TypeVar("T")
PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HENGYUAN_HOME", str(tmp_path))
    monkeypatch.setattr(services, "LEAST_DISK_BYTES", 0)
    return tmp_path


async def in_thread(work: Callable[[], T]) -> T:
    """Django's side of a scene."""

    def done() -> T:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(done)


async def until(condition: Callable[[], T]) -> T:
    """What the condition says once it says something."""
    async with asyncio.timeout(PATIENCE_S):
        while not (found := await in_thread(condition)):
            await asyncio.sleep(0.05)
    return found


def terminal_of(enrolled: TestTerminal) -> Terminal:
    return Terminal.objects.get(code=enrolled.code)


def heard_with_cameras(enrolled: TestTerminal) -> bool:
    """It has told of its cameras by asking for commands; it counts as heard from now on."""
    terminal = terminal_of(enrolled)
    return bool(terminal.cameras) and bool(with_cameras(terminal, terminal.cameras))


def browser(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def body_of(answer: Any) -> bytes:
    """The bytes of an answer that is sent in blocks."""

    async def read() -> bytes:
        return b"".join([block async for block in answer.streaming_content])

    return asyncio.run(read())


def ask_clip(terminal: Terminal, cast: Cast, camera: str = "front") -> Clip:
    at = timezone.now() - timedelta(hours=1)
    until = at + timedelta(minutes=1)
    return services.ask_clip(terminal, camera, at, until, cast.county_clerk, "case", "晋L00001")


def scene(
    enrolled: TestTerminal,
    folder: Path,
    play: Callable[[httpx.AsyncClient, FakeVideo], Any],
) -> None:
    """Run `play` with a platform and a terminal that has told of its cameras."""

    async def run() -> None:
        async with (
            running_lane() as client,
            gate_at(enrolled, client, folder / "gate") as video,
        ):
            await until(lambda: heard_with_cameras(enrolled))
            await play(client, video)

    asyncio.run(run())


def test_a_camera_is_seen_by_the_county_and_by_nobody_without_the_right(
    enrolled: TestTerminal, cast: Cast, tmp_path: Path
) -> None:
    code = enrolled.code

    async def play(client: httpx.AsyncClient, video: FakeVideo) -> None:
        def look() -> None:
            clerk = browser(cast.county_clerk)
            asked = clerk.post(
                reverse("video:watch", args=[code]), {"camera": "front", "purpose": "alert"}
            )
            session = LiveSession.objects.get()
            assert asked.url == reverse("video:live", args=[session.pk])

        await in_thread(look)

        def seen() -> str:
            session = LiveSession.objects.get()
            part = reverse("video:live_part", args=[session.pk, "live.m3u8"])
            answer = browser(cast.county_clerk).get(part)
            return answer.content.decode() if answer.status_code == 200 else ""

        playlist = await until(seen)
        await until(lambda: "s6.mp4" in seen())
        assert playlist.startswith("#EXTM3U")

        def others() -> None:
            session = LiveSession.objects.get()
            parts = [reverse("video:live_part", args=[session.pk, n]) for n in ("live.m3u8",)]
            page = reverse("video:live", args=[session.pk])
            for person, status in (
                (cast.neighbour_clerk, 404),
                (cast.department_clerk, 403),
                (cast.county_readonly, 403),
                (cast.unit_manager, 403),
                (cast.gatekeeper, 403),
                (cast.outsider, 403),
            ):
                assert browser(person).get(page).status_code == status
                assert browser(person).get(parts[0]).status_code == status
            # the city may, once it has said what for: nobody looks on unnoted
            city = browser(cast.city_clerk)
            assert city.get(page).status_code == 200
            assert city.get(parts[0]).status_code == 404
            city.post(reverse("video:watch", args=[code]), {"camera": "front", "purpose": "patrol"})
            assert city.get(parts[0]).status_code == 200
            assert LiveSession.objects.count() == 1
            names = set(queries.watchers(session))
            assert names == {str(cast.county_clerk), str(cast.city_clerk)}
            state = city.get(reverse("video:live_state", args=[session.pk])).content.decode()
            assert 'data-standing="playing"' in state
            name = next(line for line in seen().splitlines() if line.startswith("s"))
            body = city.get(reverse("video:live_part", args=[session.pk, name])).content
            assert body == segment(int(name[1:-4]))
            init = city.get(reverse("video:live_part", args=[session.pk, "i0.mp4"]))
            assert init.status_code == 404 or init.content == INIT
            for bad in ("live.m3u8.new", "..%2fsecret_key", "s1.mp4x", "index.json"):
                where = page + bad
                assert city.get(where).status_code == 404

        await in_thread(others)

    scene(enrolled, tmp_path, play)
    noted = Viewing.objects.order_by("pk").values_list("person__username", "kind", "purpose")
    assert [(kind, purpose) for _, kind, purpose in noted] == [
        ("live", "alert"),
        ("live", "patrol"),
    ]


def test_a_session_ends_when_nobody_watches_and_leaves_nothing(
    enrolled: TestTerminal, cast: Cast, tmp_path: Path
) -> None:
    async def play(client: httpx.AsyncClient, video: FakeVideo) -> None:
        session = await in_thread(
            lambda: services.watch(terminal_of(enrolled), "front", cast.county_clerk, "patrol")
        )
        await until(lambda: LiveSession.objects.get().segments > 2)
        long_ago = timezone.now() - timedelta(minutes=1)
        await in_thread(lambda: LiveSession.objects.update(watched_at=long_ago))
        ended = await until(lambda: LiveSession.objects.filter(ended_at__isnull=False).first())
        assert ended.ending == "unwatched"
        await until(lambda: Command.objects.get().state == "done")
        assert video.reading == 0
        folder = live_root() / str(session.pk)
        assert "#EXT-X-ENDLIST" in (folder / "live.m3u8").read_text()
        await in_thread(
            lambda: LiveSession.objects.update(ended_at=timezone.now() - timedelta(minutes=5))
        )
        await client.lane.live.sweep()  # type: ignore[attr-defined]
        assert not folder.exists()
        # whoever comes later opens a new one
        again = await in_thread(
            lambda: services.watch(terminal_of(enrolled), "front", cast.county_clerk, "patrol")
        )
        assert again.pk != session.pk

    scene(enrolled, tmp_path, play)


def test_a_dark_camera_and_an_unknown_one_are_told_apart(
    enrolled: TestTerminal, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(terminal_footage, "FIRST_WITHIN_S", 0.1)

    async def play(client: httpx.AsyncClient, video: FakeVideo) -> None:
        def ask() -> LiveSession:
            terminal = terminal_of(enrolled)
            with pytest.raises(CannotShow, match="no_camera"):
                services.watch(terminal, "roof", cast.county_clerk, "patrol")
            return services.watch(terminal, "rear", cast.county_clerk, "patrol")

        session = await in_thread(ask)

        def failed() -> Any:
            found = queries.session(cast.county_clerk, session.pk)
            assert found is not None
            standing = queries.standing_of(found)
            return standing if standing.code == "failed" else None

        assert "摄像机没有画面" in str((await until(failed)).words)

    scene(enrolled, tmp_path, play)


def test_a_clip_arrives_plays_is_taken_and_each_is_noted(
    enrolled: TestTerminal, cast: Cast, tmp_path: Path
) -> None:
    async def play(client: httpx.AsyncClient, video: FakeVideo) -> None:
        clip = await in_thread(lambda: ask_clip(terminal_of(enrolled), cast))
        await until(lambda: Clip.objects.get().arrived_at and Command.objects.get().has_ended)
        from_ms = round(clip.from_at.timestamp() * 1000)
        assert video.exported == [("front", from_ms, from_ms + 60_000)]
        assert not (video.folder / "clip.mp4").exists()

        def see() -> None:
            found = Clip.objects.get()
            assert (found.digest, found.size_bytes) == (SM2_SM3.digest(CLIP).hex(), len(CLIP))
            clerk = browser(cast.county_clerk)
            page = clerk.get(found.get_absolute_url()).content.decode()
            assert found.digest in page
            where = reverse("video:clip_file", args=[found.pk])
            whole = clerk.get(where)
            assert body_of(whole) == CLIP
            part = clerk.get(where, headers={"range": "bytes=10-19"})
            assert (part.status_code, body_of(part)) == (206, CLIP[10:20])
            taken = clerk.get(where + "?download")
            assert taken["Content-Disposition"].startswith('attachment; filename="')
            assert body_of(taken) == CLIP
            assert browser(cast.neighbour_clerk).get(where).status_code == 404
            assert browser(cast.department_clerk).get(where).status_code == 403
            assert browser(cast.unit_manager).get(where).status_code == 403

        await in_thread(see)

    scene(enrolled, tmp_path, play)
    kinds = Viewing.objects.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["asked", "played", "taken"]
    # the county's head and the unit's manager read it, the neighbour's clerk does not
    for person, status in ((cast.county_head, 200), (cast.unit_manager, 200)):
        answer = browser(person).get(reverse("video:viewings"))
        assert answer.status_code == status
        assert "下载录像" in answer.content.decode()
    assert browser(cast.neighbour_clerk).get(reverse("video:viewings")).status_code == 403


def test_what_is_not_recorded_is_said(enrolled: TestTerminal, cast: Cast, tmp_path: Path) -> None:
    async def play(client: httpx.AsyncClient, video: FakeVideo) -> None:
        clip = await in_thread(lambda: ask_clip(terminal_of(enrolled), cast, "rear"))
        await until(lambda: Command.objects.get().state == "failed")
        page = await in_thread(
            lambda: browser(cast.county_clerk).get(clip.get_absolute_url()).content.decode()
        )
        assert "终端没有该摄像机这一时段的录像" in page

    scene(enrolled, tmp_path, play)


def test_a_clip_asked_while_the_platform_is_killed_comes_after_its_return(
    enrolled: TestTerminal, cast: Cast, tmp_path: Path
) -> None:
    async def run() -> None:
        async with (
            running_lane() as client,
            gate_at(enrolled, client, tmp_path / "gate"),
        ):
            await until(lambda: heard_with_cameras(enrolled))
        # both are gone; what is asked meanwhile waits in the database
        await in_thread(lambda: ask_clip(terminal_of(enrolled), cast))
        async with (
            running_lane() as client,
            gate_at(enrolled, client, tmp_path / "gate"),
        ):
            await until(lambda: Clip.objects.get().arrived_at)

    asyncio.run(run())


def test_an_offline_terminal_shows_nothing_live_and_sends_its_clip_later(
    enrolled: TestTerminal, cast: Cast
) -> None:
    terminal = with_cameras(terminal_of(enrolled))
    Terminal.objects.update(last_seen_at=timezone.now() - timedelta(minutes=5))
    with pytest.raises(CannotShow, match="offline"):
        services.watch(terminal, "front", cast.county_clerk, "patrol")
    clip = ask_clip(terminal, cast)
    assert queries.standing_of_clip(clip).code == "waiting"
    Command.objects.update(expires_at=timezone.now())
    found = queries.clip(cast.county_clerk, clip.pk)
    assert found is not None
    assert queries.standing_of_clip(found).code == "expired"
    clerk = browser(cast.county_clerk)
    page = clerk.get(reverse("video:terminal", args=[terminal.code])).content.decode()
    assert "终端当前离线" in page
    refused = clerk.post(
        reverse("video:watch", args=[terminal.code]),
        {"camera": "front", "purpose": "patrol"},
        follow=True,
    )
    assert "终端当前离线，请在其恢复连接后重试。" in refused.content.decode()


def test_a_terminal_that_is_too_old_or_has_no_camera_says_so(
    enrolled: TestTerminal, cast: Cast
) -> None:
    clerk = browser(cast.county_clerk)
    where = reverse("video:terminal", args=[enrolled.code])
    assert "该终端尚未上报摄像机" in clerk.get(where).content.decode()
    with pytest.raises(CannotShow, match="too_old"):
        services.watch(terminal_of(enrolled), "front", cast.county_clerk, "patrol")
    with_cameras(terminal_of(enrolled), [])
    assert "该终端未配置摄像机视频流" in clerk.get(where).content.decode()


def test_a_terminal_is_not_asked_for_more_than_its_line_bears(
    enrolled: TestTerminal, cast: Cast
) -> None:
    terminal = with_cameras(terminal_of(enrolled))
    first = services.watch(terminal, "front", cast.county_clerk, "patrol")
    services.watch(terminal, "rear", cast.county_clerk, "patrol")
    assert services.watch(terminal, "front", cast.city_clerk, "patrol").pk == first.pk
    with pytest.raises(CannotShow, match="too_many"):
        services.watch(terminal, "yard", cast.county_clerk, "patrol")
    for _ in range(services.MAX_CLIPS_WAITING):
        ask_clip(terminal, cast)
    with pytest.raises(CannotShow, match="too_many"):
        ask_clip(terminal, cast)
    # a terminal that did not answer is asked anew
    Command.objects.update(expires_at=timezone.now())
    LiveSession.objects.update(opened_at=timezone.now() - timedelta(minutes=2))
    again = services.watch(terminal, "front", cast.county_clerk, "patrol")
    assert again.pk != first.pk


def test_a_span_that_is_none_is_not_asked_for(enrolled: TestTerminal, cast: Cast) -> None:
    terminal = with_cameras(terminal_of(enrolled))
    for ago, length in (
        (timedelta(hours=1), timedelta(0)),
        (timedelta(hours=1), timedelta(minutes=11)),
        (timedelta(seconds=10), timedelta(minutes=1)),
        (timedelta(days=181), timedelta(minutes=1)),
    ):
        at = timezone.now() - ago
        with pytest.raises(ValueError, match="span"):
            services.ask_clip(terminal, "front", at, at + length, cast.county_clerk, "case")
    assert not Command.objects.exists()


def test_the_form_says_what_is_wrong_with_a_span(enrolled: TestTerminal, cast: Cast) -> None:
    with_cameras(terminal_of(enrolled))
    answer = browser(cast.county_clerk).post(
        reverse("video:take", args=[enrolled.code]),
        {
            "camera": "front",
            "begins_at": f"{timezone.localtime():%Y-%m-%dT%H:%M:%S}",
            "seconds": "60",
            "clip_purpose": "case",
        },
    )
    assert answer.status_code == 422
    assert "该时段尚未结束" in answer.content.decode()


def test_clips_go_when_their_days_are_over(
    enrolled: TestTerminal, cast: Cast, tmp_path: Path
) -> None:
    async def play(client: httpx.AsyncClient, video: FakeVideo) -> None:
        clip = await in_thread(lambda: ask_clip(terminal_of(enrolled), cast))
        found = await until(lambda: Clip.objects.filter(arrived_at__isnull=False).first())
        file = tmp_path / "clips" / found.digest[:2] / found.digest[2:4] / found.digest
        assert file.exists()
        await in_thread(lambda: Clip.objects.update(keep_until=timezone.now()))
        await client.lane.live.sweep()  # type: ignore[attr-defined]
        assert not file.exists()
        gone = await in_thread(
            lambda: browser(cast.county_clerk).get(reverse("video:clip_file", args=[clip.pk]))
        )
        assert gone.status_code == 404

    scene(enrolled, tmp_path, play)


async def put(
    client: httpx.AsyncClient, terminal: TestTerminal, path: str, body: bytes
) -> httpx.Response:
    where = f"/api/intake/v1/{path}"
    return await client.put(where, content=body, headers=terminal.headers("PUT", where, body))


def test_nothing_is_taken_that_was_not_asked_for(enrolled: TestTerminal, cast: Cast) -> None:
    other = enrolled_terminal(cast.unit, cast.county_clerk)
    terminal = with_cameras(terminal_of(enrolled))
    session = services.watch(terminal, "front", cast.county_clerk, "patrol").pk
    clip = ask_clip(terminal, cast).pk
    digest, wrong = SM2_SM3.digest(CLIP).hex(), SM2_SM3.digest(b"x").hex()

    async def run() -> None:
        async with running_lane() as client:
            for sender, path, body, error in (
                (other, f"live/{session}/0/init", INIT, "not_found"),
                (other, f"live/{session}/0/2000", segment(0), "not_found"),
                (other, f"clips/{clip}/{digest}", CLIP, "not_found"),
                (enrolled, "live/nonsense/0/init", INIT, "not_found"),
                (enrolled, f"live/{session}/0/init", INIT + b"x" * 65536, "too_large"),
                (enrolled, f"live/{session}/0/init", b"<html>" * 9, "bad_file"),
                (enrolled, f"live/{session}/0/20001", segment(0), "malformed"),
                (enrolled, f"live/{session}/-1/2000", segment(0), "malformed"),
                (enrolled, f"live/{session}/²/2000", segment(0), "malformed"),
                (enrolled, f"clips/{clip}/abc", CLIP, "malformed"),
                (enrolled, f"clips/{clip}/{digest}", b"no film at all", "bad_file"),
                (enrolled, f"clips/{clip}/{wrong}", CLIP, "bad_file"),
            ):
                answer = await put(client, sender, path, body)
                assert answer.json()["error"] == error, path
            needs = await put(client, enrolled, f"live/{session}/7/2000", segment(7))
            assert needs.json() == {"go_on": True, "needs_init": True}
            arrived = await put(client, enrolled, f"clips/{clip}/{digest}", CLIP)
            assert arrived.json() == {"received": len(CLIP), "complete": True}
            second = INIT + b"another clip"
            name = SM2_SM3.digest(second).hex()
            instead = await put(client, enrolled, f"clips/{clip}/{name}", second)
            assert instead.json()["error"] == "bad_file"

    asyncio.run(run())
