"""A platform of the benchmark's own: temporary home, embedded PostgreSQL, one server process."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.sealing import BenchTerminal, SealedBatches, seal_all
from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.record.suites import SM2_SM3, PrivateKey

START_TIMEOUT_S = 60
# Most units have one gate with a scale: 826 terminals for the 800 of a city.
TERMINALS_OF_A_UNIT = 1
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class RunningPlatform:
    """`with RunningPlatform() as platform`: a migrated database and a server on a free port."""

    def __init__(self, seed: int = 1) -> None:
        self._seed = seed
        self._home = Path(tempfile.mkdtemp(prefix="hengyuan-bench-"))
        self._home.chmod(0o711)
        self._postgres = EmbeddedPostgres(self._home)
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._postgres.start()
        self.url = self._postgres.url()
        os.environ["HENGYUAN_HOME"] = str(self._home)
        os.environ[URL_VARIABLE] = self.url
        os.environ["DJANGO_SETTINGS_MODULE"] = "hengyuan.platform.settings"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0)
        self.port = _free_port()
        self._start_server()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGTERM)
            self._server.wait(30)
        from django.db import connections

        connections.close_all()
        self._postgres.stop()
        shutil.rmtree(self._home, ignore_errors=True)

    def _start_server(self) -> None:
        log = (self._home / "server.log").open("wb")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "hengyuan.platform.asgi:application",
             "--host", "127.0.0.1", "--port", str(self.port), "--loop", "uvloop",
             "--http", "httptools", "--log-level", "warning", "--no-access-log"],
            stdout=log, stderr=log,
        )  # fmt: skip
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/intake/v1/x", timeout=1)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError((self._home / "server.log").read_text()[-2000:])

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time spent so far by the platform, by PostgreSQL and by this process."""
        assert self._server is not None
        return {
            "platform": _cpu_of_family(self._server.pid),
            "postgres": _cpu_of_family(self._postgres.pid() or 0),
            "generator": time.process_time(),
        }

    def memory_mb(self) -> dict[str, float]:
        """Memory of the platform's process in MB: what it holds now, and the most so far."""
        assert self._server is not None
        status = Path(f"/proc/{self._server.pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines())
        return {
            name: round(int(lines[field].split()[0]) / 1024, 1)
            for name, field in (("now", "VmRSS"), ("peak", "VmHWM"))
        }

    def make_terminals(self, count: int, records: int, batch: int) -> list[BenchTerminal]:
        """Enrol terminals, each with that many records sealed into batches."""
        from hengyuan.platform.ledger.models import UnitKind
        from hengyuan.platform.ledger.services import register_unit
        from hengyuan.platform.regions.models import Region
        from hengyuan.platform.terminals.services import create_terminal

        made = []
        for number in range(count):
            if number % TERMINALS_OF_A_UNIT == 0:
                unit = register_unit(
                    None,
                    region=Region.objects.get(pk="141024"),
                    name=f"基准测试煤矿{number // TERMINALS_OF_A_UNIT}",
                    kind=UnitKind.COAL,
                )
            key = SM2_SM3.generate()
            terminal = create_terminal(None, unit, f"基准终端{number}")
            _enrol(terminal, key)
            bodies = SealedBatches(self._home / f"batches-{number}")
            made.append(BenchTerminal(terminal.code, key, bodies))
        seal_all(made, records, batch, self._seed)
        return made


def _enrol(terminal: Any, key: PrivateKey) -> None:
    """As `terminals.services.enrol` leaves it; the codes are not what is measured."""
    from django.utils import timezone

    terminal.suite = SM2_SM3.name
    terminal.public_key = key.public_bytes().hex()
    terminal.enrolled_at = timezone.now()
    terminal.state = "enrolled"
    terminal.save()


def _cpu_of_family(pid: int) -> float:
    """Processor seconds of a process and its children, those that have ended included."""
    ticks = 0
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(status.parent.name) == pid:
            ticks += sum(map(int, fields[11:15]))  # utime, stime, and both of waited-for children
        elif int(fields[1]) == pid:
            ticks += sum(map(int, fields[11:13]))
    return ticks / _TICKS_A_SECOND


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
