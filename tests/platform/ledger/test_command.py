"""`hengyuan platform ledger …`: what its keeper types, and what is answered."""

from __future__ import annotations

import contextlib
import json

import pytest
from typer.testing import CliRunner

from hengyuan.cli import platform_ledger
from hengyuan.platform import server
from hengyuan.platform.ledger.models import SourceUnit
from tests.platform.ledger.books import book, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger(cast, monkeypatch):
    """The command in this process, on the test's own database."""
    monkeypatch.setattr(server, "django_at_work", contextlib.nullcontext)
    monkeypatch.setattr(server, "use_home", lambda home: None)

    def call(*arguments: str):
        return CliRunner().invoke(platform_ledger.app, list(arguments))

    return call


@pytest.fixture
def mixed(tmp_path):
    path = tmp_path / "摸底.xlsx"
    path.write_bytes(book([unit(1), unit(2, kind="赌场")]))
    return str(path)


def test_a_dry_run_names_the_errors_and_writes_nothing(ledger, mixed):
    done = ledger("import", mixed, "--dry-run")
    assert done.exit_code == platform_ledger.SOME_ROWS_REFUSED
    assert "源头单位 第 3 行 G 类别" in done.stdout
    assert "共 2 行：新增 1，变更 0，无变化 0，不导入 1" in done.stdout
    assert not SourceUnit.objects.filter(name__startswith="示例").exists()


def test_the_import_takes_the_good_rows_and_says_so_in_json(ledger, mixed):
    done = ledger("import", mixed, "--json")
    assert done.exit_code == platform_ledger.SOME_ROWS_REFUSED
    said = json.loads(done.stdout)
    assert {key: said[key] for key in ("rows", "new", "changed", "unchanged", "imported")} == {
        "rows": 2,
        "new": 1,
        "changed": 0,
        "unchanged": 0,
        "imported": True,
    }
    assert said["errors"][0] | {"remedy": ""} == {
        "sheet": "源头单位",
        "row": 3,
        "column": "G 类别",
        "value": "赌场",
        "problem": "不是可选的内容。",
        "remedy": "",
        "code": "no_choice",
    }
    assert SourceUnit.objects.filter(name__startswith="示例").count() == 1


def test_a_file_without_errors_ends_with_0_and_again_changes_nothing(ledger, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(book([unit(1)]))
    assert ledger("import", str(path)).exit_code == 0
    again = ledger("import", str(path))
    assert (again.exit_code, "没有需要写入的内容" in again.stdout) == (0, True)


def test_the_scope_is_that_of_the_person_named(ledger, tmp_path, cast):
    path = tmp_path / "a.xlsx"
    path.write_bytes(book([unit(1), unit(2, county="襄汾县")]))
    assert ledger("import", str(path), "--as", "county_clerk").exit_code == 3
    made = SourceUnit.objects.get(name__startswith="示例")
    assert made.history.get().history_user == cast.county_clerk


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("import", "/nowhere.xlsx"), "无法读取"),
        (("import", "{file}", "--as", "nobody"), "没有用户 nobody"),
        (("import", "{file}", "--as", "gatekeeper"), "无权导入台账"),
        (("template", "--county", "99"), "没有代码为 99"),
        (("export", "-o", "/nowhere/a.xlsx"), "无法写入"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line_and_ends_with_1(ledger, mixed, arguments, complaint):
    done = ledger(*(argument.format(file=mixed) for argument in arguments))
    assert done.exit_code == 1
    assert complaint in done.output


def test_a_file_that_is_none_ends_with_1(ledger, tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"%PDF-1.7")
    done = ledger("import", str(path))
    assert (done.exit_code, "PDF" in done.stdout) == (1, True)


def test_template_and_export_can_be_read_back(ledger, tmp_path, cast):
    exported = tmp_path / "out.xlsx"
    assert ledger("export", "-o", str(exported), "--county", "141024").exit_code == 0
    said = json.loads(ledger("import", str(exported), "--json").stdout)
    assert (said["rows"], said["unchanged"], said["errors"]) == (2, 2, [])
    template = tmp_path / "template.xlsx"
    assert ledger("template", "-o", str(template)).exit_code == 0
    empty = ledger("import", str(template), "--json")
    assert empty.exit_code == 1
    assert [problem["code"] for problem in json.loads(empty.stdout)["errors"]] == ["no_rows"]
