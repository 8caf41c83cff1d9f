"""An axle controller on a line: vehicles arrive, and its silence is told from its death."""

import asyncio
from typing import Any

from hengyuan.terminal.devices import AxleReading, DeviceState
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.wanji.codec import STATUS, encode, encode_status, host_frame
from hengyuan.terminal.drivers.wanji.driver import Driver
from hengyuan.terminal.drivers.wanji.settings import Settings
from tests.terminal.drivers.at_hand import Clock, ScriptedLink, listening, running, tcp, until

TRUCK = AxleReading(3, (6_500, 18_000), (1, 5), (1, 2), (3_600, 1_350), 83, 0.0)
BACKED_OFF = AxleReading(0, (), (), (), (), None, 0.0, reversing=True)


def settings(transport: dict[str, Any] | None = None) -> Settings:
    table = {"driver": "wanji", "name": "axles", "poll_s": 10, "transport": transport or tcp()}
    made = load_settings(table)
    assert isinstance(made, Settings)
    return made


def test_vehicles_arrive_and_the_controller_is_asked_how_it_is() -> None:
    async def scenario() -> None:
        vehicles: list[AxleReading] = []
        async with listening() as device:
            axles = Driver(settings(tcp(device.port)))
            async with running(axles.run(vehicles.append)):
                peer = await device.accepted()
                assert await peer.reader.readexactly(7) == host_frame(STATUS)
                assert axles.state is DeviceState.UNKNOWN
                await peer.send(encode_status())
                await until(lambda: axles.counters.notices)
                assert axles.state is DeviceState.OK
                await peer.send(encode(TRUCK) + encode(BACKED_OFF))
                await until(lambda: len(vehicles) == 2)
        assert vehicles[0].group_kg == (6_500, 18_000)
        assert [vehicle.reversing for vehicle in vehicles] == [False, True]

    asyncio.run(scenario())


def play(script: list[Any]) -> tuple[list[DeviceState], ScriptedLink]:
    clock, states = Clock(), list[DeviceState]()
    link = ScriptedLink(
        clock, [(lambda: states.append(axles.state)) if s == "state" else s for s in script]
    )
    axles = Driver(settings(), clock=clock, link=link)  # type: ignore[arg-type]
    asyncio.run(axles.run(lambda vehicle: None))
    return states, link


def test_a_controller_that_stopped_answering_is_stale_and_called_again() -> None:
    states, link = play([0.5, encode_status(), "state", 34.0, "state", 2.0, "state", 60.0])
    assert states == [DeviceState.OK, DeviceState.OK, DeviceState.STALE]
    assert link.errors == ["3 status questions unanswered"]


def test_a_controller_that_never_answers_is_left_connected() -> None:
    states, link = play([encode(TRUCK), "state", 600.0, "state"])
    assert states == [DeviceState.OK, DeviceState.UNKNOWN]
    assert link.errors == ["end of the script"]
    assert len(link.connections[0].written) == 61
