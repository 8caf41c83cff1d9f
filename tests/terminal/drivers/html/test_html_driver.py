"""A display page: the message waits for the page, and is acknowledged where a page is open."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from hengyuan.terminal.devices import DeviceState, Message
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.html.driver import Driver
from hengyuan.terminal.drivers.html.settings import Settings
from tests.terminal.drivers.at_hand import Clock, running, until

OVER = Message(("晋L00001", "超限 360 kg"), "over")
GO = Message(("晋L00001", "放行"), "ok")


def display(clock: Clock) -> Driver:
    settings = load_settings({"driver": "html", "name": "page", "page_timeout_s": 10})
    assert isinstance(settings, Settings)
    return Driver(settings, clock=clock)


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 20))


def test_without_an_open_page_nobody_has_seen_the_message() -> None:
    async def scenario() -> None:
        device = display(Clock())
        result = await device.show(OVER)
        assert (result.acknowledged, result.error) == (False, "no display page is open")
        assert device.current().message == OVER
        assert (await device.show(GO)).acknowledged

    run(scenario())


def test_a_page_that_waits_gets_the_new_message_at_once() -> None:
    async def scenario() -> None:
        device = display(Clock())
        async with running(device.run()):
            before = device.current()
            waiting = asyncio.ensure_future(device.newer_than(before.version, 60))
            await until(lambda: device._waiting)
            assert (await device.show(OVER)).acknowledged
            shown = await waiting
            assert shown.message == OVER and shown.version > before.version
            assert (await device.newer_than(before.version, 60)) == shown

    run(scenario())


def test_a_page_that_waits_in_vain_gets_what_is_there() -> None:
    async def scenario() -> None:
        device = display(Clock())
        await device.show(GO)
        shown = device.current()
        assert await device.newer_than(shown.version, 0.01) == shown

    run(scenario())


def test_a_closed_page_is_noticed() -> None:
    async def scenario() -> None:
        clock = Clock()
        device = display(clock)
        assert device.state is DeviceState.UNKNOWN
        device.current()
        clock.pass_(10)
        assert device.state is DeviceState.OK
        clock.pass_(1)
        assert device.state is DeviceState.OFFLINE
        assert not (await device.show(OVER)).acknowledged

    run(scenario())


def test_a_page_that_waits_long_is_open_all_the_while() -> None:
    async def scenario() -> None:
        clock = Clock()
        device = display(clock)
        waiting = asyncio.ensure_future(device.newer_than(device.current().version, 60))
        await until(lambda: device._waiting)
        clock.pass_(3600)
        assert device.state is DeviceState.OK
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert device.state is DeviceState.OFFLINE

    run(scenario())
