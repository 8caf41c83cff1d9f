"""A whole set-up at a simulated gate, against a county: every part, every file."""

import json
import sqlite3
import tomllib

import pytest

from hengyuan.terminal.config import load_config
from hengyuan.terminal.enrolment import load_identity
from hengyuan.terminal.setup import weighing_part
from hengyuan.terminal.setup.dialogue import SetupStopped
from hengyuan.terminal.setup.draft import draft_path
from hengyuan.terminal.setup.weighing_part import allowed_kg
from hengyuan.world.open_gate import KNOWN_KG
from tests.terminal.county import CODE, ONE_TIME_CODE
from tests.terminal.setup.conftest import set_up
from tests.world.test_gate import free_port


def test_from_nothing_to_a_configuration_that_holds(at_gate, tmp_path, patience):
    path = tmp_path / "gate.toml"
    answers = at_gate.answers
    answers["people"] = {
        "count": 2,
        "1": {"name": "甲", "pin": "135790"},
        "2": {"name": "乙", "pin": "246801"},
    }
    _, dialogue = set_up(path, answers)
    config = load_config(path)
    lane = config.lanes[0]
    assert type(lane.scale).__module__.endswith("f4.settings")
    assert lane.scale.transport.port == str(at_gate.gate.port)
    assert [device.name for device in lane.cameras] == ["front"]
    assert lane.axles is not None
    assert load_identity(config.data_dir).terminal == CODE
    assert {(p.name, p.role) for p in config.people} == {
        ("甲", "gatekeeper"),
        ("乙", "supervisor"),
    }
    text = path.read_text()
    assert "135790" not in text
    assert ONE_TIME_CODE not in text
    assert not draft_path(path).exists()
    assert [key for key in dialogue.unused() if key != "network"] == []
    # the known weight was weighed, and that is written down twice
    (line,) = (config.data_dir / weighing_part.FILE_NAME).read_text().splitlines()
    weighed = json.loads(line)
    assert (weighed["known_kg"], weighed["read_kg"], weighed["passed"]) == (
        KNOWN_KG,
        KNOWN_KG,
        True,
    )
    with sqlite3.connect(config.data_dir / "terminal.db") as db:
        (what, detail) = db.execute("SELECT what, detail FROM journal").fetchone()
    assert (what, json.loads(detail)["read_kg"]) == ("test_weighing", KNOWN_KG)
    # the display was tried, and a driver could read it
    shown = {line for each in at_gate.gate.gate.led.history for line in each.lines}
    assert "显示测试" in shown
    # once more, one part only: the rest stays, the old file is kept
    _, dialogue = set_up(
        path, {"lanes": {"1": {"weighing": {"kg": 19_000, "division_kg": 20}}}}, only=["weighing"]
    )
    lines = (config.data_dir / weighing_part.FILE_NAME).read_text().splitlines()
    assert json.loads(lines[1])["passed"] is False
    assert path.read_text() == text


def test_an_interrupted_setup_is_gone_on_with(at_gate, tmp_path, patience):
    path = tmp_path / "gate.toml"
    answers = at_gate.answers
    first = answers | {"lanes": {"count": "many"}}
    with pytest.raises(SetupStopped, match=r"lanes\.count"):
        set_up(path, first)
    assert not path.exists()
    assert at_gate.county.asked["POST enrol"] == 1
    # the code is used up; nobody asks for it again
    del answers["platform"]
    set_up(path, answers)
    assert at_gate.county.asked["POST enrol"] == 1
    assert tomllib.loads(path.read_text())["platform"]["url"].startswith("http://127.0.0.1:")


def test_a_wrong_code_is_said_and_no_terminal_is_made(tmp_path, at_gate):
    answers = at_gate.answers
    answers["platform"]["code"] = "WRONG-WRONG-WRONG-WRONG"
    with pytest.raises(SetupStopped):
        set_up(tmp_path / "gate.toml", answers)
    assert not (tmp_path / "data" / "enrolment.json").exists()


def test_no_platform_is_said_and_stops(tmp_path):
    answers = {"platform": {"url": f"http://127.0.0.1:{free_port()}"}, "network": ""}
    with pytest.raises(SetupStopped):
        set_up(tmp_path / "gate.toml", answers)


def test_what_is_missing_in_the_answers_is_named(tmp_path):
    with pytest.raises(SetupStopped, match=r"platform\.url"):
        set_up(tmp_path / "gate.toml", {})


def test_an_unknown_part_is_named(tmp_path):
    with pytest.raises(SetupStopped, match="cammeras"):
        set_up(tmp_path / "gate.toml", {}, only=["cammeras"])


def test_what_a_scale_in_use_may_be_off_by():
    assert [allowed_kg(kg, 20) for kg in (5_000, 10_000, 10_001, 40_000, 40_001, 100_000)] == [
        20,
        20,
        40,
        40,
        60,
        60,
    ]
