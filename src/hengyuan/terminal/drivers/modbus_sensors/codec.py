"""Position sensors on Modbus inputs: the bits of an answer as covered places."""

from __future__ import annotations

from hengyuan.terminal.devices import Notice, Refused, SensorReading
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.modbus import Adu, ModbusError
from hengyuan.terminal.drivers.modbus_sensors.settings import DEFAULT_INPUTS, Settings


def function(settings: Settings | None) -> int:
    """The Modbus function that reads them."""
    coils = settings is not None and settings.function == "coils"
    return modbus.READ_COILS if coils else modbus.READ_INPUTS


def count(settings: Settings | None) -> int:
    """How many inputs have to be read."""
    inputs = settings.inputs if settings else DEFAULT_INPUTS
    return max(input_.number for input_ in inputs.values())


def reading(bits: tuple[bool, ...], settings: Settings | None, at: float) -> SensorReading:
    """What the bits say."""
    inputs = settings.inputs if settings else DEFAULT_INPUTS
    covered: dict[str, bool | None] = {
        place: bits[input_.number - 1] == (input_.covered_when == "on")
        for place, input_ in inputs.items()
    }
    return SensorReading(covered, at)  # type: ignore[arg-type]


def decode(data: bytes, settings: Settings | None = None) -> list[SensorReading | Notice | Refused]:
    """All answers, other messages and refused bytes of a recording."""
    decoder = modbus.make_decoder(settings.framing if settings else "rtu")
    return [
        _read(item, settings) if isinstance(item, Adu) else item
        for item in decoder.feed(data) + decoder.flush()
    ]


def _read(adu: Adu, settings: Settings | None) -> SensorReading | Notice | Refused:
    wanted = function(settings)
    if adu.pdu[0] == wanted and len(adu.pdu) == 5 and adu.pdu[1] + 2 != 5:
        return Notice("question", adu.raw, 0.0)
    try:
        bits = modbus.bits_of(adu.pdu, wanted, 8 * max(1, (count(settings) + 7) // 8))
    except ModbusError as error:
        return Refused("answer", adu.raw, 0.0, str(error))
    return reading(bits, settings, 0.0)


def encode(covered: list[bool], unit: int = 1, function: int = modbus.READ_INPUTS) -> bytes:
    """The module's RTU answer, input 1 first."""
    return modbus.frame("rtu", unit, modbus.answer_bits(function, covered))
