"""The bad line of the loss test: it does what it says, and notes what it really handed over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hengyuan.world.loss.line import Line, Odds

GOOD = dict.fromkeys(Odds.__slots__, 0.0)
ANSWER = b'{"watermark":{"seq":7,"digest":"ab"}}'


def through(odds: dict[str, float], work: Callable[[Line, list[bytes]], Awaitable[Any]]) -> Any:
    """`work` with a line to a platform that counts what it is sent."""

    async def scenario() -> Any:
        seen: list[bytes] = []

        async def platform(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                seen.append(await reader.readexactly(length))
                writer.write(
                    b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(ANSWER) + ANSWER
                )
                await writer.drain()
            except asyncio.IncompleteReadError:
                pass
            writer.close()

        server = await asyncio.start_server(platform, "127.0.0.1", 0)
        line = Line(server.sockets[0].getsockname()[1], Odds(**(GOOD | odds)), 1)
        await line.open()
        try:
            return await work(line, seen)
        finally:
            await line.shut()
            server.close()

    return asyncio.run(scenario())


async def ask(line: Line) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    writer.write(b"POST /x HTTP/1.1\r\ncontent-length: 10\r\n\r\n0123456789")
    try:
        async with asyncio.timeout(5):
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            return head + await reader.readexactly(length)
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        return getattr(error, "partial", b"")
    finally:
        writer.close()


def test_a_good_line_passes_on_and_notes_the_watermark() -> None:
    async def work(line: Line, seen: list[bytes]) -> None:
        assert (await ask(line)).endswith(ANSWER)
        assert (seen, line.told) == ([b"0123456789"], {7: "ab"})

    through({}, work)


@pytest.mark.parametrize(
    ("fault", "times_seen", "answered"),
    [("lost_request", 0, False), ("cut_request", 0, False), ("lost_answer", 1, False),
     ("cut_answer", 1, False), ("doubled", 2, True), ("busy", 0, False), ("broken", 0, False),
     ("portal", 0, False), ("late", 1, True)],
)  # fmt: skip
def test_each_fault(fault: str, times_seen: int, answered: bool) -> None:
    async def work(line: Line, seen: list[bytes]) -> None:
        said = await ask(line)
        await asyncio.sleep(0.05)
        assert len(seen) == times_seen
        assert said.endswith(ANSWER) is answered
        assert line.faults == {fault: 1}
        # only what arrived whole counts as told
        assert bool(line.told) is answered

    through({fault: 1.0}, work)


def test_a_closed_port_answers_nobody_and_opens_again_where_it_was() -> None:
    async def work(line: Line, seen: list[bytes]) -> None:
        port = line.port
        await line.shut()
        with pytest.raises(ConnectionError):
            await ask(line)
        await line.open()
        assert line.port == port
        assert (await ask(line)).endswith(ANSWER)

    through({}, work)
