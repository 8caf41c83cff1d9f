"""`hengyuan platform map` on a database of its own, as an office's keeper runs it."""

import json
import subprocess
from pathlib import Path

import pytest

from hengyuan.platform.regions.services import ApprovalWrong, approval_number
from tests.platform.regions.polygons import EAST, NORTH, WEST, collection, feature, square
from tests.platform.running.conftest import command, environment

# pytest-django makes no database, and so no copy of one, where no collected test asks for it
pytestmark = pytest.mark.django_db


@pytest.fixture
def run(fresh_database, tmp_path):
    """Runs `hengyuan platform map …`; the file is written first where content is given."""
    known = environment(tmp_path) | {"HENGYUAN_DATABASE_URL": fresh_database()}

    def run(*arguments: str, content: bytes | None = None):
        if content is not None:
            (tmp_path / "counties.geojson").write_bytes(content)
        return subprocess.run(
            command("platform", "map", *arguments),
            env=known,
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )

    return run


def good() -> bytes:
    return collection(feature(WEST, square(0, 0)), feature(EAST, square(0.1, 0)))


IMPORT = ("import", "counties.geojson", "--approval", "晋S(2024)001号")


def test_a_map_is_imported_shown_replaced_and_removed(run):
    assert json.loads(run("show", "--json").stdout) == []
    done = run(*IMPORT, "--source", "测试院", content=good())
    assert done.returncode == 0, done.stderr
    assert "晋S（2024）001号" in done.stdout
    assert "尧都区" not in done.stdout, "it is in the file"
    assert "曲沃县" in done.stdout, "it is missing in the file"
    shown = json.loads(run("show", "--json").stdout)
    assert [(one["region"], one["approval"], one["source"], one["counties"]) for one in shown] == [
        ("141000", "晋S（2024）001号", "测试院", 2)
    ]
    more = collection(
        feature(WEST, square(0, 0)), feature(EAST, square(0.1, 0)), feature(NORTH, square(0, 0.1))
    )
    assert run(*IMPORT[:3], "GS(2025)7号", content=more).returncode == 0
    shown = json.loads(run("show", "--json").stdout)
    assert [(one["approval"], one["counties"]) for one in shown] == [("GS（2025）7号", 3)]
    assert run("remove", "141000").returncode == 0
    assert json.loads(run("show", "--json").stdout) == []
    assert run("remove", "141000").returncode == 1


@pytest.mark.parametrize("text", ["", "晋", "2024001", "审图号", "晋S(24)001号", "随便写的"])
def test_what_is_no_approval_number_is_refused(text):
    with pytest.raises(ApprovalWrong):
        approval_number(text)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("GS(2024)0650号", "GS（2024）0650号"),
        ("审图号: 晋S(2024)001号", "晋S（2024）001号"),
        ("GS京(2022)1061号", "GS京（2022）1061号"),
        ("晋S\uff082024\uff09001号", "晋S（2024）001号"),
    ],
)
def test_an_approval_number_is_printed_in_one_way(text, printed):
    assert approval_number(text) == printed


def test_without_an_approval_number_nothing_is_imported(run):
    refused = run("import", "counties.geojson", "--approval", "随便写的", content=good())
    assert refused.returncode == 1
    assert "不是审图号" in refused.stderr
    assert json.loads(run("show", "--json").stdout) == []


def test_a_faulty_file_is_refused_with_all_its_faults_and_the_old_map_stays(run):
    assert run(*IMPORT, content=good()).returncode == 0
    faulty = collection(feature("149999", square(0, 0)), feature(EAST, square(0.1, 0)[:-1]))
    refused = run(*IMPORT[:3], "晋S(2025)002号", content=faulty)
    assert refused.returncode == 1
    assert "第 1 个要素" in refused.stderr
    assert "第 2 个要素" in refused.stderr
    shown = json.loads(run("show", "--json").stdout)
    assert [one["approval"] for one in shown] == ["晋S（2024）001号"]


def test_a_file_that_is_not_there_is_told_in_one_line(run):
    refused = run(*IMPORT)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "counties.geojson" in refused.stderr


def test_a_source_that_is_too_long_is_refused_in_words(run):
    refused = run(*IMPORT, "--source", "院" * 101, content=good())
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


def test_a_part_of_a_command_is_no_command(tmp_path: Path):
    listed = subprocess.run(
        command("--help"), env=environment(tmp_path), capture_output=True, text=True
    )
    assert "platform_map" not in listed.stdout
    assert "platform" in listed.stdout
