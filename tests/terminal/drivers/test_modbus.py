"""Modbus as bytes: the documented frames, there and back, and lines that went bad."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import Refused
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.modbus import Adu, Framing, ModbusError
from tests.terminal.drivers.mutations import mutated, pieces

FRAMINGS: list[Framing] = ["rtu", "tcp"]


def crc_bit_by_bit(data: bytes) -> int:
    """CRC-16/MODBUS worked out once more, bit by bit."""
    value = 0xFFFF
    for byte in data:
        for bit in range(8):
            low = (value & 1) ^ (byte >> bit & 1)
            value = (value >> 1) ^ (0xA001 if low else 0)
    return value


@pytest.mark.parametrize(
    ("pdu", "wanted"),
    [
        (modbus.write_coil(0, True), "01 05 00 00 FF 00 8C 3A"),
        (modbus.write_coil(0, False), "01 05 00 00 00 00 CD CA"),
        (modbus.write_coil(1, True), "01 05 00 01 FF 00 DD FA"),
        (modbus.read(modbus.READ_INPUTS, 0, 8), "01 02 00 00 00 08 79 CC"),
        (modbus.read(modbus.READ_HOLDING, 6, 5), "01 03 00 06 00 05 65 C8"),
    ],
)
def test_documented_questions_are_built_byte_for_byte(pdu: bytes, wanted: str) -> None:
    assert modbus.frame("rtu", 1, pdu) == bytes.fromhex(wanted)


def test_the_documented_tcp_question_is_built_byte_for_byte() -> None:
    wanted = bytes.fromhex("00 01 00 00 00 06 01 05 00 00 FF 00")
    assert modbus.frame("tcp", 1, modbus.write_coil(0, True), 1) == wanted


BITS = st.lists(st.booleans(), min_size=1, max_size=40)
REGISTERS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125)


@given(st.sampled_from(FRAMINGS), st.integers(1, 247), BITS, REGISTERS)
def test_what_a_device_answers_is_what_is_read(
    framing: Framing, unit: int, bits: list[bool], registers: list[int]
) -> None:
    sent = [
        modbus.read(modbus.READ_INPUTS, 0, len(bits)),
        modbus.answer_bits(modbus.READ_INPUTS, bits),
        modbus.answer_registers(modbus.READ_HOLDING, registers),
        modbus.answer_failed(modbus.READ_COILS, 2),
    ]
    decoder = modbus.make_decoder(framing)
    got = decoder.feed(b"".join(modbus.frame(framing, unit, pdu) for pdu in sent))
    assert [item.pdu for item in got if isinstance(item, Adu)] == sent
    assert {item.unit for item in got if isinstance(item, Adu)} == {unit}
    assert modbus.bits_of(sent[1], modbus.READ_INPUTS, len(bits)) == tuple(bits)
    assert modbus.registers_of(sent[2], modbus.READ_HOLDING, len(registers)) == tuple(registers)


@given(st.randoms(use_true_random=False), BITS)
def test_no_bad_serial_line_yields_what_its_crc_denies(random: Random, bits: list[bool]) -> None:
    sound = modbus.frame("rtu", 1, modbus.answer_bits(modbus.READ_INPUTS, bits))
    decoder = modbus.RtuDecoder(unit=1)
    stream = mutated(random, sound * 3)
    got = [item for piece in pieces(random, stream) for item in decoder.feed(piece)]
    got += decoder.flush()
    for item in got:
        if isinstance(item, Adu):
            assert crc_bit_by_bit(item.raw[:-2]) == int.from_bytes(item.raw[-2:], "little")
    assert b"".join(item.raw for item in got) == stream


@given(st.sampled_from(FRAMINGS), st.binary(max_size=300))
def test_no_bytes_at_all_raise_anything(framing: Framing, stream: bytes) -> None:
    decoder = modbus.make_decoder(framing)
    decoder.feed(stream)
    decoder.flush()
    assert decoder.pending == 0


def test_a_sound_message_behind_a_torn_one_is_read() -> None:
    whole = modbus.frame("rtu", 1, modbus.answer_bits(2, [True] * 8))
    got = modbus.RtuDecoder(unit=1).feed(whole[:4] + whole)
    assert [item.raw for item in got if isinstance(item, Adu)] == [whole]
    assert all(isinstance(item, Refused) for item in got[:-1])


@pytest.mark.parametrize(
    ("pdu", "said"),
    [
        (bytes.fromhex("82 02"), "address out of range"),
        (bytes.fromhex("02 02 01 00"), "2 bytes of data, 1 asked for"),
        (bytes.fromhex("02 02 01"), "1 bytes of data"),
        (bytes.fromhex("03 01 01"), "answers function 03"),
        (b"", "answers function none"),
    ],
)
def test_an_answer_that_is_none_says_why(pdu: bytes, said: str) -> None:
    with pytest.raises(ModbusError, match=said):
        modbus.bits_of(pdu, modbus.READ_INPUTS, 8)


def test_an_echo_of_something_else_confirms_nothing() -> None:
    on, off = modbus.write_coil(0, True), modbus.write_coil(0, False)
    modbus.check_echo(on, on)
    with pytest.raises(ModbusError, match="confirmed"):
        modbus.check_echo(off, on)
