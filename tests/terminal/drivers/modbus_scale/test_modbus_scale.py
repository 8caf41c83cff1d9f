"""A scale over Modbus: asked as documented, believed only where CRC and size hold."""

import asyncio
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, Reading
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.modbus_scale.codec import decode, encode, make_decoder, question
from hengyuan.terminal.drivers.modbus_scale.driver import Driver
from hengyuan.terminal.drivers.modbus_scale.settings import Settings
from tests.terminal.drivers.at_hand import Clock, ScriptedLink, listening, running, tcp, until
from tests.terminal.drivers.independent import crc_modbus, modbus_mass
from tests.terminal.drivers.mutations import bad_lines, pieces

MASSES = st.integers(-99_999, 200_000)


def settings(**more: Any) -> Settings:
    made = load_settings({"driver": "modbus_scale", "name": "s", "transport": tcp(), **more})
    assert isinstance(made, Settings)
    return made


MAPS = [
    settings(),
    settings(protocol="tcp"),
    settings(function=4, number="i32", word_order="low_first", net_register=-1),
    settings(gross_register=20, status_register=30, net_register=25, device_id=247),
    settings(number="i32", gross_register=0x0A00, net_register=-1, status_register=-1),
]


@pytest.mark.parametrize("spec", MAPS)
@given(st.lists(st.tuples(MASSES, st.booleans()), min_size=1, max_size=4))
def test_what_a_device_holds_is_what_is_read(spec: Settings, shown: list[tuple[int, bool]]) -> None:
    items = decode(b"".join(encode(mass, stable, spec) for mass, stable in shown), spec)
    assert all(isinstance(item, Reading) for item in items)
    assert [getattr(item, "mass_kg", None) for item in items] == [mass for mass, _ in shown]
    if spec.status_register >= 0:
        assert [getattr(item, "stable", None) for item in items] == [still for _, still in shown]


def test_the_question_is_the_documented_one() -> None:
    assert question() == bytes.fromhex("01 03 00 06 00 05 65 C8")
    assert question(settings(protocol="tcp")) == bytes.fromhex(
        "00 01 00 00 00 06 01 03 00 06 00 05"
    )


@given(bad_lines(st.builds(encode, MASSES, st.booleans())))
def test_no_bad_line_yields_a_weight_whose_crc_is_wrong(stream: bytes) -> None:
    for item in decode(stream):
        if isinstance(item, Reading):
            assert crc_modbus(item.raw) == 0
            assert item.mass_kg in (None, modbus_mass(item.raw))
            assert item.raw in stream


@given(bad_lines(st.builds(lambda m: encode(m, True, MAPS[1]), MASSES)), st.randoms())
def test_over_tcp_readings_do_not_depend_on_how_the_bytes_arrive(
    stream: bytes, random: Any
) -> None:
    whole = [item for item in decode(stream, MAPS[1]) if isinstance(item, Reading)]
    decoder = make_decoder(MAPS[1])
    cut = [item for piece in pieces(random, stream) for item in decoder.feed(piece)]
    cut += decoder.flush()
    assert [item for item in cut if isinstance(item, Reading)] == whole


@given(st.binary(max_size=200), st.sampled_from(MAPS))
def test_no_bytes_at_all_raise_anything(stream: bytes, spec: Settings) -> None:
    start = make_decoder(spec).start
    for item in decode(start + stream, spec):
        if isinstance(item, Reading) and spec.protocol == "rtu":
            assert crc_modbus(item.raw) == 0


def test_every_single_flipped_bit_is_noticed() -> None:
    good = encode(49_360, True)
    for position in range(len(good)):
        for bit in range(8):
            bad = bytearray(good)
            bad[position] ^= 1 << bit
            assert not any(isinstance(item, Reading) for item in decode(bytes(bad)))


def test_errors_of_the_device_are_no_weights() -> None:
    stream = (
        encode(20, True, over=True) + encode(-20, True, over=True) + encode(20, True, error=True)
    )
    items = decode(stream)
    assert [(getattr(i, "mass_kg", 0), getattr(i, "fault", "")) for i in items] == [
        (None, "over_range"),
        (None, "under_range"),
        (None, "device_error"),
    ]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"gross_register": 200}, "registers apart"),
        ({"gross_register": 65_534, "status_register": -1, "net_register": -1}, None),
        ({"function": 6}, r"\$\.function"),
        ({"device_id": 0}, r"\$\.device_id"),
        ({"stable_bit": 16}, r"\$\.stable_bit"),
    ],
)
def test_a_map_that_cannot_be_read_is_refused(wrong: dict[str, Any], said: str | None) -> None:
    if said is None:
        assert question(settings(**wrong))[2:6] == bytes.fromhex("FF FE 00 02")
        return
    with pytest.raises(msgspec.ValidationError, match=said):
        settings(**wrong)


def test_what_a_register_does_not_hold_is_not_encoded() -> None:
    with pytest.raises(ValueError, match="u16"):
        encode(70_000, True, settings(number="u16"))


@pytest.mark.parametrize("protocol", ["rtu", "tcp"])
def test_a_device_is_asked_again_and_again(protocol: str) -> None:
    async def scenario() -> None:
        readings: list[Reading] = []
        async with listening() as device:
            spec = settings(transport=tcp(device.port), protocol=protocol, poll_s=0.02)
            scale = Driver(spec)
            async with running(scale.run(readings.append)):
                peer = await device.accepted()
                asked = question(spec)
                for mass in (31_200, 31_220, 31_240):
                    assert await peer.reader.readexactly(len(asked)) == asked
                    await peer.send(encode(mass, True, spec))
                await until(lambda: len(readings) == 3)
                assert scale.state is DeviceState.OK
        assert [reading.mass_kg for reading in readings] == [31_200, 31_220, 31_240]

    asyncio.run(scenario())


def test_a_device_that_declines_is_a_fault() -> None:
    clock, states = Clock(), list[DeviceState]()
    declined = modbus.frame("rtu", 1, modbus.answer_failed(3, 2))
    steps = [step for _ in range(8) for step in (declined, 0.4)]
    link = ScriptedLink(clock, [*steps, lambda: states.append(scale.state)])
    scale = Driver(settings(), clock=clock, link=link)  # type: ignore[arg-type]
    asyncio.run(scale.run(lambda reading: None))
    assert states == [DeviceState.FAULT]
    assert scale.counters.refused == {"declined": 8}
