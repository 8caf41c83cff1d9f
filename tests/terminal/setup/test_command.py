"""The set-up at a screen and as a command: what is typed, what is said, how it ends."""

import tomllib

import pytest
from typer.testing import CliRunner

from hengyuan.cli.terminal import app
from hengyuan.cli.terminal_setup import _PARTS, Screen
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.setup.dialogue import FromAnswers, Option, SetupStopped, ask_number
from hengyuan.terminal.setup.draft import draft_path
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.setup.wizard import PARTS
from tests.terminal.directed.test_serving import configuration
from tests.terminal.setup.conftest import Quiet, set_up

runner = CliRunner()


def test_a_wrong_call_ends_with_2_and_a_setup_that_stops_with_1(tmp_path):
    path = str(tmp_path / "gate.toml")
    missing = runner.invoke(app, ["setup", path, "--answers", str(tmp_path / "none.toml")])
    assert missing.exit_code == 2
    stopped = runner.invoke(app, ["setup", path, "--only", "nothing"])
    assert stopped.exit_code == 1
    assert "nothing" in stopped.stderr


def test_the_help_names_every_part():
    assert tuple(PARTS) == _PARTS


def test_a_word_is_typed_at_the_screen_and_enter_is_none(typed):
    typed("", " OPEN ")
    screen = Screen()
    assert screen.typed("open", "…") == ""
    assert screen.typed("open", "…") == "OPEN"


def test_whoever_leaves_in_the_middle_is_told_that_it_goes_on(tmp_path):
    path = tmp_path / "gate.toml"
    done = runner.invoke(app, ["setup", str(path)], input="\n")
    assert done.exit_code == 1
    assert "接着做" in done.stderr
    assert not path.exists()


@pytest.fixture
def typed(monkeypatch):
    """What somebody types, line by line."""

    def type_(*lines):
        left = list(lines)
        monkeypatch.setattr("builtins.input", lambda prompt="": left.pop(0))
        return left

    return type_


def test_enter_takes_the_default_and_nothing_is_no_answer_without_one(typed):
    left = typed("", "", "east")
    assert Screen().ask("name", "名称", "west") == "west"
    assert Screen().ask("name", "名称") == "east"
    assert left == []


def test_a_choice_is_made_by_number_or_name_and_asked_again_otherwise(typed):
    options = [Option("f1", "F1"), Option("f4", "F4")]
    left = typed("9", "f9", "2", "f1", "")
    screen = Screen()
    assert screen.choose("driver", "哪一种", options, "f1") == "f4"
    assert screen.choose("driver", "哪一种", options, "f4") == "f1"
    assert screen.choose("driver", "哪一种", options, "f4") == "f4"
    assert left == []


def test_a_number_is_asked_until_it_is_one():
    with pytest.raises(SetupStopped, match="count"):
        ask_number(FromAnswers({"count": "many"}, Quiet()), "count", "几台", 1, 1, 5)
    with pytest.raises(SetupStopped, match="count"):
        ask_number(FromAnswers({"count": 9}, Quiet()), "count", "几台", 1, 1, 5)
    assert ask_number(FromAnswers({}, Quiet()), "count", "几台", 3, 1, 5) == 3


def test_answers_may_be_nested_or_flat_and_unused_ones_are_named():
    dialogue = FromAnswers({"a": {"b": "1"}, "c.d": True, "e": "?"}, Quiet())
    assert dialogue.ask("a.b", "") == "1"
    assert dialogue.confirm("c.d", "", default=False) is True
    assert dialogue.unused() == ["e"]
    with pytest.raises(SetupStopped, match="x"):
        dialogue.choose("e", "", [Option("x", "X")], "x")


def test_one_part_is_changed_alone_and_what_the_wizard_does_not_know_stays(tmp_path):
    path = tmp_path / "gate.toml"
    raw = configuration("http://127.0.0.1:9", 8300)
    raw["lanes"][0]["stability"] = {"window_ms": 900}
    raw["judge"] = {"driven_bogie": True}
    path.write_text(write_toml(raw))
    set_up(path, {"screen": {"network": True, "port": 8400}, "replace": True}, only=["screen"])
    changed = tomllib.loads(path.read_text())
    assert changed["screen"] == {"port": 8400, "host": "0.0.0.0"}
    assert {**changed, "screen": raw["screen"]} == raw
    assert path.with_name("gate.toml.bak").exists()
    assert not draft_path(path).exists()


def test_a_file_is_not_replaced_without_being_asked(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(write_toml(configuration("http://127.0.0.1:9", 8300)))
    before = path.read_text()
    with pytest.raises(SetupStopped):
        set_up(path, {"screen": {"port": 8400}, "replace": False}, only=["screen"])
    assert path.read_text() == before


def test_what_would_not_hold_is_not_written(tmp_path):
    path = tmp_path / "gate.toml"
    raw = configuration("http://127.0.0.1:9", 8300)
    raw["lanes"][0]["stability"] = {"leave_kg": 9_000}
    path.write_text(write_toml(raw))
    with pytest.raises(SetupStopped, match="--only"):
        set_up(path, {"screen": {"port": 8400}}, only=["screen"])
    assert tomllib.loads(path.read_text()) == raw


def test_the_platforms_key_is_entered_by_hand(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(write_toml(configuration("http://127.0.0.1:9", 8300)))
    key = SM2_SM3.generate().public_bytes().hex()
    done = runner.invoke(app, ["trust", str(path), key])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "data" / "platform-key.json").exists()
    assert runner.invoke(app, ["trust", str(path), "nonsense"]).exit_code == 2
