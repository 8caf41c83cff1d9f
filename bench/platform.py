"""A platform of the benchmark's own: temporary home, embedded PostgreSQL, one server process."""

import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hengyuan.law.vehicles import Combination, Vehicle
from hengyuan.law.verdict import judge
from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.record.batch import seal
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import extend, genesis
from hengyuan.record.model import FileRef, Record
from hengyuan.record.suites import SM2_SM3, PrivateKey

START_TIMEOUT_S = 60
TERMINALS_OF_A_UNIT = 4
# A truck of a pit comes again some dozen times a month.
PLATES = 20_000
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass
class BenchTerminal:
    """An enrolled terminal and its sealed batches: (body, number of records)."""

    code: str
    key: PrivateKey
    bodies: list[tuple[bytes, int]] = field(default_factory=list)


class RunningPlatform:
    """`with RunningPlatform() as platform`: a migrated database and a server on a free port."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
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
            made.append(BenchTerminal(terminal.code, key))
        for terminal_ in made:
            terminal_.bodies = list(self._bodies(terminal_, records, batch))
        return made

    def _bodies(self, terminal: BenchTerminal, records: int, batch: int) -> Any:
        head = genesis(SM2_SM3, terminal.code, terminal.key.public_bytes())
        seq = 1
        while seq <= records:
            last = min(seq + batch - 1, records)
            lines = [write_line(self._record(terminal.code, n)) for n in range(seq, last + 1)]
            yield seal(SM2_SM3, terminal.key, terminal.code, seq, head, lines), len(lines)
            head = extend(SM2_SM3, head, lines)[-1]
            seq = last + 1

    def _record(self, terminal: str, seq: int) -> Record:
        """A plausible weighing of a six-axle train or a four-axle tipper."""
        chance = self._random
        articulated = chance.random() < 0.6
        axles, layout, combination = (
            (6, "1+2+3", "articulated") if articulated else (4, "2+2", "rigid")
        )
        gross_kg = chance.randrange(14_000, 56_000, 20)
        vehicle = _VEHICLES[axles]
        judgement = judge(vehicle, gross_kg, _DAY)
        return Record(
            v=1,
            terminal=terminal,
            seq=seq,
            kind="exit",
            weighed_at=_START_MS + seq * 45_000 + chance.randrange(45_000),
            lane=1,
            gross_kg=gross_kg,
            raw_kg=gross_kg + chance.randrange(-20, 21, 20),
            axles=axles,
            layout=layout,
            combination=combination,  # type: ignore[arg-type]
            drive_axles=2,
            group_kg=_split(gross_kg, layout),
            plate=f"晋L{chance.randrange(PLATES):05d}",
            plate_colour="yellow",
            cargo="0100",
            limit_kg=judgement.limit_kg,
            verdict=judgement.verdict,
            assumed=judgement.assumed,
            rule_pack=judgement.limit.rule_pack,
            files=(
                FileRef(digest=f"{chance.getrandbits(256):064x}", kind="head"),
                FileRef(digest=f"{chance.getrandbits(256):064x}", kind="plate"),
            ),
        )


def _split(gross_kg: int, layout: str) -> tuple[int, ...]:
    groups = [int(digit) for digit in layout[::2]]
    parts = [gross_kg * group // sum(groups) for group in groups]
    parts[-1] += gross_kg - sum(parts)
    return tuple(parts)


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


_START_MS = 1_788_000_000_000
_DAY = date(2026, 9, 1)
_VEHICLES = {
    6: Vehicle(axles=6, combination=Combination.ARTICULATED, layout=(1, 2, 3), drive_axles=2),
    4: Vehicle(axles=4, combination=Combination.RIGID, layout=(2, 2), drive_axles=2),
}
