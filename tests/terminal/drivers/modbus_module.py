"""A Modbus module with relays and inputs on a loopback port, and drivers that hang on it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.catalogue import create, load_settings
from hengyuan.terminal.drivers.modbus import Adu, Framing
from hengyuan.terminal.transports.link import Backoff
from tests.terminal.drivers.at_hand import Peer, Server, listening, tcp


class Module:
    """Speaks true Modbus: confirms relays, tells inputs, declines the rest."""

    def __init__(self, framing: Framing = "rtu") -> None:
        self.framing: Framing = framing
        self.relays = [False] * 8
        self.inputs = [False] * 8
        self.switched: list[tuple[int, bool]] = []
        """Every order to a relay, numbered from 1."""
        self.asked: list[int] = []
        self.silent = False
        self.declines = False
        self.on_switch: Callable[[int, bool], None] = lambda relay, on: None
        self.units = {1}

    def answer(self, adu: Adu) -> bytes:
        pdu = adu.pdu
        self.asked.append(adu.unit)
        address = int.from_bytes(pdu[1:3], "big")
        if self.declines:
            return modbus.answer_failed(pdu[0], 4)
        if pdu[0] == modbus.WRITE_COIL and address < len(self.relays):
            on = pdu[3:] == b"\xff\0"
            self.relays[address] = on
            self.switched.append((address + 1, on))
            self.on_switch(address + 1, on)
            return pdu
        if pdu[0] in (modbus.READ_INPUTS, modbus.READ_COILS):
            count = int.from_bytes(pdu[3:5], "big")
            return modbus.answer_bits(pdu[0], self.inputs[address : address + count])
        return modbus.answer_failed(pdu[0], 1)

    async def serve(self, peer: Peer) -> None:
        decoder = modbus.make_decoder(self.framing)
        while data := await peer.reader.read(4096):
            for item in decoder.feed(data):
                if isinstance(item, Adu) and item.unit in self.units and not self.silent:
                    answer = self.answer(item)
                    frame = modbus.frame(self.framing, item.unit, answer, item.transaction or 0)
                    await peer.send(frame)


@contextlib.asynccontextmanager
async def module_at(server: Server, module: Module) -> AsyncIterator[None]:
    """`module` behind every connection to `server`."""
    serving: set[asyncio.Future[None]] = set()

    async def accept() -> None:
        while True:
            serving.add(asyncio.ensure_future(module.serve(await server.accepted())))

    accepting = asyncio.ensure_future(accept())
    try:
        yield
    finally:
        for task in (accepting, *serving):
            task.cancel()


def made(driver: str, port: int, **more: Any) -> Any:
    table = {"driver": driver, "name": driver, "transport": tcp(port), "poll_s": 0.005, **more}
    device = create(load_settings(table))
    device.device.bus.link._backoff = Backoff(0.01, 0.02)  # type: ignore[attr-defined]
    return device


def with_module(
    module: Module, work: Callable[[Server], Awaitable[None]], limit_s: float = 60
) -> None:
    async def scenario() -> None:
        async with listening() as server, module_at(server, module):
            await work(server)

    asyncio.run(asyncio.wait_for(scenario(), limit_s))
