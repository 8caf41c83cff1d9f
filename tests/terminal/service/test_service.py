"""The terminal as a service: its unit, and its signs of life."""

import asyncio
import configparser
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hengyuan.cli.terminal import app
from hengyuan.terminal.service import notify as notifying
from hengyuan.terminal.service.notify import notify, stay_alive, watchdog_every_s
from hengyuan.terminal.service.systemd import own_program, unit_text
from hengyuan.terminal.setup.toml_text import write_toml
from tests.terminal.directed.test_serving import configuration


def unit(folder="/srv/gate one", **more):
    text = unit_text(
        Path(folder) / "gate.toml", Path("/var/lib/gate"), ["/opt/py/python", "-m", "hengyuan.cli"],
        more.get("user"), [],
    )  # fmt: skip
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(text)
    return parser, text


def test_the_unit_starts_it_for_ever_and_lets_it_do_little():
    parser, _ = unit()
    service = parser["Service"]
    assert service["ExecStart"] == (
        '/opt/py/python -m hengyuan.cli terminal launch "/srv/gate one/gate.toml"'
    )
    assert service["Restart"] == "always"
    assert service["ProtectSystem"] == "strict"
    assert service["ReadWritePaths"] == '"/srv/gate one" /var/lib/gate'
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == ""
    assert "User" not in service
    assert parser["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit(user="gate")[0]["Service"]["User"] == "gate"


def test_a_home_is_open_only_where_the_gate_lies_in_one():
    assert unit()[0]["Service"]["ProtectHome"] == "yes"
    assert unit("/home/gate")[0]["Service"]["ProtectHome"] == "no"


def test_signs_that_systemd_reads_otherwise_are_escaped_or_refused():
    assert "/srv/100%%" in unit("/srv/100%")[1]
    with pytest.raises(ValueError, match="cannot stand in a unit"):
        unit('/srv/"x"')


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed here"
)
def test_systemd_understands_the_unit(tmp_path):
    file = tmp_path / "hengyuan-terminal.service"
    (tmp_path / "gate.toml").write_text("")
    file.write_text(
        unit_text(
            tmp_path / "gate.toml", tmp_path, [sys.executable, "-m", "hengyuan.cli"], None, []
        )
    )
    done = subprocess.run(
        ["systemd-analyze", "verify", str(file)], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if file.name in line] == []


def test_this_installation_can_be_started_as_the_unit_does():
    done = subprocess.run(
        [*own_program(), "terminal", "launch", "--help"], capture_output=True, text=True, check=True
    )
    assert "看护" in done.stdout


def test_show_prints_the_unit_and_refuses_a_wrong_file(tmp_path):
    path = tmp_path / "gate.toml"
    path.write_text(write_toml(configuration("http://127.0.0.1:9", 8300)))
    done = CliRunner().invoke(app, ["service", "show", str(path)])
    assert done.exit_code == 0
    assert f"terminal launch {path}" in done.stdout
    path.write_text("x = 1")
    assert CliRunner().invoke(app, ["service", "show", str(path)]).exit_code == 2


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="no such sockets on this system")
def test_signs_of_life_come_from_the_loop(tmp_path, monkeypatch):
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(10)
        monkeypatch.setenv(notifying.SOCKET_VARIABLE, address)
        monkeypatch.setenv(notifying.WATCHDOG_VARIABLE, "20000")

        async def live():
            alive = asyncio.create_task(stay_alive())
            said = [await asyncio.to_thread(manager.recv, 64) for _ in range(4)]
            alive.cancel()
            return said

        assert asyncio.run(live()) == [b"READY=1", *[b"WATCHDOG=1"] * 3]


def test_nobody_listening_is_no_fault(monkeypatch):
    monkeypatch.delenv(notifying.SOCKET_VARIABLE, raising=False)
    monkeypatch.delenv(notifying.WATCHDOG_VARIABLE, raising=False)
    assert notify("READY=1") is False
    assert watchdog_every_s() is None
    monkeypatch.setenv(notifying.SOCKET_VARIABLE, "/nowhere/at/all")
    assert notify("READY=1") is False
