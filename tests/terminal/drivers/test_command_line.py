"""`hengyuan terminal drivers` and `decode`: what an integrator types first."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hengyuan.cli.terminal import app
from hengyuan.terminal.drivers.catalogue import catalogue
from hengyuan.terminal.drivers.models import models, sources
from hengyuan.terminal.drivers.recorded import load_frames
from tests.terminal.drivers.at_hand import needed

GOOD = "02 2B 30 30 31 35 36 30 30 31 39 03"
BAD = "02 2B 30 30 31 35 37 30 30 31 39 03"


def call(*arguments: str, stdin: bytes | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_drivers_are_listed_with_kind_and_maturity() -> None:
    code, out, _ = call("drivers", "--json")
    listed = {entry["name"]: entry for entry in json.loads(out)}
    assert code == 0
    assert set(listed) == set(catalogue())
    assert (listed["f1"]["kind"], listed["f1"]["maturity"]) == ("scale", "captured")
    code, out, _ = call("drivers")
    assert code == 0
    for entry in catalogue().values():
        assert entry.manifest.title_zh in out


@pytest.mark.parametrize("hex_", [GOOD, GOOD.replace(" ", ""), GOOD.replace(" ", ":"), "0x" + GOOD])
def test_hex_is_taken_as_people_write_it(hex_: str) -> None:
    code, out, _ = call("decode", "--family", "F1", "--json", hex_)
    (said,) = json.loads(out)
    assert code == 0
    assert (said["type"], said["mass_kg"], said["stable"]) == ("reading", 1560, None)


def test_hex_may_come_in_many_words() -> None:
    code, out, _ = call("decode", "--family", "f1", *GOOD.split())
    assert code == 0
    assert "mass_kg=1560" in out


def test_refused_bytes_are_shown_with_the_reason() -> None:
    code, out, _ = call("decode", "--family", "F1", "--json", BAD, GOOD)
    refused, reading = json.loads(out)
    assert code == 1
    assert (refused["type"], refused["reason"], refused["raw"]) == ("refused", "checksum", BAD)
    assert "31 38" in refused["detail"]
    assert reading["mass_kg"] == 1560
    assert "checksum" in call("decode", "--family", "F1", BAD)[1]


@pytest.mark.parametrize("as_text", [True, False])
def test_a_file_holds_bytes_or_hex(tmp_path: Path, as_text: bool) -> None:
    file = tmp_path / "line.bin"
    file.write_bytes(f"{GOOD}\n{GOOD}\n".encode() if as_text else bytes.fromhex(GOOD) * 2)
    code, out, _ = call("decode", "--family", "F1", "--file", str(file), "--json")
    assert code == 0
    assert [item["mass_kg"] for item in json.loads(out)] == [1560, 1560]


def test_standard_input_is_a_file_too() -> None:
    data = bytes.fromhex(GOOD)
    code, out, _ = call("decode", "--family", "F1", "--file", "-", "--json", stdin=data)
    assert code == 0 and len(json.loads(out)) == 1
    code, out, _ = call("decode", "--family", "F1", "--json", stdin=data)
    assert code == 0 and len(json.loads(out)) == 1


def test_each_item_stands_at_its_offset() -> None:
    stream = f"00 07 {GOOD} {BAD} {GOOD}"
    code, out, _ = call("decode", "--family", "F1", "--json", stream)
    assert code == 1
    assert [(item["type"], item["offset"]) for item in json.loads(out)] == [
        ("refused", 0),
        ("reading", 2),
        ("refused", 14),
        ("reading", 26),
    ]
    lines = call("decode", "--family", "F1", stream)[1].splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["0", "refused"],
        ["2", "reading"],
        ["14", "refused"],
        ["26", "reading"],
    ]


FRAME = """
unit = "t"
[frame]
start = "02"
end = "03"
length = 12
negative = { at = 2, yes = "2D" }
value = { at = 3, count = 6 }
decimals = { at = 9 }
checksum = { kind = "xor", first = 2, last = 9, at = 10, written = "hex" }
"""


def test_a_frame_is_described_in_a_file_or_on_the_line(tmp_path: Path) -> None:
    file = tmp_path / "scale.toml"
    file.write_text(FRAME)
    asked = ["decode", "--family", "custom_scale", "--json", "--settings", str(file)]
    code, out, _ = call(*asked, GOOD)
    assert (code, json.loads(out)[0]["mass_kg"]) == (0, 1_560_000)
    code, out, _ = call(*asked, "--set", "unit=kg", "--set", "frame.value.count=5", GOOD)
    assert (code, json.loads(out)[0]["mass_kg"]) == (0, 156)
    listed = ['frame.negative={"at": 2, "yes": "2B", "no": ["2D"]}', "unit=kg"]
    code, out, _ = call(*asked, *[f"--set={pair}" for pair in listed], GOOD)
    assert (code, json.loads(out)[0]["mass_kg"]) == (0, -1_560)


def test_indicators_are_listed_with_driver_settings_and_how_that_is_known() -> None:
    code, out, _ = call("drivers", "--models")
    assert code == 0
    for model in models():
        assert f"{model.family:<13} {model.name}  [{sources()[model.source].zh}]" in out
    assert "decimals_offset = 1" in out
    code, out, _ = call("drivers", "--models", "--json")
    table = {row["name"]: row for row in json.loads(out)}
    assert table["耀华 XK3190-A9"]["family"] == "f1"
    assert table["HT9800"]["settings"] == {"decimals_offset": 1}
    assert "captured" in table["耀华 XK3190-A9"]["source"]


def test_settings_decide_how_bytes_are_read() -> None:
    code, out, _ = call("decode", "--family", "F1", "--set", "unit=t", "--json", GOOD)
    assert code == 0
    assert json.loads(out)[0]["mass_kg"] == 1_560_000


@pytest.mark.parametrize("name", catalogue())
def test_every_driver_can_be_asked(name: str, tmp_path: Path) -> None:
    more = needed(name)
    frame = next(f for f in load_frames(catalogue()[name].folder) if f.settings == more)
    file = tmp_path / "recording"
    file.write_bytes(frame.data)
    sets = [f"--set={key}={json.dumps(value)}" for key, value in more.items()]
    code, out, _ = call("decode", "--family", name, "--file", str(file), "--json", *sets)
    assert code == 0
    assert json.loads(out)[0]["type"] == frame.expect[0]["type"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--family", "F99", GOOD], "f1、f2"),
        (["--family", "F1"], "--file"),
        (["--family", "F1", "--file", "x", GOOD], "二者取一"),
        (["--family", "F1", "--settings", "/no/such/file", GOOD], "/no/such/file"),
        (["--family", "F1", "--settings", __file__, GOOD], "TOML"),
        (["--family", "F1", "--set", "unit=[", GOOD], "JSON"),
        (["--family", "F1", "--set", "name.x=1", GOOD], "name 不是表"),
        (["--family", "custom_scale", GOOD], "`frame`"),
        (["--family", "F1", "02 2G"], "'G' 不是十六进制"),
        (["--family", "F1", "02 2"], "奇数"),
        (["--family", "F1", "--file", "/no/such/file"], "/no/such/file"),
        (["--family", "F1", "--set", "unit", GOOD], "KEY=VALUE"),
        (["--family", "F1", "--set", "unit=lb", GOOD], "`$.unit`"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_where(arguments: list[str], said: str) -> None:
    code, out, err = call("decode", *arguments)
    assert (code, out) == (2, "")
    assert said in err
