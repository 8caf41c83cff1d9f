"""A device that calls the terminal: the right one is let in, again after every break."""

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from hengyuan.terminal.devices import Counters
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import Backoff, Link, open_connection
from hengyuan.terminal.transports.settings import TcpServer
from tests.terminal.drivers.at_hand import running, until


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 60))


async def call(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Call until somebody listens."""
    while True:
        try:
            return await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.005)


def test_a_device_that_calls_is_heard_and_told_again_and_again() -> None:
    async def work() -> None:
        port, heard = free_port(), list[bytes]()
        settings = TcpServer(host="127.0.0.1", port=port, peer="127.0.0.1")
        link = Link(settings, Counters(), backoff=Backoff(0.01, 0.02))

        async def session(connection: Connection) -> None:
            await connection.write(b"ask")
            heard.append(await connection.read(20))

        async with running(link.run(session)):
            for times in (1, 2):
                reader, writer = await call(port)
                assert await reader.readexactly(3) == b"ask"
                writer.write(b"weight")
                await until(lambda t=times: len(heard) == t)
                writer.close()
        assert heard == [b"weight"] * 2

    run(work)


def test_a_stranger_is_turned_away() -> None:
    async def work() -> None:
        port = free_port()
        settings = TcpServer(host="127.0.0.1", port=port, peer="192.0.2.20")
        opening = asyncio.ensure_future(open_connection(settings))
        reader, _ = await call(port)
        with pytest.raises(ConnectionError):
            assert await reader.read() == b""
            raise ConnectionResetError
        assert not opening.done()
        opening.cancel()

    run(work)


def test_a_port_that_is_taken_is_reported() -> None:
    async def work() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = int(taken.getsockname()[1])
            with pytest.raises(OSError, match=str(port)):
                await open_connection(TcpServer(host="127.0.0.1", port=port))

    run(work)
