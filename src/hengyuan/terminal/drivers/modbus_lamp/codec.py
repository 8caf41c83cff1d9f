"""A lamp's Modbus frames: a relay for each colour. What they say is read as a barrier's are."""

from __future__ import annotations

from hengyuan.terminal.devices import LampColour, Notice, Refused
from hengyuan.terminal.drivers.modbus_barrier.codec import Inputs, Relay, read_relays
from hengyuan.terminal.drivers.modbus_lamp.settings import Settings


def relays_for(colour: LampColour, settings: Settings) -> list[tuple[int, bool]]:
    """Relays in the order in which they are set: first what goes off, then what comes on.

    Raises `ValueError` for a colour that the lamp has not.
    """
    relays: dict[LampColour, int | None] = {
        "red": settings.red_relay,
        "yellow": settings.yellow_relay,
        "green": settings.green_relay,
    }
    if colour != "off" and relays[colour] is None:
        raise ValueError(f"the lamp has no {colour}")
    off = [(relay, False) for each, relay in relays.items() if relay and each != colour]
    lit = relays.get(colour)
    return [*off, (lit, True)] if lit else off


def decode(
    data: bytes, settings: Settings | None = None
) -> list[Relay | Inputs | Notice | Refused]:
    """All orders, confirmations and refused bytes of a recording."""
    return read_relays(data, settings.framing if settings else "rtu")
