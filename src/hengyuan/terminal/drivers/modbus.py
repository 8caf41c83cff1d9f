"""Modbus RTU and TCP as bytes: requests, answers, and both cut out of a stream. Pure, no I/O.

RTU: `unit | PDU | CRC low, high`; CRC-16/MODBUS (polynomial A001 reflected, initial FFFF) over all
before it. TCP: `transaction u16 | 0000 | length u16 | unit | PDU`, length counting unit and PDU.
Numbers are big-endian; the first of eight bits is the lowest of its byte. After the Modbus
Application Protocol Specification V1.1b3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hengyuan.terminal.devices import Counters, Notice
from hengyuan.terminal.drivers.framing import Bad, FrameDecoder

READ_COILS, READ_INPUTS, READ_HOLDING, READ_INPUT_REGISTERS = 1, 2, 3, 4
WRITE_COIL, WRITE_REGISTER, WRITE_COILS, WRITE_REGISTERS = 5, 6, 15, 16
_READS = (READ_COILS, READ_INPUTS, READ_HOLDING, READ_INPUT_REGISTERS)
_FAILED = 0x80
MAX_BITS, MAX_REGISTERS = 2000, 125
MAX_UNIT = 247

EXCEPTIONS = {
    1: "function not supported",
    2: "address out of range",
    3: "value not allowed",
    4: "device failure",
    5: "acknowledged, still busy",
    6: "device busy",
}

Framing = Literal["rtu", "tcp"]


@dataclass(frozen=True, slots=True)
class Adu:
    """One message on the line, its frame checked."""

    unit: int
    pdu: bytes
    """Function code and what belongs to it."""
    raw: bytes
    transaction: int | None = None
    """Over TCP: which request an answer belongs to."""

    @property
    def function(self) -> int:
        """The function, whether it succeeded or not."""
        return self.pdu[0] & ~_FAILED


class ModbusError(ValueError):
    """An answer that is none to the question, or says that the device could not do it."""


def _crc_of(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ 0xA001 if byte & 1 else byte >> 1
    return byte


_CRCS = tuple(_crc_of(byte) for byte in range(256))


def crc(data: bytes) -> bytes:
    """CRC-16/MODBUS, low byte first."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _CRCS[(value ^ byte) & 0xFF]
    return value.to_bytes(2, "little")


# questions


def read(function: int, address: int, count: int) -> bytes:
    """PDU that asks for `count` bits or registers from the 0-based `address` on."""
    most = MAX_BITS if function in (READ_COILS, READ_INPUTS) else MAX_REGISTERS
    if function not in _READS or not 0 <= address <= 0xFFFF or not 1 <= count <= most:
        raise ValueError(f"function {function}, address {address}, count {count}")
    return bytes([function]) + address.to_bytes(2, "big") + count.to_bytes(2, "big")


def write_coil(address: int, on: bool) -> bytes:
    """PDU that switches one output; its echo is the answer."""
    return bytes([WRITE_COIL]) + address.to_bytes(2, "big") + (b"\xff\0" if on else b"\0\0")


def write_register(address: int, value: int) -> bytes:
    """PDU that writes one holding register; its echo is the answer."""
    return bytes([WRITE_REGISTER]) + address.to_bytes(2, "big") + value.to_bytes(2, "big")


def frame(framing: Framing, unit: int, pdu: bytes, transaction: int = 1) -> bytes:
    """A whole message for the line."""
    body = bytes([unit]) + pdu
    if framing == "rtu":
        return body + crc(body)
    return (transaction & 0xFFFF).to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body


# answers


def answer_bits(function: int, bits: list[bool]) -> bytes:
    """PDU with which a device answers a question for bits."""
    packed = bytearray((len(bits) + 7) // 8)
    for number, bit in enumerate(bits):
        packed[number // 8] |= bit << number % 8
    return bytes([function, len(packed)]) + packed


def answer_registers(function: int, registers: list[int]) -> bytes:
    """PDU with which a device answers a question for registers."""
    data = b"".join(register.to_bytes(2, "big") for register in registers)
    return bytes([function, len(data)]) + data


def answer_failed(function: int, code: int) -> bytes:
    """PDU with which a device declines."""
    return bytes([function | _FAILED, code])


def bits_of(pdu: bytes, function: int, count: int) -> tuple[bool, ...]:
    """The `count` bits of an answer to `read(function, …)`. Raises `ModbusError`."""
    data = _data_of(pdu, function, (count + 7) // 8)
    return tuple(bool(data[n // 8] >> n % 8 & 1) for n in range(count))


def registers_of(pdu: bytes, function: int, count: int) -> tuple[int, ...]:
    """The `count` registers of an answer to `read(function, …)`. Raises `ModbusError`."""
    data = _data_of(pdu, function, count * 2)
    return tuple(int.from_bytes(data[n : n + 2], "big") for n in range(0, count * 2, 2))


def check_echo(pdu: bytes, question: bytes) -> None:
    """Whether a written value was confirmed. Raises `ModbusError`."""
    _check(pdu, question[0])
    if pdu != question:
        raise ModbusError(f"confirmed {pdu.hex(' ').upper()}, not {question.hex(' ').upper()}")


def _data_of(pdu: bytes, function: int, size: int) -> bytes:
    _check(pdu, function)
    if len(pdu) != size + 2 or pdu[1] != size:
        raise ModbusError(f"{len(pdu) - 2} bytes of data, {size} asked for")
    return pdu[2:]


def _check(pdu: bytes, function: int) -> None:
    if len(pdu) == 2 and pdu[0] == function | _FAILED:
        why = EXCEPTIONS.get(pdu[1], "error")
        raise ModbusError(f"the device declined: {why} (code {pdu[1]})")
    if not pdu or pdu[0] != function:
        raise ModbusError(f"answers function {pdu[:1].hex() or 'none'}, asked was {function}")


# streams


class RtuDecoder(FrameDecoder[Adu]):
    """Questions and answers of a serial line, told apart by whose length makes the CRC hold."""

    start = b""
    longest = 256

    def __init__(self, counters: Counters | None = None, *, unit: int | None = None) -> None:
        super().__init__(counters)
        self._unit = unit

    def length(self, buffer: bytes) -> int | None:
        if not buffer:
            return None
        if buffer[0] > MAX_UNIT or (self._unit is not None and buffer[0] != self._unit):
            raise Bad("unit", f"unit {buffer[0]} is not on this line")
        if len(buffer) < 2:
            return None
        sizes, waiting = _rtu_sizes(buffer)
        for size in sizes:
            if len(buffer) < size:
                return None
            if crc(buffer[: size - 2]) == buffer[size - 2 : size]:
                return size
        if waiting:
            return None
        if not sizes:
            raise Bad("function", f"function {buffer[1]} is not spoken here")
        raise Bad("checksum", "no CRC holds")

    def read(self, frame: bytes, at: float) -> Adu | Notice:
        return Adu(frame[0], frame[1:-2], frame)


def _rtu_sizes(buffer: bytes) -> tuple[list[int], bool]:
    """Lengths that a message beginning so may have, smallest first; whether more may follow."""
    function = buffer[1]
    if function & _FAILED:
        return ([5], False) if function & ~_FAILED in (*_READS, 5, 6, 15, 16) else ([], False)
    if function in _READS:
        if len(buffer) < 3:
            return [], True
        return sorted({8, 5 + buffer[2]}) if buffer[2] else [8], False
    if function in (WRITE_COIL, WRITE_REGISTER):
        return [8], False
    if function in (WRITE_COILS, WRITE_REGISTERS):
        if len(buffer) < 7:
            return [], True
        return [8, 9 + buffer[6]], False
    return [], False


class TcpDecoder(FrameDecoder[Adu]):
    """Messages of a TCP connection."""

    start = b""
    longest = 260

    def __init__(self, counters: Counters | None = None, *, unit: int | None = None) -> None:
        super().__init__(counters)
        self._unit = unit

    def length(self, buffer: bytes) -> int | None:
        if buffer[2:4].strip(b"\0"):
            raise Bad("protocol", "the protocol number is not 0")
        if len(buffer) < 6:
            return None
        size = int.from_bytes(buffer[4:6], "big")
        if not 3 <= size <= 254:
            raise Bad("length", f"a message of {size} bytes")
        return 6 + size

    def read(self, frame: bytes, at: float) -> Adu | Notice:
        if self._unit is not None and frame[6] != self._unit:
            raise Bad("unit", f"unit {frame[6]} was not asked")
        return Adu(frame[6], frame[7:], frame, int.from_bytes(frame[:2], "big"))


def make_decoder(
    framing: Framing, counters: Counters | None = None, *, unit: int | None = None
) -> RtuDecoder | TcpDecoder:
    """The decoder for a line; with `unit`, one that takes messages of that device alone."""
    kind = RtuDecoder if framing == "rtu" else TcpDecoder
    return kind(counters, unit=unit)
