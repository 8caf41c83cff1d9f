"""An arm moved once by its own driver, and what its module's inputs said before and after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, cast

from hengyuan.terminal.devices import BarrierPosition, DeviceState
from hengyuan.terminal.drivers.base import BarrierDriver
from hengyuan.terminal.drivers.catalogue import create, load_settings
from hengyuan.terminal.drivers.modbus import ModbusError
from hengyuan.terminal.setup.beam_watching import LOOK_EVERY_S, shown_bits
from hengyuan.terminal.setup.relay_module import Module, line
from hengyuan.terminal.words import installer_text as _

CONNECT_S = 5.0
ASKS_S = 0.5
"""By then it knows what is under the arm."""
MOVES_S = 10.0
"""An arm is there by then."""
RESTS_S = 1.0
"""Inputs that stand for so long after a change: the arm has come to rest."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What came of an order. `before` and `after` are the module's inputs, empty where there are
    none, or where they could not be read."""

    ordered: bool
    error: str | None
    before: tuple[bool, ...] = ()
    after: tuple[bool, ...] = ()
    position: BarrierPosition = BarrierPosition.UNKNOWN

    @property
    def rose(self) -> tuple[int, ...]:
        """Inputs that went on, from 1."""
        return self._changed(True)

    @property
    def fell(self) -> tuple[int, ...]:
        """Inputs that went off, from 1."""
        return self._changed(False)

    def _changed(self, on: bool) -> tuple[int, ...]:
        pairs = zip(self.before, self.after, strict=False)
        return tuple(n for n, (was, now) in enumerate(pairs, 1) if was != now and now == on)


def position_text(position: BarrierPosition) -> str:
    """Where an arm is, for people."""
    return {
        BarrierPosition.OPEN: _("the arm is up"),
        BarrierPosition.CLOSED: _("the arm is down"),
        BarrierPosition.UNKNOWN: _("nobody says where the arm is"),
    }[position]


def called(raw: dict[str, Any]) -> tuple[str | None, BarrierPosition]:
    """Ask a barrier where its arm is, and nothing else: why it was not reached, or the position."""
    return asyncio.run(_called(raw))


async def _called(raw: dict[str, Any]) -> tuple[str | None, BarrierPosition]:
    async with _running(raw) as barrier:
        if barrier.state is DeviceState.OK:
            return None, barrier.position
        return barrier.counters.last_error or _("no answer"), BarrierPosition.UNKNOWN


def moved(
    raw: dict[str, Any], module: Module | None, order: Literal["open", "close"],
    told: Callable[[str], None],
) -> Moved:  # fmt: skip
    """Move the arm. Whoever calls this has asked whether it may move."""
    return asyncio.run(_moved(raw, module, order, told))


async def _moved(
    raw: dict[str, Any], module: Module | None, order: str, told: Callable[[str], None]
) -> Moved:
    before = await _inputs(module)
    async with _running(raw) as barrier:
        if barrier.state is not DeviceState.OK:
            return Moved(False, barrier.counters.last_error or _("no answer"))
        result = await (barrier.open() if order == "open" else barrier.close())
        if not result.acknowledged:
            return Moved(False, result.error or _("no answer"), before)
        if module is None:
            wanted = BarrierPosition.OPEN if order == "open" else BarrierPosition.CLOSED
            await _until(lambda: barrier.position is wanted, MOVES_S)
            return Moved(True, None, position=barrier.position)
    told(_("waiting up to {seconds:.0f} s …").format(seconds=MOVES_S))
    return Moved(True, None, before, await _settled(module, before, told))


@asynccontextmanager
async def _running(raw: dict[str, Any]) -> AsyncIterator[BarrierDriver]:
    """The barrier's own driver, its inputs read, or not within some seconds."""
    barrier = cast("BarrierDriver", create(load_settings(raw)))
    running = asyncio.create_task(barrier.run())
    try:
        await _until(lambda: barrier.state is DeviceState.OK, CONNECT_S)
        # it asks where things are before it says anything else
        await asyncio.sleep(ASKS_S)
        yield barrier
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def _inputs(module: Module | None) -> tuple[bool, ...]:
    if module is None:
        return ()
    try:
        async with line(module.transport, module.framing) as bus:
            return await module.read(bus)
    except (OSError, TimeoutError, ModbusError):
        return ()


async def _settled(
    module: Module, before: tuple[bool, ...], told: Callable[[str], None]
) -> tuple[bool, ...]:
    """The inputs once the arm has reached a switch and they rest; as they are at the end where
    there is none."""
    loop = asyncio.get_running_loop()
    end, now = loop.time() + MOVES_S, before
    try:
        async with line(module.transport, module.framing) as bus:
            now, since = await module.read(bus), loop.time()
            while loop.time() < end:
                arrived = Moved(True, None, before, now).rose
                if arrived and loop.time() - since >= RESTS_S:
                    break
                await asyncio.sleep(LOOK_EVERY_S)
                if (seen := await module.read(bus)) != now:
                    told(f"  {shown_bits(seen)}")
                    now, since = seen, loop.time()
    except (OSError, TimeoutError, ModbusError) as error:
        told(_("inputs not read: {why}").format(why=error))
    return now


async def _until(wanted: Callable[[], bool], within_s: float) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + within_s
    while loop.time() < end and not wanted():  # noqa: ASYNC110
        await asyncio.sleep(LOOK_EVERY_S)
