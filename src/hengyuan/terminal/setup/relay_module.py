"""A Modbus module with relays and inputs: found by reading its inputs, which changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.modbus import Framing, ModbusError
from hengyuan.terminal.drivers.modbus_bus import ModbusBus
from hengyuan.terminal.drivers.settings import ModbusSettings
from hengyuan.terminal.setup.context import Setup, devices_of
from hengyuan.terminal.setup.dialogue import Option, ask_number
from hengyuan.terminal.setup.places import (
    Place,
    network_places,
    pick_place,
    serial_places,
    where_of,
)
from hengyuan.terminal.setup.transport_questions import settled_transport
from hengyuan.terminal.transports.settings import Transport
from hengyuan.terminal.words import installer_text as _

BAUDRATES = (9600, 19200, 38400, 115200, 4800, 2400)
PARITIES = ("N", "E")
MORE_UNITS = range(2, 17)
"""Looked for on the usual lines where unit 1 is silent."""
SIZES = (16, 8, 4, 2, 1)
ANSWER_S = 0.3
CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class Module:
    """Where a module is and how it is asked."""

    transport: dict[str, Any]
    framing: Framing
    unit: int
    function: int = modbus.READ_INPUTS
    """By which its inputs are read."""
    first_address: int = 0
    inputs: int = 8
    """How many it has; the most that it answers at once, 16 at most."""

    @property
    def table(self) -> dict[str, Any]:
        """What each of its devices writes down of it."""
        return {"transport": self.transport, "framing": self.framing, "unit": self.unit}

    def is_of(self, device: dict[str, Any]) -> bool:
        """Whether a device hangs on this module."""
        return (
            where_of(device.get("transport", {})) == where_of(self.transport)
            and device.get("unit", 1) == self.unit
        )

    async def read(self, bus: ModbusBus) -> tuple[bool, ...]:
        """Its inputs, 1 first. OSError, TimeoutError, ModbusError."""
        question = modbus.read(self.function, self.first_address, self.inputs)
        answer = await bus.ask(self.unit, question, ANSWER_S)
        return modbus.bits_of(answer, self.function, self.inputs)


@asynccontextmanager
async def line(transport: dict[str, Any], framing: Framing) -> AsyncIterator[ModbusBus]:
    """An open line of its own. ConnectionError where it cannot be opened."""
    settings = ModbusSettings(
        name="?", transport=msgspec.convert(transport, Transport), framing=framing
    )
    bus = ModbusBus(settings)
    async with bus.open():
        loop = asyncio.get_running_loop()
        end = loop.time() + CONNECT_S
        while not bus.link.connected:
            if bus.counters.last_error or loop.time() > end:
                raise ConnectionError(bus.counters.last_error or _("no answer"))
            await asyncio.sleep(0.01)
        yield bus


def module_for(setup: Setup, key: str, known: dict[str, Any]) -> Module:
    """The module that a device hangs on: asked where it is, then looked for there; where nobody
    answers, described by hand."""
    used = _in_use(setup, known)
    places = [*used, *network_places(setup, "modbus_sensors"), *serial_places(setup)]
    where = pick_place(
        setup, f"{key}.at", _("Where is the relay module?"), places,
        where_of(known.get("transport", {})) or (used[0].where if used else ""), shared=True,
    )  # fmt: skip
    like = known if where_of(known.get("transport", {})) == where else _first_at(setup, where)
    transport = settled_transport(setup, f"{key}.line", where, like.get("transport", {}))
    setup.dialogue.say(_("asking at {where}; inputs are only read …").format(where=where))
    try:
        found = asyncio.run(_search(transport, like))
    except OSError as error:
        setup.dialogue.warn(
            _("{where}: cannot be opened ({error})").format(where=where, error=error)
        )
        found = None
    if found is None:
        setup.dialogue.warn(
            _("no module answers there: check power, A and B of the line, address and speed")
        )
        return _by_hand(setup, key, transport, like)
    setup.dialogue.say(
        _("a module answers: unit {unit}, Modbus {framing}{speed}, {count} inputs").format(
            unit=found.unit, framing=found.framing.upper(), speed=_speed(found.transport),
            count=found.inputs,
        )
    )  # fmt: skip
    return found


def _in_use(setup: Setup, known: dict[str, Any]) -> list[Place]:
    """Lines on which modules were found already; those of a lane's beams mostly have its relays."""
    seen: dict[str, list[str]] = {}
    for lane in setup.lanes:
        for device in devices_of(lane):
            if str(device.get("driver", "")).startswith("modbus_"):
                where = where_of(device.get("transport", {}))
                seen.setdefault(where, []).append(str(device["name"]))
    return [Place(where, _("in use: {names}").format(names="、".join(names)))
            for where, names in seen.items() if where]  # fmt: skip


def _first_at(setup: Setup, where: str) -> dict[str, Any]:
    for lane in setup.lanes:
        for device in devices_of(lane):
            if "unit" in device and where_of(device.get("transport", {})) == where:
                return device
    return {}


def lines(
    transport: dict[str, Any], like: dict[str, Any]
) -> Iterator[tuple[dict[str, Any], Framing]]:
    """Every way that a line may be set, the likeliest first."""
    if transport["kind"] == "serial":
        speeds = dict.fromkeys([int(transport.get("baudrate", 9600)), *BAUDRATES])
        for parity in dict.fromkeys([str(transport.get("parity", "N")), *PARITIES]):
            for baudrate in speeds:
                odd = {} if parity == "N" else {"parity": parity}
                plain = {k: v for k, v in transport.items() if k != "parity"}
                yield {**plain, "baudrate": baudrate, **odd}, "rtu"
        return
    usual: Framing = "tcp" if transport.get("port") == 502 else "rtu"
    first: Framing = like.get("framing", "rtu") if like else usual
    yield transport, first
    yield transport, "rtu" if first == "tcp" else "tcp"


async def _search(transport: dict[str, Any], like: dict[str, Any]) -> Module | None:
    """Unit 1, or the known one, at every setting of the line; then more units at the usual ones.
    OSError where the line cannot be opened."""
    ways = list(lines(transport, like))
    for units in ([int(like.get("unit", 1))], MORE_UNITS):
        for way, framing in ways if len(units) == 1 else ways[:2]:
            async with line(way, framing) as bus:
                for unit in units:
                    if (found := await _ask(bus, way, framing, unit)) is not None:
                        return found
    return None


async def _ask(
    bus: ModbusBus, transport: dict[str, Any], framing: Framing, unit: int
) -> Module | None:
    """What answers there; None where nobody does."""
    for function in (modbus.READ_INPUTS, modbus.READ_COILS):
        for size in SIZES:
            module = Module(transport, framing, unit, function, inputs=size)
            try:
                await module.read(bus)
            except ModbusError:
                continue  # it is there, and has fewer
            except (OSError, TimeoutError):
                return None
            return module
    return None


def _by_hand(setup: Setup, key: str, transport: dict[str, Any], like: dict[str, Any]) -> Module:
    dialogue = setup.dialogue
    framings = [
        Option("rtu", _("Modbus RTU (serial line, also behind a device server)")),
        Option("tcp", _("Modbus TCP")),
    ]
    usual = next(lines(transport, like))[1]
    framing = dialogue.choose(f"{key}.framing", _("How does it speak?"), framings, usual)
    unit = ask_number(
        dialogue, f"{key}.unit", _("Its unit number"), int(like.get("unit", 1)), 1, 247
    )
    if transport["kind"] == "serial":
        transport["baudrate"] = ask_number(
            dialogue, f"{key}.baudrate", _("Baud rate"), int(transport.get("baudrate", 9600)),
            300, 921600,
        )  # fmt: skip
    return Module(transport, "tcp" if framing == "tcp" else "rtu", unit, inputs=16)


def _speed(transport: dict[str, Any]) -> str:
    if transport["kind"] != "serial":
        return ""
    return f" {transport['baudrate']} 8{transport.get('parity', 'N')}1"
