"""All streams of one terminal: what the gatekeeper's page, the lanes and the county ask for."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import structlog

from hengyuan.record.model import FileKind, FileRef
from hengyuan.terminal.config_video import VideoStreamTable, VideoTable, View
from hengyuan.terminal.devices import Counters, DeviceState
from hengyuan.terminal.lane.sightings import StoredFile
from hengyuan.terminal.video.asked import LiveSegment as LiveSegment
from hengyuan.terminal.video.asked import NoVideo as NoVideo
from hengyuan.terminal.video.chunks import Kept
from hengyuan.terminal.video.feed import Feed
from hengyuan.terminal.video.frames import key_frame
from hengyuan.terminal.video.joining import join, parts_of, runs_of
from hengyuan.terminal.video.limits import GB, Room, make_room
from hengyuan.terminal.video.recorder import Recorder
from hengyuan.terminal.video.ring import Ring

if TYPE_CHECKING:
    from hengyuan.terminal.clock import CheckedClock
    from hengyuan.terminal.config import Config
    from hengyuan.terminal.store import StoreWorker
    from hengyuan.terminal.video.recorder import Announced

log = structlog.get_logger(__name__)

KINDS: dict[View, FileKind] = {
    "front": "head_clip",
    "rear": "tail_clip",
    "front_side": "front_side_clip",
    "rear_side": "rear_side_clip",
    "panorama": "panorama_clip",
}
"""What a clip of each view is called in a record; other views have no name there."""
MAX_EVIDENCE_BYTES = 31 * 1024 * 1024
"""The protocol takes files of 32 MiB; a little more than the pictures goes into one."""
MAX_PARTS = 3
"""Files of one camera in one clip: a record names 16 at most."""
LIMITS_S = 10.0
RESUME_GB = 1.0
"""So much more has to be free before recording goes on after a full disk: no see-saw."""
WORK = ".work"
"""Folder of clips in the making; no camera is called that."""
STOP_S = 2.0
"""A thread that waits for a silent camera is not waited for any longer: it holds nothing."""
FRESH_MS = 10_000
"""A frame that is older shows another truck."""
LATE_S = 20.0
"""A clip waits so long for the segment that its end lies in."""


@dataclass(slots=True)
class _Camera:
    lane: int
    stream: VideoStreamTable
    recorder: Recorder
    feed: Feed


class Video:
    """Recorders, ring and clips. Times are ms since 1970. `open` makes one."""

    def __init__(
        self,
        folder: Path,
        table: VideoTable,
        cameras: dict[str, _Camera],
        worker: StoreWorker,
        checked: CheckedClock,
    ) -> None:
        self._folder = folder
        self._table = table
        self._cameras = cameras
        self._old: list[Ring] = []
        self._prepared = False
        self._preparing = threading.Lock()
        self._disk_error: str | None = None
        self._worker = worker
        self._checked = checked
        self._pool = ThreadPoolExecutor(1, "video clips")
        self.too_little_room = False
        """The disk is too full to record, and no recording is left to let go of."""

    @classmethod
    def open(cls, config: Config, worker: StoreWorker, checked: CheckedClock) -> Video:
        """Prepare a recorder for each stream of the lanes. The disk is looked at by `run`: a slow
        or missing one keeps nobody from weighing."""
        loop = asyncio.get_running_loop()
        folder = config.video_dir

        def announcing(feed: Feed) -> Callable[[Announced], None]:
            def announce(segment: Announced) -> None:
                # the loop may have ended while the thread waited for its camera
                with contextlib.suppress(RuntimeError):
                    loop.call_soon_threadsafe(feed.announce, segment)

            return announce

        cameras = {}
        streams = [(lane.table.number, each) for lane in config.lanes for each in lane.table.videos]
        for lane, stream in streams:
            feed = Feed()
            recorder = Recorder(
                stream,
                config.path.parent,
                Ring(folder / stream.name),
                checked.request_ms,
                announcing(feed),
            )
            cameras[stream.name] = _Camera(lane, stream, recorder, feed)
        return cls(folder, config.video, cameras, worker, checked)

    async def run(self) -> NoReturn:
        """Record, and keep to the bounds of the disk, for ever."""
        for camera in self._cameras.values():
            camera.recorder.start()
        while True:
            await self._keep_room()
            await asyncio.sleep(LIMITS_S)

    async def close(self) -> None:
        """End the recordings; what was taken in is written down."""
        recorders = [camera.recorder for camera in self._cameras.values()]
        for recorder in recorders:
            recorder.ask_to_stop()
        end = time.monotonic() + STOP_S
        for recorder in recorders:
            await asyncio.to_thread(recorder.join, max(0.0, end - time.monotonic()))
        self._pool.shutdown(wait=True)

    # how things are

    @property
    def cameras(self) -> list[str]:
        """Names of the streams, in the order of the configuration."""
        return list(self._cameras)

    def of_lane(self, lane: int) -> list[VideoStreamTable]:
        """The streams of one lane, in the order of the configuration."""
        return [each.stream for each in self._cameras.values() if each.lane == lane]

    def states(self) -> dict[str, DeviceState]:
        """How each stream is."""
        return {name: camera.recorder.state for name, camera in self._cameras.items()}

    def counters(self, camera: str) -> Counters:
        """What a stream has carried."""
        return self._camera(camera).recorder.counters

    def feed(self, camera: str) -> Feed:
        """The newest segments of a stream. NoVideo for one that is not configured."""
        return self._camera(camera).feed

    def _camera(self, name: str) -> _Camera:
        try:
            return self._cameras[name]
        except KeyError:
            known = ", ".join(self._cameras) or "none"
            raise NoVideo(f"no camera {name!r} here; configured: {known}") from None

    async def _keep_room(self) -> None:
        recorders = [camera.recorder for camera in self._cameras.values()]
        now_ms = self._checked.request_ms() if self._checked.checked_in_this_run else None

        def keep() -> Room:
            self._prepare()
            rings = [*(recorder.ring for recorder in recorders), *self._old]
            return make_room(rings, self._table, self._folder, now_ms)

        try:
            room = await asyncio.to_thread(keep)
        except OSError as error:
            # the recorders say it too, each for itself
            if (why := error.strerror or str(error)) != self._disk_error:
                log.error("video.disk", why=why)
                self._disk_error = why
            return
        self._disk_error = None
        least = (self._table.min_free_gb + RESUME_GB) * GB
        too_little = room.too_little or (self.too_little_room and room.free_bytes < least)
        for recorder in recorders:
            recorder.may_write = not too_little
        if too_little != self.too_little_room:
            self.too_little_room = too_little
            await self._say(room)

    def _prepare(self) -> None:
        """Once: empty the work folder, and find recordings of cameras that are there no more."""
        with self._preparing:
            if self._prepared:
                return
            work = self._folder / WORK
            work.mkdir(parents=True, exist_ok=True)
            for left_over in work.iterdir():
                left_over.unlink()
            others = [each for each in self._folder.iterdir() if each.is_dir() and each != work]
            self._old = [Ring(each).load() for each in others if each.name not in self._cameras]
            self._prepared = True

    async def _say(self, room: Room) -> None:
        what = "video_disk_full" if self.too_little_room else "video_disk_room"
        free_mb = room.free_bytes // 1_000_000
        log.warning(f"video.{what}", free_mb=free_mb)
        store, (at_ms, _) = self._worker.store, self._checked.record_ms(None)
        with contextlib.suppress(sqlite3.Error, OSError):
            await self._worker.do(store.note, at_ms, 0, what, f"{free_mb} MB")

    # what is asked for

    def live(self, camera: str) -> AsyncIterator[LiveSegment]:
        """From the newest segment on, for as long as it is read; what a slow reader misses is left
        out. It waits while the camera is away. NoVideo for a camera that is not configured."""
        return self._follow(self.feed(camera))

    async def _follow(self, feed: Feed) -> AsyncIterator[LiveSegment]:
        number: int | None = None
        run: int | None = None
        while True:
            segment = await feed.after(number)
            if number is not None and segment.kept.number != number + 1:
                run = None
            number = segment.kept.number
            try:
                data = await asyncio.to_thread(segment.kept.read)
            except OSError as error:
                log.warning("video.segment_unreadable", number=number, why=str(error))
                run = None
                continue
            init = segment.init if segment.run != run else None
            run = segment.run
            yield LiveSegment(number, init, data, segment.kept.duration_ms)

    def keeps(self, lane: int) -> bool:
        """Whether any camera of a lane is recorded whose clips are evidence."""
        return any(
            camera.lane == lane and camera.stream.view in KINDS for camera in self._cameras.values()
        )

    async def frame(self, lane: int) -> bytes | None:
        """The newest key frame of a lane's streams as JPEG, the one that shows plates best first;
        None where no stream runs. OSError if it cannot be read."""
        cameras = [each for each in self._cameras.values() if each.lane == lane]
        for camera in sorted(cameras, key=lambda each: _plates_first(each.stream.view)):
            newest = camera.feed.segments[-1:]
            running = camera.recorder.state is DeviceState.OK
            if camera.stream.view not in KINDS or not running or not newest:
                continue
            if self._checked.request_ms() - newest[0].kept.end_ms > FRESH_MS:
                continue
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, key_frame, newest[0])
        return None

    async def clip(self, lane: int, from_ms: int, to_ms: int) -> list[StoredFile]:
        """Clips of a lane's cameras as evidence files, durably stored; times by this machine's
        clock, as records have them. Empty where nothing was recorded. OSError if the disk refuses.

        A clip holds whole segments: it begins up to two seconds earlier and ends as much later. A
        stream that began anew in between gives two files, and so do more bytes than the protocol
        takes in one. Of a longer span than `max_clip_s`, or of more than three files, the end is
        kept.
        """
        from_ms = max(from_ms, to_ms - self._table.max_clip_s * 1000)
        ahead_ms = self._checked.offset_ms or 0
        stored = []
        for camera in list(self._cameras.values()):
            kind = KINDS.get(camera.stream.view)
            if camera.lane != lane or kind is None:
                continue
            paths = await self._cut(
                camera, from_ms - ahead_ms, to_ms - ahead_ms, MAX_EVIDENCE_BYTES, MAX_PARTS
            )
            try:
                for path in paths:
                    data = await asyncio.to_thread(path.read_bytes)
                    digest = await self._worker.put_file(data)
                    stored.append(StoredFile(FileRef(digest=digest, kind=kind), len(data)))
            finally:
                for path in paths:
                    path.unlink(missing_ok=True)
        return stored

    async def export(self, camera: str, from_ms: int, to_ms: int) -> Path:
        """One MP4 file of a span that is no evidence; times by the county's clock. Whoever asked
        deletes it; one that is left is gone with the next start. NoVideo where there is nothing,
        ValueError for a span that is empty or longer than `max_clip_s`, OSError if the disk
        refuses. Where the stream began anew in between, the longest part is given."""
        found = self._camera(camera)
        if not 0 < to_ms - from_ms <= self._table.max_clip_s * 1000:
            raise ValueError(f"a clip has up to {self._table.max_clip_s} s")
        paths = await self._cut(found, from_ms, to_ms)
        if not paths:
            raise NoVideo(f"nothing of {camera!r} is recorded in that span")
        longest = max(paths, key=lambda path: path.stat().st_size)
        for path in paths:
            if path != longest:
                path.unlink(missing_ok=True)
        return longest

    async def _cut(
        self,
        camera: _Camera,
        from_ms: int,
        to_ms: int,
        most_bytes: int = 2**40,
        most_parts: int = 1000,
    ) -> list[Path]:
        """Files of a span in the work folder, at least one for each beginning of the stream."""
        await self._recorded_until(camera, to_ms)
        ring, folder = camera.recorder.ring, self._folder / WORK

        def cut() -> list[Path]:
            self._prepare()
            parts = [
                (init, part)
                for init, segments in runs_of(ring.span(from_ms, to_ms))
                for part in parts_of(segments, most_bytes)
            ]
            if len(parts) > most_parts:
                log.warning("video.clip_shortened", video=camera.stream.name, parts=len(parts))
            return _write(parts[-most_parts:], folder)

        return await asyncio.get_running_loop().run_in_executor(self._pool, cut)

    async def _recorded_until(self, camera: _Camera, to_ms: int) -> None:
        """Wait for the segment that lies around this moment, if it is still to come."""
        number = None
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LATE_S):
                while camera.recorder.state is DeviceState.OK:
                    segment = await camera.feed.after(number)
                    if segment.kept.end_ms >= to_ms:
                        return
                    number = segment.kept.number


def _plates_first(view: View) -> int:
    return list(KINDS).index(view) if view in KINDS else len(KINDS)


def _write(parts: Sequence[tuple[bytes, list[Kept]]], folder: Path) -> list[Path]:
    """A file of each part that can be read, or none at all if the disk refuses one."""
    paths = []
    try:
        for init, segments in parts:
            path = folder / f"{secrets.token_hex(8)}.mp4"
            paths.append(path)
            if not join(init, segments, path):
                paths.remove(path)
                path.unlink(missing_ok=True)
    except BaseException:
        for path in paths:
            path.unlink(missing_ok=True)
        raise
    return paths
