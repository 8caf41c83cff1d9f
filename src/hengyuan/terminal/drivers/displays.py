"""Displays and loudspeakers on a line: one frame in flight, the newest message wins."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

from hengyuan.terminal.devices import DeviceState, Message, Notice, Refused, ShowResult
from hengyuan.terminal.drivers.base import Clock, DisplayDriver
from hengyuan.terminal.drivers.framing import FrameDecoder
from hengyuan.terminal.drivers.settings import AnsweringSettings
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import Link

_ATTEMPTS = 2


@dataclass(frozen=True, slots=True)
class Answered:
    """The device's word on the last frame; `error` None where it took it."""

    error: str | None


class LineDisplay(DisplayDriver):
    """Sends a message as one frame or several, each of which may have to be answered.

    A subclass says what the frames are, how answers are read, and which item is an answer.
    """

    settings: AnsweringSettings
    called = "device"
    """What it is in the words of an error."""
    answers = True
    """Whether the device answers at all; if not, what went out counts as acknowledged."""
    repeats = True
    """Whether the message is sent again from time to time and after every connection."""

    def __init__(
        self,
        settings: AnsweringSettings,
        *,
        clock: Clock = time.monotonic,
        link: Link | None = None,
    ) -> None:
        super().__init__(settings, clock=clock)
        self.link = link or Link(settings.transport, self.counters, name=settings.name)
        self._message: Message | None = None
        self._connection: Connection | None = None
        self._answer: asyncio.Future[Answered] | None = None
        self._sending = asyncio.Lock()
        self._last: ShowResult | None = None

    @abstractmethod
    def frames(self, message: Message) -> list[bytes]:
        """What to send for `message`, in order; nothing where it is none of this device's."""

    @abstractmethod
    def make_decoder(self) -> FrameDecoder[Any]:
        """A fresh decoder for one connection, counting into `self.counters`."""

    def answered(self, item: object) -> Answered | None:
        """The answer to the frame in flight, if `item` is one."""
        return None

    async def show(self, message: Message) -> ShowResult:
        self._message = message
        return await self._show(message)

    async def run(self) -> None:
        await self.link.run(self._session)

    @property
    def state(self) -> DeviceState:
        """OK once a message has been taken on this connection."""
        if not self.link.connected:
            return DeviceState.OFFLINE if self.counters.last_error else DeviceState.UNKNOWN
        if self._last is None:
            return DeviceState.UNKNOWN
        return DeviceState.OK if self._last.acknowledged else DeviceState.FAULT

    async def _show(self, message: Message) -> ShowResult:
        started = self._clock()
        frames = self.frames(message)
        if not frames:
            return self._result(started, None)
        if self._connection is None:
            return self._result(started, f"the {self.called} is not connected")
        async with self._sending:
            if self._message is not message:
                return self._result(started, "a newer message took its place")
            error = None
            for frame in frames:
                error = await self._send(frame)
                if error:
                    break
            self._last = self._result(started, error)
            return self._last

    def _result(self, started: float, error: str | None) -> ShowResult:
        return ShowResult(error is None, error, round((self._clock() - started) * 1000))

    async def _session(self, connection: Connection) -> None:
        self._connection, self._last = connection, None
        refreshing = asyncio.create_task(self._refresh())
        decoder = self.make_decoder()
        try:
            while True:
                try:
                    data = await connection.read(self.settings.gap_s)
                except TimeoutError:
                    self._hear(decoder.flush(self._clock()))
                else:
                    self._hear(decoder.feed(data, self._clock()))
        finally:
            self._connection = None
            refreshing.cancel()
            if self._answer and not self._answer.done():
                self._answer.set_exception(ConnectionResetError("closed before it answered"))

    def _hear(self, items: list[Any | Notice | Refused]) -> None:
        for item in items:
            answer = None if isinstance(item, Refused) else self.answered(item)
            if answer and self._answer and not self._answer.done():
                self._answer.set_result(answer)

    async def _refresh(self) -> None:
        """A display that lost its power shows nothing and does not say so."""
        while self.repeats:
            if self._message is not None:
                await self._show(self._message)
            await asyncio.sleep(self.settings.refresh_s)

    async def _send(self, frame: bytes) -> str | None:
        """The error, or None where the device took the frame."""
        error: str | None = None
        for _ in range(_ATTEMPTS):
            connection = self._connection
            if connection is None:
                return f"the {self.called} is not connected"
            try:
                error = await self._exchange(connection, frame)
            except TimeoutError:
                # its late answer would be taken for the answer to the next frame
                connection.abort()
                return f"no answer within {self.settings.ack_timeout_s:g} s"
            except OSError as broken:
                return f"the connection broke: {broken}"
            if error is None:
                return None
            self._log.warning("frame refused", error=error)
        return error

    async def _exchange(self, connection: Connection, frame: bytes) -> str | None:
        if not self.answers:
            await connection.write(frame)
            return None
        self._answer = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self.settings.ack_timeout_s):
                await connection.write(frame)
                return (await self._answer).error
        finally:
            self._answer = None
