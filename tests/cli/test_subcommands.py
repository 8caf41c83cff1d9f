"""One sub-command that is missing its extra, or is broken, leaves the others alone."""

import subprocess
import sys

import pytest
from typer.testing import CliRunner

import hengyuan.cli

runner = CliRunner()


@pytest.fixture
def plant(monkeypatch, tmp_path):
    """A factory of further modules in hengyuan.cli."""
    monkeypatch.setattr(hengyuan.cli, "__path__", [*hengyuan.cli.__path__, str(tmp_path)])
    planted = []

    def make(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        planted.append(name)

    yield make
    for name in planted:
        sys.modules.pop(f"hengyuan.cli.{name}", None)
        vars(hengyuan.cli).pop(name, None)


def test_a_missing_library_of_an_extra_names_the_extra(plant, monkeypatch):
    monkeypatch.setitem(hengyuan.cli._EXTRAS, "planted", "platform")
    plant("planted", "import a_library_that_is_not_installed")
    result = runner.invoke(hengyuan.cli.app, ["planted", "run", "--port", "1"])
    assert result.exit_code == 2
    assert "pip install 'hengyuan[platform]'" in result.stderr
    assert "a_library_that_is_not_installed" in result.stderr


def test_a_fault_of_our_own_is_not_called_a_missing_extra(plant):
    plant("broken", "raise RuntimeError('our own fault')")
    result = runner.invoke(hengyuan.cli.app, ["broken"])
    assert isinstance(result.exception, RuntimeError)


def test_help_lists_the_others_beside_a_broken_one(plant):
    plant("broken", "raise RuntimeError('our own fault')")
    result = runner.invoke(hengyuan.cli.app, ["--help"])
    assert result.exit_code == 0
    assert "law" in result.stdout
    assert "broken" in result.stdout


def test_an_unknown_command_ends_with_2():
    result = runner.invoke(hengyuan.cli.app, ["nonsense"])
    assert result.exit_code == 2
    assert "nonsense" in result.stderr


def test_law_needs_neither_the_platforms_nor_the_terminals_libraries():
    """In a process of its own, where none of them can be imported."""
    program = (
        "import sys\n"
        "for name in ('django', 'asyncpg', 'psycopg', 'starlette', 'httpx', 'serial'):\n"
        "    sys.modules[name] = None\n"
        "sys.argv = ['hengyuan', 'law', 'judge', '--axles', '4', '--gross', '31000', '--json']\n"
        "from hengyuan.cli import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert '"limit_kg": 31000' in done.stdout
