"""`hengyuan world` and the options of `hengyuan demo`, as a person types them."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hengyuan.cli import app
from hengyuan.cli import demo as demo_command
from hengyuan.world.axle_records import load_axle_records, write_axle_records
from hengyuan.world.plates import is_invented
from hengyuan.world.processes import ChildDied

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def logging_of_the_test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo sets up logging for its whole process; this process is the test run's."""
    monkeypatch.setattr(demo_command, "log_to_stderr", lambda: None)


def run(*arguments: str) -> Any:
    return RUNNER.invoke(app, list(arguments))


def test_trucks_are_listed_with_their_truth() -> None:
    said = run("world", "trucks", "--count", "40", "--seed", "3", "--json", "--made-share", "0.2")
    assert said.exit_code == 0, said.output
    listed = [json.loads(line) for line in said.stdout.splitlines()]
    assert len(listed) == 40
    assert any(truck["made"] for truck in listed)
    for truck in listed:
        assert is_invented(truck["plate"])
        assert truck["over"] or truck["gross_kg"] <= truck["limit_kg"] + 10
        assert truck["over"] or not truck["made"]


def test_the_readable_list_says_what_was_made() -> None:
    said = run("world", "trucks", "--count", "40", "--made-share", "1")
    assert said.exit_code == 0
    assert said.stdout.count("人为加重") == 40
    assert said.stdout.count("超限") >= 40


def test_a_sample_goes_to_standard_output(tmp_path: Path) -> None:
    file = tmp_path / "all.csv"
    file.write_text("".join(write_axle_records(load_axle_records())))
    said = run("world", "sample", str(file), "--size", "50")
    assert said.exit_code == 0
    assert len(said.stdout.splitlines()) == 51
    too_many = run("world", "sample", str(file), "--size", "5000")
    assert too_many.exit_code == 2
    assert "5000" in too_many.stderr


def test_pictures_are_written(tmp_path: Path) -> None:
    said = run("world", "picture", str(tmp_path / "out"))
    assert said.exit_code == 0
    files = [Path(line) for line in said.stdout.splitlines()]
    assert len(files) == 3
    assert all(file.read_bytes().startswith(b"\xff\xd8") for file in files)


@pytest.mark.parametrize("command", [("world", "trucks"), ("demo", "--trucks", "1", "--exit")])
def test_a_bad_file_of_axle_records_is_refused_by_row(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("record,gross_kg,axle_kg,spacing_cm,length_cm\n1,2,3,4,5\n")
    said = run(*command, "--axle-records", str(file))
    assert said.exit_code == 2
    assert "row 2" in said.stderr
    missing = run(*command, "--axle-records", str(tmp_path / "none.csv"))
    assert missing.exit_code == 2
    assert "none.csv" in missing.stderr


@pytest.mark.parametrize(
    "options", [["--exit"], ["--json"], ["--kill-platform", "1"], ["--kill-terminals"]]
)
def test_options_of_a_counted_run_need_a_number_of_trucks(options: list[str]) -> None:
    said = run("demo", *options)
    assert said.exit_code == 2
    assert "--trucks" in said.stderr


class FakeTown:
    """A town that starts and stops without a program."""

    def __init__(self, plan: Any, tell: Any) -> None:
        self.stations: list[Any] = []
        self.stopped = False

    async def __aenter__(self) -> "FakeTown":
        return self

    async def stop(self) -> None:
        self.stopped = True


@pytest.mark.parametrize(("all_right", "code"), [(True, 0), (False, 1)])
def test_a_run_with_anything_lost_or_wrong_ends_with_1_and_still_prints_its_figures(
    monkeypatch: pytest.MonkeyPatch, all_right: bool, code: int
) -> None:
    async def counted_run(town: Any, plan: Any, seen: Any) -> dict[str, Any]:
        assert plan.wanted == 5
        return {"trucks": 5, "all_right": all_right, "problems": []}

    monkeypatch.setattr(demo_command, "Town", FakeTown)
    monkeypatch.setattr(demo_command, "counted_run", counted_run)
    said = run("demo", "--trucks", "5", "--exit", "--json")
    assert said.exit_code == code
    assert json.loads(said.stdout) == {"trucks": 5, "all_right": all_right, "problems": []}


def test_a_program_that_dies_ends_the_demo_with_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    towns: list[FakeTown] = []

    class Watched(FakeTown):
        def __init__(self, plan: Any, tell: Any) -> None:
            super().__init__(plan, tell)
            towns.append(self)

    async def counted_run(town: Any, plan: Any, seen: Any) -> dict[str, Any]:
        raise ChildDied("platform ended (exit code 1); the end of platform.log:\n[no space]")

    monkeypatch.setattr(demo_command, "Town", Watched)
    monkeypatch.setattr(demo_command, "counted_run", counted_run)
    said = run("demo", "--trucks", "5", "--exit", "--json")
    assert said.exit_code == 2
    assert said.stdout == ""
    assert "[no space]" in said.stderr
    assert towns[0].stopped
