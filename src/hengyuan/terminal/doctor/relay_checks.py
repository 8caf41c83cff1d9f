"""Beams, barriers and lamps: what their inputs say. Nothing is switched, no arm is moved."""

from __future__ import annotations

import asyncio
from typing import cast

from hengyuan.terminal.config import Config, LaneConfig
from hengyuan.terminal.devices import BarrierPosition, Counters, DeviceState
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.base import BarrierDriver
from hengyuan.terminal.drivers.catalogue import create
from hengyuan.terminal.drivers.modbus import ModbusError
from hengyuan.terminal.drivers.modbus_barrier import codec as barrier_codec
from hengyuan.terminal.drivers.modbus_barrier.settings import Settings as BarrierSettings
from hengyuan.terminal.drivers.modbus_bus import ModbusBus, ModbusDevice
from hengyuan.terminal.drivers.modbus_lamp.settings import Settings as LampSettings
from hengyuan.terminal.drivers.modbus_sensors import codec as sensor_codec
from hengyuan.terminal.drivers.modbus_sensors.settings import Settings as SensorSettings
from hengyuan.terminal.drivers.settings import DeviceSettings, ModbusSettings
from hengyuan.terminal.setup.arm_trial import position_text
from hengyuan.terminal.setup.sensors_part import place_title
from hengyuan.terminal.words import installer_text as _

CONNECT_S = 5.0
TRIES = 3


async def on_module(settings: ModbusSettings, lane: LaneConfig, found: Findings) -> None:
    """A device on a module: answers are read until one is sound; relays are left alone."""
    kind = {SensorSettings: "sensor", BarrierSettings: "barrier"}.get(type(settings), "lamp")
    bits, error = await _read(settings)
    if bits is None:
        remedy = _(
            "check power, wires, unit and speed of the module; `hengyuan terminal setup --only "
            "{part}`"
        ).format(part=f"{kind}s")
        found.bad(kind, f"{settings.name}: {error}", remedy)
    elif isinstance(settings, SensorSettings):
        _beams(settings, bits, found)
    elif isinstance(settings, BarrierSettings):
        _arm(settings, lane, bits, found)
    else:
        text = _("{name}: its module answers; the lamp was not switched")
        found.good(kind, text.format(name=settings.name))


def _question(settings: ModbusSettings) -> tuple[int, int, int]:
    """Function, first address and number of what is read of a device: only what it has."""
    if isinstance(settings, SensorSettings):
        return sensor_codec.function(settings), settings.first_address, sensor_codec.count(settings)
    if isinstance(settings, BarrierSettings):
        inputs = barrier_codec.inputs_used(settings)
        return (modbus.READ_INPUTS, 0, inputs) if inputs else (modbus.READ_COILS, 0, 1)
    return modbus.READ_COILS, 0, 1


async def _read(settings: ModbusSettings) -> tuple[tuple[bool, ...] | None, str]:
    """The bits, or why there are none. A module that declines to tell its relays is there."""
    function, address, count = _question(settings)
    device = ModbusDevice(settings, Counters(), bus=ModbusBus(settings))
    loop = asyncio.get_running_loop()
    end = loop.time() + CONNECT_S
    error = _("no answer")
    async with device.bus.open():
        while not device.bus.link.connected and loop.time() < end:
            if device.bus.counters.last_error:
                return None, device.bus.counters.last_error
            await asyncio.sleep(0.02)
        for _attempt in range(TRIES):
            try:
                return await device.read_bits(function, address, count), ""
            except ModbusError as problem:
                if function == modbus.READ_COILS:
                    return (), ""
                return None, str(problem)
            except (OSError, TimeoutError) as problem:
                error = str(problem)
    return None, error


def _beams(settings: SensorSettings, bits: tuple[bool, ...], found: Findings) -> None:
    covered = sensor_codec.reading(bits, settings, 0.0).covered
    said = ", ".join(
        _("{beam} covered").format(beam=place_title(place))
        if state
        else _("{beam} clear").format(beam=place_title(place))
        for place, state in covered.items()
    )
    text = f"{settings.name}: {said}"
    if any(covered.values()):
        remedy = _(
            "if nothing stands there: wipe and align the beam, check its wire, or which way round "
            "it works (`hengyuan terminal setup --only sensors`)"
        )
        found.warn("sensor", text, remedy)
    else:
        found.good("sensor", text)


def _arm(
    settings: BarrierSettings, lane: LaneConfig, bits: tuple[bool, ...], found: Findings
) -> None:
    if not barrier_codec.inputs_used(settings):
        found.good(
            "barrier",
            _("{name}: its module answers; the arm was not moved").format(name=settings.name),
        )
    else:
        _position(settings, bits, found)
    watched = getattr(lane.sensors, "inputs", {})
    beam = "barrier" if settings.place == "exit" else "approach"
    looks = settings.blocked_input is not None or beam in watched
    if settings.close_relay is not None and not looks:
        found.warn(
            "barrier",
            _("{name}: nothing looks under its arm").format(name=settings.name),
            _("it is never told to close: connect a beam or a loop, or let it close by itself"),
        )


def _position(settings: BarrierSettings, bits: tuple[bool, ...], found: Findings) -> None:
    position = barrier_codec.position(settings, bits)
    blocked = barrier_codec.blocked(settings, bits)
    text = _("{name}: {position}; not moved").format(
        name=settings.name, position=position_text(position)
    )
    if blocked:
        text += "; " + _("something is under it")
    known = settings.open_input is not None or settings.closed_input is not None
    if blocked:
        remedy = _("if nothing stands there: check the beam or loop under the arm, and its wire")
        found.warn("barrier", text, remedy)
    elif known and position is BarrierPosition.UNKNOWN and _both_ends(settings):
        remedy = _("is the arm on its way? Else check the switches for up and down")
        found.warn("barrier", text, remedy)
    else:
        found.good("barrier", text)


def _both_ends(settings: BarrierSettings) -> bool:
    return settings.open_input is not None and settings.closed_input is not None


async def called_gate(settings: DeviceSettings, found: Findings) -> None:
    """A barrier that is called: only where its arm is, is asked."""
    barrier = cast("BarrierDriver", create(settings))
    running = asyncio.create_task(barrier.run())
    loop = asyncio.get_running_loop()
    end = loop.time() + CONNECT_S
    try:
        while loop.time() < end:
            if barrier.state is DeviceState.OK or barrier.counters.last_error:
                break
            await asyncio.sleep(0.02)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    if barrier.state is DeviceState.OK:
        text = _("{name}: {position}; not moved")
        told = text.format(name=settings.name, position=position_text(barrier.position))
        found.good("barrier", told)
    else:
        error = barrier.counters.last_error or _("no answer")
        remedy = _("check address, user and password; a camera locks out who tries too often")
        found.bad("barrier", f"{settings.name}: {error}", remedy)


def shared_relays(config: Config, found: Findings) -> None:
    """Two devices on one relay: each undoes what the other does, and an arm moves unasked."""
    owners: dict[tuple[object, int, int], list[str]] = {}
    for lane in config.lanes:
        for settings in lane.devices:
            if isinstance(settings, BarrierSettings):
                relays = [settings.open_relay, settings.close_relay]
            elif isinstance(settings, LampSettings):
                relays = [settings.red_relay, settings.green_relay, settings.yellow_relay]
            else:
                continue
            for relay in relays:
                if relay is not None:
                    where = (settings.transport, settings.unit, relay)
                    owners.setdefault(where, []).append(settings.name)
    for (_line, _unit, relay), names in owners.items():
        if len(names) > 1:
            found.bad(
                "relay",
                _("relay {number} belongs to {names} at once").format(
                    number=relay, names="、".join(names)
                ),
                _("give each its own: `hengyuan terminal setup --only barriers --only lamps`"),
            )
