"""What the platform's home remembers of its backups: when one was begun, when one became whole."""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

FILE_NAME = "backups.json"


class Whole(msgspec.Struct, frozen=True):
    """The newest whole backup."""

    name: str
    target: str
    began_at: datetime
    ended_at: datetime
    size_bytes: int
    new_bytes: int
    records: int
    files: int
    is_verified: bool


class Begun(msgspec.Struct, frozen=True):
    """The newest attempt; `failure` is empty while it runs, and when it was killed."""

    at: datetime
    target: str
    failure: str = ""


class LastBackups(msgspec.Struct, frozen=True):
    """What is known; a home without a backup has neither."""

    whole: Whole | None = None
    begun: Begun | None = None

    @property
    def has_failed(self) -> bool:
        """True when the newest attempt ended with words of failure."""
        return self.begun is not None and bool(self.begun.failure)

    @property
    def is_unfinished(self) -> bool:
        """True when the newest attempt has left no result: it runs, or it was killed."""
        return self.begun is not None and not self.begun.failure


def last_backups(home: Path) -> LastBackups:
    """What the home remembers; a damaged note is none."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        return msgspec.json.decode((home / FILE_NAME).read_bytes(), type=LastBackups)
    return LastBackups()


def note_begun(home: Path, target: Path) -> None:
    """A backup begins."""
    begun = Begun(datetime.now(UTC), str(target))
    _write(home, LastBackups(last_backups(home).whole, begun))


def note_failed(home: Path, target: Path, why: str) -> None:
    """It did not become whole."""
    begun = Begun(datetime.now(UTC), str(target), why[:500])
    _write(home, LastBackups(last_backups(home).whole, begun))


def note_whole(home: Path, whole: Whole) -> None:
    """It is whole; nothing is open any more."""
    _write(home, LastBackups(whole))


def _write(home: Path, notes: LastBackups) -> None:
    draft = home / f".{FILE_NAME}.{os.getpid()}"
    draft.write_bytes(msgspec.json.encode(notes))
    draft.chmod(0o600)
    draft.replace(home / FILE_NAME)
