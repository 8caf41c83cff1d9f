"""A connection that is opened again for ever."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NoReturn

import structlog

from hengyuan.terminal.devices import Counters
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.recording import RecordedConnection, Recorder
from hengyuan.terminal.transports.replay import open_replay
from hengyuan.terminal.transports.serial import open_serial
from hengyuan.terminal.transports.settings import (
    Mqtt,
    Replay,
    Serial,
    Tcp,
    TcpServer,
    Transport,
    Udp,
)
from hengyuan.terminal.transports.tcp_client import open_tcp
from hengyuan.terminal.transports.tcp_server import open_tcp_server
from hengyuan.terminal.transports.udp import open_udp

log = structlog.get_logger(__name__)


class Backoff:
    """Waits between attempts: doubling from `first_s` to `last_s`, each shortened by chance.

    Without chance, all devices behind one failed switch would be called at the same moments.
    """

    def __init__(self, first_s: float = 0.2, last_s: float = 10.0) -> None:
        self.first_s = first_s
        self.last_s = last_s
        self._next_s = first_s
        self._random = secrets.SystemRandom()

    def reset(self) -> None:
        """The last attempt came to something."""
        self._next_s = self.first_s

    def next_s(self) -> float:
        """How long to wait now: between half and all of the present step."""
        step = self._next_s
        self._next_s = min(step * 2, self.last_s)
        return step * self._random.uniform(0.5, 1.0)


async def open_connection(transport: Transport) -> Connection:
    """Open what `transport` describes. Raises `OSError` or `TimeoutError`."""
    connection = await _open(transport)
    if transport.record is None:
        return connection
    recorder = Recorder(Path(transport.record), transport.record_mb * 1024 * 1024)
    return RecordedConnection(connection, recorder)


async def _open(transport: Transport) -> Connection:
    match transport:
        case Tcp():
            return await open_tcp(transport)
        case TcpServer():
            return await open_tcp_server(transport)
        case Serial():
            return await open_serial(transport)
        case Udp():
            return await open_udp(transport)
        case Mqtt():
            # only here: a terminal without such a device does not load the library
            from hengyuan.terminal.transports.mqtt import open_mqtt

            return await open_mqtt(transport)
        case Replay():
            return await open_replay(transport)


class Link:
    """Keeps one device connected and hands each connection to a session."""

    def __init__(
        self,
        transport: Transport,
        counters: Counters,
        *,
        name: str = "",
        backoff: Backoff | None = None,
        opener: Callable[[Transport], Awaitable[Connection]] = open_connection,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.connected = False
        self._transport = transport
        self._counters = counters
        self._backoff = backoff or Backoff()
        self._opener = opener
        self._sleep = sleep
        self._log = log.bind(device=name)

    async def run(self, session: Callable[[Connection], Awaitable[None]]) -> NoReturn:
        """Connect, run `session`, and begin again whenever it ends or fails, for ever.

        The waits start over once a session has received something: a peer that accepts and closes
        at once is no success.
        """
        while True:
            octets = self._counters.octets
            try:
                await self._once(session)
            except Exception as error:
                self._note(error)
            if self._counters.octets > octets:
                self._backoff.reset()
            await self._sleep(self._backoff.next_s())

    async def _once(self, session: Callable[[Connection], Awaitable[None]]) -> None:
        connection = await self._opener(self._transport)
        self.connected = True
        self._counters.connects += 1
        self._counters.last_error = None
        self._log.info("device connected")
        try:
            await session(connection)
        finally:
            self.connected = False
            await connection.close()

    def _note(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        expected = isinstance(error, OSError | TimeoutError | EOFError)
        if not expected:
            self._log.exception("device session failed")
        elif text != self._counters.last_error:
            self._log.warning("device connection lost", error=text)
        self._counters.last_error = text
