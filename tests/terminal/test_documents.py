"""What the documents say of the terminal is true of it."""

import re
import tomllib
from pathlib import Path

import msgspec
import polib
import pytest

from hengyuan.terminal import config, config_tables, config_video, people
from hengyuan.terminal.config import read_config
from hengyuan.terminal.lane.phases import TRANSITIONS
from hengyuan.terminal.screen import printing
from hengyuan.terminal.upkeep import settings as upkeep_settings
from hengyuan.terminal.words import LOCALE, translations
from tests.terminal.texts import texts_of_code, texts_of_templates

DOCS = Path(__file__).resolve().parents[2] / "docs"
TABLES = [
    config._File,
    config_tables.PlatformTable,
    config_tables.ScreenTable,
    config_tables.JudgeTable,
    printing.PrinterTable,
    upkeep_settings.UpkeepTable,
    upkeep_settings.PlanTable,
    config_tables.LaneTable,
    config_tables.StabilityTable,
    config_tables.JoiningTable,
    config_tables.DisplayTable,
    config_tables.PositionTable,
    config_tables.HoldTable,
    config_tables.TareTable,
    people.PersonTable,
    config_tables.ControlTable,
    config_tables.ExitTable,
    config_tables.ClipTable,
    config_video.VideoStreamTable,
    config_video.VideoTable,
    config_video.RetentionTable,
]


def test_the_diagram_shows_the_lanes_steps_and_no_other():
    text = (DOCS / "lane.md").read_text("utf-8")
    drawn = set(re.findall(r"^    (\w+) --> (\w+)", text, re.MULTILINE))
    assert drawn == {
        (before.value, after.value) for before, all_ in TRANSITIONS.items() for after in all_
    }


def test_every_key_of_the_configuration_is_written_up():
    text = (DOCS / "terminal.md").read_text("utf-8")
    documented = {
        name
        for row in re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
        for name in re.findall(r"`(\w+)`", row)
    }
    keys = {field.encode_name for table in TABLES for field in msgspec.structs.fields(table)}
    assert keys - documented == set()


def test_the_configuration_in_the_document_is_a_valid_one(tmp_path):
    text = (DOCS / "terminal.md").read_text("utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    read = read_config(tmp_path / "gate.toml", tomllib.loads(example))
    assert read.data_dir == (tmp_path / "data").resolve()
    assert [device.name for device in read.lanes[0].devices] == [
        "称重仪表",
        "轴型识别仪",
        "front",
        "rear",
        "LED",
        "网页显示屏",
    ]


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(LOCALE / "zh_Hans" / "LC_MESSAGES" / "terminal.po"))


def test_every_text_has_its_chinese(catalogue):
    translated = {entry.msgid for entry in catalogue.translated_entries()}
    assert (texts_of_code() | texts_of_templates()) - translated == set()


def test_no_translation_is_left_of_a_text_that_is_gone(catalogue):
    assert {entry.msgid for entry in catalogue} - texts_of_code() - texts_of_templates() == set()


def test_translations_keep_what_is_filled_in(catalogue):
    def blanks(text):
        return sorted(re.findall(r"{\w*}", text))

    assert [e.msgid for e in catalogue if blanks(e.msgid) != blanks(e.msgstr)] == []


def test_the_catalogue_is_compiled(catalogue):
    words = translations("zh_Hans")
    assert [e.msgid for e in catalogue if words.gettext(e.msgid) != e.msgstr] == []
    assert translations("en").gettext("Over the limit") == "Over the limit"
