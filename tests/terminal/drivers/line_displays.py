"""Displays and loudspeakers on a loopback line, and the device's end of it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hengyuan.terminal.drivers.catalogue import create, load_settings
from hengyuan.terminal.drivers.displays import LineDisplay
from hengyuan.terminal.drivers.framing import FrameDecoder
from hengyuan.terminal.transports.link import Backoff
from tests.terminal.drivers.at_hand import Peer, Server, listening, running, tcp, until

PATIENT = 20.0


class Board:
    """Hears whole frames and answers them by `answer`; None is silence."""

    def __init__(
        self, decoder: FrameDecoder[Any], answer: Callable[[Any], bytes | None] = lambda item: None
    ) -> None:
        self.heard: list[Any] = []
        self.answer = answer
        self._decoder = decoder

    async def serve(self, peer: Peer) -> None:
        while data := await peer.reader.read(4096):
            for item in self._decoder.feed(data):
                self.heard.append(item)
                answer = self.answer(item)
                if answer is not None:
                    await peer.send(answer)


def display(driver: str, port: int = 1, **more: Any) -> LineDisplay:
    table = {"driver": driver, "name": "board", "transport": tcp(port), **more}
    device = create(load_settings(table))
    assert isinstance(device, LineDisplay)
    device.link._backoff = Backoff(0.01, 0.02)
    return device


def with_board(
    driver: str, board: Board, work: Callable[[LineDisplay, Server], Awaitable[None]], **more: Any
) -> None:
    """`work` with a driver whose first connection `board` serves."""

    async def scenario() -> None:
        async with listening() as server:
            device = display(driver, server.port, **more)
            async with running(device.run()):
                serving = asyncio.ensure_future(board.serve(await server.accepted()))
                await until(lambda: device.link.connected and device._connection)
                try:
                    await work(device, server)
                finally:
                    serving.cancel()

    asyncio.run(asyncio.wait_for(scenario(), 60))
