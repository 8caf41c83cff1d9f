"""A lamp on relays: one colour at a time, shown again, red at the end."""

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, LampColour
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.modbus_lamp.codec import decode, relays_for
from hengyuan.terminal.drivers.modbus_lamp.settings import Settings
from tests.terminal.drivers.at_hand import Server, running, tcp, until
from tests.terminal.drivers.modbus_module import Module, made, with_module

QUICK = {"answer_s": 20, "stale_s": 20}


def test_one_colour_is_lit_at_a_time_and_red_at_the_end() -> None:
    module = Module()
    lit: list[int] = []
    module.on_switch = lambda relay, on: lit.append(sum(module.relays))

    async def work(server: Server) -> None:
        lamp = made("modbus_lamp", server.port, yellow_relay=3, **QUICK)
        async with running(lamp.run()):
            await until(lambda: lamp.device.bus._connection)
            for colour, relays in (("green", [2]), ("yellow", [3]), ("red", [1]), ("off", [])):
                assert (await lamp.light(colour)).acknowledged
                assert [n for n, on in enumerate(module.relays, 1) if on] == relays
            assert lamp.state is DeviceState.OK
            await lamp.light("green")
        assert module.relays[:3] == [True, False, False]
        assert max(lit) == 1

    with_module(module, work)


def test_a_module_whose_power_failed_shows_the_colour_again() -> None:
    module = Module()

    async def work(server: Server) -> None:
        lamp = made("modbus_lamp", server.port, refresh_s=0.01, **QUICK)
        async with running(lamp.run()):
            await until(lambda: lamp.device.bus._connection)
            await lamp.light("green")
            module.relays[:] = [False] * 8
            await until(lambda: module.relays[1])

    with_module(module, work)


def test_a_colour_that_the_lamp_has_not_is_refused() -> None:
    lamp = made("modbus_lamp", 1)
    assert asyncio.run(lamp.light("yellow")).error == "the lamp has no yellow"


def test_an_unreachable_lamp_is_reported() -> None:
    assert asyncio.run(made("modbus_lamp", 1).light("red")).error == "not connected"


def test_two_colours_cannot_share_a_relay() -> None:
    table = {"driver": "modbus_lamp", "name": "l", "transport": tcp(), "green_relay": 1}
    with pytest.raises(msgspec.ValidationError, match="同一个继电器"):
        load_settings(table)


@given(st.sampled_from(["off", "red", "green", "yellow"]), st.binary(max_size=40))
def test_what_comes_on_comes_last(colour: LampColour, noise: bytes) -> None:
    table = {"driver": "modbus_lamp", "name": "l", "transport": tcp(), "yellow_relay": 3}
    made_ = load_settings(table)
    assert isinstance(made_, Settings)
    relays = relays_for(colour, made_)
    assert [on for _, on in relays] == sorted(on for _, on in relays)
    assert sum(on for _, on in relays) == (colour != "off")
    decode(noise, made_)


def test_it_says_which_colours_it_has() -> None:
    assert made("modbus_lamp", 1).colours == {"off", "red", "green"}
    assert made("modbus_lamp", 1, yellow_relay=3).colours == {"off", "red", "yellow", "green"}
    # TOML has no word for none
    assert made("modbus_lamp", 1, green_relay=0).colours == {"off", "red"}
