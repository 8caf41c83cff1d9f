"""The units with which systemd runs a platform and its daily backup."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path("/etc/systemd/system")
PLATFORM = "hengyuan-platform.service"
BACKUP = "hengyuan-backup.service"
TIMER = "hengyuan-backup.timer"
USER = "hengyuan"
HOME = Path("/var/lib/hengyuan/platform")
SETTINGS = Path("/etc/hengyuan/platform.env")
_SOCKET_PATH_MAX = 60
"""With a longer home the database's socket lies in /tmp, which must be everybody's then."""

_HARDENING = """\
# it needs its own folders and the network, and nothing else
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths={writable}
ProtectHome={home_closed}
PrivateTmp={private_tmp}
PrivateDevices=yes
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
UMask=0077
"""

_PLATFORM = """\
# Written by `hengyuan platform service install`. Settings: {settings}
[Unit]
Description=Hengyuan platform (治超信息管理服务平台)
Wants=network-online.target time-sync.target
After=network-online.target time-sync.target postgresql.service
# terminals keep what they weigh and ask again: a platform that cannot start is tried for ever
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
User={user}
Group={user}
EnvironmentFile=-{settings}
Environment=PYTHONUNBUFFERED=1 HENGYUAN_HOME={home} HENGYUAN_LOG=json
Restart=always
RestartSec=2
WatchdogSec=60
# a crash recovery of a large database takes its time
TimeoutStartSec=900
TimeoutStopSec=90
# the database is told to stop by the platform, and is killed only if that fails
KillMode=mixed
LimitNOFILE=65536
OOMScoreAdjust=-500

{hardening}
[Install]
WantedBy=multi-user.target
"""

_BACKUP = """\
# Written by `hengyuan platform service install --backup`. Settings: {settings}
[Unit]
Description=Backup of the Hengyuan platform (平台备份)
After={platform}

[Service]
Type=oneshot
ExecStart={command}
User={user}
Group={user}
EnvironmentFile=-{settings}
Environment=PYTHONUNBUFFERED=1 HENGYUAN_HOME={home}
# weighing goes first
Nice=10
IOSchedulingClass=idle
TimeoutStartSec=12h

{hardening}"""

_TIMER = """\
# Written by `hengyuan platform service install --backup`.
[Unit]
Description=Daily backup of the Hengyuan platform (平台每日备份)

[Timer]
OnCalendar=*-*-* {at}
# made up for when the machine was off at that time
Persistent=true
RandomizedDelaySec=300

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to run, and how. `backup` None: no timer; `passphrase` None: backups without keys."""

    program: tuple[str, ...]
    home: Path = HOME
    user: str = USER
    host: str = "127.0.0.1"
    port: int = 8000
    settings: Path = SETTINGS
    backup: Path | None = None
    backup_at: str = "02:30:00"
    keep: int = 14
    passphrase: Path | None = None


def own_program() -> tuple[str, ...]:
    """How this very installation is started, whatever the PATH of a service is."""
    return (sys.executable, "-m", "hengyuan.cli")


def units(plan: Plan) -> dict[str, str]:
    """The units by their names. ValueError for a path that a unit cannot hold."""
    run = [*plan.program, "platform", "run", "--host", plan.host, "--port", str(plan.port)]
    shared = {
        "user": plan.user,
        "home": _quoted(str(plan.home)),
        "settings": _quoted(str(plan.settings)),
        "platform": PLATFORM,
    }
    made = {
        PLATFORM: _PLATFORM.format(
            **shared, command=_line(run), hardening=_hardening(plan, [plan.home])
        )
    }
    if plan.backup is not None:
        keys = ("--keys-passphrase", str(plan.passphrase)) if plan.passphrase else None
        command = [*plan.program, "platform", "backup", str(plan.backup)]
        command += [*(keys or ("--without-keys",)), "--keep", str(plan.keep), "--verify"]
        writable = [plan.home, plan.backup]
        made[BACKUP] = _BACKUP.format(
            **shared, command=_line(command), hardening=_hardening(plan, writable)
        )
        made[TIMER] = _TIMER.format(at=plan.backup_at)
    return made


def install(plan: Plan) -> list[str]:
    """Make user and folders, write the units, start them; the names of the units.

    OSError, RuntimeError or ValueError where that fails.
    """
    made = units(plan)
    _make_user(plan.user)
    _check_reach(plan)
    # a restore gathers what it restores beside the home, so the folder around it is the user's, too
    for folder in [plan.home.parent, plan.home, *([plan.backup] if plan.backup else [])]:
        _make_folder(folder, plan.user)
    plan.settings.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
    if not plan.settings.exists():
        plan.settings.touch(mode=0o600)
    for name, text in made.items():
        (FOLDER / name).write_text(text, "utf-8")
    systemctl("daemon-reload")
    for name in made:
        if name != BACKUP:  # its timer starts it
            systemctl("enable", name)
            systemctl("restart", name)
    return list(made)


def remove() -> list[str]:
    """Stop and remove the units; data stays. The names of those that were there."""
    there = [name for name in (TIMER, BACKUP, PLATFORM) if (FOLDER / name).exists()]
    for name in there:
        systemctl("disable", "--now", name)
        (FOLDER / name).unlink(missing_ok=True)
    if there:
        systemctl("daemon-reload")
    return there


def has_systemd() -> bool:
    """True where systemd runs this machine."""
    return sys.platform.startswith("linux") and Path("/run/systemd/system").is_dir()


def systemctl(*arguments: str) -> str:
    """Tell systemd something; what it answered. RuntimeError where it refuses."""
    program = shutil.which("systemctl")
    if program is None:
        raise RuntimeError("systemctl is not installed")
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise RuntimeError((done.stderr or done.stdout).strip())
    return done.stdout.strip()


def _hardening(plan: Plan, writable: list[Path]) -> str:
    needed = [*writable, Path(plan.program[0])]
    in_homes = any(str(path).startswith(("/home/", "/root/")) for path in needed)
    return _HARDENING.format(
        writable=" ".join(_quoted(str(path)) for path in writable),
        home_closed="read-only" if in_homes else "yes",
        private_tmp="yes" if len(str(plan.home)) <= _SOCKET_PATH_MAX else "no",
    )


def _line(command: list[str]) -> str:
    return " ".join(_quoted(part) for part in command)


def _quoted(text: str) -> str:
    if any(character in text for character in "\n\r\"'\\"):
        raise ValueError(f"{text!r} cannot stand in a unit")
    escaped = text.replace("%", "%%").replace("$", "$$")
    return f'"{escaped}"' if " " in escaped else escaped


def _make_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr.strip()) from None


def _check_reach(plan: Plan) -> None:
    """A program in a home that is closed to others cannot be started by the service's user."""
    found = pwd.getpwnam(plan.user)
    tried = subprocess.run(
        ["/usr/bin/test", "-x", plan.program[0]],
        user=found.pw_uid,
        group=found.pw_gid,
        extra_groups=[],
        check=False,
    )
    if tried.returncode:
        raise RuntimeError(
            f"{plan.user} cannot run {plan.program[0]}: install the software below /opt/hengyuan"
        )


def _make_folder(folder: Path, user: str) -> None:
    """A folder that is the user's. One that is there already keeps its owner, unless it is ours."""
    is_ours = folder == HOME.parent
    if folder.exists() and not is_ours:
        return
    if not folder.exists():
        folder.mkdir(mode=0o711 if is_ours else 0o700, parents=True)
    found = pwd.getpwnam(user)
    os.chown(folder, found.pw_uid, found.pw_gid)
