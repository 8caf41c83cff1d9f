"""A platform with the city in it, for pictures, tests and benchmarks: no devices, no programs
beside the platform."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec

from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.platform.home import HOME_VARIABLE
from hengyuan.world.city.entered import EnteredCity
from hengyuan.world.city.keys import FOLDER
from hengyuan.world.city.pulse import beating
from hengyuan.world.city.remote import USUAL_PAST, Past, join_all
from hengyuan.world.processes import hengyuan_command

PASSWORD = "weigh-every-truck-1"  # noqa: S105 - of a city that lives for minutes on this machine
PASSWORD_VARIABLE = "HENGYUAN_DEMO_PASSWORD"  # noqa: S105 - a name, not a password
_COMMAND_WITHIN_S = 180.0
_STOP_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class City:
    """A running platform: where it answers, where it lives, and who can log in."""

    address: str
    home: Path
    entered: EnteredCity

    def command(self, *arguments: str) -> str:
        """Run a `hengyuan` command in this platform's home; what it printed."""
        return _hengyuan(self.home, *arguments)


@contextmanager
def running_city(
    home: Path | None = None,
    terminals: int = 3,
    remote: int = 30,
    past: Past = USUAL_PAST,
    settings: dict[str, str] | None = None,
) -> Iterator[City]:
    """A platform of its own with the city in it, stopped at the end; without `home` it is gone.

    The terminals that have devices in a demo weigh here like the remote ones. `settings` are
    further variables of the platform's environment.
    """
    folder = home or Path(tempfile.mkdtemp(prefix="hengyuan-city-"))
    if home is None:
        folder.chmod(0o711)  # the database's user passes through
    try:
        with running_platform(folder, settings) as address:
            said = _hengyuan(
                folder,
                *("world", "city", "--json"),
                *("--terminals", str(terminals), "--remote", str(remote)),
                more={PASSWORD_VARIABLE: PASSWORD},
            )
            entered = msgspec.json.decode(said.strip().splitlines()[-1], type=EnteredCity)
            waiting = [*entered.remote, *entered.terminals]
            with httpx.Client(base_url=address, timeout=60, trust_env=False) as http:
                weighing = join_all(http, waiting, folder / FOLDER, past)
            with beating(address, weighing):
                yield City(address, folder, entered)
    finally:
        if home is None:
            EmbeddedPostgres(folder).stop()
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def running_platform(home: Path, settings: dict[str, str] | None = None) -> Iterator[str]:
    """A platform in a process of its own; its address."""
    process = subprocess.Popen(
        hengyuan_command("platform", "run", "--port", "0"),
        env=_environment(home) | (settings or {}),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if "http://" not in line:
            raise SystemExit("the platform did not start; its log says why")
        yield line[line.index("http://") :].strip()
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _hengyuan(home: Path, *arguments: str, more: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        hengyuan_command(*arguments),
        env=_environment(home) | (more or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=_COMMAND_WITHIN_S,
    )
    if done.returncode:
        shown = " ".join(arguments[:2])
        raise SystemExit(f"hengyuan {shown} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def _environment(home: Path) -> dict[str, str]:
    """A home and a database of its own, whatever this process uses."""
    left_out = {URL_VARIABLE, "DJANGO_SETTINGS_MODULE"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {HOME_VARIABLE: str(home)}
