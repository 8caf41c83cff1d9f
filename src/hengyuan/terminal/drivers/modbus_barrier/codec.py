"""A barrier's Modbus frames: relays switched, inputs read."""

from __future__ import annotations

from dataclasses import dataclass

from hengyuan.terminal.devices import BarrierPosition, Notice, Refused
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.modbus import Adu, Framing
from hengyuan.terminal.drivers.modbus_barrier.settings import Settings


@dataclass(frozen=True, slots=True)
class Relay:
    """An order to a relay, and the module's confirmation, which is the same."""

    number: int
    on: bool
    raw: bytes


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the module's inputs say, 1 first."""

    on: tuple[bool, ...]
    raw: bytes


def position(settings: Settings, inputs: tuple[bool, ...]) -> BarrierPosition:
    """Where the arm is; UNKNOWN where neither input says so, or both do."""

    def on(number: int | None) -> bool:
        return number is not None and inputs[number - 1]

    is_open, is_closed = on(settings.open_input), on(settings.closed_input)
    if is_open == is_closed:
        return BarrierPosition.UNKNOWN
    return BarrierPosition.OPEN if is_open else BarrierPosition.CLOSED


def blocked(settings: Settings, inputs: tuple[bool, ...]) -> bool | None:
    """Whether something is under the arm; None where no input looks."""
    if settings.blocked_input is None:
        return None
    return inputs[settings.blocked_input - 1] == settings.blocked_when_on


def inputs_used(settings: Settings) -> int:
    """How many inputs have to be read; 0 where none is connected."""
    numbers = (settings.open_input, settings.closed_input, settings.blocked_input)
    return max((number for number in numbers if number is not None), default=0)


def decode(
    data: bytes, settings: Settings | None = None
) -> list[Relay | Inputs | Notice | Refused]:
    """All orders, confirmations, inputs and refused bytes of a recording."""
    return read_relays(data, settings.framing if settings else "rtu")


def read_relays(data: bytes, framing: Framing) -> list[Relay | Inputs | Notice | Refused]:
    """The same for whatever hangs on relays."""
    decoder = modbus.make_decoder(framing)
    return [
        _read(item) if isinstance(item, Adu) else item
        for item in decoder.feed(data) + decoder.flush()
    ]


def _read(adu: Adu) -> Relay | Inputs | Notice | Refused:
    pdu = adu.pdu
    if pdu[0] == modbus.WRITE_COIL and len(pdu) == 5:
        if pdu[3:] not in (b"\xff\0", b"\0\0"):
            return Refused("value", adu.raw, 0.0, "neither on nor off")
        return Relay(int.from_bytes(pdu[1:3], "big") + 1, pdu[3] == 0xFF, adu.raw)
    if pdu[0] == modbus.READ_INPUTS and len(pdu) > 2 and len(pdu) == pdu[1] + 2:
        return Inputs(modbus.bits_of(pdu, modbus.READ_INPUTS, 8 * pdu[1]), adu.raw)
    if pdu[0] & 0x80:
        return Refused("declined", adu.raw, 0.0, modbus.EXCEPTIONS.get(pdu[1], "error"))
    return Notice(f"function {pdu[0]}", adu.raw, 0.0)


def encode_relay(number: int, on: bool, unit: int = 1) -> bytes:
    """The RTU order to a relay; the module confirms it with the same bytes."""
    return modbus.frame("rtu", unit, modbus.write_coil(number - 1, on))
