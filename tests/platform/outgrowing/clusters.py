"""PostgreSQL clusters of a test's own, on loopback, that can be killed, promoted and rewound."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from hengyuan.platform.embedded import EmbeddedPostgres, _as_server_user, _server_user

USER, PASSWORD, DATABASE = "hengyuan", "only-on-loopback", "hengyuan"
_CONFIGURATION = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = 32MB
wal_keep_size = 256MB
timezone = 'UTC'
"""


class Cluster:
    """One server: its data, its port and its process."""

    def __init__(self, base: Path, name: str, programs: Path) -> None:
        self.name = name
        self.port = _free_port()
        self.data = base / name
        self._log = base / f"{name}.log"
        self._programs = programs
        self._process: subprocess.Popen[bytes] | None = None

    def conninfo(self, application: str = "", database: str = DATABASE) -> str:
        return psycopg.conninfo.make_conninfo(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database,
            connect_timeout=5, application_name=application or None,
        )  # fmt: skip

    def initialise(self) -> None:
        """A new cluster with the platform's database, started."""
        secret = self.data.with_suffix(".pw")
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        self._run(
            "initdb", "-D", str(self.data), "-U", USER, "-A", "scram-sha-256", "--pwfile",
            str(secret), "-E", "UTF8", "--locale", "C", "--data-checksums",
        )  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as file:
            file.write(_CONFIGURATION)
        self.start()
        self.execute(f'CREATE DATABASE "{DATABASE}"', database="postgres")

    def follow(self, primary: Cluster) -> None:
        """Become a streaming standby of `primary` from a base backup, started."""
        self._run(
            "pg_basebackup", "-D", str(self.data), "-R", "-X", "stream", "-c", "fast",
            "-d", primary.conninfo(application=self.name),
        )  # fmt: skip
        self.start()

    def rewind(self, primary: Cluster) -> None:
        """Give up what parted from `primary`, and become its standby, started."""
        self._run(
            "pg_rewind", "-D", str(self.data), "-R",
            "--source-server", primary.conninfo(application=self.name),
        )  # fmt: skip
        self.start()

    def copy_of(self, data: Path) -> None:
        """Begin with the data of a stopped cluster, started."""
        self._command(["cp", "-a", str(data), str(self.data)])
        self.start()

    def start(self) -> None:
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self.data), "-p", str(self.port)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
                **_as_server_user(),
            )  # fmt: skip
        self.wait_for("SELECT 1", database="postgres")

    def kill(self) -> None:
        """The machine is gone: every process of the server at once, without a word."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def shut_down(self) -> None:
        """An orderly end, after which the data may be copied."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(120)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def execute(self, *statements: str, database: str = DATABASE) -> list[Any]:
        """Run them, each by itself; the rows of the last one that has any."""
        rows: list[Any] = []
        with psycopg.connect(self.conninfo(database=database), autocommit=True) as connection:
            for statement in statements:
                done = connection.execute(statement)
                rows = done.fetchall() if done.description else rows
        return rows

    def wait_for(self, query: str, database: str = DATABASE, seconds: float = 60) -> None:
        """Until the query gives a row whose first column is true."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                rows = self.execute(query, database=database)
                if rows and rows[0][0]:
                    return
                seen = str(rows)
            except psycopg.Error as error:
                seen = str(error)
            assert time.monotonic() < deadline, f"{query}: {seen}\n{self.log()}"
            time.sleep(0.05)

    def acknowledge_with(self, standby: Cluster) -> None:
        """From now on commits wait for the disk of `standby`."""
        self.execute(
            f"ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 ({standby.name})'",
            "SELECT pg_reload_conf()",
        )
        self.wait_for(
            "SELECT sync_state = 'sync' FROM pg_stat_replication"
            f" WHERE application_name = '{standby.name}'"
        )

    def log(self) -> str:
        return self._log.read_text()[-3000:] if self._log.exists() else ""

    def _run(self, program: str, *arguments: str) -> None:
        self._command([str(self._programs / program), *arguments])

    @staticmethod
    def _command(command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, **_as_server_user())
        assert done.returncode == 0, done.stdout + done.stderr


def url_of(*clusters: Cluster) -> str:
    """What HENGYUAN_DATABASE_URL says of a primary and its standbys."""
    hosts = ",".join(f"127.0.0.1:{cluster.port}" for cluster in clusters)
    return f"postgresql://{USER}:{PASSWORD}@{hosts}/{DATABASE}?target_session_attrs=read-write"


def programs(base: Path) -> Path:
    """The folder of PostgreSQL's programs, where the server's user may run them."""
    return EmbeddedPostgres(base).program("postgres").parent


@contextmanager
def new_base() -> Iterator[Path]:
    """A folder for clusters, of the user that they run as; removed at the end."""
    base = Path(tempfile.mkdtemp(prefix="hengyuan-clusters-"))
    if os.geteuid() == 0:
        user = _server_user()
        os.chown(base, user.pw_uid, user.pw_gid)
    try:
        yield base
    finally:
        shutil.rmtree(base, ignore_errors=True)


@contextmanager
def two_clusters(data: Path) -> Iterator[tuple[Cluster, Cluster]]:
    """A primary, from a copy of these data, and its synchronous standby."""
    with new_base() as base:
        first, second = (Cluster(base, name, programs(base)) for name in ("east", "west"))
        try:
            first.copy_of(data)
            second.follow(first)
            first.acknowledge_with(second)
            yield first, second
        finally:
            first.stop()
            second.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
