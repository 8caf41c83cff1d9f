"""`hengyuan law judge`, as a caller sees it: JSON, Chinese text, exit codes, one line on stderr."""

import json

import pytest
from typer.testing import CliRunner

from hengyuan.cli import app

runner = CliRunner()


def judge(*options: str):
    return runner.invoke(app, ["law", "judge", *options])


def judged(*options: str) -> dict:
    result = judge(*options, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_the_json_of_a_mine_truck():
    found = judged("--axles", "4", "--combination", "rigid", "--gross", "36000")
    assert found["limit_kg"] == 31_000
    assert found["overload_kg"] == 5_000
    assert found["overload_rate"] == 16.13
    assert found["band"] == "10-30"
    assert found["verdict"] == "over"
    assert "交公路发〔2016〕124号" in found["clause"]
    assert "四轴载货汽车" in found["clause"]
    assert found["assumed"] is False
    assert found["assumed_facts"] == []
    assert found["rule_pack"] == "cn-2016.1"


def test_the_json_is_one_line():
    result = judge("--axles", "4", "--gross", "36000", "--json")
    assert result.stdout.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "limit_kg", "assumed_facts"),
    [
        ("--axles 2 --combination rigid", 18_000, []),
        ("--axles 3", 25_000, ["combination"]),
        ("--axles 5 --combination articulated --layout 1+1+3", 42_000, []),
        ("--axles 5 --combination articulated --layout 1+2+2", 43_000, []),
        ("--axles 5 --combination articulated", 42_000, ["layout"]),
        ("--axles 4 --combination centre-axle --layout 1+2+1", 35_000, []),
        ("--axles 4 --combination full-trailer", 36_000, []),
        ("--axles 6 --combination articulated --drive-axles 1", 46_000, []),
        ("--axles 6 --combination articulated --drive-axles 2", 49_000, []),
        ("--axles 6", 46_000, ["combination", "drive_axles"]),
        ("--axles 4 --combination rigid --dual-tyres --air-suspension", 32_000, []),
        ("--axles 4 --combination rigid --single-tyres --air-suspension", 31_000, []),
        ("--axles 4 --combination rigid --dual-tyres --no-air-suspension", 31_000, []),
        ("--axles 4 --combination rigid --dual-tyres", 31_000, []),
        (
            "--axles 4 --combination articulated --dual-tyres --air-suspension "
            "--trailer-axle-spacing 1800",
            37_000,
            [],
        ),
        (
            "--axles 6 --combination articulated --drive-axles 2 --missing-tyres 6",
            40_000,
            [],
        ),
        (
            "--axles 6 --combination articulated --drive-axles 2 --missing-tyres 6 "
            "--trailer-tyre-width 425",
            49_000,
            [],
        ),
        ("--axles 3 --combination rigid --missing-tyres 2 --drive-tyre-width 445", 25_000, []),
        ("--axles 2 --combination rigid --licensed-total 16000", 16_000, []),
        ("--axles 3 --combination RIGID --date 2016-09-21", 25_000, []),
    ],
)
def test_every_option_reaches_the_table(options, limit_kg, assumed_facts):
    found = judged(*options.split(), "--gross", "20000")
    assert (found["limit_kg"], found["assumed_facts"]) == (limit_kg, assumed_facts)
    assert found["assumed"] is bool(assumed_facts)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--gross 36000", "缺少 --axles"),
        ("--axles 4", "缺少 --gross"),
        ("--axles four --gross 36000", "--axles"),
        ("--axles 4.5 --gross 36000", "--axles"),
        ("--axles -4 --gross 36000", "--axles"),
        ("--axles 1 --gross 36000", "轴数应为 2 至 40"),
        ("--axles 4 --gross 36t", "--gross"),
        ("--axles 4 --gross -1", "--gross"),
        ("--axles 4 --gross 99999999999999", "--gross"),
        ("--axles 4 --gross 36000 --combination lorry", "rigid、articulated"),
        ("--axles 4 --gross 36000 --layout 1+1+3", "合计 5 轴"),
        ("--axles 4 --gross 36000 --layout 112", "如 1+1+3"),
        ("--axles 4 --gross 36000 --drive-axles 5", "驱动轴数"),
        ("--axles 4 --gross 36000 --missing-tyres 3", "偶数"),
        ("--axles 4 --gross 36000 --date yesterday", "--date"),
        ("--axles 4 --gross 36000 --date 2016-09-20", "2016-09-21"),
        ("--axles 5 --gross 36000 --combination rigid", "GB 1589-2016"),
        ("--axles 2 --gross 36000 --combination articulated", "GB 1589-2016"),
    ],
)
@pytest.mark.parametrize("form", [(), ("--json",)])
def test_rubbish_ends_with_2_and_one_line_that_says_what_is_wrong(options, says, form):
    result = judge(*options.split(), *form)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


def test_an_unknown_option_ends_with_2():
    result = judge("--axles", "4", "--gross", "36000", "--colour", "red")
    assert result.exit_code == 2
    assert "--colour" in result.stderr


def test_the_chinese_text_of_an_overload():
    result = judge("--axles", "6", "--gross", "106000", "--layout", "1+2+3")
    assert result.exit_code == 0
    text = result.stdout
    for words in ("6轴 车型未知(1+2+3)", "46000 千克", "60000 千克", "130.43%", "超限100%以上"):
        assert words in text
    assert "推定" in text
    assert "驱动轴数" in text
    assert "100吨以上" in text
    assert "30000元" in text


def test_the_chinese_text_of_a_truck_that_may_go():
    result = judge("--axles", "4", "--combination", "rigid", "--gross", "31000")
    assert result.exit_code == 0
    assert "载货汽车" in result.stdout
    assert "未超限" in result.stdout
    assert "推定" not in result.stdout
    assert "元罚款" not in result.stdout
