"""F1 in command mode: questions as in the manual, answers checked, never a command that acts."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, Notice, Reading, Refused
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f1.codec import answer, decode, request
from hengyuan.terminal.drivers.f1.driver import Driver
from hengyuan.terminal.drivers.f1.settings import Settings
from tests.terminal.drivers.at_hand import Clock, ScriptedLink, listening, running, tcp, until
from tests.terminal.drivers.independent import xor_characters
from tests.terminal.drivers.mutations import bad_lines

MASSES = st.integers(-99_999, 200_000)


def settings(transport: dict[str, Any] | None = None, **more: Any) -> Settings:
    table = {"driver": "f1", "name": "scale", "mode": "command", **more}
    made = load_settings(table | {"transport": transport or tcp()})
    assert isinstance(made, Settings)
    return made


@pytest.mark.parametrize(
    ("what", "hex_"),
    [
        ("handshake", "02 41 41 30 30 03"),
        ("gross", "02 41 42 30 33 03"),
        ("tare", "02 41 43 30 32 03"),
        ("net", "02 41 44 30 35 03"),
    ],
)
def test_questions_are_those_of_the_manual(what: Any, hex_: str) -> None:
    assert request(what) == bytes.fromhex(hex_)


@pytest.mark.parametrize("what", ["zero", "E", "F", ""])
def test_a_command_that_could_act_on_the_scale_cannot_be_made(what: Any) -> None:
    with pytest.raises(ValueError, match="no question"):
        request(what)


def test_an_address_beyond_the_alphabet_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="1 to 26"):
        request("gross", 27)


@given(MASSES, st.integers(1, 26), st.booleans())
def test_what_is_answered_is_what_is_read(mass: int, address: int, point: bool) -> None:
    stream = answer("gross", mass, address=address, literal_point=point)
    (item,) = decode(stream, settings(address=address))
    assert isinstance(item, Reading) and item.mass_kg == mass


@given(bad_lines(MASSES.map(lambda mass: answer("gross", mass))))
def test_no_bad_line_yields_a_weight_whose_checksum_is_wrong(stream: bytes) -> None:
    for item in decode(stream):
        if isinstance(item, Reading):
            assert item.raw in stream
            assert item.raw[-3:-1] == xor_characters(item.raw[1:-3])


@given(st.binary(max_size=200))
def test_no_bytes_at_all_raise_anything(stream: bytes) -> None:
    for item in decode(b"\x02A" + stream):
        if not isinstance(item, Refused):
            assert item.raw[-3:-1] == xor_characters(item.raw[1:-3])


def test_every_single_flipped_bit_of_an_answer_is_noticed() -> None:
    for position in range(14):
        for bit in range(8):
            bad = bytearray(answer("gross", 49_360))
            bad[position] ^= 1 << bit
            assert not any(isinstance(item, Reading | Notice) for item in decode(bytes(bad)))


def test_a_scale_is_asked_again_and_again() -> None:
    async def scenario() -> None:
        readings: list[Reading] = []
        async with listening() as device:
            scale = Driver(settings(tcp(device.port), poll_s=0.02))
            async with running(scale.run(readings.append)):
                peer = await device.accepted()
                for mass in (31_200, 31_220, 31_240):
                    assert await peer.reader.readexactly(6) == request("gross")
                    await peer.send(answer("gross", mass))
                await until(lambda: len(readings) == 3)
                assert scale.state is DeviceState.OK
        assert [reading.mass_kg for reading in readings] == [31_200, 31_220, 31_240]

    asyncio.run(scenario())


def played(script: list[Any], **more: Any) -> tuple[ScriptedLink, list[DeviceState]]:
    clock, states = Clock(), list[DeviceState]()
    steps = [(lambda: states.append(scale.state)) if s == "state" else s for s in script]
    link = ScriptedLink(clock, steps)
    scale = Driver(settings(**more), clock=clock, link=link)  # type: ignore[arg-type]
    asyncio.run(scale.run(lambda reading: None))
    return link, states


def test_a_question_waits_for_its_answer_before_the_next_is_put() -> None:
    (link, _) = played([2.0], poll_s=0.1, answer_s=0.5)
    assert len(link.connections[0].written) == 4
    (link, _) = played([0.1, *[answer("gross", 20), 0.1] * 8], poll_s=0.1, answer_s=0.5)
    assert len(link.connections[0].written) == 9


def test_our_own_questions_heard_again_are_no_sign_of_life() -> None:
    echo = [step for _ in range(8) for step in (request("gross"), 0.5)]
    assert played([*echo, "state"])[1] == [DeviceState.FAULT]


def test_a_scale_that_stopped_answering_is_stale_and_called_again() -> None:
    link, states = played([answer("gross", 20), "state", 3.0, "state", 30.0], silence_s=10)
    assert states == [DeviceState.OK, DeviceState.STALE]
    assert link.errors == ["silent for 10 s"]


def test_in_continuous_mode_nothing_is_sent() -> None:
    link, _ = played([answer("gross", 20), 3.0], mode="continuous")
    assert link.connections[0].written == []
