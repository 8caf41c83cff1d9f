"""A simulated relay module on a loopback port, and an installer who does what he is told."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    AbstractContextManager,
    asynccontextmanager,
    contextmanager,
)
from typing import TypeVar

from hengyuan.terminal.words import installer_text as _
from hengyuan.world.devices.relay_module import RelayModule
from hengyuan.world.devices.wires import TcpWire
from hengyuan.world.motion import FAST, Deck
from tests.terminal.setup.conftest import Quiet

T = TypeVar("T")
TRAVEL_S = 0.4


@contextmanager
def elsewhere(make: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[T]:
    """A device in a loop and a thread of its own: the set-up runs loops too."""
    ready, leave = threading.Event(), threading.Event()
    made: list[T] = []

    async def work() -> None:
        async with make() as device:
            made.append(device)
            ready.set()
            await asyncio.to_thread(leave.wait)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    try:
        assert ready.wait(20)
        yield made[0]
    finally:
        leave.set()
        thread.join(20)


@asynccontextmanager
async def open_module() -> AsyncIterator[RelayModule]:
    """A module whose barrier's arm is quick."""
    module = RelayModule(Deck(FAST, 20, 1), TcpWire(), TRAVEL_S)
    await module.wire.open()
    try:
        yield module
    finally:
        await module.wire.close()


def relay_module() -> AbstractContextManager[RelayModule]:
    """The same in a thread of its own."""
    return elsewhere(open_module)


def at(module: RelayModule) -> str:
    """Where it is, as an installer writes it."""
    return f"127.0.0.1:{module.wire.port}"


class Installer(Quiet):
    """Does something when he reads a text that begins so."""

    def __init__(self) -> None:
        super().__init__()
        self.does: dict[str, Callable[[], object]] = {}

    def say(self, text: str) -> None:
        super().say(text)
        for begins, act in list(self.does.items()):
            if text.startswith(begins):
                act()

    def covers(self, title: str, module: RelayModule, *inputs: int) -> None:
        """Asked for the beam of that title he holds his hand into these."""
        told = _("Cover the {beam} now and hold it covered; waiting up to {seconds:.0f} s …")
        begins = told.partition("{seconds")[0].format(beam=title)
        self.does[begins] = lambda: module.by_hand.update(inputs)
        gone = _("input {number} has gone {state}; uncover it again")
        for number in inputs:
            begins = gone.partition("{state")[0].format(number=number)
            self.does[begins] = lambda number=number: module.by_hand.discard(number)
