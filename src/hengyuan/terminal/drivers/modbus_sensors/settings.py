"""Settings of position sensors on the inputs of a Modbus module."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from hengyuan.terminal.devices import SensorPlace
from hengyuan.terminal.drivers.settings import ModbusSettings
from hengyuan.terminal.words import installer_text as _


class Input(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One input."""

    number: Annotated[int, Meta(ge=1, le=64)]
    """As printed on the module: 1 is the first."""
    covered_when: Literal["on", "off"] = "on"
    """Beams that fail safe are `off` when something is in them, or when their wire is cut."""


DEFAULT_INPUTS: dict[SensorPlace, Input] = {
    "front_edge": Input(number=1),
    "rear_edge": Input(number=2),
    "barrier": Input(number=3),
}


class Settings(ModbusSettings, tag="modbus_sensors", frozen=True, kw_only=True):
    """Which input says what about which place."""

    inputs: dict[SensorPlace, Input] = msgspec.field(default_factory=DEFAULT_INPUTS.copy)
    first_address: Annotated[int, Meta(ge=0, le=65535)] = 0
    """0-based address of the first input."""
    function: Literal["inputs", "coils"] = "inputs"
    """How they are read: Modbus function 2, or 1 for modules that know no other."""
    settle_ms: Annotated[int, Meta(ge=0, le=5000)] = 100
    """A place becomes clear only when it has been so for that long: a drawbar is thin."""

    def __post_init__(self) -> None:
        if not self.inputs:
            raise ValueError(_("inputs names no place"))
