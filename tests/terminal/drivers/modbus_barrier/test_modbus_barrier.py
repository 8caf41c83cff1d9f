"""A barrier on relays: pulses that always end, an arm that closes on nothing."""

import asyncio

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import BarrierPosition, DeviceState
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.modbus_barrier.codec import Relay, decode, encode_relay
from tests.terminal.drivers.at_hand import Server, running, tcp, until
from tests.terminal.drivers.modbus_module import Module, made, with_module

QUICK = {"pulse_ms": 50, "answer_s": 20, "stale_s": 20}
INPUTS = {"open_input": 1, "closed_input": 2, "blocked_input": 3}


def test_the_captured_frames_are_built_byte_for_byte() -> None:
    assert encode_relay(1, True) == bytes.fromhex("01050000FF008C3A")
    assert encode_relay(1, False) == bytes.fromhex("010500000000CDCA")
    assert encode_relay(2, True) == bytes.fromhex("01050001FF00DDFA")


def test_an_order_is_a_pulse_and_the_inputs_say_what_came_of_it() -> None:
    module = Module()

    def arm(relay: int, on: bool) -> None:
        if on:
            module.inputs[:2] = [relay == 1, relay == 2]

    module.on_switch = arm

    async def work(server: Server) -> None:
        barrier = made("modbus_barrier", server.port, **QUICK, **INPUTS)
        assert barrier.position is BarrierPosition.UNKNOWN
        async with running(barrier.run()):
            await until(lambda: barrier._fresh_inputs and not barrier._to_drop)
            assert barrier.position is BarrierPosition.UNKNOWN
            module.switched.clear()
            assert (await barrier.open()).acknowledged
            assert module.switched == [(2, False), (1, True), (1, False)]
            await until(lambda: barrier.position is BarrierPosition.OPEN)
            assert (await barrier.close()).acknowledged
            assert module.switched[3:] == [(2, True), (2, False)]
            await until(lambda: barrier.position is BarrierPosition.CLOSED)
            assert barrier.state is DeviceState.OK

    with_module(module, work)


def test_it_does_not_close_on_something_and_opens_again_when_something_comes() -> None:
    module = Module()
    module.inputs[2] = True

    async def work(server: Server) -> None:
        barrier = made("modbus_barrier", server.port, **QUICK, **INPUTS)
        assert (await barrier.close()).error == "what is under the arm is not known"
        async with running(barrier.run()):
            await until(lambda: barrier._fresh_inputs and not barrier._to_drop)
            module.switched.clear()
            assert (await barrier.close()).error == "something is under the arm"
            assert module.switched == []
            module.inputs[2] = False
            await until(lambda: not barrier._fresh_inputs[2])
            assert (await barrier.close()).acknowledged
            module.inputs[2] = True
            await until(lambda: (1, True) in module.switched)

    with_module(module, work)


def test_relays_that_an_earlier_run_left_on_are_dropped_at_the_start() -> None:
    module = Module()
    module.relays[:2] = [True, True]

    async def work(server: Server) -> None:
        barrier = made("modbus_barrier", server.port, **QUICK)
        async with running(barrier.run()):
            await until(lambda: not any(module.relays))

    with_module(module, work)


def test_a_relay_that_could_not_be_dropped_is_dropped_as_soon_as_that_is_possible() -> None:
    module = Module()

    async def work(server: Server) -> None:
        barrier = made("modbus_barrier", server.port, pulse_ms=50, answer_s=0.05, stale_s=20)

        def deaf(relay: int, on: bool) -> None:
            module.silent = on

        async with running(barrier.run()):
            await until(lambda: not barrier._to_drop)
            module.on_switch = deaf
            await barrier.open()
            assert module.relays[0]
            assert barrier.state is not DeviceState.OK
            module.silent = False
            await until(lambda: not module.relays[0])
            await until(lambda: barrier.state is DeviceState.OK)

    with_module(module, work)


def test_a_module_that_declines_is_reported() -> None:
    module = Module()
    module.declines = True

    async def work(server: Server) -> None:
        barrier = made("modbus_barrier", server.port, **QUICK)
        async with running(barrier.run()):
            await until(lambda: barrier.device.bus._connection)
            assert "device failure" in ((await barrier.open()).error or "")
            assert barrier.state is DeviceState.FAULT

    with_module(module, work)


@pytest.mark.parametrize("none", [None, 0])
def test_a_barrier_that_closes_by_itself_is_not_told_to(none: int | None) -> None:
    barrier = made("modbus_barrier", 1, close_relay=none)
    assert asyncio.run(barrier.close()).error == "this barrier cannot be told to close"
    assert not barrier.closes


def test_an_unreachable_barrier_is_reported_and_unknown() -> None:
    barrier = made("modbus_barrier", 1, **INPUTS)
    result = asyncio.run(barrier.open())
    assert (result.acknowledged, result.error) == (False, "not connected")
    assert barrier.position is BarrierPosition.UNKNOWN


def test_one_relay_cannot_open_and_close() -> None:
    table = {"driver": "modbus_barrier", "name": "b", "transport": tcp(), "open_relay": 2}
    with pytest.raises(msgspec.ValidationError, match="同一个继电器"):
        load_settings(table)


@given(st.integers(1, 64), st.booleans(), st.binary(max_size=40))
def test_orders_are_read_back_and_no_bytes_raise(number: int, on: bool, noise: bytes) -> None:
    (item,) = decode(encode_relay(number, on))
    assert isinstance(item, Relay) and (item.number, item.on) == (number, on)
    decode(noise)
    decode(noise + encode_relay(number, on))


def test_what_a_lane_may_ask_of_it_follows_from_its_settings() -> None:
    guarded, by_itself, plain = (
        made("modbus_barrier", 1, **more) for more in (INPUTS, {"close_relay": None}, {})
    )
    assert (guarded.closes, guarded.guards_itself) == (True, True)
    assert (by_itself.closes, by_itself.guards_itself) == (False, False)
    assert (plain.closes, plain.guards_itself) == (True, False)
