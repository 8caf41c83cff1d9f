"""The platform as a systemd service: its units, and its signs of life."""

from __future__ import annotations

import configparser
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hengyuan.cli.platform_service import app
from hengyuan.platform.service.systemd import BACKUP, PLATFORM, TIMER, Plan, own_program, units
from tests.platform.running.conftest import command, environment, temporary_home

PROGRAM = ("/opt/hengyuan/bin/python", "-m", "hengyuan.cli")


def parsed(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read_string(text)
    return parser


def test_the_platform_is_started_for_ever_and_may_do_little():
    made = units(Plan(PROGRAM))
    assert list(made) == [PLATFORM]
    service = parsed(made[PLATFORM])["Service"]
    assert service["ExecStart"] == (
        "/opt/hengyuan/bin/python -m hengyuan.cli platform run --host 127.0.0.1 --port 8000"
    )
    assert (service["User"], service["Restart"], service["Type"]) == (
        "hengyuan",
        "always",
        "notify",
    )
    assert service["ReadWritePaths"] == "/var/lib/hengyuan/platform"
    assert service["ProtectSystem"] == "strict"
    assert service["ProtectHome"] == "yes"
    assert service["CapabilityBoundingSet"] == ""


def test_the_backup_is_daily_reads_itself_back_and_writes_nowhere_else():
    plan = Plan(PROGRAM, backup=Path("/backup"), passphrase=Path("/etc/hengyuan/pass"), keep=7)
    made = units(plan)
    assert list(made) == [PLATFORM, BACKUP, TIMER]
    service = parsed(made[BACKUP])["Service"]
    assert service["ExecStart"].endswith(
        "platform backup /backup --keys-passphrase /etc/hengyuan/pass --keep 7 --verify"
    )
    assert service["ReadWritePaths"] == "/var/lib/hengyuan/platform /backup"
    assert parsed(made[TIMER])["Timer"]["OnCalendar"] == "*-*-* 02:30:00"
    without = units(Plan(PROGRAM, backup=Path("/backup")))
    assert "--without-keys" in parsed(without[BACKUP])["Service"]["ExecStart"]


def test_the_socket_of_a_database_with_a_long_home_stays_reachable():
    long_home = Path("/srv/" + "x" * 70)
    assert parsed(units(Plan(PROGRAM))[PLATFORM])["Service"]["PrivateTmp"] == "yes"
    assert parsed(units(Plan(PROGRAM, home=long_home))[PLATFORM])["Service"]["PrivateTmp"] == "no"


def test_a_path_that_a_unit_cannot_hold_is_refused():
    with pytest.raises(ValueError, match="cannot stand in a unit"):
        units(Plan(PROGRAM, home=Path('/srv/"x"')))
    shown = CliRunner().invoke(app, ["show", "--home", "/srv/\nx"])
    assert shown.exit_code == 2


@pytest.mark.parametrize("at", ["25:00", "2", "02:75", "noon"])
def test_a_time_that_is_none_is_refused(at):
    shown = CliRunner().invoke(app, ["show", "--backup", "/backup", "--at", at])
    assert shown.exit_code == 2
    assert "HH:MM" in shown.stderr


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)
def test_systemd_understands_the_units(tmp_path):
    plan = Plan((sys.executable, *own_program()[1:]), home=tmp_path, backup=tmp_path / "backup")
    for name, text in units(plan).items():
        (tmp_path / name).write_text(text)
    files = [str(tmp_path / name) for name in (PLATFORM, BACKUP, TIMER)]
    done = subprocess.run(
        ["systemd-analyze", "verify", *files], capture_output=True, text=True, check=False
    )
    ours = [line for line in done.stderr.splitlines() if "hengyuan-" in line]
    # the user is made by the installation
    assert [line for line in ours if "user" not in line.lower()] == []


@pytest.mark.slow
def test_a_service_manager_hears_that_it_is_ready_lives_and_stops():
    with temporary_home() as home, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = home.parent / "notify"
        manager.bind(str(address))
        manager.settimeout(240)
        process = subprocess.Popen(
            command("platform", "run", "--port", "0"),
            env=environment(home) | {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "400000"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert [manager.recv(64) for _ in range(3)] == [
                b"READY=1",
                b"WATCHDOG=1",
                b"WATCHDOG=1",
            ]
            process.send_signal(signal.SIGTERM)
            said = b""
            while said != b"STOPPING=1":
                said = manager.recv(64)
            assert process.wait(60) == 0
        finally:
            if process.poll() is None:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
