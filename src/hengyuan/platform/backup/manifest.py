"""What a backup holds, in one file: counts, digests, watermarks, and how it was made."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Literal

import msgspec

from hengyuan.platform.backup.layout import BackupFailed

FORMAT = 1
FILE_NAME = "manifest.json"
DIGEST_NAME = "manifest.sha256"

Method = Literal["files", "dump"]


class Watermark(msgspec.Struct, frozen=True):
    """The last record of a terminal that is certainly in the backup."""

    seq: int
    digest: str


class DatabasePart(msgspec.Struct, frozen=True):
    """The copy of the database.

    `files` were copied while it ran, with the log that makes them consistent: they hold all that
    was committed until the copy ended, so counts and watermarks, taken when it began, are the least
    that must be there. A `dump` is one snapshot: its counts are exact.
    """

    method: Method
    server_version: str
    size_bytes: int
    digests: dict[str, str]
    """SHA-256 by file name: of the dump's files, or of PostgreSQL's own list of the copied ones."""
    rows: dict[str, int]
    """Rows by table, where rows are only ever added; with a dump of every table."""
    watermarks: dict[str, Watermark]
    """By the terminal's code."""

    @property
    def records(self) -> int:
        """Rows of the months of the record table."""
        return sum(count for name, count in self.rows.items() if name.startswith("weighing_2"))


class StorePart(msgspec.Struct, frozen=True):
    """The files of one store. `kind` "digests": each is named by its digest; "paths": by path."""

    name: str
    kind: Literal["digests", "paths"]
    files: int
    size_bytes: int
    new_bytes: int
    list_digest: str
    damaged: list[str] = []
    """Names of files that were not what their names say, and were left out."""


class Manifest(msgspec.Struct, frozen=True):
    """All of it."""

    format: int
    name: str
    software: str
    began_at: datetime
    database_from: datetime
    """Whatever was acknowledged before this moment is in the copy of the database."""
    ended_at: datetime
    home: str
    database: DatabasePart
    stores: list[StorePart]
    keys: Literal["sealed", "left out"]
    configuration: dict[str, str]
    """The HENGYUAN_ variables that hold no secret."""

    @property
    def size_bytes(self) -> int:
        return self.database.size_bytes + sum(store.size_bytes for store in self.stores)

    @property
    def files(self) -> int:
        return sum(store.files for store in self.stores)


def write(folder: Path, manifest: Manifest) -> None:
    """Write it with its digest beside it."""
    data = msgspec.json.format(msgspec.json.encode(manifest, order="sorted"), indent=1)
    (folder / FILE_NAME).write_bytes(data)
    (folder / DIGEST_NAME).write_text(hashlib.sha256(data).hexdigest() + "\n")


def read(folder: Path) -> Manifest:
    """The manifest of a whole backup. BackupFailed where there is none that can be trusted."""
    try:
        data = (folder / FILE_NAME).read_bytes()
        digest = (folder / DIGEST_NAME).read_text().strip()
    except OSError as error:
        raise BackupFailed(f"{folder} 不是完整的备份:{error.strerror}") from None
    if hashlib.sha256(data).hexdigest() != digest:
        raise BackupFailed(f"{folder / FILE_NAME} 已损坏:与其摘要不符")
    try:
        manifest = msgspec.json.decode(data, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BackupFailed(f"{folder / FILE_NAME} 无法读取:{error}") from None
    if manifest.format != FORMAT:
        raise BackupFailed(f"备份格式为 {manifest.format},本软件只认识 {FORMAT}")
    return manifest
