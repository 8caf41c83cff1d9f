"""What apt has to bring is asked for by name, and only when it is missing."""

import subprocess

import pytest

from scripts import system_packages


@pytest.fixture
def run(monkeypatch):
    """Commands that would have run, in order; none of them does."""
    commands: list[list[str]] = []

    def note(command, **_):
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(system_packages.subprocess, "run", note)
    monkeypatch.setattr(system_packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    return commands


def needs(monkeypatch, **there: bool) -> None:
    answers = {"chromium": there["browser"], "fonts-noto-cjk": there["font"]}
    monkeypatch.setattr(
        system_packages,
        "NEEDED",
        {name: (lambda value=value: value) for name, value in answers.items()},
    )


def test_nothing_runs_when_all_is_there(run, monkeypatch):
    needs(monkeypatch, browser=True, font=True)
    assert system_packages.main() == 0
    assert run == []


def test_root_installs_what_is_missing_and_only_that(run, monkeypatch):
    needs(monkeypatch, browser=True, font=False)
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 0)
    assert system_packages.main() == 1, "our apt installed nothing, and that is noticed"
    assert [command[1] for command in run] == ["update", "install"]
    assert run[1][-1] == "fonts-noto-cjk"


def test_of_what_is_asked_for_alone_something_can_be_missing(run, monkeypatch):
    needs(monkeypatch, browser=False, font=True)
    assert system_packages.main(["fonts-noto-cjk"]) == 0
    assert run == []


def test_anybody_else_is_told_the_command(run, monkeypatch, capsys):
    needs(monkeypatch, browser=False, font=False)
    monkeypatch.setattr(system_packages.os, "geteuid", lambda: 1000)
    assert system_packages.main() == 1
    told = capsys.readouterr().err
    assert "apt-get install --yes --no-install-recommends chromium fonts-noto-cjk" in told
    assert run == []
