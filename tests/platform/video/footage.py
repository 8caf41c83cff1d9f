"""Terminals with cameras, sessions and clips for the tests of pictures."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

if TYPE_CHECKING:
    from hengyuan.platform.terminals.models import Terminal
    from hengyuan.platform.video.models import Clip, LiveSession
    from tests.platform.every_page import Scene

CAMERAS = [
    {"name": "front", "lane": 1, "place": "车头"},
    {"name": "rear", "lane": 1, "place": "车尾"},
    {"name": "yard", "lane": 0, "place": ""},
]
INIT = b"\x00\x00\x00\x18ftypiso6" + b"\x00" * 16
CLIP = b"\x00\x00\x00\x18ftypisom" + b"a clip of a gate" * 40


def segment(number: int, size: int = 200) -> bytes:
    """What is taken for a segment."""
    return b"\x00\x00\x00\x10moof" + number.to_bytes(8, "big") + b"\x55" * size


def with_cameras(terminal: Terminal, cameras: Any = CAMERAS) -> Terminal:
    """It has told of cameras, and was heard just now."""
    terminal.cameras = cameras
    terminal.last_seen_at = timezone.now()
    terminal.save(update_fields=["cameras", "last_seen_at"])
    return terminal


def an_hour_ago() -> str:
    """As a browser sends a local time."""
    return f"{timezone.localtime() - timedelta(hours=1):%Y-%m-%dT%H:%M:%S}"


def live_of(scene: Scene) -> LiveSession:
    """A session that the cast's county clerk has opened and that has begun."""
    from hengyuan.platform.video.models import LiveSession
    from hengyuan.platform.video.services import watch

    def make() -> LiveSession:
        terminal = with_cameras(scene.enrolled)
        session = watch(terminal, "front", scene.cast.county_clerk, "patrol")
        now = timezone.now()
        LiveSession.objects.filter(pk=session.pk).update(begun_at=now, last_segment_at=now)
        return session

    return scene.keep("live session", make)


def clip_of(scene: Scene) -> Clip:
    """A clip that has arrived."""

    def make() -> Clip:
        clip = ask(scene)
        clip.digest, clip.size_bytes = store_clip(CLIP), len(CLIP)
        clip.arrived_at = timezone.now()
        clip.save()
        return clip

    return scene.keep("clip", make)


def ask(scene: Scene) -> Clip:
    """A clip that somebody asked for and that waits."""
    from hengyuan.platform.video.services import ask_clip

    at = timezone.now() - timedelta(hours=1)
    clerk = scene.cast.county_clerk
    terminal = with_cameras(scene.enrolled)
    return ask_clip(terminal, "front", at, at + timedelta(minutes=1), clerk, "alert", "晋L00001")


def store_clip(data: bytes) -> str:
    """Its digest; the file lies in the store."""
    from hengyuan.platform.footage_files import clip_store
    from hengyuan.record.suites import SM2_SM3

    digest = SM2_SM3.digest(data).hex()
    path = clip_store().path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return digest


def more_clips(scene: Scene, count: int) -> None:
    """Further clips and viewings of the terminal."""
    from hengyuan.platform.terminals.models import Command

    for _ in range(count):
        ask(scene)
        Command.objects.update(state="done")
