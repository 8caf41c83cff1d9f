"""A failover rehearsed: the primary dies under load, the standby takes over, nothing is lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from hengyuan.platform.embedded import URL_VARIABLE
from hengyuan.record.suites import SM2_SM3
from tests.platform.intake.test_kill import Platform, Sender
from tests.platform.outgrowing.clusters import Cluster, new_base, programs, two_clusters, url_of
from tests.platform.records import TestTerminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


class PlatformOutside(Platform):
    """The platform's process on the servers that an address names."""

    def __init__(self, home: Path, database: str) -> None:
        super().__init__(home)
        self.database = database

    def environment(self) -> dict[str, str]:
        return super().environment() | {URL_VARIABLE: self.database}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments), env=self.environment(), capture_output=True, text=True
        )

    def terminals(self, count: int) -> list[TestTerminal]:
        keys = [SM2_SM3.generate() for _ in range(count)]
        codes = self.enrol([key.public_bytes().hex() for key in keys])
        return [TestTerminal(code, SM2_SM3, key) for code, key in zip(codes, keys, strict=True)]

    def log(self) -> str:
        return (self.home / "platform.log").read_text()[-4000:]


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A stopped cluster with the platform's tables; each test begins with a copy of it."""
    with new_base() as base:
        cluster = Cluster(base, "template", programs(base))
        cluster.initialise()
        home = tmp_path_factory.mktemp("home")
        done = PlatformOutside(home, url_of(cluster)).run("migrate")
        assert done.returncode == 0, done.stdout + done.stderr
        cluster.shut_down()
        yield cluster.data


@pytest.fixture
def clusters(migrated: Path) -> Iterator[tuple[Cluster, Cluster]]:
    with two_clusters(migrated) as both:
        yield both


@pytest.fixture
def platform(clusters: tuple[Cluster, Cluster]) -> Iterator[PlatformOutside]:
    home = Path(tempfile.mkdtemp(prefix="hengyuan-failover-"))
    home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    made = PlatformOutside(home, url_of(*clusters))
    made.start()
    try:
        made.wait(300)
        yield made
    finally:
        made.kill()
        shutil.rmtree(home, ignore_errors=True)


def await_progress(platform: PlatformOutside, senders: list[Sender]) -> None:
    """Until every terminal had more acknowledged than it has now."""
    before = [sender.acknowledged for sender in senders]
    deadline = time.monotonic() + 300
    while not all(s.acknowledged > seen for s, seen in zip(senders, before, strict=True)):
        assert [sender.wrong for sender in senders] == [[] for _ in senders]
        assert time.monotonic() < deadline, platform.log()
        time.sleep(0.05)


def assert_nothing_is_lost(cluster: Cluster, senders: list[Sender]) -> None:
    """Every acknowledged record is in this server once, as its terminal made it.

    What was acknowledged is read before the server is.
    """
    acknowledged = [sender.acknowledged for sender in senders]
    for sender, seq in zip(senders, acknowledged, strict=True):
        rows = cluster.execute(
            "SELECT w.seq, w.digest FROM weighing w JOIN terminals_terminal t"
            f" ON t.id = w.terminal_id WHERE t.code = '{sender.terminal.code}' ORDER BY w.seq"
        )
        digests = sender.terminal.digests
        assert len(rows) >= seq > 0
        assert [(number, bytes(digest)) for number, digest in rows] == [
            (number, digests[number]) for number in range(1, len(rows) + 1)
        ]
    # one statement sees one moment, while the terminals go on sending
    [(stored, counted)] = cluster.execute(
        "SELECT (SELECT count(*) FROM weighing), (SELECT sum(trucks) FROM weighing_count)"
    )
    assert stored == counted


def fail_over(platform: PlatformOutside, primary: Cluster, standby: Cluster) -> None:
    refused = platform.run("promote", "--primary-is-dead")
    assert refused.returncode == 1
    assert f"127.0.0.1:{primary.port} is the primary and answers" in refused.stderr
    primary.kill()
    hasty = platform.run("promote")
    assert hasty.returncode == 1
    assert "make sure that it is stopped" in hasty.stderr
    done = platform.run("promote", "--primary-is-dead")
    assert done.returncode == 0, done.stderr
    assert f"127.0.0.1:{standby.port} 现在是主库" in done.stdout


def test_no_acknowledged_record_is_lost_when_the_primary_dies_and_the_standby_takes_over(
    clusters: tuple[Cluster, Cluster], platform: PlatformOutside, tmp_path: Path
) -> None:
    first, second = clusters
    until = threading.Event()
    senders = [Sender(platform.url, terminal, until) for terminal in platform.terminals(3)]
    for sender in senders:
        sender.start()
    await_progress(platform, senders)
    assert platform.run("standbys").returncode == 0

    fail_over(platform, first, second)
    assert_nothing_is_lost(second, senders)
    await_progress(platform, senders)

    # alone, the new primary takes records, and says that nobody else has them
    alone = platform.run("standbys")
    assert alone.returncode == 1
    assert "没有同步备库" in alone.stderr

    # the old one comes back as the standby of the new one, and then takes over in its turn
    first.rewind(second)
    second.acknowledge_with(first)
    await_progress(platform, senders)
    assert platform.run("standbys").returncode == 0
    fail_over(platform, second, first)
    assert_nothing_is_lost(first, senders)
    await_progress(platform, senders)

    until.set()
    for sender in senders:
        sender.join(60)
        assert sender.wrong == []
    assert_nothing_is_lost(first, senders)
    page = httpx.get(f"{platform.url}/account/login/", timeout=30, follow_redirects=True)
    assert page.status_code == 200
    for sender in senders:
        assert_chain_verifies(platform, sender.terminal.code, tmp_path)


def assert_chain_verifies(platform: PlatformOutside, code: str, folder: Path) -> None:
    archive = folder / f"{code}.ndjson"
    exported = platform.run("chain", "export", code, "-o", str(archive))
    assert exported.returncode == 0, exported.stderr
    program, *_ = platform.command()
    verified = subprocess.run(
        [program, "record", "verify", str(archive)], capture_output=True, text=True
    )
    assert verified.returncode == 0, verified.stdout


def test_what_only_the_primary_has_is_not_acknowledged_even_after_its_crash(
    clusters: tuple[Cluster, Cluster], platform: PlatformOutside
) -> None:
    first, second = clusters
    [terminal] = platform.terminals(1)
    terminal.weigh(5)
    url = f"{platform.url}/api/intake/v1"
    before = httpx.post(f"{url}/batches", content=terminal.batch(1, 2), timeout=60)
    assert before.json()["stored"] == 2
    second.kill()

    # stored by the primary, on no other disk: no answer
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{url}/batches", content=terminal.batch(3, 5), timeout=5)
    first.kill()
    first.start()
    first.wait_for("SELECT count(*) = 5 FROM weighing")

    # it shows them now, and a terminal that asks again must not take that for an acknowledgement
    for attempt in (send_again, ask_for_watermark):
        answer = attempt(url, terminal)
        assert answer is None or answer.status_code == 503

    second.start()
    deadline = time.monotonic() + 240
    while (answer := send_again(url, terminal)) is None or answer.status_code != 200:
        assert time.monotonic() < deadline, platform.log()
    assert answer.json() == {
        "stored": 0,
        "watermark": {"seq": 5, "digest": terminal.digests[5].hex()},
    }
    second.wait_for("SELECT count(*) = 5 FROM weighing")


def send_again(url: str, terminal: TestTerminal) -> httpx.Response | None:
    try:
        return httpx.post(f"{url}/batches", content=terminal.batch(3, 5), timeout=3)
    except httpx.TransportError:
        return None


def ask_for_watermark(url: str, terminal: TestTerminal) -> httpx.Response | None:
    headers = terminal.headers("GET", "/api/intake/v1/watermark")
    try:
        return httpx.get(f"{url}/watermark", headers=headers, timeout=3)
    except httpx.TransportError:
        return None


def test_the_platform_waits_for_a_primary_when_it_is_up_before_the_database(
    clusters: tuple[Cluster, Cluster], platform: PlatformOutside
) -> None:
    first, second = clusters
    platform.kill()
    first.kill()
    platform.start()  # only a standby answers: nothing can be written
    deadline = time.monotonic() + 120
    while psycopg_sessions(second) == 0:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    second.execute("SELECT pg_promote(true, 60)")
    platform.wait(300)
    [terminal] = platform.terminals(1)
    terminal.weigh(2)
    answer = httpx.post(f"{platform.url}/api/intake/v1/batches", content=terminal.batch())
    assert answer.json()["stored"] == 2


def psycopg_sessions(cluster: Cluster) -> int:
    """How often somebody other than this test came to the platform's database."""
    with psycopg.connect(cluster.conninfo(database="postgres"), autocommit=True) as connection:
        row = connection.execute(
            "SELECT sessions FROM pg_stat_database WHERE datname = 'hengyuan'"
        ).fetchone()
    return int(row[0]) if row else 0
