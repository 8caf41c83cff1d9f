"""A Modbus line that several devices share: in turn, each its own answers, none held up."""

import asyncio

import pytest

from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.modbus import Framing
from hengyuan.terminal.drivers.modbus_bus import ModbusBus, bus_for
from hengyuan.terminal.drivers.settings import ModbusSettings
from hengyuan.terminal.transports.link import Backoff
from tests.terminal.drivers.at_hand import Server, tcp, until
from tests.terminal.drivers.modbus_module import Module, with_module


def settings(port: int = 1, **more: object) -> ModbusSettings:
    made = load_settings({"driver": "modbus_lamp", "name": "l", "transport": tcp(port), **more})
    assert isinstance(made, ModbusSettings)
    return made


def bus_at(server: Server, framing: Framing = "rtu") -> ModbusBus:
    bus = bus_for(settings(server.port, framing=framing, gap_s=0.02))
    bus.link._backoff = Backoff(0.01, 0.02)
    return bus


def test_devices_of_one_transport_share_a_line() -> None:
    line = bus_for(settings(7001))
    assert bus_for(settings(7001, unit=2)) is line
    assert bus_for(settings(7002)) is not line
    assert bus_for(settings(7001, framing="tcp")) is not line


@pytest.mark.parametrize("framing", ["rtu", "tcp"])
def test_questions_of_many_are_put_in_turn(framing: Framing) -> None:
    module = Module(framing)
    module.units = {1, 2}
    module.inputs = [True, False] * 4

    async def work(server: Server) -> None:
        bus = bus_at(server, framing)
        question = modbus.read(modbus.READ_INPUTS, 0, 8)
        async with bus.open():
            await until(lambda: bus._connection)
            answers = await asyncio.gather(*(bus.ask(n % 2 + 1, question, 20) for n in range(20)))
        assert {modbus.bits_of(a, modbus.READ_INPUTS, 8) for a in answers} == {(True, False) * 4}
        assert sorted(set(module.asked)) == [1, 2]
        assert bus.counters.connects == 1

    with_module(module, work)


def test_a_dead_device_does_not_keep_the_others_waiting_for_ever() -> None:
    module = Module()

    async def work(server: Server) -> None:
        bus = bus_at(server)
        async with bus.open():
            await until(lambda: bus._connection)
            with pytest.raises(TimeoutError, match="unit 9 gave no answer"):
                await bus.ask(9, modbus.write_coil(0, True), 0.05)
            assert await bus.ask(1, modbus.write_coil(0, True), 20) == modbus.write_coil(0, True)
            assert bus.counters.connects == 1

    with_module(module, work)


def test_an_unconnected_line_says_so_at_once() -> None:
    async def scenario() -> None:
        with pytest.raises(ConnectionError, match="not connected"):
            await ModbusBus(settings()).ask(1, modbus.write_coil(0, True), 20)

    asyncio.run(scenario())


def test_the_last_to_leave_takes_the_line_down_and_the_next_opens_it_again() -> None:
    module = Module()

    async def work(server: Server) -> None:
        bus = bus_at(server)
        for _ in range(2):
            async with bus.open(), bus.open():
                await until(lambda: bus._connection)
            assert not bus.link.connected
        assert bus.counters.connects == 2

    with_module(module, work)
