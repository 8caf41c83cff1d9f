"""The unit with which systemd runs a terminal, and whether it does."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

UNIT = "hengyuan-terminal.service"
FOLDER = Path("/etc/systemd/system")
_ASK_S = 10

_TEMPLATE = """\
# Written by `hengyuan terminal service install`.
[Unit]
Description=Hengyuan terminal (科技治超终端)
Documentation=file:{config}
Wants=network-online.target time-sync.target
After=network-online.target time-sync.target
# a terminal that cannot start is tried for ever: nobody may be there to look
StartLimitIntervalSec=0

[Service]
Type=notify
# the terminal is a child of the launcher
NotifyAccess=all
ExecStart={command}
WorkingDirectory={folder}
Restart=always
RestartSec=2
WatchdogSec=60
TimeoutStartSec=120
TimeoutStopSec=30
KillMode=mixed
{user}Environment=PYTHONUNBUFFERED=1

# it needs its own folders, serial ports and the network, and nothing else
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={writable}
ProtectHome={home}
PrivateTmp=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
CapabilityBoundingSet=
AmbientCapabilities=
DevicePolicy=closed
DeviceAllow=char-ttyS rw
DeviceAllow=char-ttyUSB rw
DeviceAllow=char-ttyACM rw
DeviceAllow=char-usb_device rw
SupplementaryGroups=dialout
UMask=0077

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What systemd says of the unit."""

    unit: str
    installed: bool
    enabled: bool
    active: bool


def unit_text(
    config: Path, data_dir: Path, program: list[str], user: str | None, may_write: list[Path]
) -> str:
    """The unit for this configuration. `program` runs `hengyuan`. ValueError for a path that a
    unit cannot hold."""
    command = [*program, "terminal", "launch", str(config)]
    home_used = any(str(path).startswith(("/home/", "/root/")) for path in (config, data_dir))
    return _TEMPLATE.format(
        config=_quoted(str(config)),
        command=" ".join(_quoted(part) for part in command),
        folder=_quoted(str(config.parent)),
        user=f"User={user}\n" if user else "",
        writable=" ".join(_quoted(str(path)) for path in (config.parent, data_dir, *may_write)),
        home="no" if home_used else "yes",
    )


def _quoted(text: str) -> str:
    if any(character in text for character in "\n\r\"'\\"):
        raise ValueError(f"{text!r} cannot stand in a unit")
    escaped = text.replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if " " in escaped else escaped


def own_program() -> list[str]:
    """How this very installation is started, whatever the PATH of a service is."""
    return [sys.executable, "-m", "hengyuan.cli"]


def service_state() -> ServiceState | None:
    """None where there is no systemd to ask."""
    if not sys.platform.startswith("linux") or not Path("/run/systemd/system").is_dir():
        return None
    return ServiceState(
        unit=UNIT,
        installed=(FOLDER / UNIT).exists(),
        enabled=_says("is-enabled", "enabled"),
        active=_says("is-active", "active"),
    )


def may_install() -> bool:
    """Whether this user may write units."""
    return os.access(FOLDER, os.W_OK)


def _says(question: str, yes: str) -> bool:
    program = shutil.which("systemctl")
    if program is None:
        return False
    try:
        done = subprocess.run(
            [program, question, UNIT], capture_output=True, text=True, timeout=_ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == yes


def systemctl(*arguments: str) -> str:
    """Tell systemd something; what it answered. RuntimeError where it refuses."""
    program = shutil.which("systemctl")
    if program is None:
        raise RuntimeError("systemctl is not installed")
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stderr or done.stdout).strip())
    return done.stdout.strip()
