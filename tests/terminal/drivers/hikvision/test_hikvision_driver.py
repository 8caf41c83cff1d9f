"""A Hikvision camera at a lane: each event once, its clock watched, strangers refused."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hengyuan.terminal.devices import DeviceState, PlateEvent
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.hikvision.codec import build_push
from hengyuan.terminal.drivers.hikvision.driver import Driver
from hengyuan.terminal.drivers.hikvision.parts import Part, join
from hengyuan.terminal.drivers.hikvision.settings import Settings
from hengyuan.terminal.drivers.plate_events import MalformedEvent
from tests.terminal.drivers.at_hand import Clock, running
from tests.terminal.drivers.hikvision.test_hikvision_codec import EVENT, NOW

HEARTBEAT = join([Part("x", "x.xml", "text/xml", b"<a><eventType>videoloss</eventType></a>")], "b")


def camera(clock: Clock | None = None, **more: Any) -> Driver:
    settings = load_settings({"driver": "hikvision", "name": "front", **more})
    assert isinstance(settings, Settings)
    return Driver(settings, clock=clock or Clock())


def with_camera(
    device: Driver, work: Callable[[], object], taken: Callable[[PlateEvent], None]
) -> None:
    async def scenario() -> None:
        async with running(device.run(taken)):
            await asyncio.sleep(0)
            work()

    asyncio.run(scenario())


def test_an_event_reaches_the_lane_once() -> None:
    device, taken = camera(), list[PlateEvent]()

    def work() -> None:
        assert device.receive(*build_push(EVENT), NOW) is not None
        assert device.receive(*build_push(EVENT), NOW) is None
        late = replace(EVENT, retransmission=True)
        assert device.receive(*build_push(late), NOW) is None

    with_camera(device, work, taken.append)
    assert [(event.plate, event.camera) for event in taken] == [("晋L00001", "front")]
    assert device.counters.frames == 1
    assert device.counters.refused == {"duplicate": 2}


def test_an_event_that_the_lane_could_not_take_may_come_again() -> None:
    device, taken = camera(), list[PlateEvent]()

    def fails_once(event: PlateEvent) -> None:
        taken.append(event)
        if len(taken) == 1:
            raise RuntimeError("lane is down")

    def work() -> None:
        with pytest.raises(RuntimeError):
            device.receive(*build_push(EVENT), NOW)
        assert device.receive(*build_push(EVENT), NOW) is not None

    with_camera(device, work, fails_once)
    assert len(taken) == 2


def test_a_push_from_elsewhere_is_refused() -> None:
    device = camera(host="192.0.2.10")
    with pytest.raises(MalformedEvent) as raised:
        device.receive(*build_push(EVENT), NOW, peer="192.0.2.66")
    assert raised.value.reason == "peer"
    assert device.receive(*build_push(EVENT), NOW, peer="192.0.2.10") is not None


def test_the_cameras_clock_is_measured_but_not_on_events_sent_late() -> None:
    device = camera()
    assert device.clock_offset_ms is None
    device.receive(*build_push(EVENT), NOW)
    assert device.clock_offset_ms == 1250
    off = replace(EVENT, event_id="2", camera_at=NOW - timedelta(days=400), retransmission=True)
    device.receive(*build_push(off), NOW)
    assert device.clock_offset_ms == 1250


def test_a_heartbeat_is_a_sign_of_life_and_no_event() -> None:
    clock = Clock()
    device = camera(clock, silence_s=60)
    assert device.state is DeviceState.UNKNOWN
    assert device.receive(*HEARTBEAT, NOW) is None
    assert device.counters.notices == 1
    clock.pass_(60)
    assert device.state is DeviceState.OK
    clock.pass_(1)
    assert device.state is DeviceState.STALE


def test_a_camera_without_a_silence_limit_stays_ok() -> None:
    clock = Clock()
    device = camera(clock)
    device.receive(*build_push(EVENT), NOW)
    clock.pass_(86_400)
    assert device.state is DeviceState.OK


def test_what_is_refused_is_counted_by_reason() -> None:
    device = camera()
    with pytest.raises(MalformedEvent):
        device.receive("text/html", b"<html>", NOW)
    assert device.counters.refused == {"content_type": 1}
    assert "text/html" in (device.counters.last_error or "")
    assert device.state is DeviceState.UNKNOWN


def test_a_rear_camera_sees_tails() -> None:
    event = camera(view="rear").receive(*build_push(EVENT), NOW)
    assert event is not None
    assert [picture.kind for picture in event.pictures] == ["plate", "tail"]
