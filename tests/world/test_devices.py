"""Simulated devices: real sockets, real pseudo-terminals, read by the terminal's own codecs."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from itertools import islice

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.devices import AxleReading, Notice, PlateEvent, Reading
from hengyuan.terminal.drivers.f1 import codec as f1
from hengyuan.terminal.drivers.f4 import codec as f4
from hengyuan.terminal.drivers.hikvision import codec as hikvision
from hengyuan.terminal.drivers.onbon import codec as onbon
from hengyuan.terminal.drivers.wanji import codec as wanji
from hengyuan.world.axle_records import load_axle_records
from hengyuan.world.devices import camera as camera_module
from hengyuan.world.devices.axle_identifier import AxleIdentifier, reading_of
from hengyuan.world.devices.camera import Camera
from hengyuan.world.devices.led import Led
from hengyuan.world.devices.scale import Family, Scale
from hengyuan.world.devices.screen import Shown
from hengyuan.world.devices.wires import PtyWire, TcpWire, Wire
from hengyuan.world.motion import FAST, Deck
from hengyuan.world.pictures import photograph
from hengyuan.world.trucks import Truck, trucks

PATIENCE_S = 20


@pytest.fixture(scope="module")
def fleet() -> list[Truck]:
    return list(islice(trucks(load_axle_records(), seed=1), 2_000))


@asynccontextmanager
async def speaking(family: Family, wire: Wire) -> AsyncIterator[Deck]:
    deck = Deck(FAST, 20, seed=1)
    await wire.open()
    task = asyncio.create_task(Scale(family, deck, wire).run())
    try:
        yield deck
    finally:
        task.cancel()
        await wire.close()


async def readings(data: "asyncio.StreamReader", decoder: object, wanted: int) -> list[Reading]:
    """The next readings off a line; anything refused but the torn first piece fails the test."""
    read: list[Reading] = []
    while len(read) < wanted:
        for item in decoder.feed(await data.read(4096)):  # type: ignore[attr-defined]
            assert isinstance(item, Reading), item
            read.append(item)
    return read


async def until_standing(
    data: "asyncio.StreamReader", decoder: object, gross_kg: int
) -> list[Reading]:
    seen: list[Reading] = []
    while [item.mass_kg for item in seen[-5:]] != [gross_kg] * 5:
        seen += await readings(data, decoder, 1)
        assert len(seen) < 5_000
    return seen


@pytest.mark.parametrize("family", ["f1", "f4"])
def test_a_scale_on_tcp_weighs_a_truck_in_its_own_frames(
    family: Family, fleet: list[Truck]
) -> None:
    async def passage() -> None:
        wire = TcpWire()
        async with speaking(family, wire) as deck, asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(wire.host, wire.port)
            decoder = f1.Decoder() if family == "f1" else f4.Decoder()
            idle = await readings(reader, decoder, 5)
            assert all(abs(item.mass_kg or 0) <= 40 for item in idle)
            truck = fleet[0]
            deck.drive_on(truck.axle_kg, asyncio.get_running_loop().time())
            seen = await until_standing(reader, decoder, truck.indicated_kg(20))
            if family == "f4":
                assert seen[-1].stable
                assert not all(item.stable for item in seen)
            else:
                assert {item.stable for item in seen} == {None}
            writer.close()

    asyncio.run(passage())


def test_a_scale_serves_a_terminal_that_comes_back(fleet: list[Truck]) -> None:
    async def passage() -> None:
        wire = TcpWire()
        async with speaking("f1", wire) as deck, asyncio.timeout(PATIENCE_S):
            deck.drive_on(fleet[0].axle_kg, asyncio.get_running_loop().time())
            for _ in range(3):
                reader, writer = await asyncio.open_connection(wire.host, wire.port)
                await until_standing(reader, f1.Decoder(), fleet[0].indicated_kg(20))
                writer.transport.abort()
            while wire.listeners:
                await asyncio.sleep(0.01)

    asyncio.run(passage())


@contextmanager
def serial_port(path: str) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY)
    try:
        tty.setraw(descriptor)
        yield descriptor
    finally:
        os.close(descriptor)


def test_a_scale_on_a_serial_cable_keeps_nothing_for_a_reader_that_was_away(
    fleet: list[Truck],
) -> None:
    async def passage() -> None:
        wire = PtyWire()
        async with speaking("f1", wire) as deck, asyncio.timeout(PATIENCE_S):
            loop = asyncio.get_running_loop()
            await asyncio.sleep(0.7)  # nobody reads: more frames than the cable holds
            deck.drive_on(fleet[0].axle_kg, loop.time())
            gross_kg = fleet[0].indicated_kg(20)
            for _ in range(2):
                with serial_port(wire.path) as descriptor:
                    decoder = f1.Decoder()
                    masses: list[int | None] = []
                    octets = 0
                    while masses[-5:] != [gross_kg] * 5:
                        data = await loop.run_in_executor(None, os.read, descriptor, 4096)
                        octets += len(data)
                        for item in decoder.feed(data):
                            if isinstance(item, Reading):
                                masses.append(item.mass_kg)
                            else:
                                assert len(masses) == 0, item
                    assert octets < 20_000

    asyncio.run(passage())


def test_every_truck_comes_through_the_axle_identifier_as_it_is(fleet: list[Truck]) -> None:
    for truck in fleet:
        [read] = wanji.decode(wanji.encode(reading_of(truck), number=truck.number))
        assert isinstance(read, AxleReading)
        assert read.axle_count == truck.axles
        assert read.spacings_mm == truck.spacings_mm
        assert abs(read.gross_kg - truck.gross_kg) <= 10 * len(read.group_kg)
        if max(truck.layout) <= 3:
            assert read.layout == truck.layout
            assert read.group_kg == tuple((mass + 5) // 10 * 10 for mass in truck.group_kg)


def test_the_axle_identifier_answers_when_asked_and_tells_of_each_truck(
    fleet: list[Truck],
) -> None:
    async def passage() -> None:
        wire = TcpWire()
        identifier = AxleIdentifier(wire)
        await wire.open()
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(wire.host, wire.port)
            decoder = wanji.Decoder()
            question = wanji.host_frame(wanji.STATUS)
            writer.write(question[:3])
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(question[3:] + b"\x00noise" + question)
            seen: list[object] = []
            while len(seen) < 2:
                seen += decoder.feed(await reader.read(4096))
            assert all(isinstance(item, Notice) and item.what == "status" for item in seen)
            identifier.passed(fleet[0])
            told = await reader.read(4096)
            [read] = decoder.feed(told)
            assert isinstance(read, AxleReading)
            assert read.axle_count == fleet[0].axles
            writer.transport.abort()

            # the terminal was killed and comes back: the truck is still there, then it is not
            reader, writer = await asyncio.open_connection(wire.host, wire.port)
            assert await reader.read(4096) == told
            writer.transport.abort()
            identifier.left()
            reader, writer = await asyncio.open_connection(wire.host, wire.port)
            writer.write(question)
            [answer] = wanji.decode(await reader.read(4096))
            assert isinstance(answer, Notice)
            writer.close()
        await wire.close()

    asyncio.run(passage())


@asynccontextmanager
async def terminal_answering(statuses: list[int]) -> AsyncIterator[tuple[str, list[PlateEvent]]]:
    """A terminal's ear for pushes that gives these answers in turn, then 200."""
    taken: list[PlateEvent] = []

    async def take(request: Request) -> Response:
        event = hikvision.parse_push(
            request.headers["content-type"], await request.body(), datetime.now(UTC)
        )
        taken.append(event)
        return Response(status_code=statuses.pop(0) if statuses else 200)

    app = Starlette(routes=[Route("/camera/front", take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}/camera/front", taken
    finally:
        server.should_exit = True
        await task


def test_a_camera_repeats_the_same_event_until_it_is_taken(
    fleet: list[Truck], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "FIRST_WAIT_S", 0.01)

    async def passage() -> None:
        at = datetime.now(UTC)
        async with asyncio.timeout(PATIENCE_S), terminal_answering([503, 500]) as (url, taken):
            camera = Camera(url, "front", seed=1)
            pictures = photograph(fleet[0], at, "x")
            event = camera.event(fleet[0], at, pictures)
            assert await camera.push(event) == 3
            await camera.close()
        assert [item.retransmission for item in taken] == [False, True, True]
        assert {item.event_id for item in taken} == {event.event_id}
        for item in taken:
            assert (item.plate, item.colour) == (fleet[0].plate, "yellow")
            assert item.picture_faults == ()
            assert [picture.kind for picture in item.pictures] == ["plate", "head", "panorama"]
            assert item.pictures[1].data == pictures.head

    asyncio.run(passage())


def test_a_camera_waits_for_a_terminal_that_is_not_there_yet(
    fleet: list[Truck], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_module, "FIRST_WAIT_S", 0.01)

    async def passage() -> None:
        at = datetime.now(UTC)
        async with asyncio.timeout(PATIENCE_S):
            camera = Camera("http://127.0.0.1:9/camera/front", "front", seed=1)
            event = camera.event(fleet[0], at, photograph(fleet[0], at, "x"))
            push = asyncio.create_task(camera.push(event))
            while camera.repeated < 2:
                await asyncio.sleep(0.01)
            async with terminal_answering([]) as (url, taken):
                camera.url = url
                assert await push > 2
            assert [item.retransmission for item in taken] == [True]
            await camera.close()

    asyncio.run(passage())


def line(text: str, number: int, colour: onbon.Colour) -> onbon.TextArea:
    return onbon.TextArea(number, 0, number * 16, 128, 16, text, colour)


def test_the_display_acknowledges_remembers_and_tells_who_waits() -> None:
    async def passage() -> None:
        led = Led()
        await led.open()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE_S):
            reader, writer = await asyncio.open_connection(led.host, led.port)

            async def show(*areas: onbon.TextArea) -> None:
                writer.write(onbon.text_frame(areas))
                answers: list[object] = []
                decoder = onbon.Decoder()
                while not answers:
                    answers += decoder.feed(await reader.read(4096))
                assert answers == [onbon.Answer(None)]

            def wants_b(shown: Shown) -> bool:
                return "晋LHYB01" in shown.text

            before = loop.time()
            await show(line("晋LHYA01", 0, "yellow"))
            assert await led.wait_for(wants_b, before, 0.05) is None
            waiting = asyncio.create_task(led.wait_for(wants_b, before, PATIENCE_S))
            # lines come bottom first; they stand where they are to stand
            await show(line("超限 2.4吨", 1, "red"), line("晋LHYB01", 0, "red"))
            shown = await waiting
            assert shown is not None
            assert shown.lines == ("晋LHYB01", "超限 2.4吨")
            assert shown.colours == ("red", "red")
            entries = len(led.history)
            await show(line("晋LHYB01", 0, "red"), line("超限 2.4吨", 1, "red"))
            assert len(led.history) == entries
            assert await led.wait_for(wants_b, loop.time(), 0.05) is None

            spoilt = bytearray(onbon.text_frame([line("晋LHYC01", 0, "green")]))
            spoilt[-6] ^= 0x01
            writer.write(bytes(spoilt))
            decoder = onbon.Decoder()
            answers: list[object] = []
            while not answers:
                answers += decoder.feed(await reader.read(4096))
            assert answers == [onbon.Answer(5)]
            assert led.now is shown
            assert led.connected
            writer.close()
        await led.close()

    asyncio.run(passage())
