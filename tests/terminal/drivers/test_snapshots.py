"""Cameras that push, asked over HTTP for what they see now: by make, over a real line."""

import asyncio
from typing import Any

import pytest

from hengyuan.terminal.drivers.base import PushCameraDriver
from hengyuan.terminal.drivers.catalogue import create, load_settings
from hengyuan.terminal.drivers.http import Login, LoginRefused
from hengyuan.terminal.drivers.snapshots import REFUSED_WAIT_S, Snapshots
from hengyuan.terminal.lane.pictures import askable
from hengyuan.world.devices.http_device import Call, http_device
from tests.terminal.drivers.at_hand import Clock
from tests.terminal.drivers.push_cameras import EVENT

JPEG = EVENT.pictures[0].data
PATHS = {
    "hikvision": "/ISAPI/Streaming/channels/101/picture",
    "dahua": "/cgi-bin/snapshot.cgi?channel=1",
}


def camera(driver: str, **more: Any) -> Any:
    made = create(load_settings({"driver": driver, "name": "front", **more}))
    assert isinstance(made, PushCameraDriver)
    return made


def run(scenario: Any) -> None:
    asyncio.run(asyncio.wait_for(scenario(), 60))


@pytest.mark.parametrize("driver", PATHS)
def test_a_camera_is_asked_where_its_make_has_the_picture(driver: str) -> None:
    asked: list[str] = []

    async def answer(call: Call) -> None:
        asked.append(call.path)
        await call.answer(JPEG, "image/jpeg")

    async def scenario() -> None:
        async with http_device(answer) as device:
            one = camera(driver, address=device.address, login=device.login)
            assert askable(one) is one
            picture = await one.snapshot()
            assert (picture.data, picture.media_type) == (JPEG, "image/jpeg")
            assert asked == [PATHS[driver]]

    run(scenario)


@pytest.mark.parametrize("driver", ["vzenith", "huaxia"])
def test_a_make_without_a_known_path_is_asked_where_it_is_told(driver: str) -> None:
    async def answer(call: Call) -> None:
        assert call.path == "/snap.jpg"
        await call.answer(JPEG, "image/jpeg")

    async def scenario() -> None:
        async with http_device(answer) as device:
            assert askable(camera(driver, address=device.address)) is None
            one = camera(
                driver, address=device.address, snapshot_path="/snap.jpg", login=device.login
            )
            assert (await one.snapshot()).data == JPEG

    run(scenario)


@pytest.mark.parametrize("driver", ["hikvision", "dahua", "vzenith", "huaxia"])
def test_a_camera_that_only_pushes_is_not_asked(driver: str) -> None:
    async def scenario() -> None:
        one = camera(driver)
        assert askable(one) is None
        with pytest.raises(ConnectionError, match="no address"):
            await one.snapshot()

    run(scenario)


def test_a_login_that_was_refused_is_not_tried_at_every_truck() -> None:
    async def answer(call: Call) -> None:
        await call.answer(JPEG, "image/jpeg")

    async def scenario() -> None:
        clock = Clock()
        async with http_device(answer) as device:
            wrong = Login(username="terminal", password="no")
            asking = Snapshots(device.address, wrong, "/x", clock=clock)
            for _ in range(5):
                with pytest.raises(LoginRefused):
                    await asking.take()
            assert device.refused == 1
            clock.pass_(REFUSED_WAIT_S)
            with pytest.raises(LoginRefused):
                await asking.take()
            assert device.refused == 2

    run(scenario)


@pytest.mark.parametrize("body", [b"<html>", JPEG[:-2], b""], ids=["page", "torn", "nothing"])
def test_what_is_no_picture_is_an_error(body: bytes) -> None:
    async def answer(call: Call) -> None:
        await call.answer(body, "image/jpeg")

    async def scenario() -> None:
        async with http_device(answer) as device:
            asking = Snapshots(device.address, Login(**device.login), "/x")
            with pytest.raises(ConnectionError, match="the snapshot is"):
                await asking.take()

    run(scenario)
