"""A 臻识 camera on port 8131: subscribed to, kept alive, gone and back, heard through noise."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, PlateEvent
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.plate_events import jpeg_problem
from hengyuan.terminal.drivers.vzenith_tcp import driver as vzenith_tcp_driver
from hengyuan.terminal.drivers.vzenith_tcp.codec import (
    Decoder,
    decode,
    encode,
    encode_serial,
    encode_snapshot,
    heartbeat,
    packet,
)
from hengyuan.terminal.drivers.vzenith_tcp.driver import Driver
from hengyuan.terminal.drivers.vzenith_tcp.settings import Settings
from hengyuan.terminal.transports.link import Backoff
from tests.terminal.drivers.at_hand import (
    Clock,
    Peer,
    ScriptedLink,
    Server,
    listening,
    running,
    tcp,
    until,
)
from tests.terminal.drivers.mutations import bad_lines
from tests.terminal.drivers.push_cameras import EVENT

SERIAL = "0a1b2c3d-00000001"


def settings(port: int = 1, **more: Any) -> Settings:
    made = load_settings(
        {"driver": "vzenith_tcp", "name": "camera-1", "transport": tcp(port), **more}
    )
    assert isinstance(made, Settings)
    return made


class Simulator:
    """The camera's end of one connection: answers commands, sends results once it is asked to."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._decoder = Decoder()
        self.subscribed = asyncio.Event()
        self.heartbeats = 0
        self.commands: list[str] = []
        self.picture: bytes | None = b""
        """What it answers when it is asked for one; None: nothing at all."""

    async def serve(self) -> None:
        while data := await self._peer.reader.read(4096):
            for item in self._decoder.feed(data):
                what = getattr(item, "what", "")
                self.commands.append(what)
                if what == "ivsresult":
                    self.subscribed.set()
                elif what == "getsn":
                    await self._peer.send(encode_serial(SERIAL))
                elif what == "get_snapshot" and self.picture is not None:
                    await self._peer.send(encode_snapshot(self.picture))
                elif what == "heartbeat":
                    self.heartbeats += 1
                    await self._peer.send(heartbeat())

    async def send(self, event: PlateEvent, number: int) -> None:
        await asyncio.wait_for(self.subscribed.wait(), 20)
        await self._peer.send(encode(event, number))


def with_camera(
    work: Callable[[Driver, Server, list[PlateEvent]], Awaitable[None]],
    keep: Callable[[PlateEvent], Awaitable[None]] | None = None,
    **more: Any,
) -> None:
    async def scenario() -> None:
        got: list[PlateEvent] = []

        async def kept(event: PlateEvent) -> None:
            if keep:
                await keep(event)
            got.append(event)

        async with listening() as server:
            device = Driver(settings(server.port, **more))
            device.link._backoff = Backoff(0.01, 0.02)
            async with running(device.pull(kept)):
                await work(device, server, got)

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_results_are_asked_for_and_taken_once() -> None:
    async def work(device: Driver, server: Server, got: list[PlateEvent]) -> None:
        simulator = Simulator(await server.accepted())
        async with running(simulator.serve()):
            await until(lambda: device._serial)
            for number in (1, 1, 2):
                await simulator.send(EVENT, number)
            await until(lambda: len(got) == 2)
            assert device.state is DeviceState.OK
            assert got[0].event_id.startswith(f"{SERIAL}-1-")
            assert (got[0].plate, got[0].camera) == (EVENT.plate, "camera-1")
            assert got[0].pictures == EVENT.pictures
            assert device.counters.refused == {"duplicate": 1}

    with_camera(work)


def test_a_snapshot_comes_over_the_same_connection_while_results_do() -> None:
    jpeg = EVENT.pictures[0].data

    async def work(device: Driver, server: Server, got: list[PlateEvent]) -> None:
        with pytest.raises(ConnectionError, match="no connection"):
            await Driver(settings()).snapshot()
        simulator = Simulator(await server.accepted())
        simulator.picture = jpeg
        async with running(simulator.serve()):
            await simulator.send(EVENT, 1)
            one, other = await asyncio.gather(device.snapshot(), device.snapshot())
            assert one.data == other.data == jpeg
            assert one.media_type == "image/jpeg"
            assert simulator.commands.count("get_snapshot") == 1
            await simulator.send(replace(EVENT, plate="晋L00002"), 2)
            await until(lambda: len(got) == 2)
            assert device.counters.connects == 1

    with_camera(work)


@pytest.mark.parametrize(
    ("picture", "said"), [(b"", "empty"), (b"<html>", "not a JPEG"), (None, None)]
)
def test_a_snapshot_that_is_none_is_an_error(
    picture: bytes | None, said: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vzenith_tcp_driver, "SNAPSHOT_S", 0.2)

    async def work(device: Driver, server: Server, got: list[PlateEvent]) -> None:
        simulator = Simulator(await server.accepted())
        simulator.picture = picture
        async with running(simulator.serve()):
            await until(lambda: device._serial)
            with pytest.raises(OSError, match=said):
                await device.snapshot()
            simulator.picture = EVENT.pictures[0].data
            assert (await device.snapshot()).data == simulator.picture

    with_camera(work)


def test_a_camera_that_goes_while_it_is_asked_leaves_nobody_waiting() -> None:
    async def work(device: Driver, server: Server, got: list[PlateEvent]) -> None:
        peer = await server.accepted()
        await until(lambda: device._connection is not None)
        asking = asyncio.create_task(device.snapshot())
        await until(lambda: device._wanted is not None)
        peer.writer.close()
        with pytest.raises(OSError):
            await asking

    with_camera(work)


@pytest.mark.parametrize("form", ["imgdata", "imagedata", "behind"])
def test_a_snapshot_is_read_in_every_form(form: str) -> None:
    jpeg = EVENT.pictures[0].data
    said: dict[str, Any] = {"cmd": "get_snapshot", "id": "1", "state_code": 200}
    if form != "behind":
        said[form] = base64.b64encode(jpeg).decode()
    body = json.dumps(said).encode() + (b"\0" + jpeg if form == "behind" else b"")
    (item,) = Decoder().feed(packet(body))
    assert getattr(item, "data", None) == jpeg


def test_it_is_kept_alive() -> None:
    async def work(device: Driver, server: Server, got: list[PlateEvent]) -> None:
        simulator = Simulator(await server.accepted())
        async with running(simulator.serve()):
            await until(lambda: simulator.heartbeats >= 3)
        assert device.counters.connects == 1

    with_camera(work, poll_s=0.02)


def test_a_camera_that_never_answers_is_called_anew() -> None:
    async def work(device: Driver, server: Server, got: list[PlateEvent]) -> None:
        await server.accepted()
        await server.accepted()
        await until(lambda: device.counters.connects == 2)

    with_camera(work, poll_s=0.01)


def test_it_subscribes_again_after_a_broken_connection() -> None:
    async def work(device: Driver, server: Server, got: list[PlateEvent]) -> None:
        (await server.accepted()).hang_up()
        simulator = Simulator(await server.accepted())
        async with running(simulator.serve()):
            await simulator.send(EVENT, 7)
            await until(lambda: got)

    with_camera(work)


def test_an_event_that_cannot_be_kept_ends_nothing_and_may_come_again() -> None:
    failed: list[PlateEvent] = []

    async def keep(event: PlateEvent) -> None:
        if not failed:
            failed.append(event)
            raise OSError("the disk is full")

    async def work(device: Driver, server: Server, got: list[PlateEvent]) -> None:
        simulator = Simulator(await server.accepted())
        async with running(simulator.serve()):
            await simulator.send(EVENT, 1)
            await simulator.send(EVENT, 1)
            await until(lambda: got)
        assert device.counters.refused == {"not_kept": 1}
        assert device.counters.connects == 1

    with_camera(work, keep)


def test_bytes_that_are_no_packets_make_it_faulty() -> None:
    clock = Clock()
    link = ScriptedLink(clock, [b"SSH-2.0-x\r\n", 3.0, lambda: states.append(device.state)])
    device = Driver(settings(), clock=clock, link=link)  # type: ignore[arg-type]
    states: list[DeviceState] = []
    asyncio.run(device.run(lambda event: None))
    assert states == [DeviceState.FAULT]


@given(
    plate=st.sampled_from([None, "晋L00001", "黑A0001D", "晋L00001挂"]),
    late=st.booleans(),
    view=st.sampled_from(["front", "rear"]),
    direction=st.sampled_from([None, "forward", "reverse"]),
)
def test_what_a_camera_sent_is_what_is_read(
    plate: str | None, late: bool, view: Any, direction: str | None
) -> None:
    kind = "head" if view == "front" else "tail"
    event = replace(
        EVENT,
        plate=plate,
        colour="yellow" if plate else None,
        lane=None,
        direction=direction,
        retransmission=late,
        pictures=(EVENT.pictures[0], replace(EVENT.pictures[1], kind=kind)),
    )
    (read,) = decode(encode(event, 9, view), settings(view=view))
    assert isinstance(read, PlateEvent)
    assert read == replace(event, event_id=read.event_id, received_at=read.received_at)
    assert read.received_at <= datetime.now(UTC)


@given(bad_lines(st.sampled_from([encode(EVENT, 1), encode_serial(SERIAL), heartbeat()])))
def test_a_bad_line_never_raises_nor_yields_a_broken_picture(stream: bytes) -> None:
    for item in decode(stream):
        if isinstance(item, PlateEvent):
            assert all(jpeg_problem(picture.data) is None for picture in item.pictures)


@given(st.binary(max_size=80))
def test_no_bytes_at_all_raise_anything(body: bytes) -> None:
    decode(body)
    assert decode(packet(b"{" + body))
    assert decode(b"VZ\0\0" + body)
