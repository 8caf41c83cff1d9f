"""What docs/install.md says of the set-up is true of it."""

import re
import tomllib
from pathlib import Path

import hengyuan.terminal
from hengyuan.terminal.config import load_config
from hengyuan.terminal.setup import relays
from hengyuan.terminal.setup.context import Setup
from hengyuan.terminal.setup.dialogue import FromAnswers
from hengyuan.terminal.setup.draft import Draft
from hengyuan.terminal.setup.network import PORTS
from hengyuan.terminal.setup.places import transport_of
from hengyuan.terminal.setup.toml_text import write_toml
from hengyuan.terminal.setup.wizard import PARTS, run_setup
from tests.terminal.directed.test_serving import configuration
from tests.terminal.setup.conftest import Quiet

TEXT = (Path(hengyuan.terminal.__file__).parents[3] / "docs" / "install.md").read_text("utf-8")


def rows(head):
    """First cells of the table that begins so."""
    lines = TEXT[TEXT.index(head) :].split("\n\n", 1)[0].splitlines()[2:]
    return [line.split("|")[1].strip() for line in lines]


def test_every_part_is_in_the_table_in_its_order():
    assert rows("| part |") == list(PARTS)


def test_every_port_that_is_knocked_at_is_named():
    (said,) = re.findall(r"on ports ([\d, and]+);", TEXT)
    assert {int(port) for port in re.findall(r"\d+", said)} == set(PORTS)


def test_every_way_to_write_a_place_is_understood():
    written = [each for cell in rows("| written |") for each in re.findall(r"`([^`]+)`", cell)]
    kinds = [transport_of(each)["kind"] for each in written]
    assert kinds == ["serial", "serial", "tcp", "tcp_server", "udp", "mqtt"]


def test_the_words_that_move_something_are_these(tmp_path):
    class Person(Quiet):
        def typed(self, key, text):
            return self.word

    setup = Setup(Person(), tmp_path / "gate.toml", Draft())
    for chinese, english in re.findall(r"(抬杆|落杆|点灯) \(or `(\w+)`\)", TEXT):
        for word in (chinese, english, english.lower()):
            setup.dialogue.word = word
            assert relays.consent(setup, "key", "", english)
        for word in ("", "是", "yes", "y"):
            setup.dialogue.word = word
            assert not relays.consent(setup, "key", "", english)


def test_the_file_of_answers_is_one(tmp_path, monkeypatch):
    """Its parts that need no device, a platform or a weight: what they ask for is all there."""
    from hengyuan.terminal.setup import relay_module, videos_part

    monkeypatch.setattr(videos_part, "_watched", lambda *_given: True)

    async def nobody(*_given):
        return None

    monkeypatch.setattr(relay_module, "_search", nobody)
    (text,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    answers = tomllib.loads(text)
    answers["network"] = ""
    path = tmp_path / "gate.toml"
    path.write_text(write_toml(configuration("http://127.0.0.1:9", 8300)))
    dialogue = FromAnswers(answers, Quiet())
    run_setup(dialogue, path, only=["cameras", "videos", "sensors"], wait_s=1)
    left = [key for key in dialogue.unused() if "lanes.1." in key]
    assert {key.split(".")[2] for key in left} == {"name", "scale", "weighing"}
    lane = load_config(path).lanes[0]
    assert lane.table.videos[0].url.endswith("/Streaming/Channels/101")
    assert lane.sensors.inputs["rear_edge"].covered_when == "off"
