"""Restoring a platform: everything is gathered beside the home, checked there, and then becomes it.

Whatever ends a restore early, the home is either what it was or the restored one, and a platform
does not start on nothing in between.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from hengyuan.platform.backup import database, keys, manifest, pool
from hengyuan.platform.backup.layout import (
    DATABASE,
    KEYS,
    BackupFailed,
    check_whole,
    name_at,
    sync,
    sync_tree,
)
from hengyuan.platform.backup.manifest import Manifest
from hengyuan.platform.embedded import EmbeddedPostgres, PostgresFailed, with_database
from hengyuan.platform.home import make_home, restore_draft

_POSTGRES_NOTES = (".postgres.lock", ".postgres.owner")
_TOLD_EVERY = 200
Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be restored, and where to. `url`: an outside server's address, or None.

    `passphrase` None: without the keys, by choice. `force`: a home or database with data is put
    aside, never removed.
    """

    backup: Path
    home: Path
    url: str | None
    passphrase: str | None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored platform. `put_aside` is where what was there before lies now."""

    manifest: Manifest
    records: int
    put_aside: list[str]
    without_keys: bool
    variables: dict[str, str]
    """Secrets of the environment that the backup held, for the operator to set again."""


def restore(wanted: Wanted, tell: Tell = lambda stage, done: None) -> Restored:
    """Restore. BackupFailed says what stands in the way; nothing has changed then."""
    check_whole(wanted.backup)
    made = manifest.read(wanted.backup)
    secrets = _secrets(wanted, made)
    _check(wanted, made)
    before = os.umask(0o077)
    try:
        return _restore(wanted, made, secrets, tell)
    finally:
        os.umask(before)


def _restore(wanted: Wanted, made: Manifest, secrets: keys.Secrets | None, tell: Tell) -> Restored:
    draft = restore_draft(wanted.home)
    _discard(draft)
    try:
        _fill(wanted, made, draft, secrets, tell)
        database_of = _Outside(wanted.url) if wanted.url else _Embedded(draft)
        try:
            records = database_of.bring(wanted.backup, made, tell)
            _sync_files(draft)
            put_aside = database_of.take_place(wanted.force)
        except BaseException:
            database_of.give_up()
            raise
        put_aside += _take_place(draft, wanted.home)
    except (OSError, psycopg.Error, PostgresFailed) as error:
        _discard(draft)
        raise BackupFailed(f"{type(error).__name__}: {error}") from error
    except BackupFailed:
        _discard(draft)
        raise
    variables = secrets.variables if secrets else {}
    return Restored(made, records, put_aside, secrets is None, variables)


def _secrets(wanted: Wanted, made: Manifest) -> keys.Secrets | None:
    if wanted.passphrase is None:
        return None
    if made.keys == "left out":
        raise BackupFailed("此备份没有密钥(备份时选择了不带密钥);请改用 --without-keys")
    return keys.open_sealed((wanted.backup / KEYS).read_bytes(), wanted.passphrase)


def _check(wanted: Wanted, made: Manifest) -> None:
    home = wanted.home
    if wanted.url and made.database.method == "files":
        raise BackupFailed(
            "此备份是内置数据库的文件,不能恢复到外部数据库;请用 backup --dump 重做备份"
        )
    if os.path.ismount(home):
        raise BackupFailed(f"{home} 是一个挂载点,无法整体替换;请用 --home 指定其中的一个目录")
    if EmbeddedPostgres(home).is_running():
        raise BackupFailed(f"{home} 的平台或其数据库正在运行,请先停止平台")
    if has_data(home) and not wanted.force:
        raise BackupFailed(
            f"{home} 中已有平台数据,未做任何改动。要用备份取代它请加 --force:"
            f"原有数据会移到旁边保留,不会删除"
        )
    if wanted.url and not wanted.force and _has_tables(wanted.url):
        raise BackupFailed(
            "目标数据库中已有数据,未做任何改动。要用备份取代它请加 --force:"
            "原数据库会改名保留,不会删除"
        )


def has_data(home: Path) -> bool:
    """True for a home that holds anything but what a start leaves."""
    trivial = {"secret_key", "backups.json", *_POSTGRES_NOTES}
    return home.is_dir() and any(path.name not in trivial for path in home.iterdir())


def _fill(
    wanted: Wanted, made: Manifest, draft: Path, secrets: keys.Secrets | None, tell: Tell
) -> None:
    make_home(draft)
    damaged = []
    for store in made.stores:
        root = draft if store.name == "files" else draft / store.name
        tell(store.name, 0)
        if pool.list_digest(wanted.backup, store) != store.list_digest:
            raise BackupFailed(f"{store.name} 的文件清单已损坏或缺失,备份不可用")
        for number, entry in enumerate(pool.entries(wanted.backup, store), 1):
            to = root / _place(entry)
            if not pool.copy_out(pool.pooled(wanted.backup.parent, store, entry), to, entry.digest):
                damaged.append(f"{store.name}/{entry.path or entry.digest}")
            if number % _TOLD_EVERY == 0:
                tell(store.name, number)
    if damaged:
        raise BackupFailed(
            f"备份中有 {len(damaged)} 个文件缺失或损坏,未做任何改动:\n" + "\n".join(damaged[:20])
        )
    if secrets is not None:
        keys.put_back(secrets, draft)


def _place(entry: pool.Entry) -> Path:
    """Where a listed file lies in its store. A list that leads out of it is no list of ours."""
    if not entry.path:
        return Path(entry.digest[:2]) / entry.digest[2:4] / entry.digest
    place = Path(entry.path)
    if place.is_absolute() or ".." in place.parts:
        raise BackupFailed(f"备份清单中有无效的路径:{entry.path!r}")
    return place


class _Embedded:
    """The embedded server of the draft home."""

    def __init__(self, draft: Path) -> None:
        self._server = EmbeddedPostgres(draft)
        self._draft = draft

    def bring(self, backup: Path, made: Manifest, tell: Tell) -> int:
        """Copy or load, let the server start on it, compare; the number of records."""
        wrong = database.problems_of(backup, made.database, self._server)
        if wrong:
            raise BackupFailed("备份中的数据库已损坏,未做任何改动:\n" + "\n".join(wrong[:20]))
        tell(DATABASE, 0)
        if made.database.method == "files":
            self._server.receive(lambda to: _copy_tree(backup / DATABASE, to))
        self._server.start()
        if made.database.method == "dump":
            database.load(self._server.url(), self._server, backup, lambda n: tell(DATABASE, n))
        tell("compare", 0)
        records = _compared(self._server.url(), made)
        self._server.stop()
        for name in _POSTGRES_NOTES:
            (self._draft / name).unlink(missing_ok=True)
        return records

    def take_place(self, force: bool) -> list[str]:
        return []

    def give_up(self) -> None:
        self._server.stop()


class _Outside:
    """A database of an outside server: loaded under another name, then renamed."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._name = unquote(str(conninfo_to_dict(url).get("dbname") or ""))
        self._loading = f"{self._name}_restoring"

    def bring(self, backup: Path, made: Manifest, tell: Tell) -> int:
        programs = EmbeddedPostgres(restore_draft(backup))
        wrong = database.problems_of(backup, made.database, programs)
        if wrong:
            raise BackupFailed("备份中的数据库已损坏,未做任何改动:\n" + "\n".join(wrong[:20]))
        self._administer(
            ("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._loading),
            ("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'", self._loading),
        )
        tell(DATABASE, 0)
        url = with_database(self._url, self._loading)
        database.load(url, programs, backup, lambda percent: tell(DATABASE, percent))
        tell("compare", 0)
        return _compared(url, made)

    def take_place(self, force: bool) -> list[str]:
        aside = f"{self._name}_before_{name_at(datetime.now(UTC))}".lower()
        is_there = self._exists()
        if is_there:
            self._administer(("ALTER DATABASE {} RENAME TO {}", self._name, aside))
        try:
            self._administer(("ALTER DATABASE {} RENAME TO {}", self._loading, self._name))
        except psycopg.Error:
            if is_there:
                self._administer(("ALTER DATABASE {} RENAME TO {}", aside, self._name))
            raise
        return [f"数据库 {aside}"] if is_there else []

    def give_up(self) -> None:
        self._administer(("DROP DATABASE IF EXISTS {} WITH (FORCE)", self._loading))

    def _exists(self) -> bool:
        with psycopg.connect(with_database(self._url, "postgres")) as connection:
            query = "SELECT 1 FROM pg_database WHERE datname = %s"
            return connection.execute(query, (self._name,)).fetchone() is not None

    def _administer(self, *statements: tuple[str, ...]) -> None:
        with psycopg.connect(with_database(self._url, "postgres"), autocommit=True) as connection:
            for text, *names in statements:
                connection.execute(sql.SQL(text).format(*map(sql.Identifier, names)))


def _compared(url: str, made: Manifest) -> int:
    wrong = database.differences(url, made.database)
    if wrong:
        raise BackupFailed("恢复出的数据库与备份清单不符:\n" + "\n".join(wrong[:20]))
    return database.records_in(url)


def _has_tables(url: str) -> bool:
    try:
        with psycopg.connect(url) as connection:
            query = "SELECT 1 FROM pg_tables WHERE schemaname = 'public' LIMIT 1"
            return connection.execute(query).fetchone() is not None
    except psycopg.OperationalError as error:
        if "does not exist" in str(error):
            return False
        raise BackupFailed(f"连不上目标数据库:{error}") from error


def _copy_tree(folder: Path, to: Path) -> None:
    left_out = {database.COPIED_LIST}
    shutil.copytree(
        folder, to, dirs_exist_ok=True, ignore=lambda _place, names: left_out & set(names)
    )
    for place, folders, files in os.walk(to):
        for name in folders:
            (Path(place) / name).chmod(0o700)
        for name in files:
            (Path(place) / name).chmod(0o600)


def _sync_files(draft: Path) -> None:
    """All that was put into the draft is on the disk; the database has seen to its own files."""
    for path in draft.iterdir():
        if path.name == "postgres":
            sync_tree(path.resolve())
        elif path.is_dir():
            sync_tree(path)
        else:
            sync(path)
    sync(draft)


def _take_place(draft: Path, home: Path) -> list[str]:
    aside = []
    if home.exists():
        if has_data(home):
            old = home.with_name(f"{home.name}.before-{name_at(datetime.now(UTC))}")
            home.rename(old)
            aside.append(str(old))
        else:
            shutil.rmtree(home)
    draft.rename(home)
    sync(home.parent)
    return aside


def _discard(draft: Path) -> None:
    """Remove what an earlier or a failed restore has left."""
    if draft.exists():
        server = EmbeddedPostgres(draft)
        server.stop()
        server.discard()
        shutil.rmtree(draft)
