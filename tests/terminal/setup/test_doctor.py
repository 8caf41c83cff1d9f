"""A doctor names what is wrong, and what to do about it."""

import json
import shutil
import sqlite3
import tomllib
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from hengyuan.cli.terminal import app
from hengyuan.terminal.doctor.doctor import examine
from hengyuan.terminal.enrolment import KEY_FILE, load_identity
from hengyuan.terminal.screen.server import listen
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.store.schema import claim
from hengyuan.terminal.store.store import Store
from tests.terminal.setup.conftest import be_quick, gate_and_county, set_up


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A gate whose terminal was just set up."""
    folder = tmp_path_factory.mktemp("gate")
    with pytest.MonkeyPatch.context() as monkeypatch, gate_and_county(folder) as found:
        be_quick(monkeypatch)
        found.answers["lanes"]["1"]["weighing"] = {"now": False}
        set_up(folder / "installed" / "gate.toml", found.answers)
        found.folder = folder / "installed"
        yield found


@pytest.fixture
def ready(installed, tmp_path):
    """A copy of it, to be spoilt."""
    key = installed.county.public_key
    folder = tmp_path / "gate"
    shutil.copytree(installed.folder, folder)
    yield SimpleNamespace(path=folder / "gate.toml", county=installed.county)
    installed.county.public_key = key


def change(path, work):
    raw = tomllib.loads(path.read_text())
    work(raw)
    path.write_text(write_toml(raw))


def said(path, what, level=None, **more):
    """What is found of one thing, and of that level."""
    steps = examine(path, **more).steps
    return [s for s in steps if s.what == what and (level is None or s.level == level)]


def test_a_sound_terminal_has_nothing_bad(ready):
    found = examine(ready.path)
    assert [step for step in found.steps if step.level == "bad"] == []
    assert {"config", "enrolment", "disk", "dns", "http", "clock", "scale", "axle", "display",
            "camera", "port"} <= {step.what for step in found.steps}  # fmt: skip
    (scale,) = [step for step in found.steps if step.what == "scale"]
    assert "%" in scale.text
    # whoever looks changes nothing: no store is made, no scale is held
    assert not (ready.path.parent / "data" / "terminal.db").exists()


def test_what_is_wrong_with_the_file_is_named_with_its_place(ready):
    change(ready.path, lambda raw: raw["lanes"][0].update(colour="red"))
    (step,) = said(ready.path, "config", "bad")
    assert "lanes[0].colour" in step.text
    assert step.remedy
    assert examine(ready.path).worst == "bad"


def test_no_enrolment_and_a_key_that_others_may_read(ready):
    key = ready.path.parent / "data" / KEY_FILE
    key.chmod(0o644)
    assert said(ready.path, "enrolment", "bad", devices=False)
    key.unlink()
    (step,) = said(ready.path, "enrolment", "bad", devices=False)
    assert "enrol" in step.remedy


def test_a_scale_that_speaks_otherwise_is_recognised(ready):
    """The indicator sends F4, the file says F1."""
    change(ready.path, lambda raw: raw["lanes"][0]["scale"].update(driver="f1"))
    (step,) = said(ready.path, "scale", "bad")
    assert "f4" in step.remedy


def test_a_port_that_is_not_there_and_an_address_that_is_silent(ready):
    def wrong(raw):
        lane = raw["lanes"][0]
        lane["scale"]["transport"]["port"] = "/dev/no-such-port"
        lane["displays"][0]["transport"]["port"] = 9

    change(ready.path, wrong)
    assert said(ready.path, "scale", "bad")
    assert said(ready.path, "display", "bad")


def test_a_platform_that_is_not_there_is_said_with_what_to_do(ready):
    change(ready.path, lambda raw: raw["platform"].update(url="http://127.0.0.1:9"))
    (step,) = said(ready.path, "connect", "bad", devices=False)
    assert step.remedy
    assert said(ready.path, "uplink", devices=False) == []


def test_a_platform_that_does_not_know_the_terminal_is_said(ready):
    from hengyuan.record.suites import SM2_SM3

    ready.county.public_key = SM2_SM3.generate().public_bytes()
    (step,) = said(ready.path, "uplink", "bad", devices=False)
    assert "bad_signature" in step.text
    assert step.remedy


def test_a_taken_port_is_said(ready):
    port = tomllib.loads(ready.path.read_text())["screen"]["port"]
    taken = listen("127.0.0.1", port)
    try:
        assert said(ready.path, "port", "bad", devices=False)
    finally:
        taken.close()


def test_a_changed_record_is_found(ready):
    data = ready.path.parent / "data"
    identity = load_identity(data)
    store = Store(data, identity.terminal, identity.suite, identity.genesis)
    store.close()
    with sqlite3.connect(data / "terminal.db") as db:
        db.execute("INSERT INTO record VALUES (1, ?, ?)", (b"{}", b"\0" * 32))
    (step,) = said(ready.path, "store", "bad", devices=False)
    assert "1" in step.text
    assert step.remedy


def test_a_running_terminal_is_not_disturbed(ready):
    """Its serial port is not opened; that its pages do not answer is said."""
    held = claim(ready.path.parent / "data" / "claim.db")
    try:
        steps = examine(ready.path).steps
    finally:
        held.close()
    assert [step.level for step in steps if step.what == "running"] == ["bad"]
    assert [step for step in steps if step.what in ("scale", "display")] == []


def test_the_command_says_the_same_as_json_and_by_its_exit_code(ready):
    done = CliRunner().invoke(app, ["doctor", str(ready.path), "--json", "--no-devices"])
    assert done.exit_code == 0, done.output
    assert {"what", "level", "text", "remedy"} == set(json.loads(done.stdout)[0])
    ready.path.write_text("nonsense = ")
    done = CliRunner().invoke(app, ["doctor", str(ready.path)])
    assert done.exit_code == 1
    assert "→" in done.stdout
