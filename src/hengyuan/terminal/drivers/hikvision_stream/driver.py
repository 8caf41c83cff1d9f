"""Hikvision plate cameras whose alert stream the terminal reads."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import httpx

from hengyuan.terminal.devices import DeviceState, Notice, Picture, PlateEvent, Refused
from hengyuan.terminal.drivers.base import Clock, PullCameraDriver
from hengyuan.terminal.drivers.cameras import EventLog, keep_event
from hengyuan.terminal.drivers.hikvision.parts import Part
from hengyuan.terminal.drivers.hikvision_stream.codec import BOUNDARY, Assembler, Splitter
from hengyuan.terminal.drivers.hikvision_stream.settings import Settings
from hengyuan.terminal.drivers.http import LoginRefused, check_status, make_client
from hengyuan.terminal.drivers.snapshots import Snapshots
from hengyuan.terminal.transports.link import Backoff

Keep = Callable[[PlateEvent], Awaitable[object]]


class Driver(PullCameraDriver):
    """Reads the stream, drops repeats by the camera's UUID, hands on the rest, begins again."""

    settings: Settings

    def __init__(self, settings: Settings, *, clock: Clock = time.monotonic) -> None:
        super().__init__(settings, clock=clock)
        self._events = EventLog(self.counters, clock)
        self._backoff = Backoff()
        self._connected = self._refused = False
        self._snapshots = Snapshots(
            settings.address, settings.login, settings.snapshot_path, clock=clock
        )

    @property
    def clock_offset_ms(self) -> int | None:
        """The camera's clock minus ours at the last event that was not sent late."""
        return self._events.clock_offset_ms

    async def pull(self, keep: Keep) -> None:
        while True:
            octets = self.counters.octets
            wait_s = None
            try:
                await self._read(keep)
                self._note("the camera ended the stream")
            except LoginRefused as error:
                self._refused, wait_s = True, self.settings.refused_wait_s
                self._note(str(error))
            except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
                self._note(str(error) or type(error).__name__)
            except Exception as error:
                # whatever a camera sends, the next attempt may find it in its senses
                self._log.exception("camera session failed")
                self.counters.last_error = type(error).__name__
            finally:
                self._connected = False
            if self.counters.octets > octets:
                self._backoff.reset()
            await asyncio.sleep(self._backoff.next_s() if wait_s is None else wait_s)

    async def snapshot(self) -> Picture:
        """What the camera sees now. Raises `OSError`, also where the answer is no picture."""
        return await self._snapshots.take()

    async def _read(self, keep: Keep) -> None:
        settings = self.settings
        async with (
            make_client(settings.address, settings.login, settings.connect_timeout_s) as client,
            client.stream(
                "GET",
                settings.path,
                timeout=httpx.Timeout(settings.connect_timeout_s, read=settings.silence_s),
            ) as response,
        ):
            check_status(response)
            self._connected, self._refused = True, False
            self.counters.connects += 1
            self.counters.last_error = None
            self._log.info("device connected")
            splitter = Splitter(_boundary(response), self.counters)
            async with _chunks(response) as chunks:
                await self._follow(chunks, splitter, keep)

    async def _follow(
        self, chunks: asyncio.Queue[bytes | None], splitter: Splitter, keep: Keep
    ) -> None:
        assembler = Assembler(self.settings)
        ended = False
        while not ended:
            parts: list[Part | Refused] = []
            late = False
            try:
                async with asyncio.timeout(self.settings.pictures_s if assembler.waiting else None):
                    data = await chunks.get()
            except TimeoutError:
                late = True
            else:
                ended = data is None
                parts = splitter.flush() if data is None else splitter.feed(data, self._clock())
            now = datetime.now(UTC)
            items = [
                item
                for part in parts
                if not isinstance(part, Refused)
                for item in assembler.add(part, now)
            ]
            if late or ended:
                items += assembler.finish(now)
            for item in items:
                await self._take(item, keep)

    async def _take(self, item: PlateEvent | Notice | Refused, keep: Keep) -> None:
        if isinstance(item, Refused):
            self.counters.refused[item.reason] += 1
            self._log.warning("message refused", reason=item.reason, detail=item.detail)
            return
        self._events.heard()
        if isinstance(item, Notice):
            self.counters.notices += 1
            return
        await keep_event(self, self._events, item, keep)

    def _note(self, error: str) -> None:
        if error != self.counters.last_error:
            self._log.warning("device connection lost", error=error)
        self.counters.last_error = error

    @property
    def state(self) -> DeviceState:
        """FAULT where the login is refused, or where it is connected and says nothing readable."""
        if not self._connected:
            if self._refused:
                return DeviceState.FAULT
            return DeviceState.OFFLINE if self.counters.last_error else DeviceState.UNKNOWN
        heard_at = self._events.heard_at
        if heard_at is None:
            return DeviceState.FAULT if self.counters.refused.total() else DeviceState.UNKNOWN
        fresh = self._clock() - heard_at <= self.settings.silence_s
        return DeviceState.OK if fresh else DeviceState.STALE


def _boundary(response: httpx.Response) -> str:
    """The boundary that the answer announces. Raises `ConnectionError` where it is no stream."""
    media_type, _, options = response.headers.get("content-type", "").partition(";")
    if not media_type.strip().lower().startswith("multipart/"):
        raise ConnectionError(f"the answer is {media_type[:40]!r}, not multipart")
    found = re.search(r'boundary="?([^";,\s]{1,70})', options, re.I)
    return found[1] if found else BOUNDARY


@contextlib.asynccontextmanager
async def _chunks(response: httpx.Response) -> AsyncIterator[asyncio.Queue[bytes | None]]:
    """What arrives, None at its end; a broken connection is raised in the body.

    A queue stands between, since giving up a read in the middle would close the stream.
    """
    queue: asyncio.Queue[bytes | None] = asyncio.Queue(8)
    reading = asyncio.create_task(_read_into(queue, response))
    try:
        yield queue
    finally:
        reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await reading


async def _read_into(queue: asyncio.Queue[bytes | None], response: httpx.Response) -> None:
    try:
        async for chunk in response.aiter_bytes():
            await queue.put(chunk)
    except httpx.HTTPError:
        await queue.put(None)
        raise
    await queue.put(None)
