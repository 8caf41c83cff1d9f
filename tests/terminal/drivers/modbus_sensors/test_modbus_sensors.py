"""Position sensors: covered at once, clear once settled, unknown when the module is silent."""

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, SensorReading
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.modbus_sensors.codec import decode, encode
from tests.terminal.drivers.at_hand import Server, running, tcp, until
from tests.terminal.drivers.modbus_module import Module, made, with_module
from tests.terminal.drivers.mutations import mutated


def test_changes_are_told_and_silence_makes_everything_unknown() -> None:
    module, told = Module(), list[dict[Any, Any]]()
    clear = {"front_edge": False, "rear_edge": False, "barrier": False}

    async def work(server: Server) -> None:
        device = made("modbus_sensors", server.port, settle_ms=0, stale_s=0.3, answer_s=0.1)
        assert set(device.reading.covered.values()) == {None}
        async with running(device.run(lambda reading: told.append(reading.covered))):
            await until(lambda: told and told[-1] == clear)
            module.inputs[1] = True
            await until(lambda: told[-1] == clear | {"rear_edge": True})
            assert device.state is DeviceState.OK
            module.silent = True
            await until(lambda: set(told[-1].values()) == {None})
            assert device.state is DeviceState.STALE
            module.silent = False
            await until(lambda: told[-1] == clear | {"rear_edge": True})
        assert told[0] == dict.fromkeys(clear) or told[0] == clear

    with_module(module, work)


def test_a_gap_as_short_as_a_drawbar_is_not_clear() -> None:
    module, told = Module(), list[bool | None]()
    module.inputs[0] = True

    async def work(server: Server) -> None:
        device = made("modbus_sensors", server.port, settle_ms=5000, stale_s=20, answer_s=20)
        async with running(device.run(lambda reading: told.append(reading.covered["front_edge"]))):
            await until(lambda: told and told[-1] is True)
            module.inputs[0] = False
            asked = len(module.asked)
            await until(lambda: len(module.asked) > asked + 5)
            assert device.reading.covered["front_edge"] is True

    with_module(module, work)


def test_a_lane_that_fails_does_not_take_the_line_down() -> None:
    module, told = Module(), list[SensorReading]()

    def fails(reading: SensorReading) -> None:
        told.append(reading)
        raise RuntimeError("lane is down")

    async def work(server: Server) -> None:
        device = made("modbus_sensors", server.port, settle_ms=0, answer_s=20, stale_s=20)
        async with running(device.run(fails)):
            for covered in (True, False, True):
                module.inputs[2] = covered
                await until(lambda c=covered: told and told[-1].covered["barrier"] is c)

    with_module(module, work)


@given(st.lists(st.booleans(), min_size=8, max_size=8), st.randoms(use_true_random=False))
def test_a_bad_line_yields_nothing_that_was_not_sent(bits: list[bool], random: Random) -> None:
    sent = encode(bits)
    wanted = dict(zip(("front_edge", "rear_edge", "barrier"), bits[:3], strict=True))
    (read,) = decode(sent)
    assert isinstance(read, SensorReading) and read.covered == wanted
    for item in decode(mutated(random, sent)):
        assert not isinstance(item, SensorReading) or item.covered == wanted


@given(st.binary(max_size=60))
def test_no_bytes_at_all_raise_anything(body: bytes) -> None:
    decode(body)


def test_sensors_without_a_place_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="没有写任何位置"):
        load_settings({"driver": "modbus_sensors", "name": "s", "transport": tcp(), "inputs": {}})


def test_an_unconnected_module_is_unknown() -> None:
    device = made("modbus_sensors", 1)
    assert device.state is DeviceState.UNKNOWN
