"""A gate by ISAPI: ordered with a digest login; where the arm is, it alone says."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import BarrierPosition, DeviceState, Refused
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.hikvision_gate.codec import (
    ORDERS,
    Order,
    Ordered,
    decode,
    encode_answer,
    encode_order,
    encode_status,
    parse,
)
from hengyuan.terminal.drivers.hikvision_gate.driver import Driver
from hengyuan.terminal.drivers.hikvision_gate.settings import Settings
from hengyuan.world.devices.http_device import Call, HttpDevice, http_device
from tests.terminal.drivers.at_hand import running, until


class Gate:
    """A gate that moves, one that is locked, or one that does not understand."""

    def __init__(self) -> None:
        self.position = BarrierPosition.CLOSED
        self.locked = False
        self.page: bytes | None = None
        self.orders: list[str] = []

    async def handle(self, call: Call) -> None:
        if self.page is not None:
            await call.answer(self.page, "text/html")
        elif call.method == "PUT" and call.path == "/ISAPI/Parking/channels/1/barrierGate":
            said = parse(call.body)
            assert isinstance(said, Ordered)
            self.orders.append(said.order)
            if said.order == "open" and not self.locked:
                self.position = BarrierPosition.OPEN
            elif said.order == "close":
                self.position = BarrierPosition.CLOSED
            await call.answer(encode_answer())
        elif call.path == "/ISAPI/Parking/channels/1/barrierGate/barrierGateStatus":
            await call.answer(encode_status(self.position))
        else:
            await call.answer(encode_answer(4, "notSupport"), status="403 Forbidden")


def settings(address: str = "http://192.0.2.10", **more: Any) -> Settings:
    table = {"driver": "hikvision_gate", "name": "gate", "address": address, **more}
    made = load_settings(table)
    assert isinstance(made, Settings)
    return made


def with_gate(
    gate: Gate, work: Callable[[Driver, HttpDevice], Awaitable[None]], **more: Any
) -> None:
    async def scenario() -> None:
        async with http_device(gate.handle) as device:
            more.setdefault("login", device.login)
            driver = Driver(settings(device.address, poll_s=0.01, **more))
            async with running(driver.run()):
                await work(driver, device)

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_it_is_ordered_and_then_says_where_the_arm_is() -> None:
    gate = Gate()

    async def work(driver: Driver, device: HttpDevice) -> None:
        await until(lambda: driver.position is BarrierPosition.CLOSED)
        assert (await driver.open()).acknowledged
        await until(lambda: driver.position is BarrierPosition.OPEN)
        assert (await driver.close()).acknowledged
        await until(lambda: driver.position is BarrierPosition.CLOSED)
        assert gate.orders == ["open", "close"]
        assert driver.state is DeviceState.OK

    with_gate(gate, work, may_close=True)


def test_a_locked_gate_takes_the_order_and_stays_closed() -> None:
    gate = Gate()
    gate.locked = True

    async def work(driver: Driver, device: HttpDevice) -> None:
        assert (await driver.open()).acknowledged
        await until(lambda: driver._told_at)
        assert driver.position is BarrierPosition.CLOSED

    with_gate(gate, work)


def test_it_closes_only_where_that_was_allowed() -> None:
    gate = Gate()

    async def work(driver: Driver, device: HttpDevice) -> None:
        assert "may_close" in ((await driver.close()).error or "")
        assert gate.orders == []

    with_gate(gate, work)


def test_a_wrong_password_is_tried_once_and_told_to_nobody(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def work(driver: Driver, device: HttpDevice) -> None:
        await until(lambda: driver.state is DeviceState.FAULT)
        assert "login" in ((await driver.open()).error or "")
        await asyncio.sleep(0.1)
        assert device.refused == 1
        assert "hunter2" not in repr(driver.settings) + str(driver.counters.as_dict())

    with_gate(Gate(), work, login={"username": "terminal", "password": "hunter2"})
    said = capfd.readouterr()
    assert "hunter2" not in said.out + said.err


def test_a_page_instead_of_a_status_is_a_fault_until_it_answers_again() -> None:
    gate = Gate()
    gate.page = b"<html>"

    async def work(driver: Driver, device: HttpDevice) -> None:
        await until(lambda: driver.state is DeviceState.FAULT)
        assert not (await driver.open()).acknowledged
        gate.page = None
        await until(lambda: driver.state is DeviceState.OK)

    with_gate(gate, work)


def test_a_gate_that_is_not_there_is_offline_and_its_arm_unknown() -> None:
    async def scenario() -> None:
        driver = Driver(settings("http://127.0.0.1:9", timeout_s=1))
        assert driver.state is DeviceState.UNKNOWN
        assert not (await driver.open()).acknowledged
        assert driver.state is DeviceState.OFFLINE
        assert driver.position is BarrierPosition.UNKNOWN

    asyncio.run(asyncio.wait_for(scenario(), 60))


@given(st.sampled_from(ORDERS), st.sampled_from(list(BarrierPosition)))
def test_messages_are_read_back(order: Order, position: BarrierPosition) -> None:
    assert decode(encode_order(order)) == [Ordered(order)]
    (status,) = decode(encode_status(position))
    assert getattr(status, "position", None) is position


@given(st.binary(max_size=80))
def test_no_bytes_at_all_raise_anything(body: bytes) -> None:
    assert len(decode(body)) == 1
    assert isinstance(decode(b"<a>" + body)[0], Refused)


@pytest.mark.parametrize("may_close", [True, False])
def test_a_lane_tells_it_to_close_only_where_that_was_allowed(may_close: bool) -> None:
    gate = Driver(settings(may_close=may_close))
    assert (gate.closes, gate.guards_itself) == (may_close, may_close)
