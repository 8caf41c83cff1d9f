"""The terminal keeps to what Windows has, too: gate PCs often run it.

This looks at the sources. That the terminal runs there was not tried; docs/windows.md says so.
"""

import ast
from pathlib import Path

import pytest

import hengyuan.terminal

ROOT = Path(hengyuan.terminal.__file__).parent
SOURCES = [*ROOT.rglob("*.py"), *(ROOT.parent / "cli").glob("terminal*.py")]

POSIX_MODULES = {
    "crypt",
    "fcntl",
    "grp",
    "posix",
    "pty",
    "pwd",
    "resource",
    "spwd",
    "syslog",
    "termios",
    "tty",
    "uvloop",
}
POSIX_NAMES = {
    "os": {
        "chown", "fork", "forkpty", "getegid", "geteuid", "getgid", "getloadavg", "getpgid",
        "getuid", "killpg", "mkfifo", "nice", "openpty", "setpgrp", "setsid", "statvfs", "sync",
        "ttyname", "uname", "wait4", "WIFEXITED",
    },
    "signal": {
        "SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGSTOP", "SIGUSR1",
        "SIGUSR2", "alarm", "pause", "setitimer", "sigwait",
    },
    "socket": {"AF_UNIX", "SO_REUSEPORT", "socketpair_unix"},
    "time": {"tzset"},
    "asyncio": {"open_unix_connection", "start_unix_server"},
}  # fmt: skip


def offences(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in POSIX_MODULES]
        elif isinstance(node, ast.ImportFrom) and node.module:
            if node.module.split(".")[0] in POSIX_MODULES:
                found.append(node.module)
            names = POSIX_NAMES.get(node.module, set())
            found += [f"{node.module}.{a.name}" for a in node.names if a.name in names]
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.attr in POSIX_NAMES.get(node.value.id, set())
        ):
            found.append(f"{node.value.id}.{node.attr}")
    return found


@pytest.mark.parametrize(
    "source",
    [
        "import fcntl",
        "from os import fork",
        "import os\nos.geteuid()",
        "import signal\nsignal.SIGHUP",
    ],
)
def test_the_look_finds_what_windows_lacks(source):
    assert offences(ast.parse(source))


def test_what_is_asked_for_by_name_is_not_an_offence():
    assert offences(ast.parse('import signal\ngetattr(signal, "SIGHUP", None)')) == []


def test_the_terminal_uses_nothing_that_windows_lacks():
    found = {
        str(path.relative_to(ROOT.parent)): offences(ast.parse(path.read_text("utf-8")))
        for path in SOURCES
    }
    assert len(found) > 100
    assert {name: names for name, names in found.items() if names} == {}
