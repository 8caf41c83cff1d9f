"""Where things lie in a folder of backups, and what state each of them is in.

TARGET/
  20261124T023000Z/     a whole backup: it got its name when everything in it was on the disk
    manifest.json       what it holds, with digests and counts; manifest.sha256 beside it
    database/           the database's files, or its dump
    evidence.list.gz …  the files of each store, by digest
    keys.sealed         the keys, encrypted; missing where they were left out
  20261124T030000Z.part a backup under way, or one that was cut short
  pool/                 the files themselves, each once, shared by all backups
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

POOL = "pool"
DATABASE = "database"
KEYS = "keys.sealed"
PART = ".part"
REMOVING = ".removing"
_NAME = re.compile(r"\d{8}T\d{6}Z")


class BackupFailed(RuntimeError):
    """A backup or a restore cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """A folder of a backup. `state` is "whole", "unfinished" or "removing"."""

    path: Path
    state: str

    @property
    def name(self) -> str:
        return self.path.name.partition(".")[0]


def name_at(moment: datetime) -> str:
    """The name of a backup that was begun at this UTC moment; names sort by time."""
    return f"{moment:%Y%m%dT%H%M%SZ}"


def backups_in(target: Path) -> list[Found]:
    """All that lie in a folder of backups, oldest first."""
    found = []
    for path in sorted(target.iterdir()) if target.is_dir() else []:
        stem, _dot, rest = path.name.partition(".")
        states = {"": "whole", PART[1:]: "unfinished", REMOVING[1:]: "removing"}
        if _NAME.fullmatch(stem) and rest in states and path.is_dir():
            found.append(Found(path, states[rest]))
    return found


def check_whole(folder: Path) -> None:
    """BackupFailed for a folder that has not the name of a whole backup, whatever lies in it."""
    if not _NAME.fullmatch(folder.name):
        raise BackupFailed(f"{folder} 不是完整的备份:没有做完,或被改过名")


def whole_backups(target: Path) -> list[Path]:
    """The whole ones, oldest first."""
    return [found.path for found in backups_in(target) if found.state == "whole"]


@contextlib.contextmanager
def lock(target: Path) -> Iterator[None]:
    """One at a time writes into a folder of backups. BackupFailed for the second."""
    descriptor = os.open(target / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupFailed(f"{target} 正被另一个备份进程使用") from None
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(target: Path) -> list[str]:
    """Remove what cut-short backups and removals have left; their names. Under the lock."""
    left = [found for found in backups_in(target) if found.state != "whole"]
    for found in left:
        shutil.rmtree(found.path)
    for draft in (target / POOL).glob("*/.draft-*"):
        draft.unlink()
    return [found.path.name for found in left]


def sync_tree(folder: Path) -> None:
    """Everything below is on the disk when this returns, names included."""
    for place, _folders, files in os.walk(folder):
        for name in files:
            sync(Path(place) / name)
        sync(Path(place))


def sync(path: Path) -> None:
    """This file's content, or this folder's names, are on the disk when it returns."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
