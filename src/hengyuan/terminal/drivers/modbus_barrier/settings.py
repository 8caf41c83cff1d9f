"""Settings of a barrier on the relays of a Modbus module."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta
from msgspec.structs import force_setattr

from hengyuan.terminal.drivers.settings import BarrierPlace, ModbusSettings, Seconds
from hengyuan.terminal.words import installer_text as _

Number = Annotated[int, Meta(ge=1, le=64)]
NumberOrNone = Annotated[int, Meta(ge=0, le=64)] | None
"""TOML has no word for none: there it is 0."""


class Settings(ModbusSettings, tag="modbus_barrier", frozen=True, kw_only=True):
    """Pulses on two relays; up to three inputs of the same module say what came of it. Relays and
    inputs are numbered as printed on the module: 1 is the first."""

    place: BarrierPlace = "exit"
    open_relay: Number = 1
    close_relay: NumberOrNone = 2
    """0 or None: the barrier closes by itself, and an order to close is refused."""
    pulse_ms: Annotated[int, Meta(ge=50, le=5000)] = 500
    open_input: Number | None = None
    """On while the arm is up."""
    closed_input: Number | None = None
    """On while the arm is down."""
    blocked_input: Number | None = None
    """The beam or loop under the arm. With one, the barrier is closed only while it is clear, and
    opened again where something comes under the falling arm."""
    blocked_when_on: bool = True
    """False for a beam that fails safe: off when something is in it, or when its wire is cut."""
    close_takes_s: Seconds = 8.0
    """So long after the order something under the arm opens it again."""

    def __post_init__(self) -> None:
        if self.close_relay == 0:
            force_setattr(self, "close_relay", None)
        if self.open_relay == self.close_relay:
            raise ValueError(_("open_relay and close_relay are the same"))
