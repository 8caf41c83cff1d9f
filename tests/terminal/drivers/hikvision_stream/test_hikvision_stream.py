"""A Hikvision alert stream: read with a digest login, cut anywhere, gone and back."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.devices import DeviceState, PlateEvent, Refused
from hengyuan.terminal.drivers.catalogue import load_settings
from hengyuan.terminal.drivers.hikvision_stream.codec import (
    BOUNDARY,
    MAX_HEADERS,
    Assembler,
    Splitter,
    decode,
    encode,
    encode_sign_of_life,
)
from hengyuan.terminal.drivers.hikvision_stream.driver import Driver
from hengyuan.terminal.drivers.hikvision_stream.settings import Settings
from hengyuan.terminal.drivers.plate_events import MAX_PICTURE, jpeg_problem
from hengyuan.terminal.transports.link import Backoff
from hengyuan.world.devices.http_device import Call, Handler, HttpDevice, http_device
from tests.terminal.drivers.at_hand import running, until
from tests.terminal.drivers.mutations import mutated, pieces
from tests.terminal.drivers.push_cameras import EVENT as PUSHED

EVENT = replace(PUSHED, event_id="a0fe72d4-0000-0000-0000-000000000001")
OTHER = replace(EVENT, event_id="a0fe72d4-0000-0000-0000-000000000002", plate="晋L00002")
JPEG = EVENT.pictures[0].data
STREAM = f"multipart/mixed; boundary={BOUNDARY}"


def settings(address: str = "http://192.0.2.10", **more: Any) -> Settings:
    table = {"driver": "hikvision_stream", "name": "camera-1", "address": address, **more}
    made = load_settings(table)
    assert isinstance(made, Settings)
    return made


def with_camera(
    handler: Handler,
    work: Callable[[Driver, HttpDevice, list[PlateEvent]], Awaitable[None]],
    **more: Any,
) -> None:
    async def scenario() -> None:
        got: list[PlateEvent] = []

        async def keep(event: PlateEvent) -> None:
            got.append(event)

        async with http_device(handler) as device:
            driver = Driver(settings(device.address, **{"login": device.login, **more}))
            driver._backoff = Backoff(0.01, 0.02)
            async with running(driver.pull(keep)):
                await work(driver, device, got)

    asyncio.run(asyncio.wait_for(scenario(), 60))


async def for_ever() -> None:
    await asyncio.Event().wait()


def test_events_of_the_stream_are_taken_once() -> None:
    async def stream(call: Call) -> None:
        await call.begin_stream(STREAM)
        await call.send(encode_sign_of_life() + encode(EVENT) + encode(EVENT) + encode(OTHER))
        await for_ever()

    async def work(driver: Driver, device: HttpDevice, got: list[PlateEvent]) -> None:
        await until(lambda: len(got) == 2)
        assert [event.plate for event in got] == ["晋L00001", "晋L00002"]
        assert got[0].pictures == EVENT.pictures
        assert got[0].camera == "camera-1"
        assert driver.state is DeviceState.OK
        assert driver.counters.refused == {"duplicate": 1}
        assert device.calls[0].path == "/ISAPI/Event/notification/alertStream"

    with_camera(stream, work)


def test_a_wrong_password_is_a_fault_tried_once_and_told_to_nobody(
    capfd: pytest.CaptureFixture[str],
) -> None:
    async def work(driver: Driver, device: HttpDevice, got: list[PlateEvent]) -> None:
        await until(lambda: driver.state is DeviceState.FAULT)
        assert "login" in (driver.counters.last_error or "")
        await asyncio.sleep(0.1)
        assert device.refused == 1
        assert "hunter2" not in repr(driver.settings) + str(driver.counters.as_dict())
        assert not any("hunter2" in head for head in device.headers)

    with_camera(
        lambda call: for_ever(), work, login={"username": "terminal", "password": "hunter2"}
    )
    said = capfd.readouterr()
    assert "hunter2" not in said.out + said.err


def test_a_stream_that_ends_is_read_again() -> None:
    times: list[Call] = []

    async def stream(call: Call) -> None:
        times.append(call)
        await call.begin_stream(STREAM)
        await call.send(encode(EVENT if len(times) == 1 else OTHER))
        if len(times) == 1:
            call.writer.close()
        else:
            await for_ever()

    async def work(driver: Driver, device: HttpDevice, got: list[PlateEvent]) -> None:
        await until(lambda: len(got) == 2)
        assert driver.counters.connects == 2

    with_camera(stream, work)


def test_a_silent_stream_is_called_anew() -> None:
    async def stream(call: Call) -> None:
        await call.begin_stream(STREAM)
        await for_ever()

    async def work(driver: Driver, device: HttpDevice, got: list[PlateEvent]) -> None:
        await until(lambda: driver.counters.connects >= 2)

    with_camera(stream, work, silence_s=0.05)


def test_pictures_that_do_not_come_hold_an_event_up_only_for_a_while() -> None:
    whole = encode(EVENT)
    torn = whole[: whole.rindex(b"--" + BOUNDARY.encode())]

    async def stream(call: Call) -> None:
        await call.begin_stream(STREAM)
        await call.send(torn)
        await for_ever()

    async def work(driver: Driver, device: HttpDevice, got: list[PlateEvent]) -> None:
        await until(lambda: got)
        assert len(got[0].pictures) == 1
        assert "did not come" in got[0].picture_faults[0]

    with_camera(stream, work, pictures_s=0.05)


def test_an_answer_that_is_no_stream_is_reported() -> None:
    async def page(call: Call) -> None:
        await call.answer(b"<html>", "text/html")

    async def work(driver: Driver, device: HttpDevice, got: list[PlateEvent]) -> None:
        await until(lambda: "multipart" in (driver.counters.last_error or ""))
        assert driver.state is DeviceState.OFFLINE

    with_camera(page, work)


@pytest.mark.parametrize(
    ("body", "said"), [(JPEG, None), (b"<html>", "not a JPEG"), (JPEG[:-2], "breaks off")]
)
def test_a_snapshot_is_a_picture_or_an_error(body: bytes, said: str | None) -> None:
    async def camera(call: Call) -> None:
        assert call.path == "/ISAPI/Streaming/channels/101/picture"
        await call.answer(body, "image/jpeg")

    async def scenario() -> None:
        async with http_device(camera) as device:
            driver = Driver(settings(device.address, login=device.login))
            if said is None:
                assert (await driver.snapshot()).data == body
            else:
                with pytest.raises(ConnectionError, match=said):
                    await driver.snapshot()

    asyncio.run(asyncio.wait_for(scenario(), 60))


def events_of(stream: bytes, cuts: list[bytes]) -> list[Any]:
    splitter, assembler, now = Splitter(), Assembler(), datetime(2026, 5, 1, tzinfo=UTC)
    parts = [part for cut in cuts for part in splitter.feed(cut)] + splitter.flush()
    out: list[Any] = []
    for part in parts:
        if not isinstance(part, Refused):
            out += assembler.add(part, now)
    assert splitter.counters.octets == len(stream)
    assert splitter.pending == 0
    return out + assembler.finish(now)


@given(st.randoms(use_true_random=False))
def test_events_do_not_depend_on_how_the_bytes_arrive(random: Random) -> None:
    stream = encode_sign_of_life() + encode(EVENT) + encode(OTHER)
    assert events_of(stream, pieces(random, stream)) == events_of(stream, [stream])
    assert len(events_of(stream, [stream])) == 3


@given(st.randoms(use_true_random=False))
def test_a_bad_stream_never_raises_nor_yields_a_broken_picture(random: Random) -> None:
    for item in decode(mutated(random, encode(EVENT) + encode(OTHER))):
        if isinstance(item, PlateEvent):
            assert all(jpeg_problem(picture.data) is None for picture in item.pictures)


@given(st.binary(max_size=120))
def test_no_bytes_at_all_raise_anything(body: bytes) -> None:
    decode(body)
    decode(b"--boundary\r\n" + body)
    decode(b"--boundary\r\nContent-Length: 5\r\n\r\n<" + body)


@pytest.mark.parametrize(
    "fill", [b"--boundary\r\n", b"--boundary\r\nx: " + b"y" * MAX_HEADERS, bytes(1000), b"-"]
)
def test_a_babbling_stream_fills_no_memory(fill: bytes) -> None:
    splitter = Splitter()
    for _ in range(500):
        splitter.feed(fill * 3)
        assert splitter.pending <= MAX_HEADERS * 4


def test_a_part_larger_than_any_picture_is_given_up() -> None:
    splitter = Splitter()
    head = f"--boundary\r\nContent-Length: {MAX_PICTURE + 1}\r\n\r\n".encode()
    (refused,) = splitter.feed(head + b"x")
    assert isinstance(refused, Refused) and refused.reason == "length"


@pytest.mark.parametrize("address", ["ftp://x", "http://user:pw@192.0.2.1", "http://x/path"])
def test_an_address_holds_no_login_and_no_path(address: str) -> None:
    with pytest.raises(ValueError, match="address"):
        settings(address)
