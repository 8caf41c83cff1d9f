"""Devices for tests: one on a loopback port, one scripted without any waiting, and a clock."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import msgspec

from hengyuan.terminal.drivers.catalogue import catalogue
from hengyuan.terminal.drivers.recorded import load_frames


class Clock:
    """A monotonic clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class ScriptedConnection:
    """Plays its script: bytes arrive, a number is silence of so many seconds, a call is made."""

    def __init__(self, script: Sequence[bytes | float | Callable[[], None]], clock: Clock) -> None:
        self._script = list(script)
        self._clock = clock
        self.written: list[bytes] = []

    async def read(self, timeout_s: float) -> bytes:
        while self._script:
            step = self._script.pop(0)
            if isinstance(step, bytes):
                return step
            if callable(step):
                step()
                continue
            self._clock.pass_(min(step, timeout_s))
            if step > timeout_s:
                self._script.insert(0, step - timeout_s)
            raise TimeoutError
        raise ConnectionResetError("end of the script")

    async def write(self, data: bytes) -> None:
        self.written.append(data)

    def abort(self) -> None:
        self._script.clear()

    async def close(self) -> None:
        pass


class ScriptedLink:
    """Stands in for a `Link`: one connection a script, then it ends."""

    def __init__(self, clock: Clock, *scripts: Sequence[Any]) -> None:
        self.connected = False
        self.connections = [ScriptedConnection(script, clock) for script in scripts]
        self.errors: list[str] = []

    async def run(self, session: Callable[[Any], Awaitable[None]]) -> None:
        for connection in self.connections:
            self.connected = True
            try:
                await session(connection)
            except OSError as error:
                self.errors.append(str(error))
            finally:
                self.connected = False


class Peer:
    """The device's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def hang_up(self) -> None:
        self.writer.transport.abort()


class Server:
    """A device that listens on a loopback port."""

    def __init__(self) -> None:
        self.port = 0
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()
        self.all: list[Peer] = []

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        self.all.append(peer)
        await self._peers.put(peer)

    async def accepted(self) -> Peer:
        """The next connection."""
        return await asyncio.wait_for(self._peers.get(), 20)


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[Server]:
    """A `Server`, closed with all its connections at the end."""
    device = Server()
    server = await asyncio.start_server(device.take, "127.0.0.1", 0)
    device.port = server.sockets[0].getsockname()[1]
    try:
        yield device
    finally:
        server.close()
        for peer in device.all:
            peer.hang_up()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def running(work: Awaitable[None]) -> AsyncIterator[None]:
    """`work` in the background; it must last until the end, which cancels it."""
    task = asyncio.ensure_future(work)
    try:
        yield
        assert not task.done(), task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], object]) -> None:
    """Wait for `condition`; a deadline only keeps a failing test from hanging."""
    async with asyncio.timeout(20):
        while not condition():
            await asyncio.sleep(0.005)


def tcp(port: int = 1) -> dict[str, Any]:
    """A transport table that points at a loopback port."""
    return {"kind": "tcp", "host": "127.0.0.1", "port": port}


def needed(driver: str) -> dict[str, Any]:
    """Settings without which this driver cannot be, of its first recording."""
    entry = catalogue()[driver]
    required = {f.name for f in msgspec.structs.fields(entry.settings_type) if f.required}
    if required <= {"name", "transport", "address"}:
        return {}
    return load_frames(entry.folder)[0].settings
