"""How the platform stands: what `/readyz`, `/metrics` and the page of operations all look at."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db.migrations.loader import MigrationLoader

from hengyuan.platform.embedded import database_url
from hengyuan.platform.signing_key import FILE_NAME as KEY_FILE
from hengyuan.platform.signing_key import NoSigningKey, signing_key
from hengyuan.platform.terminals.models import ONLINE_WITHIN
from hengyuan.platform.weighing import partitions

ANSWER_WITHIN_S = 2
"""A database that takes longer than this to answer is as good as away."""

Execute = Callable[[str, tuple[Any, ...]], Iterable[tuple[Any, ...]]]

_PARTITIONS = """
SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'weighing'::regclass
"""
_ARCHIVED = """
SELECT file_name FROM history_monthseal WHERE state IN ('handing', 'archived') ORDER BY 1
"""
_TERMINALS = """
SELECT count(*), count(*) FILTER (WHERE last_seen_at >= now() - %s)
FROM terminals_terminal WHERE state = 'enrolled'
"""


@dataclass(frozen=True, slots=True)
class DatabaseStanding:
    """What the database says of itself."""

    size_bytes: int
    version: str
    pending: tuple[str, ...]
    """Migrations of this software that the database has not had, `app.name`."""
    ahead: tuple[str, ...]
    """Migrations that the database has had and this software does not know."""
    months: frozenset[date]
    """Months with a partition of their own, by their first day."""
    terminals: int
    """Enrolled terminals, and those of them that were heard lately."""
    terminals_online: int
    missing_files: tuple[str, ...] = ()
    """Archived months whose file is not there: their records cannot be searched."""


@dataclass(frozen=True, slots=True)
class Disk:
    """A file system that the platform writes to."""

    path: Path
    free_bytes: int
    total_bytes: int

    @property
    def used_percent(self) -> int:
        return round(100 * (1 - self.free_bytes / self.total_bytes)) if self.total_bytes else 0


@dataclass(frozen=True, slots=True)
class Standing:
    """All of it at one moment. `database_problem` is a technical text, empty when it answers."""

    at: datetime
    disks: tuple[Disk, ...]
    key_problem: str = ""
    database: DatabaseStanding | None = None
    database_problem: str = ""
    today: date = field(default_factory=lambda: datetime.now(UTC).date())

    @property
    def months_due(self) -> list[date]:
        """This month and the next: records of now, and of the first second of the next month."""
        this = self.today.replace(day=1)
        return [this, partitions.next_month(this)]

    @property
    def months_ahead(self) -> int:
        """How many months after this one have their partition, without a gap."""
        month, count = self.today.replace(day=1), 0
        months = self.database.months if self.database else frozenset()
        while (month := partitions.next_month(month)) in months:
            count += 1
        return count


def standing(url: str | None = None) -> Standing:
    """Look now, on a connection of its own: a pool that waits would hide that the rest works."""
    found = _outside_the_database()
    try:
        with psycopg.connect(
            url or database_url(),
            connect_timeout=ANSWER_WITHIN_S,
            options=f"-c statement_timeout={1000 * ANSWER_WITHIN_S}",
        ) as connection:
            return replace(found, database=ask_database(lambda q, p: connection.execute(q, p)))
    except psycopg.Error as error:
        return replace(found, database_problem=_first_line(error))


def standing_by(execute: Execute) -> Standing:
    """The same by a connection that is there already."""
    return replace(_outside_the_database(), database=ask_database(execute))


def ask_database(execute: Execute) -> DatabaseStanding:
    """Ask by `execute(sql, parameters)`, which gives the rows."""
    ((size, version),) = execute(
        "SELECT pg_database_size(current_database()), current_setting('server_version')", ()
    )
    applied = set(execute("SELECT app, name FROM django_migrations", ()))
    ((terminals, online),) = execute(_TERMINALS, (ONLINE_WITHIN,))
    months = (partitions.month_named(name) for (name,) in execute(_PARTITIONS, ()))
    due, known = _migrations()
    apps = {app for app, _name in known}
    return DatabaseStanding(
        size_bytes=size,
        version=version,
        pending=_named(due - applied),
        ahead=_named({each for each in applied - known if each[0] in apps}),
        months=frozenset(month for month in months if month is not None),
        terminals=terminals,
        terminals_online=online,
        missing_files=_missing_files(execute) if ("history", "0001_initial") in applied else (),
    )


def _missing_files(execute: Execute) -> tuple[str, ...]:
    folder = Path(settings.HISTORY_FOLDER)
    return tuple(name for (name,) in execute(_ARCHIVED, ()) if not (folder / name).is_file())


def _outside_the_database() -> Standing:
    return Standing(at=datetime.now(UTC), disks=_disks(), key_problem=_key_problem())


def _disks() -> tuple[Disk, ...]:
    """Each file system once: the home, and the embedded database where it lies elsewhere."""
    home = Path(settings.HENGYUAN_HOME)
    found: dict[int, Disk] = {}
    for path in (home, home / "postgres", home / "evidence"):
        try:
            place = path.resolve(strict=True)
            usage, device = shutil.disk_usage(place), place.stat().st_dev
        except OSError:
            continue
        found.setdefault(device, Disk(path, usage.free, usage.total))
    return tuple(found.values())


def _key_problem() -> str:
    if not (Path(settings.HENGYUAN_HOME) / KEY_FILE).exists():
        return ""  # made when it is first needed
    try:
        signing_key(Path(settings.HENGYUAN_HOME))
    except NoSigningKey as error:
        return str(error)
    return ""


@cache
def _migrations() -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, str]]]:
    """Those that a database of this software must have had, and all that it may have had."""
    loader = MigrationLoader(None, load=False)
    loader.load_disk()
    replaced = {old for migration in loader.disk_migrations.values() for old in migration.replaces}
    known = frozenset(loader.disk_migrations)
    return known - replaced, known | replaced


def _named(migrations: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{app}.{name}" for app, name in migrations))


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else ''}".rstrip(": ")
