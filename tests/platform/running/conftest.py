"""A platform in a process of its own, run by its command."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from hengyuan.platform.embedded import EmbeddedPostgres

_STOP_WITHIN_S = 60  # a guard against hanging, no measure


@dataclass
class RunningPlatform:
    """A platform under its home, and where it answers."""

    home: Path
    process: subprocess.Popen[str]
    address: str

    @property
    def postgres(self) -> EmbeddedPostgres:
        return EmbeddedPostgres(self.home)

    def end(self, how: signal.Signals) -> int:
        """Send the signal; the exit code once it is gone."""
        self.process.send_signal(how)
        return self.process.wait(_STOP_WITHIN_S)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from hengyuan.cli import main; main()", *arguments]


def environment(home: Path) -> dict[str, str]:
    """Of this run, but with an embedded server of the home's own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in {"HENGYUAN_DATABASE_URL", "DJANGO_SETTINGS_MODULE"}
    }
    return kept | {"HENGYUAN_HOME": str(home)}


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A home that the database's user can reach; pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="hy-"))
    folder.chmod(0o711)
    yield folder / "home"
    EmbeddedPostgres(folder / "home").stop()
    shutil.rmtree(folder)


@contextmanager
def platforms(home: Path) -> Iterator[Callable[[], RunningPlatform]]:
    """Starts platforms and waits until they answer; what still runs at the end is killed."""
    started: list[subprocess.Popen[str]] = []

    def run() -> RunningPlatform:
        process = subprocess.Popen(
            command("platform", "run", "--port", "0"),
            env=environment(home),
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        line = process.stdout.readline()
        assert "http://" in line, "the platform did not start"
        return RunningPlatform(home, process, line[line.index("http://") :].strip())

    try:
        yield run
    finally:
        for process in started:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def platform_home() -> Iterator[Path]:
    with temporary_home() as home:
        yield home


@pytest.fixture
def run_platform(platform_home: Path) -> Iterator[Callable[[], RunningPlatform]]:
    with platforms(platform_home) as run:
        yield run
