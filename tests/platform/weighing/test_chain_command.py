"""`hengyuan platform chain export`: the same file without a browser."""

from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from typer.testing import CliRunner

from hengyuan.cli._platform_chain import app as chain_app
from hengyuan.cli.platform import app as platform_app
from hengyuan.cli.record import app as record_app
from hengyuan.platform.weighing.models import Export
from tests.platform.stored import today_ms, upload
from tests.platform.weighing.conftest import Gates


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """The command sets logging up for its own output, which ends with it."""
    yield
    django.setup()


@pytest.fixture
def stored(gates: Gates) -> Gates:
    """Thirty records of the own gate in three batches."""
    gates.own.weigh(30, weighed_at=today_ms(1))
    upload((gates.own, 1, 10), (gates.own, 11, 20), (gates.own, 21, 30))
    return gates


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(platform_app, ["chain", "export", *arguments])
    return done.exit_code, done.output


def test_what_the_command_exports_the_other_command_verifies(stored: Gates, tmp_path: Path) -> None:
    file = tmp_path / "chain.ndjson"
    code, said = run(stored.own.code, "-o", str(file))
    assert (code, "第 1 号至第 30 号" in said) == (0, True), said
    checked = CliRunner().invoke(record_app, ["verify", str(file)])
    assert checked.exit_code == 0, checked.output
    assert "30 条" in checked.output
    note = Export.objects.get()
    assert (note.by, note.what, note.records) == (None, "chain", 30)
    assert "command line" in note.description


def test_a_range_is_rounded_out_to_whole_batches(stored: Gates, tmp_path: Path) -> None:
    file = tmp_path / "chain.ndjson"
    code, said = run(stored.own.code, "--from", "12", "--to", "13", "-o", str(file))
    assert (code, "第 11 号至第 20 号" in said) == (0, True), said


def test_the_chain_can_go_to_standard_output(stored: Gates) -> None:
    done = CliRunner().invoke(chain_app, ["export", stored.own.code, "-o", "-"])
    assert done.exit_code == 0
    assert done.stdout_bytes.startswith(b'{"after":0,"archive":1')
    assert done.stdout_bytes.count(b"\n") == 1 + 3 + 30


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["14102451009-01"], "没有编码为 14102451009-01 的已接入终端"),
        (["OWN", "--from", "31"], "在此范围内没有记录"),
    ],
)
def test_what_cannot_be_exported_is_said_and_leaves_no_file(
    stored: Gates, tmp_path: Path, arguments: list[str], said: str
) -> None:
    file = tmp_path / "chain.ndjson"
    arguments = [argument.replace("OWN", stored.own.code) for argument in arguments]
    code, output = run(*arguments, "-o", str(file))
    assert code == 1
    assert said in output
    assert list(tmp_path.iterdir()) == []
    assert not Export.objects.exists()


def test_a_file_that_is_there_is_not_overwritten_by_accident(stored: Gates, tmp_path: Path) -> None:
    file = tmp_path / "chain.ndjson"
    file.write_text("evidence")
    code, output = run(stored.own.code, "-o", str(file))
    assert (code, file.read_text()) == (1, "evidence")
    assert "--force" in output
    assert run(stored.own.code, "-o", str(file), "--force")[0] == 0
    assert file.read_bytes().startswith(b'{"after":0')


def test_a_folder_that_is_not_there_is_named(stored: Gates, tmp_path: Path) -> None:
    code, output = run(stored.own.code, "-o", str(tmp_path / "nowhere" / "chain.ndjson"))
    assert code == 1
    assert "写不了" in output
