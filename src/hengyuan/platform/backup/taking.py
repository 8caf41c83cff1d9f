"""Taking a backup of a platform while it runs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import psycopg

import hengyuan
from hengyuan.platform.backup import database, keys, manifest, notes, pool
from hengyuan.platform.backup.layout import (
    DATABASE,
    KEYS,
    PART,
    POOL,
    REMOVING,
    BackupFailed,
    lock,
    name_at,
    remove_leftovers,
    sync,
    sync_tree,
    whole_backups,
)
from hengyuan.platform.backup.manifest import DatabasePart, Manifest, Method, StorePart
from hengyuan.platform.backup.verifying import problems_of
from hengyuan.platform.embedded import EmbeddedPostgres, PostgresFailed, is_embedded

Tell = Callable[[str, int], None]
"""Is told the stage, and how far it has come: per cent of the database, number of files."""

# what is a store of its own, or is made anew, or lies in the sealed keys
_NOT_FILES = {"postgres", "evidence", "clips", "history", "live", notes.FILE_NAME, *keys.FILES}
_SPARE = 1.1
"""Room asked of the target for the database, beside what it takes now."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a backup is to be. `passphrase` None: the keys are left out, by choice.

    `url` is the address of the database; `keep` 0 keeps all backups.
    """

    home: Path
    target: Path
    url: str
    passphrase: str | None
    method: Method
    keep: int = 0
    verify: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """A backup that is whole, and what was found on the way."""

    path: Path
    manifest: Manifest
    new_bytes: int
    left_over: list[str]
    removed: list[str]
    is_verified: bool


def default_method() -> Method:
    """The embedded server's files; a dump of an outside server."""
    return "files" if is_embedded() else "dump"


def history_folder(home: Path) -> Path:
    """Where sealed months lie."""
    named = os.environ.get("HENGYUAN_HISTORY_DIR")
    return Path(named).expanduser() if named else home / "history"


def take(wanted: Wanted, tell: Tell = lambda stage, done: None) -> Taken:
    """Take a backup. It has its name in the target only once all of it is there and on the disk.

    The database comes first and the files after it: files are only ever added, so that every
    picture that the copied database speaks of is among them. BackupFailed says what stopped it.
    """
    _check(wanted)
    wanted.target.mkdir(mode=0o700, parents=True, exist_ok=True)
    before = os.umask(0o077)
    try:
        with lock(wanted.target):
            notes.note_begun(wanted.home, wanted.target)
            try:
                return _take(wanted, tell)
            except (OSError, psycopg.Error, PostgresFailed) as error:
                raise BackupFailed(f"{type(error).__name__}: {error}") from error
    except BackupFailed as error:
        notes.note_failed(wanted.home, wanted.target, str(error))
        raise
    finally:
        os.umask(before)


def _take(wanted: Wanted, tell: Tell) -> Taken:
    left_over = remove_leftovers(wanted.target)
    earlier = whole_backups(wanted.target)
    began_at = datetime.now(UTC)
    folder = wanted.target / f"{name_at(began_at)}{PART}"
    final = folder.with_suffix("")
    if final.exists():
        raise BackupFailed(f"{final} 已存在;请稍候一秒再试")
    folder.mkdir(mode=0o700)
    try:
        part = _copy_database(wanted, folder, tell)
        saved = database.share_with(earlier[-1], folder) if earlier else 0
        stores = list(_copy_stores(wanted, folder, tell))
        made = Manifest(
            format=manifest.FORMAT,
            name=final.name,
            software=hengyuan.__version__,
            began_at=began_at,
            database_from=began_at,
            ended_at=datetime.now(UTC),
            home=str(wanted.home),
            database=part,
            stores=stores,
            keys=_copy_keys(wanted, folder),
            configuration=_configuration(),
        )
        manifest.write(folder, made)
        tell("sync", 0)
        for store in stores:
            pool.sync_names(wanted.target, store)
        sync_tree(folder)
        if wanted.verify:
            _read_back(wanted, folder, tell)
        folder.rename(final)
        sync(wanted.target)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    new_bytes = part.size_bytes - saved + sum(store.new_bytes for store in stores)
    _note_whole(wanted, made, new_bytes)
    removed = _keep_only(wanted.target, wanted.keep, tell) if wanted.keep else []
    return Taken(final, made, new_bytes, left_over, removed, wanted.verify)


def _check(wanted: Wanted) -> None:
    home, target = wanted.home.resolve(), wanted.target.resolve()
    if not home.is_dir():
        raise BackupFailed(f"平台数据目录 {home} 不存在,没有可备份的内容")
    if target == home or home in target.parents:
        raise BackupFailed(f"备份目录 {target} 不能放在平台数据目录 {home} 之内")


def _copy_database(wanted: Wanted, folder: Path, tell: Tell) -> DatabasePart:
    with psycopg.connect(wanted.url) as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    needed = int((row[0] if row else 0) * _SPARE)
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupFailed(
            f"{wanted.target} 只剩 {free // 2**20} MB,备份数据库至少需要 {needed // 2**20} MB"
        )
    server = EmbeddedPostgres(wanted.home)

    def told(percent: int) -> None:
        tell(DATABASE, percent)

    if wanted.method == "files":
        return database.copy_files(server, folder, told)
    return database.dump(wanted.url, server, folder, told)


def _copy_stores(wanted: Wanted, folder: Path, tell: Tell) -> list[StorePart]:
    home, target = wanted.home, wanted.target
    stores = [
        pool.add_digests(target, folder, name, home / name, _counted(tell, name))
        for name in ("evidence", "clips")
    ]
    history = history_folder(home)
    for name, root, skip in (
        ("history", history, _is_hidden),
        ("files", home, lambda relative: relative in _NOT_FILES or _is_hidden(relative)),
    ):
        stores.append(pool.add_paths(target, folder, name, root, skip, _counted(tell, name)))
    return stores


def _counted(tell: Tell, stage: str) -> Callable[[int], None]:
    tell(stage, 0)
    return lambda done: tell(stage, done)


def _is_hidden(relative: str) -> bool:
    # drafts and locks of running programs
    return relative.rpartition("/")[2].startswith(".")


def _copy_keys(wanted: Wanted, folder: Path) -> Literal["sealed", "left out"]:
    if wanted.passphrase is None:
        return "left out"
    (folder / KEYS).write_bytes(keys.seal(keys.gather(wanted.home), wanted.passphrase))
    return "sealed"


def _configuration() -> dict[str, str]:
    return {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith("HENGYUAN_") and name not in keys.SECRET_VARIABLES
    }


def _read_back(wanted: Wanted, folder: Path, tell: Tell) -> None:
    wrong = problems_of(folder, wanted.target, EmbeddedPostgres(wanted.home), tell=tell)
    if wrong:
        raise BackupFailed("回读校验不符:\n" + "\n".join(wrong[:20]))


def _note_whole(wanted: Wanted, made: Manifest, new_bytes: int) -> None:
    notes.note_whole(
        wanted.home,
        notes.Whole(
            name=made.name,
            target=str(wanted.target),
            began_at=made.began_at,
            ended_at=made.ended_at,
            size_bytes=made.size_bytes,
            new_bytes=new_bytes,
            records=made.database.records,
            files=made.files,
            is_verified=wanted.verify,
        ),
    )


def _keep_only(target: Path, keep: int, tell: Tell) -> list[str]:
    """Remove all but the newest `keep`, and what only those needed."""
    kept, gone = whole_backups(target)[-keep:], whole_backups(target)[:-keep]
    if not gone:
        return []
    tell("remove", len(gone))
    # one whose manifest is damaged would let the pool's files of it go: then nothing goes
    read = [(path, manifest.read(path)) for path in kept]
    for path in gone:
        removing = path.with_name(path.name + REMOVING)
        path.rename(removing)
        shutil.rmtree(removing)
    for name in sorted(each.name for each in (target / POOL).iterdir() if each.is_dir()):
        lists = [(path, part) for path, made in read for part in made.stores if part.name == name]
        pool.sweep(target, name, lists)
    return [path.name for path in gone]
