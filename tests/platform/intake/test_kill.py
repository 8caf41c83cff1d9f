"""What was acknowledged is there after SIGKILL of the platform and of PostgreSQL, exactly once."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.record.chain import genesis
from hengyuan.record.suites import SM2_SM3
from tests.platform.records import TestTerminal

UNIT = "杀不死示例煤矿"
ENROL = f"""
from hengyuan.platform.ledger.models import UnitKind
from hengyuan.platform.ledger.services import register_unit
from hengyuan.platform.regions.models import Region
from hengyuan.platform.terminals.services import create_terminal
from django.utils import timezone
import sys
unit = register_unit(None, region=Region.objects.get(pk="141024"), name="{UNIT}",
                     kind=UnitKind.COAL)
for key in KEYS:
    terminal = create_terminal(None, unit, "终端")
    terminal.suite, terminal.public_key = "SM2-SM3", key
    terminal.state, terminal.enrolled_at = "enrolled", timezone.now()
    terminal.save()
    print("CODE", terminal.code)
"""


class Platform:
    """`hengyuan platform run` with a home of its own, that may be killed at any moment."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.postgres = EmbeddedPostgres(home)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def environment(self) -> dict[str, str]:
        outside = {name: value for name, value in os.environ.items() if name != URL_VARIABLE}
        return outside | {"HENGYUAN_HOME": str(self.home)}

    def command(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).parent / "hengyuan"), "platform", *arguments]

    def start(self) -> None:
        with (self.home / "platform.log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command("run", "--port", str(self.port)),
                env=self.environment(), stdout=log, stderr=log,
            )  # fmt: skip

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def kill_postgres(self) -> None:
        pid = self.postgres.pid()
        if pid is not None:
            os.kill(pid, signal.SIGKILL)

    def wait(self, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/api/intake/v1/none", timeout=2)
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise AssertionError((self.home / "platform.log").read_text()[-3000:])

    def enrol(self, keys: list[str]) -> list[str]:
        done = subprocess.run(
            self.command("manage", "shell", "-c", f"KEYS = {keys!r}\n{ENROL}"),
            env=self.environment(), capture_output=True, text=True, check=True,
        )  # fmt: skip
        return [line.split()[1] for line in done.stdout.splitlines() if line.startswith("CODE")]


@pytest.fixture
def platform() -> Iterator[Platform]:
    home = Path(tempfile.mkdtemp(prefix="hengyuan-kill-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    made = Platform(home)
    made.start()
    try:
        made.wait()
        yield made
    finally:
        made.kill()
        made.postgres.stop()


class Sender(threading.Thread):
    """A terminal that sends its records in small batches and takes silence for `not stored`."""

    def __init__(self, url: str, terminal: TestTerminal, until: threading.Event) -> None:
        super().__init__(daemon=True)
        self.terminal = terminal
        self.acknowledged = 0
        self.wrong: list[Any] = []
        self._url = url
        self._until = until

    def run(self) -> None:
        batch = 5
        while not self._until.is_set():
            first = self.acknowledged + 1
            if len(self.terminal.lines) < first + batch - 1:
                self.terminal.weigh(batch)
            body = self.terminal.batch(first, first + batch - 1)
            try:
                answer = httpx.post(f"{self._url}/api/intake/v1/batches", content=body, timeout=5)
            except httpx.TransportError:
                time.sleep(0.05)
                continue
            if answer.status_code == 200:
                self.acknowledged = answer.json()["watermark"]["seq"]
            elif answer.status_code == 503:
                time.sleep(0.05)
            else:
                self.wrong.append(answer.text)
                return


def run_rounds(platform: Platform, rounds: int) -> None:
    keys = [SM2_SM3.generate() for _ in range(3)]
    codes = platform.enrol([key.public_bytes().hex() for key in keys])
    terminals = [TestTerminal(code, SM2_SM3, key) for code, key in zip(codes, keys, strict=True)]
    chance = random.Random(20261123)
    until = threading.Event()
    senders = [Sender(platform.url, terminal, until) for terminal in terminals]
    for sender in senders:
        sender.start()
    for number in range(rounds):
        before = [sender.acknowledged for sender in senders]
        time.sleep(chance.uniform(0.1, 0.8))
        if number % 2:
            platform.kill_postgres()
        platform.kill()
        platform.start()
        platform.wait()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not all(
            sender.acknowledged > seen for sender, seen in zip(senders, before, strict=True)
        ):
            time.sleep(0.05)
    until.set()
    for sender in senders:
        sender.join(30)
    check(platform, senders)


def check(platform: Platform, senders: list[Sender]) -> None:
    with psycopg.connect(platform.postgres.url()) as connection:
        for sender in senders:
            assert sender.wrong == []
            assert sender.acknowledged > 0
            rows = connection.execute(
                "SELECT w.seq, w.digest FROM weighing w JOIN terminals_terminal t"
                " ON t.id = w.terminal_id WHERE t.code = %s ORDER BY w.seq",
                [sender.terminal.code],
            ).fetchall()
            digests = sender.terminal.digests
            assert digests[0] == genesis(
                SM2_SM3, sender.terminal.code, sender.terminal.key.public_bytes()
            )
            assert len(rows) >= sender.acknowledged
            assert [(seq, bytes(digest)) for seq, digest in rows] == [
                (seq, digests[seq]) for seq in range(1, len(rows) + 1)
            ]
        stored, counted = connection.execute(
            "SELECT (SELECT count(*) FROM weighing), (SELECT sum(trucks) FROM weighing_count)"
        ).fetchone() or (0, 0)
        assert stored == counted


@pytest.mark.timeout(300)
def test_nothing_acknowledged_is_lost_when_platform_and_database_are_killed(
    platform: Platform,
) -> None:
    run_rounds(platform, 4)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_nothing_acknowledged_is_lost_over_fifty_kills(platform: Platform) -> None:
    run_rounds(platform, 50)
