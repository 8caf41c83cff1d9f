"""An F7 scale on a line: what its state may be believed to be."""

import asyncio
from typing import Any

from hengyuan.terminal.devices import DeviceState, Reading
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f7.codec import encode
from hengyuan.terminal.drivers.f7.driver import Driver
from hengyuan.terminal.drivers.f7.settings import Settings
from tests.terminal.drivers.at_hand import Clock, ScriptedLink, tcp


def played(script: list[Any]) -> tuple[list[DeviceState], list[Reading]]:
    settings = load_settings({"driver": "f7", "name": "s", "transport": tcp()})
    assert isinstance(settings, Settings)
    clock, states, readings = Clock(), list[DeviceState](), list[Reading]()
    steps = [(lambda: states.append(scale.state)) if s == "state" else s for s in script]
    scale = Driver(settings, clock=clock, link=ScriptedLink(clock, steps))  # type: ignore[arg-type]
    asyncio.run(scale.run(readings.append))
    return states, readings


def test_a_scale_that_reports_an_error_is_a_fault_until_it_reports_none() -> None:
    states, readings = played(
        [encode(20), "state", encode(20, error=b"1"), "state", encode(20), "state"]
    )
    assert states == [DeviceState.OK, DeviceState.FAULT, DeviceState.OK]
    assert [reading.fault for reading in readings] == [None, "device_error", None]


def test_a_tare_that_cannot_be_understood_is_a_fault_not_a_light_truck() -> None:
    frames = [step for _ in range(8) for step in (encode(18_800, tare_kg=12_400), 0.4)]
    states, readings = played([*frames, "state"])
    assert (states, readings) == ([DeviceState.FAULT], [])
