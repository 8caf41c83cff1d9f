"""Every family of scales on a serial cable: the simulated indicator weighs a truck, the driver
reads it there."""

import asyncio
import sys
from typing import Any

import pytest

from hengyuan.terminal.devices import DeviceState, Reading
from hengyuan.terminal.drivers.base import ScaleDriver
from hengyuan.terminal.drivers.catalogue import catalogue, create, load_settings
from tests.terminal.drivers.at_hand import needed, running, tcp, until

if sys.platform == "win32":
    pytest.skip("pseudo-terminals are POSIX", allow_module_level=True)

from hengyuan.world.devices.asked_scale import AskedScale, f1_command, modbus
from hengyuan.world.devices.scale import FRAMES, Family, Scale, described
from hengyuan.world.devices.wires import PtyWire, TcpWire
from hengyuan.world.motion import FAST, Deck

AXLES_KG = (6_400, 11_200, 11_180)
GROSS_KG = 28_780
LINES: dict[str, dict[str, Any]] = {
    **{family: {"driver": family} for family in FRAMES},
    "f5 with its bit": {"driver": "f5", "stable_bit": 4},
    "f1 asked": {"driver": "f1", "mode": "command", "poll_s": 0.01},
    "modbus": {"driver": "modbus_scale", "poll_s": 0.01},
    "described": {"driver": "custom_scale", **needed("custom_scale")},
}
STABLE = {"f4", "f5 with its bit", "f6", "modbus"}
"""Lines on which the indicator itself says whether the weight stands."""


def settings(line: str, transport: dict[str, Any]) -> Any:
    return load_settings({"name": line, "transport": transport, **LINES[line]})


def connect(line: str, deck: Deck, wire: Any) -> Scale | None:
    """The simulated indicator at its end of the line; None where it has no task of its own."""
    if line == "f1 asked":
        AskedScale(f1_command(), deck, wire)
        return None
    if line == "modbus":
        AskedScale(modbus(), deck, wire)
        return None
    family: Any = LINES[line]["driver"]
    if family == "custom_scale":
        return Scale(described(settings(line, tcp())), deck, wire)
    return Scale(family, deck, wire)


async def weigh(line: str, wire: Any, transport: Any) -> tuple[list[Reading], ScaleDriver]:
    """What the driver read until the truck's weight had come ten times."""
    readings: list[Reading] = []
    deck = Deck(FAST, 20, seed=1)
    await wire.open()
    scale = connect(line, deck, wire)
    speaking = asyncio.create_task(scale.run()) if scale is not None else None
    driver = create(settings(line, transport()))
    assert isinstance(driver, ScaleDriver)
    try:
        async with running(driver.run(readings.append)):
            await until(lambda: readings)
            deck.drive_on(AXLES_KG, asyncio.get_running_loop().time())
            await until(lambda: [r.mass_kg for r in readings[-10:]] == [GROSS_KG] * 10)
            assert driver.state is DeviceState.OK
    finally:
        if speaking is not None:
            speaking.cancel()
        await wire.close()
    return readings, driver


@pytest.mark.parametrize("line", LINES)
def test_a_truck_on_a_scale_with_a_serial_cable(line: str) -> None:
    wire = PtyWire()
    readings, driver = asyncio.run(weigh(line, wire, lambda: {"kind": "serial", "port": wire.path}))
    assert abs(readings[0].mass_kg or 0) < 100
    assert readings[-1].stable is (True if line in STABLE else None)
    assert driver.counters.frames >= 11
    assert set(driver.counters.refused) <= {"noise", "half_frame"}


@pytest.mark.parametrize("line", ["f6", "modbus", "described"])
def test_a_truck_on_a_scale_behind_a_serial_server(line: str) -> None:
    wire = TcpWire()
    readings, driver = asyncio.run(weigh(line, wire, lambda: tcp(wire.port)))
    assert readings[-1].mass_kg == GROSS_KG
    assert driver.counters.refused == {}


def test_no_scale_driver_goes_without_a_line() -> None:
    scales = {name for name, entry in catalogue().items() if entry.manifest.kind == "scale"}
    assert {line["driver"] for line in LINES.values()} == scales
    assert set(FRAMES) == set(Family.__args__)  # type: ignore[attr-defined]
