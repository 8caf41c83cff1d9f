"""An F1 scale on a real line: TCP and a serial port; and what its state may be believed to be."""

import asyncio
import os
import sys
from typing import Any

import pytest

from hengyuan.terminal.devices import DeviceState, Reading
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.f1.codec import encode
from hengyuan.terminal.drivers.f1.driver import Driver
from hengyuan.terminal.drivers.f1.settings import Settings
from hengyuan.terminal.transports.link import Backoff
from tests.terminal.drivers.at_hand import Clock, ScriptedLink, listening, running, tcp, until


def settings(transport: dict[str, Any] | None = None, **more: Any) -> Settings:
    table = {"driver": "f1", "name": "scale", "transport": transport or tcp(), **more}
    made = load_settings(table)
    assert isinstance(made, Settings)
    return made


def quick(device: Driver) -> Driver:
    """The same driver, not waiting long between attempts."""
    device.link._backoff = Backoff(0.01, 0.02)
    return device


def masses(readings: list[Reading]) -> list[int | None]:
    return [reading.mass_kg for reading in readings]


def test_a_scale_behind_a_tcp_port_is_read_and_read_again_after_a_break() -> None:
    async def scenario() -> None:
        readings: list[Reading] = []
        async with listening() as device:
            scale = quick(Driver(settings(tcp(device.port))))
            async with running(scale.run(readings.append)):
                peer = await device.accepted()
                frame = encode(31_200)
                await peer.send(frame[:5])
                await peer.send(frame[5:] + encode(31_220))
                await until(lambda: len(readings) == 2)
                assert scale.state is DeviceState.OK
                peer.hang_up()
                peer = await device.accepted()
                await peer.send(encode(31_240))
                await until(lambda: len(readings) == 3)
        assert masses(readings) == [31_200, 31_220, 31_240]
        assert scale.counters.connects == 2
        assert readings[0].at <= readings[2].at

    asyncio.run(scenario())


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_a_scale_on_a_serial_port_is_read() -> None:
    async def scenario() -> None:
        readings: list[Reading] = []
        ours, theirs = os.openpty()
        try:
            transport = {"kind": "serial", "port": os.ttyname(theirs), "baudrate": 9600}
            scale = quick(Driver(settings(transport)))
            async with running(scale.run(readings.append)):
                await until(lambda: scale.link.connected)
                os.write(ours, b"\x00\xff" + encode(18_640) + encode(-20))
                await until(lambda: len(readings) == 2)
        finally:
            os.close(ours)
            os.close(theirs)
        assert masses(readings) == [18_640, -20]
        assert scale.counters.refused == {"noise": 1}

    asyncio.run(scenario())


def test_a_scale_that_is_not_there_is_offline_and_says_why() -> None:
    async def scenario() -> None:
        async with listening() as device:
            port = device.port
        scale = quick(Driver(settings(tcp(port))))
        assert scale.state is DeviceState.UNKNOWN
        async with running(scale.run(lambda reading: None)):
            await until(lambda: scale.counters.last_error)
            assert scale.state is DeviceState.OFFLINE

    asyncio.run(scenario())


class Played:
    """A scale whose line follows a script, without any waiting. "state" notes its state."""

    def __init__(self, script: list[Any], **more: Any) -> None:
        clock = Clock()
        steps = [self.note if step == "state" else step for step in script]
        self.link = ScriptedLink(clock, steps)
        self.states: list[DeviceState] = []
        self.readings: list[Reading] = []
        self.scale = Driver(settings(**more), clock=clock, link=self.link)  # type: ignore[arg-type]
        asyncio.run(self.scale.run(self.readings.append))

    def note(self) -> None:
        self.states.append(self.scale.state)


def test_a_scale_silent_for_two_seconds_is_stale_not_at_its_last_weight() -> None:
    script = ["state", encode(100), "state", 2.0, "state", 0.5, "state", encode(100), "state"]
    assert Played(script).states == [
        DeviceState.UNKNOWN,
        DeviceState.OK,
        DeviceState.OK,
        DeviceState.STALE,
        DeviceState.OK,
    ]


def test_bytes_that_are_no_frames_are_a_fault() -> None:
    babble = [step for _ in range(5) for step in (b"\xfe\xfe", 0.5)]
    assert Played([encode(100), *babble, "state"]).states == [DeviceState.FAULT]
    assert Played([*babble, "state"]).states == [DeviceState.FAULT]


def test_a_scale_that_never_says_anything_is_stale() -> None:
    assert Played([2.5, "state"]).states == [DeviceState.STALE]


def test_a_line_silent_for_long_is_opened_again() -> None:
    link = Played([encode(100), 60.0], silence_s=10).link
    assert link.errors == ["silent for 10 s"]


def test_half_a_frame_before_a_silence_never_joins_the_next_frame() -> None:
    frame = encode(31_200)
    played = Played([frame[:8], 1.0, frame[8:], frame])
    assert masses(played.readings) == [31_200]
    assert played.scale.counters.refused["half_frame"] == 1


def test_a_lane_that_fails_does_not_take_the_scale_down() -> None:
    clock = Clock()
    seen: list[Reading] = []

    def fails(reading: Reading) -> None:
        seen.append(reading)
        raise RuntimeError("lane")

    link = ScriptedLink(clock, [encode(1), encode(2)])
    scale = Driver(settings(), clock=clock, link=link)  # type: ignore[arg-type]
    asyncio.run(scale.run(fails))
    assert masses(seen) == [1, 2]
