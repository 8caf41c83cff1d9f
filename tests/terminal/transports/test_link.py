"""Lines that break are opened again, with waits that grow and differ."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from hengyuan.terminal.devices import Counters
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import Backoff, Link, open_connection
from hengyuan.terminal.transports.settings import Serial, Tcp
from tests.terminal.drivers.at_hand import listening

SOMEWHERE = Tcp(host="127.0.0.1", port=9)


def test_waits_double_up_to_the_last_each_shortened_by_chance() -> None:
    backoff = Backoff(0.2, 10.0)
    for step in (0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0):
        assert step / 2 <= backoff.next_s() <= step
    backoff.reset()
    assert backoff.next_s() <= 0.2


def test_waits_differ_from_device_to_device() -> None:
    assert len({Backoff().next_s() for _ in range(20)}) > 1


class Enough(BaseException):
    """Ends a loop that has no end."""


def attempts(
    outcomes: list[Callable[[Counters], None]],
) -> tuple[list[float], Counters]:
    """Waits of a link whose sessions end as `outcomes` say, one after the other."""
    counters, waits = Counters(), list[float]()

    class Nothing:
        async def close(self) -> None:
            pass

    async def opener(transport: object) -> Connection:
        return Nothing()  # type: ignore[return-value]

    async def session(connection: Connection) -> None:
        outcomes.pop(0)(counters)

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        if not outcomes:
            raise Enough

    link = Link(SOMEWHERE, counters, opener=opener, sleep=sleep)
    with pytest.raises(Enough):
        asyncio.run(link.run(session))
    return waits, counters


def hang_up(counters: Counters) -> None:
    raise ConnectionResetError("hung up")


def speak(counters: Counters) -> None:
    counters.octets += 12
    raise ConnectionResetError("hung up")


def test_a_peer_that_accepts_and_hangs_up_is_called_ever_less_often() -> None:
    waits, counters = attempts([hang_up] * 6)
    assert waits[5] >= 3.2
    assert counters.last_error == "hung up"
    assert counters.connects == 6


def test_a_peer_that_said_something_is_called_again_soon() -> None:
    waits, _ = attempts([hang_up, hang_up, hang_up, speak])
    assert waits[2] >= 0.4
    assert waits[3] <= 0.2


def test_a_fault_of_our_own_does_not_end_the_link() -> None:
    def fault(counters: Counters) -> None:
        raise KeyError("ours")

    waits, counters = attempts([fault, speak])
    assert len(waits) == 2
    assert counters.connects == 2


def run(work: Awaitable[None]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work, 20)

    asyncio.run(limited())


def test_bytes_go_both_ways_and_the_end_is_an_error() -> None:
    async def work() -> None:
        async with listening() as server:
            connection = await open_connection(Tcp(host="127.0.0.1", port=server.port))
            peer = await server.accepted()
            await peer.send(b"there")
            assert await connection.read(20) == b"there"
            await connection.write(b"here")
            assert await peer.reader.readexactly(4) == b"here"
            with pytest.raises(TimeoutError):
                await connection.read(0.01)
            peer.hang_up()
            with pytest.raises(ConnectionError):
                await connection.read(20)
            await connection.close()
            with pytest.raises(ConnectionError):
                await connection.write(b"more")

    run(work())


def test_an_aborted_connection_tells_its_reader() -> None:
    async def work() -> None:
        async with listening() as server:
            connection = await open_connection(Tcp(host="127.0.0.1", port=server.port))
            reading = asyncio.ensure_future(connection.read(20))
            await asyncio.sleep(0)
            connection.abort()
            with pytest.raises(ConnectionError):
                await reading

    run(work())


def test_a_port_where_nobody_listens_is_an_error() -> None:
    async def work() -> None:
        async with listening() as server:
            port = server.port
        with pytest.raises(OSError):
            await open_connection(Tcp(host="127.0.0.1", port=port))

    run(work())


def test_a_serial_port_that_is_not_there_is_an_error() -> None:
    async def work() -> None:
        with pytest.raises(OSError):
            await open_connection(Serial(port="/dev/no-such-port"))

    run(work())
