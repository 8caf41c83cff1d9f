"""A doctor at beams, barriers and lamps: it reads what they say, and nothing moves."""

import pytest

from hengyuan.terminal.config import read_config
from hengyuan.terminal.devices import BarrierPosition
from hengyuan.terminal.doctor import relay_checks, running
from hengyuan.terminal.doctor.findings import Findings
from hengyuan.terminal.doctor.line_checks import devices
from hengyuan.world.devices import relay_module as world
from hengyuan.world.devices.http_device import http_device
from tests.terminal.directed.test_serving import configuration
from tests.terminal.drivers.hikvision_gate.test_hikvision_gate import Gate
from tests.terminal.setup.module_at_hand import elsewhere, relay_module


@pytest.fixture
def module():
    with relay_module() as there:
        there.switched = []
        switch = there._switch
        there._switch = lambda relay, on, at: (
            there.switched.append(relay),
            switch(relay, on, at),
        )
        yield there
        # whatever was looked at
        assert there.switched == []
        assert list(there.arm.orders) == []


def on(module, driver, name, **more):
    transport = {"kind": "tcp", "host": "127.0.0.1", "port": module.wire.port}
    return {"driver": driver, "name": name, "transport": transport, **more}


def looked_at(tmp_path, **lane):
    """What is found of a lane with these devices, but of its scale and display."""
    raw = configuration("http://127.0.0.1:9", 8300)
    raw["lanes"][0] |= lane
    found = Findings()
    config = read_config(tmp_path / "gate.toml", raw)
    names = [device["name"] for each in lane.values()
             for device in (each if isinstance(each, list) else [each])]  # fmt: skip
    devices(config, found)
    return [step for step in found.steps if any(name in step.text for name in names)]


@pytest.fixture(autouse=True)
def no_patience_with_the_scale(monkeypatch):
    async def nothing(*_args):
        return

    from hengyuan.terminal.doctor import line_checks

    monkeypatch.setattr(line_checks, "_scale", nothing)
    monkeypatch.setattr(relay_checks, "CONNECT_S", 2.0)


def test_beams_that_are_clear_and_one_that_is_covered(module, tmp_path):
    (step,) = looked_at(tmp_path, sensors=on(module, "modbus_sensors", "beams"))
    assert step.level == "good"
    module.by_hand = {world.REAR_EDGE}
    (step,) = looked_at(tmp_path, sensors=on(module, "modbus_sensors", "beams"))
    assert (step.level, "秤台后端对射被遮挡" in step.text) == ("warn", True)
    assert step.remedy


def test_where_the_arm_is_is_read_and_it_is_not_moved(module, tmp_path):
    switches = {"open_input": world.ARM_UP, "closed_input": world.ARM_DOWN,
                "blocked_input": world.UNDER_ARM}  # fmt: skip
    gate = on(module, "modbus_barrier", "arm", **switches)
    (step,) = looked_at(tmp_path, barriers=[gate])
    assert (step.level, "闸杆已落下" in step.text) == ("good", True)
    module.by_hand = {world.UNDER_ARM}
    (step,) = looked_at(tmp_path, barriers=[gate])
    assert step.level == "warn"
    # the switches are exchanged with inputs where nothing is
    (step,) = looked_at(tmp_path, barriers=[gate | {"open_input": 7, "closed_input": 8,
                                                    "blocked_input": 6}])  # fmt: skip
    assert (step.level, "不明" in step.text) == ("warn", True)


def test_a_barrier_that_nothing_looks_under_and_a_lamp(module, tmp_path):
    steps = looked_at(
        tmp_path,
        barriers=[on(module, "modbus_barrier", "arm")],
        lamps=[on(module, "modbus_lamp", "lamp", red_relay=3, green_relay=4)],
    )
    assert [(step.what, step.level) for step in steps] == [
        ("barrier", "good"),
        ("barrier", "warn"),
        ("lamp", "good"),
    ]


def test_two_devices_on_one_relay_are_named(module, tmp_path):
    steps = looked_at(
        tmp_path,
        barriers=[on(module, "modbus_barrier", "arm", blocked_input=world.UNDER_ARM)],
        lamps=[on(module, "modbus_lamp", "lamp", red_relay=2, green_relay=4)],
    )
    assert [step.text for step in steps if step.what == "relay"] == ["继电器 2 同时属于 arm、lamp"]


def test_a_module_that_is_not_there_and_a_wrong_unit(module, tmp_path):
    sensors = on(module, "modbus_sensors", "beams", unit=9, answer_s=0.1)
    (step,) = looked_at(tmp_path, sensors=sensors)
    assert (step.level, "unit 9" in step.text) == ("bad", True)
    sensors["transport"] |= {"port": 9}
    (step,) = looked_at(tmp_path, sensors=sensors)
    assert step.level == "bad"
    assert "--only sensors" in step.remedy


def test_a_gate_that_is_called_is_asked_and_not_ordered(tmp_path):
    gate = Gate()
    with elsewhere(lambda: http_device(gate.handle)) as device:
        login = dict(device.login)
        table = {"driver": "hikvision_gate", "name": "arm", "address": device.address,
                 "login": login}  # fmt: skip
        (step,) = looked_at(tmp_path, barriers=[table])
        assert (step.level, "闸杆已落下" in step.text) == ("good", True)
        login["password"] = "wrong"
        (step,) = looked_at(tmp_path, barriers=[table])
        assert step.level == "bad"
    assert gate.orders == []
    assert gate.position is BarrierPosition.CLOSED


def test_a_running_terminals_streams_are_told_with_their_errors():
    found = Findings()
    said = {
        "videos": {
            "a": {"state": "ok", "counters": {"last_error": None}},
            "b": {"state": "offline", "counters": {"last_error": "no answer in time"}},
            "c": {"state": "unknown", "counters": {}},
        }
    }
    running._videos(said, found)
    assert [step.level for step in found.steps] == ["good", "bad", "warn"]
    assert "no answer in time" in found.steps[1].text
