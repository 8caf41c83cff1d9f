"""Cameras of all makers at the terminal's door, and those that the terminal calls itself."""

import asyncio
import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from hengyuan.terminal.devices import PlateEvent
from hengyuan.terminal.drivers.dahua import codec as dahua
from hengyuan.terminal.drivers.huaxia import codec as huaxia
from hengyuan.terminal.drivers.vzenith import codec as vzenith
from hengyuan.terminal.drivers.vzenith_tcp import codec as vzenith_tcp
from tests.terminal.county import County
from tests.terminal.drivers.at_hand import listening, tcp
from tests.terminal.drivers.push_cameras import EVENT
from tests.terminal.outbox import identity_for
from tests.terminal.test_screen import at_gate


@pytest.fixture(scope="module")
def identity():
    return identity_for(County())


def now() -> PlateEvent:
    return replace(EVENT, camera_at=datetime.now(UTC))


@pytest.mark.parametrize(
    ("driver", "kind", "body", "answer"),
    [
        ("dahua", "application/json", dahua.build_push(EVENT), {"result": "true"}),
        (
            "vzenith",
            "application/json",
            vzenith.build_push(EVENT, 7),
            {"Response_AlarmInfoPlate": {"info": "no"}},
        ),
        ("huaxia", huaxia.FORM, huaxia.build_push(EVENT), {"error_num": 0}),
    ],
)
def test_a_push_is_stored_and_answered_as_its_maker_wants_it(
    tmp_path, identity, driver, kind, body, answer
):
    async def scenario(at):
        for _ in range(2):
            said = await at.http.post("/camera/front", content=body, headers={"content-type": kind})
            assert said.status_code == 200
            assert answer.items() <= said.json().items()
        (kept,) = at.terminal.worker.store.open_sightings(1)
        assert json.loads(kept.body)["plate"] == EVENT.plate
        assert len(json.loads(kept.body)["files"]) == 2

    at_gate(scenario, tmp_path, identity, cameras=[{"driver": driver, "name": "front"}])


def test_a_camera_that_posts_to_its_own_path_is_known_by_its_address(tmp_path, identity):
    cameras = [
        {"driver": "dahua", "name": "front", "host": "127.0.0.1"},
        {"driver": "dahua", "name": "rear", "host": "192.0.2.9", "view": "rear"},
    ]

    async def scenario(at):
        for path in dahua.PATHS[:2]:
            body = dahua.build_keep_alive("D1") if "Keep" in path else dahua.build_push(EVENT)
            said = await at.http.post(path, content=body)
            assert (said.status_code, said.json()["result"]) == (200, "true")
        (kept,) = at.terminal.worker.store.open_sightings(1)
        assert kept.device == "front"

    at_gate(scenario, tmp_path, identity, cameras=cameras)


def test_two_cameras_without_an_address_cannot_share_a_path(tmp_path, identity):
    cameras = [{"driver": "dahua", "name": name} for name in ("front", "rear")]

    async def scenario(at):
        said = await at.http.post(dahua.PATHS[0], content=dahua.build_push(EVENT))
        assert said.status_code == 404
        assert "host" in said.json()["detail"]

    at_gate(scenario, tmp_path, identity, cameras=cameras)


def test_an_event_of_a_camera_that_the_terminal_calls_is_stored(tmp_path, identity):
    async def camera(server):
        while True:
            peer = await server.accepted()
            await peer.send(vzenith_tcp.encode(now(), 3))

    async def with_server():
        async with listening() as server:
            sending = asyncio.create_task(camera(server))
            table = {"driver": "vzenith_tcp", "name": "front", "transport": tcp(server.port)}
            await asyncio.to_thread(at_gate, scenario, tmp_path, identity, cameras=[table])
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending

    async def scenario(at):
        store = at.terminal.worker.store
        await at.until(lambda: store.open_sightings(1))
        (kept,) = store.open_sightings(1)
        assert (kept.device, json.loads(kept.body)["plate"]) == ("front", EVENT.plate)

    asyncio.run(asyncio.wait_for(with_server(), 60))
