"""Which input a beam hangs on, and which way round: somebody covers it, one input changes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hengyuan.terminal.drivers.modbus import ModbusError
from hengyuan.terminal.drivers.modbus_bus import ModbusBus
from hengyuan.terminal.setup.relay_module import Module, line
from hengyuan.terminal.words import installer_text as _

LOOK_EVERY_S = 0.05
REST_S = 1.5
"""So long the inputs are watched before anything is covered."""
HOLDS_S = 0.4
"""A change that lasts so long was meant."""

Told = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Rest:
    """The inputs while nothing is in any beam."""

    on: tuple[bool, ...]
    restless: frozenset[int]
    """Inputs that change although nobody does anything: loose wires, or beams not aligned."""


@dataclass(frozen=True, slots=True)
class Changed:
    """What somebody's covering a beam has done."""

    number: int
    on: bool
    """Whether it went on when it was covered."""
    came_back: bool
    """Whether it went back when it was uncovered."""


def shown_bits(on: Sequence[bool]) -> str:
    """`1○ 2● 3○`: which inputs are on."""
    return " ".join(f"{number}{'●' if bit else '○'}" for number, bit in enumerate(on, 1))


def at_rest(module: Module) -> Rest:
    """Watch the inputs for a moment. OSError, TimeoutError, ModbusError."""
    return asyncio.run(_at_rest(module))


async def _at_rest(module: Module) -> Rest:
    async with line(module.transport, module.framing) as bus:
        loop = asyncio.get_running_loop()
        end = loop.time() + REST_S
        readings = [await module.read(bus)]
        while loop.time() < end:
            await asyncio.sleep(LOOK_EVERY_S)
            readings.append(await module.read(bus))
    restless = {
        number
        for number, values in enumerate(zip(*readings, strict=True), 1)
        if len(set(values)) > 1
    }
    usual = tuple(Counter(values).most_common(1)[0][0] for values in zip(*readings, strict=True))
    return Rest(usual, frozenset(restless))


def covered_input(
    module: Module, rest: Rest, wait_s: float, told: Told, warned: Told
) -> Changed | None:
    """Wait until one input, and no other, has changed and stays so, then until it has gone back.
    None where nothing comes in time. OSError, TimeoutError, ModbusError where the module is lost.
    """
    return asyncio.run(_covered_input(module, rest, wait_s, told, warned))


async def _covered_input(
    module: Module, rest: Rest, wait_s: float, told: Told, warned: Told
) -> Changed | None:
    async with line(module.transport, module.framing) as bus:
        watch = _Watch(module, bus, rest, told)
        loop = asyncio.get_running_loop()
        end = loop.time() + wait_s
        complained: frozenset[int] = frozenset()
        while loop.time() < end:
            numbers = await watch.steady(end)
            if len(numbers) == 1:
                (number,) = numbers
                on = not rest.on[number - 1]
                told(
                    _("input {number} has gone {state}; uncover it again").format(
                        number=number, state=_("on") if on else _("off")
                    )
                )
                back = await watch.wait_for(frozenset(), loop.time() + wait_s)
                return Changed(number, on, back)
            if len(numbers) > 1 and numbers != complained:
                complained = numbers
                several = ", ".join(map(str, sorted(numbers)))
                warned(_("inputs {numbers} changed together: cover this one beam only").format(
                    numbers=several))  # fmt: skip
        return None


class _Watch:
    """Which inputs differ from rest, told whenever that changes."""

    def __init__(self, module: Module, bus: ModbusBus, rest: Rest, told: Told) -> None:
        self._module, self._bus, self._rest, self._told = module, bus, rest, told
        self._last: tuple[bool, ...] | None = None

    async def look(self) -> frozenset[int]:
        """Inputs that are not as they were; those that never rest are left out."""
        now = await _read(self._module, self._bus)
        if now != self._last:
            self._told(f"  {shown_bits(now)}")
            self._last = now
        return frozenset(
            number
            for number, (bit, before) in enumerate(zip(now, self._rest.on, strict=True), 1)
            if bit != before and number not in self._rest.restless
        )

    async def steady(self, end: float) -> frozenset[int]:
        """The next set of changed inputs that lasts `HOLDS_S`; may be empty."""
        loop = asyncio.get_running_loop()
        numbers = await self.look()
        since = loop.time()
        while loop.time() < min(since + HOLDS_S, end):
            await asyncio.sleep(LOOK_EVERY_S)
            if (now := await self.look()) != numbers:
                numbers, since = now, loop.time()
        return numbers

    async def wait_for(self, wanted: frozenset[int], end: float) -> bool:
        """Whether it came to that in time, and stayed."""
        loop = asyncio.get_running_loop()
        while loop.time() < end:
            if await self.steady(end) == wanted:
                return True
        return False


async def _read(module: Module, bus: ModbusBus) -> tuple[bool, ...]:
    """One disturbed answer is no reason to begin again."""
    for _attempt in range(4):
        try:
            return await module.read(bus)
        except (OSError, TimeoutError, ModbusError):
            await asyncio.sleep(LOOK_EVERY_S)
    return await module.read(bus)
