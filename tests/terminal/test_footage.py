"""Pictures for the county over a line that is slow, broken, or answered by a new platform."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from hengyuan.record.answers import Command, FileProgress
from hengyuan.record.commands import Camera
from hengyuan.record.footage import LiveAnswer
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.clock import SystemClock
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.uplink import footage
from hengyuan.terminal.uplink.client import NoAnswer
from hengyuan.terminal.uplink.commands import Asked, CommandFailed
from hengyuan.terminal.uplink.footage import MAX_LOST, Footage, Pace
from hengyuan.terminal.video.asked import LiveSegment, NoVideo

CLIP = bytes(range(256)) * 300


class Eyes:
    """One camera of eight-byte segments; the clip lies in `folder`."""

    cameras = ["front"]

    def __init__(self, folder: Path) -> None:
        self.path = folder / "clip.mp4"
        self.size = 8
        self.trouble: Exception | None = None
        self.read = 0

    async def live(self, camera: str) -> AsyncIterator[LiveSegment]:
        for number in itertools.count(10):
            self.read += 1
            await asyncio.sleep(0)
            init = b"init" if number == 10 else None
            yield LiveSegment(number, init, b"x" * self.size, 2000)

    async def export(self, camera: str, from_ms: int, to_ms: int) -> Path:
        if self.trouble is not None:
            raise self.trouble
        self.path.write_bytes(CLIP)
        return self.path


class Line:
    """A platform that answers as it is told; `log` is what came."""

    def __init__(self) -> None:
        self.log: list[tuple[str, int]] = []
        self.answers: dict[int, Any] = {}
        self.has_init = False
        self.received = b""
        self.lost_parts: set[int] = set()
        self.asked_parts = 0

    async def send_live_init(self, session: str, sequence: int, data: bytes) -> LiveAnswer:
        self.log.append(("init", sequence))
        self.has_init = True
        return LiveAnswer(go_on=True)

    async def send_live(
        self, session: str, sequence: int, duration_ms: int, data: bytes
    ) -> LiveAnswer:
        self.log.append(("segment", sequence))
        answer = self.answers.get(sequence)
        if isinstance(answer, Exception):
            raise answer
        if answer == "restart":
            self.answers[sequence] = None
            self.has_init = False
        return LiveAnswer(go_on=answer != "enough", needs_init=not self.has_init)

    async def clip_progress(self, command: str, digest: str) -> FileProgress:
        return self._progress()

    async def send_clip_part(
        self, command: str, digest: str, offset: int, part: bytes, size: int
    ) -> FileProgress:
        assert (digest, size) == (SM2_SM3.digest(CLIP).hex(), len(CLIP))
        self.asked_parts += 1
        if self.asked_parts in self.lost_parts:
            raise NoAnswer("lost")
        assert offset == len(self.received)
        self.received += part
        return self._progress()

    def _progress(self) -> FileProgress:
        return FileProgress(len(self.received), complete=self.received == CLIP)


@pytest.fixture
def eyes(tmp_path: Path) -> Eyes:
    return Eyes(tmp_path)


@pytest.fixture
def line() -> Line:
    return Line()


def footage_of(line: Line, eyes: Eyes | None, **settings: Any) -> Footage:
    table = PlatformTable(
        url="http://platform", retry_first_s=0.01, retry_last_s=0.02, file_part_kb=16, **settings
    )
    return Footage(table, line, SM2_SM3, SystemClock(), eyes, [Camera(name="front", lane=1)])  # type: ignore[arg-type]


def ask(work: Any, told: list[int | None] | None = None, **arguments: Any) -> str:
    async def report(text: str, percent: int | None) -> None:
        if told is not None:
            told.append(percent)

    command = Command(id="order-1", name="x", arguments=arguments)
    asked = Asked(command.id, command.name, command.arguments, report)
    result: str = asyncio.run(asyncio.wait_for(work(asked), 20))
    return result


def test_segments_go_up_until_it_is_enough(line: Line, eyes: Eyes) -> None:
    line.answers[13] = "enough"
    assert ask(footage_of(line, eyes).live_video, camera="front", seconds=60) == "4 segments"
    assert line.log == [("init", 10), *(("segment", n) for n in (10, 11, 12, 13))]


def test_a_platform_that_was_started_anew_gets_the_beginning_again(line: Line, eyes: Eyes) -> None:
    line.answers = {12: "restart", 13: "enough"}
    ask(footage_of(line, eyes).live_video, camera="front", seconds=60)
    assert line.log[3:] == [("segment", 12), ("init", 12), ("segment", 12), ("segment", 13)]


def test_the_gate_knows_that_the_county_looked(line: Line, eyes: Eyes) -> None:
    noted = []

    async def note(what: str, detail: str) -> None:
        noted.append((what, json.loads(detail)))

    table = PlatformTable(url="http://platform")
    camera = Footage(table, line, SM2_SM3, SystemClock(), eyes, note=note)  # type: ignore[arg-type]
    line.answers[11] = "enough"
    ask(camera.live_video, camera="front", seconds=60)
    ask(camera.take_clip, camera="front", from_ms=5, to_ms=9)
    assert noted == [
        ("county_watched", {"stream": "front", "seconds": 0}),
        ("county_took_clip", {"stream": "front", "from_ms": 5, "to_ms": 9}),
    ]


def test_a_lost_segment_is_left_out_and_many_end_it(line: Line, eyes: Eyes) -> None:
    line.answers = {11: NoAnswer("lost"), 13: "enough"}
    assert ask(footage_of(line, eyes).live_video, camera="front", seconds=60) == "3 segments"
    line.answers = dict.fromkeys(range(10, 10 + MAX_LOST), NoAnswer("lost"))
    with pytest.raises(CommandFailed, match="line: "):
        ask(footage_of(line, eyes).live_video, camera="front", seconds=60)


def test_a_session_that_the_platform_has_forgotten_ends(line: Line, eyes: Eyes) -> None:
    line.answers[11] = Refusal("not_found", "no such session")
    assert ask(footage_of(line, eyes).live_video, camera="front", seconds=60) == "1 segments"


def test_its_time_is_bounded_by_the_command(line: Line, eyes: Eyes) -> None:
    assert ask(footage_of(line, eyes).live_video, camera="front", seconds=0) == "0 segments"


def test_what_pictures_take_of_the_line_is_bounded() -> None:
    """At 64 kbit/s, 8,000 bytes have a second: the third part begins two seconds later."""
    slept: list[float] = []

    class Clock:
        def monotonic(self) -> float:
            return sum(slept)

        def now_ms(self) -> int:
            return 0

    async def scenario(monkeypatch: pytest.MonkeyPatch) -> None:
        async def sleep(seconds: float) -> None:
            slept.append(seconds)

        monkeypatch.setattr(footage.asyncio, "sleep", sleep)
        pace = Pace(64, Clock())
        for _ in range(3):
            await pace.take(8000)

    with pytest.MonkeyPatch.context() as monkeypatch:
        asyncio.run(scenario(monkeypatch))
    assert slept == [1.0, 1.0]


def test_a_clip_goes_up_in_parts_and_lost_ones_again(line: Line, eyes: Eyes) -> None:
    line.lost_parts = {1, 3}
    told: list[int | None] = []
    camera = footage_of(line, eyes)
    assert ask(camera.take_clip, told, camera="front", from_ms=0, to_ms=1) == f"{len(CLIP)} bytes"
    assert line.received == CLIP
    assert not eyes.path.exists()
    percents = [percent for percent in told if percent is not None]
    assert percents == sorted(set(percents))


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (NoVideo("nothing is recorded"), "no_footage"),
        (ValueError("too long"), "bad_span"),
        (OSError(28, "No space left on device"), "disk"),
    ],
)
def test_why_there_is_no_clip_is_said(
    line: Line, eyes: Eyes, trouble: Exception, code: str
) -> None:
    eyes.trouble = trouble
    with pytest.raises(CommandFailed, match=f"^{code}: "):
        ask(footage_of(line, eyes).take_clip, camera="front", from_ms=0, to_ms=1)


def test_what_cannot_be_asked_is_said(
    line: Line, eyes: Eyes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandFailed, match=r"^no_camera: "):
        ask(footage_of(line, eyes).live_video, camera="roof", seconds=1)
    with pytest.raises(CommandFailed, match=r"^no_video: "):
        ask(footage_of(line, None).take_clip, camera="front", from_ms=0, to_ms=1)
    with pytest.raises(CommandFailed, match=r"^fault: "):
        ask(footage_of(line, eyes).live_video, camera=5)
    monkeypatch.setattr(footage, "MAX_LIVE", 0)
    with pytest.raises(CommandFailed, match=r"^too_many: "):
        ask(footage_of(line, eyes).live_video, camera="front", seconds=1)
    eyes.size = footage.MAX_SEGMENT_BYTES + 1
    monkeypatch.setattr(footage, "MAX_LIVE", 1)
    with pytest.raises(CommandFailed, match=r"^too_large: "):
        ask(footage_of(line, eyes).live_video, camera="front", seconds=1)
    monkeypatch.setattr(footage, "MAX_CLIP_BYTES", 10)
    with pytest.raises(CommandFailed, match=r"^too_large: "):
        ask(footage_of(line, eyes).take_clip, camera="front", from_ms=0, to_ms=1)
    assert not eyes.path.exists()
    assert line.log == []
