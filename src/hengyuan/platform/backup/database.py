"""The database in a backup: its files with the log that makes them whole, or a dump.

Files for the embedded server: they hold everything that was committed until the copy ended, and a
restore takes as long as copying. A dump for a server of one's own: it needs no right but to read,
and any server of the same or a newer version takes it (docs/adr/0015-backup.md).
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
from psycopg import pq, sql

from hengyuan.platform.backup.layout import DATABASE, BackupFailed
from hengyuan.platform.backup.manifest import DatabasePart, Watermark
from hengyuan.platform.embedded import EmbeddedPostgres

COPIED_LIST = "backup_manifest"
_JOBS = "2"
_PERCENT = re.compile(r"\((\d+)%\)")
_TABLES = """
SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' ORDER BY c.relname
"""
_WATERMARKS = """
SELECT t.code, h.last_seq, encode(h.head, 'hex')
FROM intake_chainhead h JOIN terminals_terminal t ON t.id = h.terminal_id
"""
# rows of these are never taken away while a backup runs
_ONLY_ADDED = re.compile(r"weighing_\d{4}_\d{2}|weighing_default|intake_batch")

Tell = Callable[[int], None]


def copy_files(server: EmbeddedPostgres, folder: Path, tell: Tell) -> DatabasePart:
    """Copy the files of the embedded server while it runs, with its log, into `folder/database`."""
    with psycopg.connect(server.url()) as connection:
        version = _server_version(connection)
        rows = {name: n for name, n in _rows(connection).items() if _ONLY_ADDED.fullmatch(name)}
        watermarks = _watermarks(connection)
    command = [
        str(server.program("pg_basebackup")),
        *("--dbname", server.url("postgres")),
        *("--pgdata", str(folder / DATABASE)),
        *("--wal-method", "stream"),
        *("--checkpoint", "fast"),
        *("--manifest-checksums", "SHA256"),
        "--no-password",
        "--no-sync",  # all of the backup is put on the disk before it gets its name
        "--progress",
    ]
    _run(command, {}, tell)
    listed = folder / DATABASE / COPIED_LIST
    return DatabasePart(
        method="files",
        server_version=version,
        size_bytes=_size(folder / DATABASE),
        digests={COPIED_LIST: _sha256(listed)},
        rows=rows,
        watermarks=watermarks,
    )


def dump(url: str, programs: EmbeddedPostgres, folder: Path, tell: Tell) -> DatabasePart:
    """Dump the database at `url` into `folder/database`, one snapshot with exact counts."""
    with psycopg.connect(url) as connection:
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        version = _server_version(connection)
        ((snapshot,),) = connection.execute("SELECT pg_export_snapshot()").fetchall()
        rows, watermarks = _rows(connection), _watermarks(connection)
        command = [
            _client("pg_dump", connection.info.server_version // 10_000, programs),
            *("--format", "directory"),
            *("--jobs", _JOBS),
            *("--compress", "gzip:1"),
            *("--snapshot", snapshot),
            *("--file", str(folder / DATABASE)),
            "--no-owner",
            "--no-privileges",
            "--no-password",
        ]
        _run(command, _environment(url), tell)
    files = sorted((folder / DATABASE).iterdir())
    return DatabasePart(
        method="dump",
        server_version=version,
        size_bytes=_size(folder / DATABASE),
        digests={path.name: _sha256(path) for path in files},
        rows=rows,
        watermarks=watermarks,
    )


def load(url: str, programs: EmbeddedPostgres, folder: Path, tell: Tell) -> None:
    """Load `folder/database`, a dump, into the empty database at `url`."""
    with psycopg.connect(url) as connection:
        major = connection.info.server_version // 10_000
    command = [
        _client("pg_restore", major, programs),
        *("--jobs", _JOBS),
        *("--dbname", ""),
        "--exit-on-error",
        "--no-owner",
        "--no-privileges",
        "--no-password",
        str(folder / DATABASE),
    ]
    _run(command, _environment(url), tell)


def share_with(before: Path, folder: Path) -> int:
    """Of two copies of files keep those that are the same once, by links; the bytes saved.

    Nobody writes into a backup, and a restore copies: the link is never written through.
    """
    old, new = (_copied(each / DATABASE) for each in (before, folder))
    saved = 0
    for name, (size, digest) in new.items():
        if size and old.get(name) == (size, digest):
            draft = folder / DATABASE / f"{name}.link"
            with contextlib.suppress(OSError):  # no links here, or too many: both are kept
                os.link(before / DATABASE / name, draft)
                draft.replace(folder / DATABASE / name)
                saved += size
    return saved


def problems_of(folder: Path, part: DatabasePart, programs: EmbeddedPostgres) -> list[str]:
    """What is not as it was when the backup was made. Reads every byte."""
    wrong = [
        f"{DATABASE}/{name}"
        for name, digest in part.digests.items()
        if _sha256(folder / DATABASE / name) != digest
    ]
    if wrong or part.method == "dump":
        return wrong
    checked = subprocess.run(
        [str(programs.program("pg_verifybackup")), "--quiet", str(folder / DATABASE)],
        capture_output=True,
        text=True,
        check=False,
    )
    return (checked.stderr or checked.stdout).splitlines() if checked.returncode else []


def differences(url: str, part: DatabasePart) -> list[str]:
    """What the restored database at `url` lacks of what the backup's manifest counts."""
    with psycopg.connect(url) as connection:
        rows, watermarks = _rows(connection), _watermarks(connection)
        wrong = []
        for name, count in part.rows.items():
            found = rows.get(name, 0)
            if found < count or (part.method == "dump" and found != count):
                wrong.append(f"{name}:{found} 行,应有 {count} 行")
        for code, mark in part.watermarks.items():
            reached = watermarks.get(code)
            if reached is None or reached.seq < mark.seq:
                wrong.append(
                    f"终端 {code}:记录只到 {reached.seq if reached else 0},应到 {mark.seq}"
                )
            elif reached.seq == mark.seq and reached.digest != mark.digest:
                wrong.append(f"终端 {code}:第 {mark.seq} 号记录的摘要不同")
    return wrong


def records_in(url: str) -> int:
    """Rows of the record table."""
    with psycopg.connect(url) as connection:
        ((count,),) = connection.execute("SELECT count(*) FROM weighing").fetchall()
    return int(count)


def _rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    found = {}
    for (name,) in connection.execute(_TABLES).fetchall():
        count = connection.execute(
            sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))
        ).fetchone()
        found[name] = count[0] if count else 0
    return found


def _watermarks(connection: psycopg.Connection[Any]) -> dict[str, Watermark]:
    rows = connection.execute(_WATERMARKS).fetchall()
    return {code: Watermark(seq, digest) for code, seq, digest in rows}


def _server_version(connection: psycopg.Connection[Any]) -> str:
    row = connection.execute("SHOW server_version").fetchone()
    return str(row[0]) if row else ""


def _client(name: str, server_major: int, ours: EmbeddedPostgres) -> str:
    """The machine's own program where it is new enough: it knows TLS. Else that of our wheel."""
    found = shutil.which(name)
    if found is not None:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        version = re.search(r"(\d+)", said.stdout)
        if version and int(version[1]) >= server_major:
            return found
    return str(ours.program(name))


def _environment(url: str) -> dict[str, str]:
    """The address as libpq's variables: a password must not stand among a process's arguments."""
    options = pq.Conninfo.parse(url.encode())
    return {
        each.envvar.decode(): each.val.decode()
        for each in options
        if each.envvar is not None and each.val is not None
    }


def _run(command: list[str], environment: dict[str, str], tell: Tell) -> None:
    """Run a program of PostgreSQL; `tell` hears its percentages. BackupFailed with its words."""
    process = subprocess.Popen(
        command,
        env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C"} | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_die_with_parent,
    )
    said: list[str] = []
    try:
        for line in _lines(process):
            percent = _PERCENT.search(line)
            if percent:
                tell(int(percent[1]))
            elif line:
                said = [*said[-20:], line]
        if process.wait():
            words = "\n".join(said) or f"exit {process.returncode}"
            raise BackupFailed(f"{Path(command[0]).name} 失败:\n{words}")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        if process.stderr is not None:
            process.stderr.close()


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stderr is not None
    for text in process.stderr:
        yield from (part.strip() for part in text.split("\r"))


def _die_with_parent() -> None:
    """Linux: a program whose parent was killed must not go on writing into the next backup."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def _copied(folder: Path) -> dict[str, tuple[int, str]]:
    try:
        listed = json.loads((folder / COPIED_LIST).read_bytes())["Files"]
    except (OSError, ValueError, KeyError):
        return {}
    return {
        each["Path"]: (each["Size"], each["Checksum"])
        for each in listed
        if "Path" in each and each.get("Checksum-Algorithm") == "SHA256"
    }


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
