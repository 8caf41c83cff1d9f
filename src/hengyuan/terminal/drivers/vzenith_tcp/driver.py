"""臻识 plate cameras that the terminal keeps a connection to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from hengyuan.terminal.devices import DeviceState, Notice, Picture, PlateEvent, Refused
from hengyuan.terminal.drivers.base import Clock, PullCameraDriver
from hengyuan.terminal.drivers.cameras import EventLog, keep_event
from hengyuan.terminal.drivers.plate_events import picture_problem
from hengyuan.terminal.drivers.vzenith_tcp.codec import (
    Decoder,
    Result,
    Snapshot,
    ask_for_results,
    ask_for_serial,
    ask_for_snapshot,
    heartbeat,
    serial_of,
)
from hengyuan.terminal.drivers.vzenith_tcp.settings import Settings
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import Link

_UNANSWERED = 3
SNAPSHOT_S = 5.0
"""A picture that takes longer is none."""

Keep = Callable[[PlateEvent], Awaitable[object]]


class Driver(PullCameraDriver):
    """Subscribes to results, keeps the connection alive, drops repeats, hands on the rest."""

    settings: Settings

    def __init__(
        self, settings: Settings, *, clock: Clock = time.monotonic, link: Link | None = None
    ) -> None:
        super().__init__(settings, clock=clock)
        self.link = link or Link(settings.transport, self.counters, name=settings.name)
        self._events = EventLog(self.counters, clock)
        self._serial = ""
        self._asked_at = self._connected_at = float("-inf")
        self._connection: Connection | None = None
        self._wanted: asyncio.Future[bytes] | None = None

    @property
    def clock_offset_ms(self) -> int | None:
        """The camera's clock minus ours at the last event that was not sent late."""
        return self._events.clock_offset_ms

    async def pull(self, keep: Keep) -> None:
        async def session(connection: Connection) -> None:
            self._connection = connection
            try:
                await self._session(connection, keep)
            finally:
                self._connection = None
                self._answer(b"")

        await self.link.run(session)

    async def snapshot(self) -> Picture:
        """What the camera sees now. Raises `OSError`, also where the answer is no picture.

        Two who ask at once get the same one.
        """
        if self._connection is None:
            raise ConnectionError("no connection to the camera")
        if self._wanted is None:
            self._wanted = asyncio.get_running_loop().create_future()
            await self._connection.write(ask_for_snapshot())
        wanted = self._wanted
        try:
            async with asyncio.timeout(SNAPSHOT_S):
                data = await asyncio.shield(wanted)
        except TimeoutError:
            if self._wanted is wanted:
                self._wanted = None
            raise
        problem = picture_problem(data) if data else "empty"
        if problem:
            raise ConnectionError(f"the snapshot is {problem}")
        return Picture("panorama", "image/jpeg", data)

    def _answer(self, data: bytes) -> None:
        wanted, self._wanted = self._wanted, None
        if wanted is not None and not wanted.done():
            wanted.set_result(data)

    async def _session(self, connection: Connection, keep: Keep) -> None:
        decoder = Decoder(self.settings, self.counters)
        self._connected_at = self._clock()
        self._asked_at = float("-inf")
        await connection.write(ask_for_results())
        wait_s = min(self.settings.gap_s, self.settings.poll_s)
        silent_s = 0.0
        while True:
            await self._ask(connection)
            try:
                data = await connection.read(wait_s)
            except TimeoutError:
                silent_s += wait_s
                items = decoder.flush(self._clock()) if silent_s >= self.settings.gap_s else []
            else:
                silent_s = 0.0
                items = decoder.feed(data, self._clock())
            for item in items:
                await self._take(item, keep)

    async def _ask(self, connection: Connection) -> None:
        now = self._clock()
        if now - self._asked_at < self.settings.poll_s:
            return
        if now - max(self._connected_at, self._events.heard_at or 0) > self._patience_s:
            raise ConnectionResetError(f"{_UNANSWERED} questions unanswered")
        self._asked_at = now
        await connection.write(heartbeat() + ask_for_serial())

    @property
    def _patience_s(self) -> float:
        return self.settings.poll_s * (_UNANSWERED + 0.5)

    async def _take(self, item: Result | Snapshot | Notice | Refused, keep: Keep) -> None:
        if isinstance(item, Refused):
            self._log.debug("bytes refused", reason=item.reason, raw=item.raw[:64].hex(" "))
            return
        self._events.heard()
        if isinstance(item, Snapshot):
            self._answer(item.data)
            return
        if isinstance(item, Notice):
            self._serial = serial_of(item) or self._serial
            return
        event = item.event(
            datetime.now(UTC),
            camera=self.settings.name,
            serial=self._serial,
            view=self.settings.end,
        )
        await keep_event(self, self._events, event, keep)

    @property
    def state(self) -> DeviceState:
        """OK while it answers; FAULT where it is connected and nothing of it can be read."""
        if not self.link.connected:
            return DeviceState.OFFLINE if self.counters.last_error else DeviceState.UNKNOWN
        heard_at = self._events.heard_at
        if heard_at is None or heard_at < self._connected_at:
            return DeviceState.FAULT if self.counters.refused.total() else DeviceState.UNKNOWN
        fresh = self._clock() - heard_at <= self._patience_s
        return DeviceState.OK if fresh else DeviceState.STALE
