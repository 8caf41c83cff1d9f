"""Settings of a signal lamp on the relays of a Modbus module."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import force_setattr

from hengyuan.terminal.devices import LampColour
from hengyuan.terminal.drivers.settings import BarrierPlace, ModbusSettings, Seconds
from hengyuan.terminal.words import installer_text as _

Number = Annotated[int, Meta(ge=1, le=64)]
NumberOrNone = Annotated[int, Meta(ge=0, le=64)] | None
"""TOML has no word for none: there it is 0."""


class Settings(ModbusSettings, tag="modbus_lamp", frozen=True, kw_only=True):
    """A relay for each colour, numbered as printed on the module: 1 is the first."""

    place: BarrierPlace = "exit"
    """`exit`: for the driver on the scale. `entry`: for the next one, green while it is free."""
    red_relay: Number = 1
    green_relay: NumberOrNone = 2
    """0 or None: the lamp has none."""
    yellow_relay: Number | None = None
    at_end: LampColour = "red"
    """Shown when the terminal stops in good order."""
    refresh_s: Seconds = 2.0
    """How often the relays are set again, so that a module whose power failed shows them anew."""

    def __post_init__(self) -> None:
        if self.green_relay == 0:
            force_setattr(self, "green_relay", None)
        relays = [self.red_relay, self.green_relay, self.yellow_relay]
        used = [relay for relay in relays if relay is not None]
        if len(set(used)) < len(used):
            raise ValueError(_("two colours have the same relay"))
