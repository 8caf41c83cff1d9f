"""Beams, barriers and lamps at a simulated relay module: recognised, moved only on request."""

import asyncio
import tomllib

import pytest

from hengyuan.terminal.config import load_config
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.setup import arm_trial, beam_watching, relay_module
from hengyuan.terminal.setup.dialogue import FromAnswers, SetupStopped
from hengyuan.terminal.setup.sensors_part import place_title
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.setup.wizard import run_setup
from hengyuan.terminal.store.schema import claim
from hengyuan.world.devices import relay_module as world
from tests.terminal.directed.test_serving import configuration
from tests.terminal.drivers.modbus_module import Module, with_module
from tests.terminal.setup import module_at_hand
from tests.terminal.setup.module_at_hand import Installer, at

FRONT, REAR = place_title("front_edge"), place_title("rear_edge")
UNDER = place_title("barrier")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(beam_watching, "REST_S", 0.1)
    monkeypatch.setattr(beam_watching, "HOLDS_S", 0.1)
    monkeypatch.setattr(beam_watching, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(arm_trial, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(arm_trial, "RESTS_S", 0.1)
    monkeypatch.setattr(arm_trial, "ASKS_S", 0.1)
    monkeypatch.setattr(arm_trial, "MOVES_S", 3.0)
    monkeypatch.setattr(relay_module, "ANSWER_S", 0.2)


@pytest.fixture
def module():
    with module_at_hand.relay_module() as there:
        yield there


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "gate.toml"
    file.write_text(write_toml(configuration("http://127.0.0.1:9", 8300)))
    return file


class AtTheGate(FromAnswers):
    """Answers from a table, and typed there by somebody who reads what he is told."""

    def typed(self, key, text):
        return str(self._find(key) or "")


def go_through(path, installer, lane, *only, wait_s=5.0):
    dialogue = AtTheGate({"network": "", "lanes": {"1": lane}}, installer)
    run_setup(dialogue, path, only=only, wait_s=wait_s)
    assert dialogue.unused() == []
    return tomllib.loads(path.read_text())["lanes"][0]


def beams(module, **more):
    return {"sensors": {"there": True, "at": at(module), **more}}


def test_each_beam_is_found_by_covering_it_with_the_way_it_says_so(module, path):
    module.fails_safe = {world.REAR_EDGE}
    installer = Installer()
    installer.covers(FRONT, module, world.FRONT_EDGE)
    installer.covers(REAR, module, world.REAR_EDGE)
    installer.covers(UNDER, module, world.UNDER_ARM)
    found = go_through(path, installer, beams(module), "sensors")["sensors"]
    assert found["inputs"] == {
        "front_edge": {"number": world.FRONT_EDGE, "covered_when": "on"},
        "rear_edge": {"number": world.REAR_EDGE, "covered_when": "off"},
        "barrier": {"number": world.UNDER_ARM, "covered_when": "on"},
    }
    assert (found["framing"], found["unit"]) == ("rtu", world.UNIT)
    # the inputs were shown as they changed
    assert any("1●" in each and "2●" in each for each in installer.said)
    settings = load_config(path).lanes[0].sensors
    assert settings.inputs["rear_edge"].covered_when == "off"
    # reading moves nothing
    assert list(module.arm.orders) == []
    assert module.relays == [False] * world.RELAYS


def test_two_inputs_that_change_together_are_named_and_neither_is_taken(module, path):
    installer = Installer()
    installer.covers(FRONT, module, world.FRONT_EDGE, world.UNDER_ARM)
    answers = beams(
        module,
        rear_edge={"there": False},
        barrier={"there": False},
        front_edge={"number": 7, "covered_when": "off"},
    )
    found = go_through(path, installer, answers, "sensors", wait_s=0.6)["sensors"]
    assert found["inputs"] == {"front_edge": {"number": 7, "covered_when": "off"}}
    assert any("1, 3" in each for each in installer.warned)


def test_a_beam_that_was_covered_for_another_is_not_taken_twice(module, path):
    installer = Installer()
    installer.covers(FRONT, module, world.FRONT_EDGE)
    installer.covers(REAR, module, world.FRONT_EDGE)
    answers = beams(module, barrier={"there": False}, rear_edge={"number": 2})
    found = go_through(path, installer, answers, "sensors")["sensors"]
    assert found["inputs"]["rear_edge"]["number"] == 2
    assert any(FRONT in each for each in installer.warned)


def test_an_input_of_another_lane_is_not_taken_for_this_ones(module, path):
    """Two lanes, one module: somebody covers the neighbour's beam."""
    raw = tomllib.loads(path.read_text())
    first = raw["lanes"][0]
    line = {"kind": "tcp", "host": "127.0.0.1", "port": module.wire.port}
    first["sensors"] = {"driver": "modbus_sensors", "name": "neighbour", "transport": line,
                        "inputs": {"front_edge": {"number": 1}}}  # fmt: skip
    raw["lanes"].append(
        {"number": 2, "scale": first["scale"] | {"name": "second"},
         "displays": [{"driver": "html", "name": "second screen"}]}
    )  # fmt: skip
    path.write_text(write_toml(raw))
    installer = Installer()
    installer.covers(FRONT, module, world.FRONT_EDGE)
    no = {"there": False}
    lanes = {
        "1": {"sensors": {"free": False, "front_edge": {"number": 1}}},
        "2": beams(module, front_edge={"number": 2}, rear_edge=no, barrier=no),
    }
    run_setup(
        AtTheGate({"network": "", "lanes": lanes}, installer), path, only=["sensors"], wait_s=5
    )
    assert any("neighbour" in each for each in installer.warned)
    second = load_config(path).lanes[1].sensors
    assert second.inputs["front_edge"].number == 2
    # equal lines are one connection, and their names differ
    assert second.transport == load_config(path).lanes[0].sensors.transport
    assert second.name != "neighbour"


def test_an_input_that_never_rests_is_named_and_does_not_hide_the_beam(module, path):
    """A loose wire at input 8."""
    read = module.inputs
    flips = iter(range(10_000_000))
    module.inputs = lambda when: [*read(when)[:7], bool(next(flips) % 2)]
    installer = Installer()
    installer.covers(FRONT, module, world.FRONT_EDGE)
    answers = beams(module, barrier={"there": False}, rear_edge={"there": False})
    found = go_through(path, installer, answers, "sensors")["sensors"]
    assert found["inputs"] == {"front_edge": {"number": 1, "covered_when": "on"}}
    assert any("8" in each for each in installer.warned)


def test_a_module_that_is_not_there_is_said_and_described_by_hand(path):
    answers = {
        "sensors": {
            "there": True, "at": "127.0.0.1:9", "framing": "tcp", "unit": 3,
            "front_edge": {"number": 4}, "rear_edge": {"there": False},
            "barrier": {"there": False},
        }
    }  # fmt: skip
    installer = Installer()
    found = go_through(path, installer, answers, "sensors")["sensors"]
    assert (found["framing"], found["unit"]) == ("tcp", 3)
    assert found["inputs"]["front_edge"]["number"] == 4
    assert any("127.0.0.1:9" in each for each in installer.warned)


@pytest.mark.parametrize("framing", ["rtu", "tcp"])
def test_a_module_is_found_by_framing_unit_and_number_of_inputs(framing, monkeypatch):
    monkeypatch.setattr(relay_module, "ANSWER_S", 0.05)
    monkeypatch.setattr(relay_module, "MORE_UNITS", range(4, 6))
    there = Module(framing)
    there.units = {5}

    async def look(server):
        transport = {"kind": "tcp", "host": "127.0.0.1", "port": server.port}
        found = await relay_module._search(transport, {})
        assert (found.framing, found.unit, found.inputs) == (framing, 5, 8)
        assert found.function == modbus.READ_INPUTS
        assert there.switched == []

    with_module(there, look)


def barrier(module, **more):
    usual = {"at": at(module), "pulse_ms": 50}
    return {"barriers": {"count": 1, "1": {**usual, **more}}}


def test_without_the_typed_word_no_arm_moves(module, path):
    for given in ("", "yes", "y", "true"):
        found = go_through(path, Installer(), barrier(module, open=given), "barriers")["barriers"]
    assert list(module.arm.orders) == []
    assert found[0]["open_relay"] == 1
    load_config(path)


def test_a_file_of_answers_moves_nothing_whatever_it_says(module, path):
    lane = barrier(module, open="OPEN", close="CLOSE") | lamp(module, light="LIGHT")
    answers = {"network": "", "lanes": {"1": lane}}
    dialogue = FromAnswers(answers, Installer())
    run_setup(dialogue, path, only=("barriers", "lamps"), wait_s=1)
    assert list(module.arm.orders) == []
    assert module.relays == [False] * world.RELAYS
    unused = [
        f"lanes.1.{each}" for each in ("barriers.1.close", "barriers.1.open", "lamps.1.light")
    ]
    assert dialogue.unused() == unused


def test_while_a_terminal_works_here_nothing_is_moved(module, path):
    (path.parent / "data").mkdir()
    held = claim(path.parent / "data" / "claim.db")
    installer = Installer()
    try:
        lane = barrier(module, looks=False, open="OPEN")
        dialogue = AtTheGate({"network": "", "lanes": {"1": lane}}, installer)
        run_setup(dialogue, path, only=["barriers"], wait_s=1)
    finally:
        held.close()
    assert list(module.arm.orders) == []
    assert dialogue.unused() == ["lanes.1.barriers.1.open"]
    assert installer.warned


def test_a_setup_that_is_broken_off_between_two_parts_goes_on_with_the_second(module, path):
    installer = Installer()
    installer.covers(FRONT, module, world.FRONT_EDGE)
    lane = beams(module, rear_edge={"there": False}, barrier={"there": False})
    broken = lane | {"barriers": {"count": "many"}}
    with pytest.raises(SetupStopped, match="barriers"):
        go_through(path, installer, broken, "sensors", "barriers")
    assert "sensors" not in path.read_text()
    found = go_through(path, Installer(), {"barriers": {"count": 0}}, "barriers")
    assert found["sensors"]["inputs"] == {"front_edge": {"number": 1, "covered_when": "on"}}


def test_an_arm_that_was_moved_shows_which_inputs_are_its_switches(module, path):
    installer = Installer()
    answers = barrier(module, open="open", close="CLOSE", looks=False)
    (found,) = go_through(path, installer, answers, "barriers")["barriers"]
    assert list(module.arm.orders) == ["open", "close"]
    assert (found["open_input"], found["closed_input"]) == (world.ARM_UP, world.ARM_DOWN)
    assert (found["open_relay"], found["close_relay"]) == (1, 2)
    # each time somebody was warned, and told with which relay, before it moved
    assert sum("1" in each or "2" in each for each in installer.warned) >= 2
    assert module.relays == [False] * world.RELAYS
    assert load_config(path).lanes[0].barriers[0].closed_input == world.ARM_DOWN


def test_the_beam_under_the_arm_is_known_from_the_sensors_and_keeps_the_arm_up(module, path):
    installer = Installer()
    installer.covers(UNDER, module, world.UNDER_ARM)
    module.fails_safe = {world.UNDER_ARM}
    answers = beams(module, front_edge={"there": False}, rear_edge={"there": False})
    go_through(path, installer, answers, "sensors")
    module.by_hand = {world.UNDER_ARM}  # somebody stands there
    answers = barrier(module, open="OPEN", close="CLOSE")
    (found,) = go_through(path, installer, answers, "barriers")["barriers"]
    assert found["blocked_input"] == world.UNDER_ARM
    assert found["blocked_when_on"] is False
    assert list(module.arm.orders) == ["open"]
    assert module.arm.struck == 0


def test_a_barrier_that_closes_by_itself_has_no_closing_relay(module, path):
    answers = barrier(module, close_relay=0, looks=False)
    (found,) = go_through(path, Installer(), answers, "barriers")["barriers"]
    assert found["close_relay"] == 0
    assert load_config(path).lanes[0].barriers[0].close_relay is None


def lamp(module, **more):
    usual = {"at": at(module), "red_relay": 3, "green_relay": 4, "yellow_relay": 5}
    return {"lamps": {"count": 1, "1": {**usual, **more}}}


def test_a_lamp_is_lit_in_every_colour_once_somebody_agrees(module, path):
    lit = []
    switch = module._switch

    def noted(relay, on, when):
        switch(relay, on, when)
        lit.append(module.lamp)

    module._switch = noted
    go_through(path, Installer(), lamp(module), "lamps")
    assert lit == []
    (found,) = go_through(path, Installer(), lamp(module, light="LIGHT"), "lamps")["lamps"]
    assert [c for c in dict.fromkeys(lit) if c != "off"] == ["red", "yellow", "green"]
    assert found["yellow_relay"] == 5
    assert list(module.arm.orders) == []
    # it is left as it is at rest
    assert asyncio.run(asyncio.sleep(0, module.lamp)) == "red"


def test_a_relay_of_the_barrier_is_not_given_to_the_lamp(module, path):
    go_through(path, Installer(), barrier(module, looks=False), "barriers")
    with pytest.raises(SetupStopped):
        # proposed is a free one, and what is asked for is refused
        go_through(path, Installer(), lamp(module, red_relay=1), "lamps")
    (found,) = go_through(path, Installer(), {"lamps": {"count": 1, "1": {"at": at(module)}}},
                          "lamps")["lamps"]  # fmt: skip
    assert (found["red_relay"], found["green_relay"]) == (3, 4)


def test_parts_gone_through_again_with_enter_leave_the_file_as_it_is(module, path):
    installer = Installer()
    installer.covers(FRONT, module, world.FRONT_EDGE)
    installer.covers(REAR, module, world.REAR_EDGE)
    installer.covers(UNDER, module, world.UNDER_ARM)
    answers = beams(module) | barrier(module, open="OPEN") | lamp(module)
    go_through(path, installer, answers, "sensors", "barriers", "lamps")
    before = path.read_text()
    config = load_config(path)
    module.arm.order("close", 0.0)
    module.by_hand.clear()
    go_through(path, installer, {}, "sensors", "barriers", "lamps")
    assert path.read_text() == before
    assert load_config(path).lanes == config.lanes
