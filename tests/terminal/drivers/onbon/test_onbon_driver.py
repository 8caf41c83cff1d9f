"""An Onbon display on a TCP port: acknowledged, refused, silent, gone and back."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from hengyuan.terminal.devices import DeviceState, Message
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.onbon.codec import (
    Decoder,
    TextFrame,
    encode_ack,
    encode_nack,
)
from hengyuan.terminal.drivers.onbon.driver import Driver
from hengyuan.terminal.drivers.onbon.settings import Settings
from hengyuan.terminal.transports.link import Backoff
from tests.terminal.drivers.at_hand import Peer, Server, listening, running, tcp, until

OVER = Message(("晋L00001", "49.36 t", "超限 0.36 t"), "over")
GO = Message(("晋L00001", "放行"), "ok")
PATIENT = 20.0


def display(port: int, **more: Any) -> Driver:
    table = {"driver": "onbon", "name": "led", "transport": tcp(port), **more}
    settings = load_settings(table)
    assert isinstance(settings, Settings)
    device = Driver(settings)
    device.link._backoff = Backoff(0.01, 0.02)
    return device


async def received(peer: Peer) -> TextFrame:
    """The next text that the terminal sends."""
    decoder = Decoder()
    while True:
        for item in decoder.feed(await asyncio.wait_for(peer.reader.read(4096), PATIENT)):
            assert isinstance(item, TextFrame)
            return item


def lines(frame: TextFrame) -> list[str]:
    return [area.text for area in frame.areas if area.text.strip()]


def with_display(work: Callable[[Driver, Server], Awaitable[None]], **more: Any) -> None:
    async def scenario() -> None:
        async with listening() as server:
            device = display(server.port, **more)
            async with running(device.run()):
                await work(device, server)

    asyncio.run(asyncio.wait_for(scenario(), 60))


def test_a_message_is_shown_and_acknowledged() -> None:
    async def work(device: Driver, server: Server) -> None:
        peer = await server.accepted()
        await until(lambda: device.link.connected)
        assert device.state is DeviceState.UNKNOWN
        showing = asyncio.ensure_future(device.show(OVER))
        frame = await received(peer)
        assert lines(frame) == ["晋L00001", "49.36 t", "超限 0.36 t"]
        assert {area.colour for area in frame.areas} == {"red"}
        assert not showing.done()
        await peer.send(encode_ack())
        result = await showing
        assert (result.acknowledged, result.error) == (True, None)
        assert device.state is DeviceState.OK

    with_display(work, ack_timeout_s=PATIENT)


def test_a_refused_message_is_sent_once_more_and_then_reported() -> None:
    async def work(device: Driver, server: Server) -> None:
        peer = await server.accepted()
        await until(lambda: device.link.connected)
        showing = asyncio.ensure_future(device.show(OVER))
        for _ in range(2):
            await received(peer)
            await peer.send(encode_nack(5))
        result = await showing
        assert not result.acknowledged
        assert result.error == "the display refused the frame: checksum (code 5)"
        assert device.state is DeviceState.FAULT

    with_display(work, ack_timeout_s=PATIENT)


def test_a_display_that_does_not_answer_is_reported_and_called_anew() -> None:
    async def work(device: Driver, server: Server) -> None:
        await server.accepted()
        await until(lambda: device.link.connected)
        result = await device.show(OVER)
        assert (result.acknowledged, result.error) == (False, "no answer within 0.05 s")
        again = await server.accepted()
        assert lines(await received(again)) == lines_of(OVER)

    with_display(work, ack_timeout_s=0.05)


def lines_of(message: Message) -> list[str]:
    return list(message.lines)


def test_a_display_that_comes_back_gets_the_latest_message_again() -> None:
    async def work(device: Driver, server: Server) -> None:
        peer = await server.accepted()
        await until(lambda: device.link.connected)
        peer.hang_up()
        await until(lambda: device._connection is None or device.counters.connects > 1)
        await device.show(GO)
        while True:
            peer = await server.accepted()
            frame = await received(peer)
            await peer.send(encode_ack())
            assert lines(frame) == lines_of(GO)
            await until(lambda: device.state is DeviceState.OK)
            return

    with_display(work, ack_timeout_s=PATIENT)


def test_a_display_that_is_not_connected_is_reported_at_once() -> None:
    async def scenario() -> None:
        device = display(1)
        result = await device.show(OVER)
        assert (result.acknowledged, result.error) == (False, "the display is not connected")
        assert device.state is DeviceState.UNKNOWN

    asyncio.run(scenario())


def test_a_display_that_hangs_up_instead_of_answering_is_reported() -> None:
    async def work(device: Driver, server: Server) -> None:
        peer = await server.accepted()
        await until(lambda: device.link.connected)
        showing = asyncio.ensure_future(device.show(OVER))
        await received(peer)
        peer.hang_up()
        result = await showing
        assert not result.acknowledged
        assert "closed before it answered" in (result.error or "")

    with_display(work, ack_timeout_s=PATIENT)


def test_the_newest_message_wins() -> None:
    async def work(device: Driver, server: Server) -> None:
        peer = await server.accepted()
        await until(lambda: device.link.connected)
        shows = [asyncio.ensure_future(device.show(OVER))]
        await received(peer)
        middle = Message(("中间",), "wait")
        shows += [asyncio.ensure_future(device.show(message)) for message in (middle, GO)]
        await asyncio.sleep(0)
        await peer.send(encode_ack())
        assert lines(await received(peer)) == lines_of(GO)
        await peer.send(encode_ack())
        first, second, third = await asyncio.gather(*shows)
        assert first.acknowledged and third.acknowledged
        assert second.error == "a newer message took its place"

    with_display(work, ack_timeout_s=PATIENT)


def test_the_message_is_sent_again_from_time_to_time() -> None:
    async def work(device: Driver, server: Server) -> None:
        peer = await server.accepted()
        await until(lambda: device.link.connected)
        showing = asyncio.ensure_future(device.show(GO))
        for _ in range(3):
            assert lines(await received(peer)) == lines_of(GO)
            await peer.send(encode_ack())
        assert (await showing).acknowledged

    with_display(work, ack_timeout_s=PATIENT, refresh_s=0.02)
