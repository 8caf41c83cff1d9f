"""Pictures for the county: a camera live for as long as somebody watches, or a clip of the past.

Both go over the line that the records need. What they may take of it is bounded, a picture that
comes too late is left out, and a record never waits for one.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import msgspec
import structlog

from hengyuan.record.commands import Camera
from hengyuan.record.footage import MAX_CLIP_BYTES, MAX_SEGMENT_BYTES, MAX_SEGMENT_MS
from hengyuan.record.refusal import Refusal
from hengyuan.record.suites import Suite
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.transports.link import Backoff
from hengyuan.terminal.uplink.client import NoAnswer, PlatformClient
from hengyuan.terminal.uplink.commands import Asked, CommandFailed, Commands
from hengyuan.terminal.uplink.records import longer
from hengyuan.terminal.video.asked import LiveSegment, NoVideo

log = structlog.get_logger(__name__)

FIRST_WITHIN_S = 15.0
"""A camera that sends nothing for so long has no picture to show."""
MAX_LIVE = 3
"""Cameras that are sent live at the same time."""
MAX_LOST = 5
"""Segments in a row that found no answer: the line does not carry pictures just now."""
_MAX_RESTARTS = 3
_TOLD_EVERY_PERCENT = 5
_BLOCK = 1 << 20


Note = Callable[[str, str], Awaitable[None]]
"""Takes a code and its detail."""


class VideoSource(Protocol):
    """What is needed of `video.Video`."""

    @property
    def cameras(self) -> list[str]: ...

    def live(self, camera: str) -> AsyncIterator[LiveSegment]: ...

    async def export(self, camera: str, from_ms: int, to_ms: int) -> Path: ...


class _Live(msgspec.Struct, frozen=True):
    camera: str
    seconds: int


class _Span(msgspec.Struct, frozen=True):
    camera: str
    from_ms: int
    to_ms: int


class Pace:
    """Spreads uploads so that all of them together stay below a rate."""

    def __init__(self, kbit_s: int, clock: Clock) -> None:
        self._bytes_s = kbit_s * 125
        self._clock = clock
        self._free_at = 0.0

    async def take(self, size: int) -> None:
        """Wait until what was sent before has had its time, then count `size` bytes more."""
        now = self._clock.monotonic()
        begin = max(now, self._free_at)
        self._free_at = begin + size / self._bytes_s
        if begin > now:
            await asyncio.sleep(begin - now)


class Footage:
    """Does `live_video` and `take_clip`."""

    def __init__(
        self,
        settings: PlatformTable,
        client: PlatformClient,
        suite: Suite,
        clock: Clock,
        video: VideoSource | None,
        places: Iterable[Camera] = (),
        note: Note | None = None,
    ) -> None:
        """`note` writes into the journal, so that the gate knows who looked at it."""
        self._settings = settings
        self._client = client
        self._suite = suite
        self._clock = clock
        self._video = video
        self._places = {camera.name: camera for camera in places}
        self._pace = Pace(settings.footage_kbit_s, clock)
        self._live = 0
        self._note = note

    def register(self, commands: Commands) -> None:
        """Take part in what the county can ask for."""
        commands.handle("live_video", self.live_video, several=True)
        commands.handle("take_clip", self.take_clip)

    def cameras(self) -> tuple[Camera, ...]:
        """The cameras that the county can ask for, with lane and view."""
        if self._video is None:
            return ()
        return tuple(self._places.get(name, Camera(name=name)) for name in self._video.cameras)

    async def live_video(self, asked: Asked) -> str:
        """Send a camera's segments until nobody watches any more, or the time is over."""
        wanted = _arguments(asked, _Live)
        video = self._source(wanted.camera)
        if self._live >= MAX_LIVE:
            raise CommandFailed(f"too_many: {self._live} cameras are being sent")
        self._live += 1
        segments = video.live(wanted.camera)
        begun = self._clock.monotonic()
        try:
            return await self._send_live(asked, segments, wanted.seconds)
        finally:
            self._live -= 1
            if hasattr(segments, "aclose"):
                await segments.aclose()
            seconds = round(self._clock.monotonic() - begun)
            await self._noted("county_watched", stream=wanted.camera, seconds=seconds)

    async def take_clip(self, asked: Asked) -> str:
        """Cut a clip out of the recording and upload it."""
        wanted = _arguments(asked, _Span)
        video = self._source(wanted.camera)
        await asked.progress("cutting")
        try:
            path = await video.export(wanted.camera, wanted.from_ms, wanted.to_ms)
        except NoVideo as error:
            raise CommandFailed(f"no_footage: {error}") from None
        except ValueError as error:
            raise CommandFailed(f"bad_span: {error}") from None
        except OSError as error:
            raise CommandFailed(f"disk: {error.strerror}") from None
        try:
            digest, size = await asyncio.to_thread(_digest_of, path, self._suite.digest_name)
            if size > MAX_CLIP_BYTES:
                raise CommandFailed(f"too_large: the clip has {size} bytes")
            await self._upload(asked, path, digest, size)
        finally:
            await asyncio.to_thread(path.unlink, missing_ok=True)
        span = {"from_ms": wanted.from_ms, "to_ms": wanted.to_ms}
        await self._noted("county_took_clip", stream=wanted.camera, **span)
        return f"{size} bytes"

    async def _noted(self, what: str, **detail: str | int) -> None:
        if self._note is not None:
            await self._note(what, json.dumps(detail, ensure_ascii=False, separators=(",", ":")))

    def _source(self, camera: str) -> VideoSource:
        if self._video is None:
            raise CommandFailed("no_video: no stream is configured")
        if camera not in self._video.cameras:
            raise CommandFailed(f"no_camera: {camera!r} is not configured")
        return self._video

    # live

    async def _send_live(
        self, asked: Asked, segments: AsyncIterator[LiveSegment], seconds: int
    ) -> str:
        ends_at = self._clock.monotonic() + seconds
        init: bytes | None = None
        sent = lost = 0
        while (left_s := ends_at - self._clock.monotonic()) > 0:
            try:
                async with asyncio.timeout(min(FIRST_WITHIN_S, left_s)):
                    segment = await anext(segments)
            except TimeoutError:
                if left_s <= FIRST_WITHIN_S:
                    break
                raise CommandFailed("no_picture: the camera sends nothing") from None
            except StopAsyncIteration:
                raise CommandFailed("no_picture: the stream has ended") from None
            if len(segment.data) > MAX_SEGMENT_BYTES:
                raise CommandFailed(f"too_large: a segment of {len(segment.data)} bytes")
            is_new = segment.init is not None
            init = segment.init if is_new else init
            try:
                go_on = await self._send_segment(asked.id, segment, init, is_new=is_new)
            except NoAnswer as error:
                lost += 1
                log.warning("footage.segment_lost", sequence=segment.sequence, why=str(error))
                if lost >= MAX_LOST:
                    raise CommandFailed("line: the pictures find no way to the platform") from None
                continue
            except Refusal as refusal:
                if refusal.code in ("not_found", "suspended"):
                    break
                raise CommandFailed(f"refused: {refusal}") from None
            lost = 0
            sent += 1
            if not go_on:
                break
        return f"{sent} segments"

    async def _send_segment(
        self, session: str, segment: LiveSegment, init: bytes | None, *, is_new: bool
    ) -> bool:
        await self._pace.take(len(segment.data))
        if is_new and init is not None:
            await self._client.send_live_init(session, segment.sequence, init)
        duration_ms = min(segment.duration_ms, MAX_SEGMENT_MS)
        answer = await self._client.send_live(session, segment.sequence, duration_ms, segment.data)
        if answer.go_on and answer.needs_init and init is not None:
            # the platform was started anew, or did not get the one before
            await self._client.send_live_init(session, segment.sequence, init)
            answer = await self._client.send_live(
                session, segment.sequence, duration_ms, segment.data
            )
        return answer.go_on

    # clips

    async def _upload(self, asked: Asked, path: Path, digest: str, size: int) -> None:
        backoff = Backoff(self._settings.retry_first_s, self._settings.retry_last_s)
        part_bytes = self._settings.file_part_kb * 1024
        offset: int | None = None
        restarts, told = 0, -_TOLD_EVERY_PERCENT
        while True:
            try:
                if offset is None:
                    progress = await self._client.clip_progress(asked.id, digest)
                else:
                    part = await asyncio.to_thread(_part_of, path, offset, part_bytes)
                    await self._pace.take(len(part))
                    progress = await self._client.send_clip_part(
                        asked.id, digest, offset, part, size
                    )
            except NoAnswer as error:
                offset = None
                await asyncio.sleep(longer(backoff.next_s(), error.retry_after_s))
                continue
            except Refusal as refusal:
                restarts += 1
                if refusal.code != "bad_file" or restarts > _MAX_RESTARTS:
                    raise CommandFailed(f"refused: {refusal}") from None
                offset = None
                continue
            if progress.complete:
                return
            if offset is not None:
                backoff.reset()
            offset = progress.received
            percent = math.floor(100 * offset / size)
            if percent >= told + _TOLD_EVERY_PERCENT:
                told = percent
                await asked.progress("sending", percent)


def _arguments(asked: Asked, kind: type[Any]) -> Any:
    with contextlib.suppress(msgspec.ValidationError):
        return msgspec.convert(asked.arguments, kind)
    raise CommandFailed(f"fault: {asked.name} came with arguments that are none")


def _digest_of(path: Path, digest_name: str) -> tuple[str, int]:
    """Digest in hex and size; in blocks, since a clip may be larger than what memory is left."""
    found, size = hashlib.new(digest_name), 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
            size += len(block)
    return found.hexdigest(), size


def _part_of(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)
