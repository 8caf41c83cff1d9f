"""Lines that are no plain address: a broker, datagrams, a device that calls; and a called gate."""

import asyncio
import tomllib
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hengyuan.terminal.config import load_config
from hengyuan.terminal.setup import arm_trial, cameras_part, listening, scale_part
from hengyuan.terminal.setup.dialogue import FromAnswers
from hengyuan.terminal.setup.places import transport_of, where_of
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.setup.wizard import run_setup
from hengyuan.world.devices.http_device import http_device
from hengyuan.world.devices.relay_module import RelayModule
from hengyuan.world.devices.room_camera import RoomCamera
from hengyuan.world.devices.wires import PtyWire
from hengyuan.world.motion import FAST, Deck
from hengyuan.world.pictures import picture_of_room
from tests.terminal.directed.test_serving import configuration
from tests.terminal.drivers.hikvision_gate.test_hikvision_gate import Gate
from tests.terminal.setup.conftest import Quiet, set_up
from tests.terminal.setup.module_at_hand import elsewhere
from tests.terminal.setup.test_relay_module import go_through
from tests.terminal.transports.test_mqtt import FRAME, broker, folder
from tests.terminal.transports.test_tcp_server import free_port

__all__ = ["folder"]


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "gate.toml"
    file.write_text(write_toml(configuration("http://127.0.0.1:9", 8300)))
    return file


@pytest.mark.parametrize(
    ("where", "transport"),
    [
        ("COM3", {"kind": "serial", "port": "COM3", "baudrate": 9600}),
        ("192.0.2.1:4001", {"kind": "tcp", "host": "192.0.2.1", "port": 4001}),
        ("[2001:db8::1]:4001", {"kind": "tcp", "host": "2001:db8::1", "port": 4001}),
        ("udp://192.0.2.1:4001", {"kind": "udp", "host": "192.0.2.1", "port": 4001}),
        ("listen:4001", {"kind": "tcp_server", "port": 4001}),
        (
            "mqtt://192.0.2.1:1883/gate/+/scale",
            {"kind": "mqtt", "host": "192.0.2.1", "port": 1883, "topic": "gate/+/scale"},
        ),
        (
            "mqtts://broker:8883/gate",
            {"kind": "mqtt", "host": "broker", "port": 8883, "topic": "gate", "tls": True},
        ),
    ],
)
def test_a_place_is_a_word_and_a_transport_its_place_again(where, transport):
    assert transport_of(where) == transport
    assert where_of(transport) == where


def test_a_port_that_cannot_be_is_taken_for_a_serial_one():
    assert transport_of("192.0.2.1:99999")["kind"] == "serial"


def scale(path, **answers):
    answers = {"network": "", "lanes": {"1": {"scale": answers}}}
    out = Quiet()
    dialogue = FromAnswers(answers, out)
    run_setup(dialogue, path, only=["scale"], wait_s=0.5)
    assert dialogue.unused() == []
    return tomllib.loads(path.read_text())["lanes"][0]["scale"], out


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(listening, "LISTEN_S", 0.1)
    monkeypatch.setattr(scale_part, "HEAR_S", 0.5)


def test_a_scale_behind_a_broker_is_recognised_and_its_password_stands_in_a_file(
    path, folder, quick
):
    """The broker is a real one, and refuses whoever has no password."""

    async def speak(there):
        while True:
            await there.says("gate/scale", FRAME * 4)
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def speaking():
        async with broker(folder) as there:
            task = asyncio.create_task(speak(there))
            try:
                yield there
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

    with elsewhere(speaking) as there:
        found, out = scale(
            path,
            at=f"mqtt://127.0.0.1:{there.port}/gate/scale",
            line={"user": "gate", "password": "sesame", "write_topic": "gate/in"},
        )
        transport = found["transport"]
        assert found["driver"] == "f1"
        assert (transport["user"], transport["write_topic"]) == ("gate", "gate/in")
        assert "sesame" not in path.read_text()
        assert Path(transport["password_file"]).read_text().strip() == "sesame"
        assert any("f1" in each for each in out.said)
        # once more with Enter: the password is not asked for again, and nothing changes
        before = path.read_text()
        scale(path)
        assert path.read_text() == before


def test_datagrams_and_a_device_that_calls_are_asked_about(path, quick):
    model = {"model": "f1"}
    found, _ = scale(path, at="udp://192.0.2.1:4001", line={"local_port": free_port()}, **model)
    assert found["transport"]["local_port"] > 0
    port = free_port()
    found, _ = scale(path, at=f"listen:{port}", line={"peer": "192.0.2.1"}, **model)
    assert found["transport"] == {"kind": "tcp_server", "port": port, "peer": "192.0.2.1"}
    found, out = scale(path, line={"peer": "-"}, **model)
    assert any("没有设备连过来" in each for each in out.warned)
    assert found["transport"] == {"kind": "tcp_server", "port": port}
    assert load_config(path)


def test_what_was_written_by_hand_about_a_line_is_kept(path, quick):
    raw = tomllib.loads(path.read_text())
    kept = {"kind": "tcp", "host": "127.0.0.1", "port": 9, "record": "fault.jsonl",
            "connect_timeout_s": 1.5}  # fmt: skip
    raw["lanes"][0]["scale"]["transport"] = kept
    path.write_text(write_toml(raw))
    found, _ = scale(path)
    assert found["transport"] == kept


def cameras(path, *asked):
    lane = {"cameras": {"count": len(asked), **{str(n): a for n, a in enumerate(asked, 1)}}}
    set_up(path, {"network": "", "lanes": {"1": lane}}, only=["cameras"])
    return load_config(path).lanes[0].cameras


def test_every_camera_of_a_lane_has_its_role_and_a_name_of_its_own(path):
    push = {"driver": "hikvision", "wait": False}
    found = cameras(path, push, push, push, push | {"view": "weigh_room"}, push | {"view": "exit"})
    assert [(each.view, each.name) for each in found] == [
        ("front", "front"),
        ("rear", "rear"),
        ("cab", "cab"),
        ("weigh_room", "weigh_room"),
        ("exit", "exit"),
    ]
    found = cameras(path, push | {"view": "front"}, push | {"view": "front", "name": "other"})
    assert [each.name for each in found] == ["front", "other"]


def test_a_camera_of_the_weigh_room_is_called_and_gives_a_picture(path, monkeypatch):
    """And one that pushes may be asked too, where it is said where and how."""
    monkeypatch.setattr(cameras_part, "CALL_S", 5.0)
    picture = picture_of_room(datetime.now(UTC), "示例煤矿 磅房")

    @asynccontextmanager
    async def room():
        camera = RoomCamera(lambda: picture)
        await camera.open()
        try:
            yield camera
        finally:
            await camera.close()

    with elsewhere(room) as camera:
        address = camera.server.device.address
        login = dict(camera.server.device.login)
        called = {"driver": "hikvision_stream", "view": "weigh_room", "address": address} | login
        pushing = {"driver": "hikvision", "view": "front", "wait": False, "asked": True}
        pushing["picture"] = {"address": address, **login}
        other = {"driver": "vzenith", "view": "rear", "wait": False, "asked": True}
        other["picture"] = {"address": address, "path": "/nowhere.jpg", **login}
        out = Quiet()
        lane = {"cameras": {"count": 3, "1": called, "2": pushing, "3": other}}
        dialogue = FromAnswers({"network": "", "lanes": {"1": lane}}, out)
        run_setup(dialogue, path, only=["cameras"], wait_s=1)
        assert dialogue.unused() == []
        assert camera.pictures == 2
    assert sum("已收到图片" in each for each in out.said) == 2
    assert sum("没有要到图片" in each for each in out.warned) == 1
    found = load_config(path).lanes[0].cameras
    assert [each.view for each in found] == ["weigh_room", "front", "rear"]
    assert found[2].snapshot_path == "/nowhere.jpg"
    assert found[1].address == address
    before = path.read_text()
    again = {str(number): {"wait": False, "try": False, "picture": {"try": False}}
             for number in (1, 2, 3)}  # fmt: skip
    dialogue = FromAnswers({"network": "", "lanes": {"1": {"cameras": again}}}, Quiet())
    run_setup(dialogue, path, only=["cameras"], wait_s=1)
    assert path.read_text() == before


def test_a_gate_that_is_called_is_asked_first_and_moved_only_when_somebody_types_it(
    path, monkeypatch
):
    monkeypatch.setattr(arm_trial, "ASKS_S", 0.05)
    monkeypatch.setattr(arm_trial, "MOVES_S", 3.0)
    gate = Gate()
    with elsewhere(lambda: http_device(gate.handle)) as device:
        asked = {"driver": "hikvision_gate", "address": device.address, **dict(device.login)}
        barriers = {"barriers": {"count": 1, "1": asked}}
        out = Quiet()
        (found,) = go_through(path, out, barriers, "barriers")["barriers"]
        assert gate.orders == []
        assert any("闸杆已落下" in each for each in out.said)
        assert "may_close" not in found
        asked["open"] = "抬杆"
        go_through(path, Quiet(), barriers, "barriers")
    assert gate.orders == ["open"]


def test_a_module_on_a_serial_port_is_found(path, tmp_path):
    @asynccontextmanager
    async def serial_module():
        module = RelayModule(Deck(FAST, 20, 1), PtyWire(), 0.1)
        await module.wire.open()
        try:
            yield module
        finally:
            await module.wire.close()

    with elsewhere(serial_module) as module:
        answers = {
            "sensors": {
                "there": True, "at": module.wire.path, "free": False,
                "front_edge": {"number": 1}, "rear_edge": {"number": 2},
                "barrier": {"there": False},
            }
        }  # fmt: skip
        out = Quiet()
        found = go_through(path, out, answers, "sensors")["sensors"]
    assert found["transport"] == {"kind": "serial", "port": module.wire.path, "baudrate": 9600}
    assert any("9600 8N1" in each for each in out.said)
