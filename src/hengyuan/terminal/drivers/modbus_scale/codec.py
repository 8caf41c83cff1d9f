"""Scales over Modbus RTU or TCP: one question reads status, gross and net together.

The register map is set, the default is that of Laumas TLB4 and W: 6 status, 7-8 gross, 9-10 net,
both as magnitudes whose signs stand in the status (bits 0 cell error, 1 converter, 2 over the
maximum, 7 gross negative, 8 net negative, 11 stable).
"""

from __future__ import annotations

from hengyuan.terminal.devices import Counters, Notice, Reading, Refused
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder
from hengyuan.terminal.drivers.mass import from_kg, to_kg
from hengyuan.terminal.drivers.modbus_scale.settings import Settings
from hengyuan.terminal.transports.settings import Tcp

_FAILED = 0x80
_QUESTION = 8
_TCP_HEAD = 7
DEFAULTS = Settings(name="modbus_scale", transport=Tcp(host="none", port=502))


class Decoder(FrameDecoder[Reading]):
    """Answers on an RTU line to readings."""

    longest = 260

    def __init__(self, settings: Settings | None = None, counters: Counters | None = None) -> None:
        self._map = settings or DEFAULTS
        self._head()
        super().__init__(counters)

    def _head(self) -> None:
        unit, function = self._map.device_id, self._map.function
        self.start = bytes([unit, function])
        self.starts = (self.start, bytes([unit, function | _FAILED]))

    def length(self, buffer: bytes) -> int | None:
        if buffer[1] & _FAILED:
            return 5
        if len(buffer) < 3:
            return None
        size = self._map.count * 2
        if buffer[2] == size:
            return 5 + size
        if buffer[2] == self._map.first >> 8:
            return _QUESTION
        raise Bad("size", f"{buffer[2]} bytes of data, asked was for {size}")

    def read(self, frame: bytes, at: float) -> Reading:
        wanted = modbus.crc(frame[:-2])
        if frame[-2:] != wanted:
            raise Bad(
                "checksum",
                f"CRC {frame[-2:].hex(' ').upper()}, it must be {wanted.hex(' ').upper()}",
            )
        if len(frame) == _QUESTION and frame[2] != self._map.count * 2:
            raise Bad("question", "a question to the device, no answer of its")
        return self._reading(frame[1:-2], frame, at)

    def _reading(self, pdu: bytes, frame: bytes, at: float) -> Reading:
        spec = self._map
        try:
            registers = modbus.registers_of(pdu, spec.function, spec.count)
        except modbus.ModbusError as error:
            raise Bad("declined" if pdu[0] & _FAILED else "answer", str(error)) from None
        status = 0
        if spec.status_register >= 0:
            status = registers[spec.status_register - spec.first]
        fault = self._fault(status)
        gross_kg = self._mass(registers, spec.gross_register, status, spec.negative_bit)
        tare_kg = 0
        if spec.net_register >= 0 and fault is None:
            net_kg = self._mass(registers, spec.net_register, status, spec.net_negative_bit)
            tare_kg = gross_kg - net_kg
        stable = None
        if spec.status_register >= 0 and spec.stable_bit >= 0:
            stable = _bit(status, spec.stable_bit)
        return Reading(
            mass_kg=None if fault else gross_kg,
            stable=stable,
            at=at,
            raw=frame,
            fault=fault,
            tare_kg=tare_kg,
        )

    def _fault(self, status: int) -> str | None:
        if any(_bit(status, bit) for bit in self._map.error_bits):
            return "device_error"
        if _bit(status, self._map.over_bit):
            negative = _bit(status, self._map.negative_bit)
            return "under_range" if negative else "over_range"
        return None

    def _mass(self, registers: tuple[int, ...], at: int, status: int, negative_bit: int) -> int:
        spec = self._map
        words = list(registers[at - spec.first : at - spec.first + spec.words])
        if spec.word_order == "low_first":
            words.reverse()
        data = b"".join(word.to_bytes(2, "big") for word in words)
        signed = spec.number.startswith("i")
        value = int.from_bytes(data, "big", signed=signed)
        if not signed and _bit(status, negative_bit):
            value = -value
        return to_kg(value, -spec.decimals, spec.unit)


class TcpDecoder(Decoder):
    """Answers on a Modbus TCP connection to readings. TCP brings its own checksum."""

    def _head(self) -> None:
        # a message begins with a number of the asker's choice: anything may be a start
        self.start = b""

    def length(self, buffer: bytes) -> int | None:
        if buffer[2:4].strip(b"\0"):
            raise Bad("protocol", "bytes 3 and 4 are not 0: this is no Modbus TCP")
        if len(buffer) < 6:
            return None
        size = int.from_bytes(buffer[4:6], "big")
        if size not in (3, 6, 3 + self._map.count * 2):
            raise Bad("size", f"a message of {size} bytes, asked was for {self._map.count * 2}")
        return 6 + size

    def lead(self, buffer: bytes) -> int:
        """A message whose head holds is given up whole: TCP loses nothing on the way."""
        try:
            return self.length(buffer) or 1
        except Bad:
            return 1

    def read(self, frame: bytes, at: float) -> Reading:
        if frame[6] != self._map.device_id:
            raise Bad("address", f"from device {frame[6]}, not {self._map.device_id}")
        if frame[7:] == question(self._map)[_TCP_HEAD:]:
            raise Bad("question", "a question to the device, no answer of its")
        return self._reading(frame[7:], frame, at)


def _bit(status: int, bit: int) -> bool:
    return bit >= 0 and bool(status >> bit & 1)


def make_decoder(settings: Settings | None = None, counters: Counters | None = None) -> Decoder:
    """The decoder for the protocol that is set."""
    kind = TcpDecoder if settings is not None and settings.protocol == "tcp" else Decoder
    return kind(settings, counters)


def decode(data: bytes, settings: Settings | None = None) -> list[Reading | Notice | Refused]:
    """All readings and refused bytes of a recording."""
    decoder = make_decoder(settings)
    return decoder.feed(data) + decoder.flush()


def question(settings: Settings | None = None) -> bytes:
    """What the terminal sends to be told the weight."""
    spec = settings or DEFAULTS
    pdu = modbus.read(spec.function, spec.first, spec.count)
    return modbus.frame(spec.protocol, spec.device_id, pdu)


def encode(
    mass_kg: int,
    stable: bool,
    settings: Settings | None = None,
    *,
    tare_kg: int = 0,
    over: bool = False,
    error: bool = False,
) -> bytes:
    """What a device with `mass_kg` gross on its deck answers to `question`.

    Raises `ValueError` where the registers do not hold it.
    """
    spec = settings or DEFAULTS
    registers = [0] * spec.count
    status = 0
    masses = (
        (spec.gross_register, mass_kg, spec.negative_bit),
        (spec.net_register, mass_kg - tare_kg, spec.net_negative_bit),
    )
    for register, mass, negative_bit in masses:
        if register < 0:
            continue
        value = from_kg(mass, -spec.decimals, spec.unit)
        if value < 0 and negative_bit >= 0:
            status |= 1 << negative_bit
        words = _words(value, spec)
        registers[register - spec.first : register - spec.first + len(words)] = words
    for bit, on in ((spec.stable_bit, stable), (spec.over_bit, over), (spec.error_bits[0], error)):
        if on and bit >= 0:
            status |= 1 << bit
    if spec.status_register >= 0:
        registers[spec.status_register - spec.first] = status
    pdu = modbus.answer_registers(spec.function, registers)
    return modbus.frame(spec.protocol, spec.device_id, pdu)


def _words(value: int, spec: Settings) -> list[int]:
    signed = spec.number.startswith("i")
    try:
        data = (value if signed else abs(value)).to_bytes(spec.words * 2, "big", signed=signed)
    except OverflowError:
        raise ValueError(f"{value} does not fit into {spec.number}") from None
    words = [int.from_bytes(data[n : n + 2], "big") for n in range(0, len(data), 2)]
    return words[::-1] if spec.word_order == "low_first" else words
