"""Onbon displays over TCP or serial."""

from __future__ import annotations

import asyncio
import time

from hengyuan.terminal.devices import DeviceState, Message, ShowResult
from hengyuan.terminal.drivers.base import Clock, DisplayDriver
from hengyuan.terminal.drivers.onbon.codec import Answer, Decoder, areas_for, text_frame
from hengyuan.terminal.drivers.onbon.settings import Settings
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import Link

_ATTEMPTS = 2


class Driver(DisplayDriver):
    """One command in flight; the newest message wins; a display that comes back gets it again."""

    settings: Settings

    def __init__(
        self, settings: Settings, *, clock: Clock = time.monotonic, link: Link | None = None
    ) -> None:
        super().__init__(settings, clock=clock)
        self.link = link or Link(settings.transport, self.counters, name=settings.name)
        self._message: Message | None = None
        self._connection: Connection | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._sending = asyncio.Lock()
        self._last: ShowResult | None = None

    async def show(self, message: Message) -> ShowResult:
        self._message = message
        started = self._clock()
        if self._connection is None:
            return self._result(started, "the display is not connected")
        async with self._sending:
            if self._message is not message:
                return self._result(started, "a newer message took its place")
            self._last = self._result(started, await self._send(message))
            return self._last

    async def run(self) -> None:
        await self.link.run(self._session)

    @property
    def state(self) -> DeviceState:
        """OK once a message has been acknowledged on this connection."""
        if not self.link.connected:
            return DeviceState.OFFLINE if self.counters.last_error else DeviceState.UNKNOWN
        if self._last is None:
            return DeviceState.UNKNOWN
        return DeviceState.OK if self._last.acknowledged else DeviceState.FAULT

    def _result(self, started: float, error: str | None) -> ShowResult:
        return ShowResult(error is None, error, round((self._clock() - started) * 1000))

    async def _session(self, connection: Connection) -> None:
        self._connection, self._last = connection, None
        refreshing = asyncio.create_task(self._refresh())
        decoder = Decoder(self.settings, self.counters)
        try:
            while True:
                try:
                    data = await connection.read(self.settings.gap_s)
                except TimeoutError:
                    decoder.flush(self._clock())
                    continue
                for item in decoder.feed(data, self._clock()):
                    if isinstance(item, Answer) and self._answer and not self._answer.done():
                        self._answer.set_result(item)
        finally:
            self._connection = None
            refreshing.cancel()
            if self._answer and not self._answer.done():
                self._answer.set_exception(ConnectionResetError("closed before it answered"))

    async def _refresh(self) -> None:
        """A display that lost its power shows nothing and does not say so."""
        while True:
            if self._message is not None:
                await self.show(self._message)
            await asyncio.sleep(self.settings.refresh_s)

    async def _send(self, message: Message) -> str | None:
        """The error, or None where the display acknowledged."""
        frame = text_frame(areas_for(message, self.settings))
        error: str | None = None
        for _ in range(_ATTEMPTS):
            connection = self._connection
            if connection is None:
                return "the display is not connected"
            try:
                error = (await self._exchange(connection, frame)).why
            except TimeoutError:
                # its late answer would be taken for the answer to the next command
                connection.abort()
                return f"no answer within {self.settings.ack_timeout_s:g} s"
            except OSError as broken:
                return f"the connection broke: {broken}"
            if error is None:
                return None
            self._log.warning("display refused", error=error)
        return error

    async def _exchange(self, connection: Connection, frame: bytes) -> Answer:
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.settings.ack_timeout_s):
                await connection.write(frame)
                return await self._answer
        finally:
            self._answer = None
