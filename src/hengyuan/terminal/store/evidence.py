"""Pictures and clips on disk, each under the digest of its bytes.

A file is fsynced, and its folder too, before a record may name it: what a stored record points to
is there after any crash.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from hengyuan.record.suites import Suite


class EvidenceFiles:
    """Files by digest below one folder: `ab/abcd…`; unfinished ones in `partial/`."""

    def __init__(self, root: Path, suite: Suite) -> None:
        self._root = root
        self._suite = suite
        self._partial = root / "partial"
        self._partial.mkdir(parents=True, exist_ok=True)
        for left_over in self._partial.iterdir():
            left_over.unlink()

    def put(self, data: bytes) -> str:
        """Store `data` durably and return its digest in hex. OSError if the disk refuses."""
        digest = self._suite.digest(data).hex()
        target = self.path(digest)
        if target.exists():
            # it is new again: not to be swept away before a record names it
            target.touch()
            return digest
        unfinished = self._partial / secrets.token_hex(8)
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if not target.parent.exists():
                target.parent.mkdir(exist_ok=True)
                sync_folder(self._root)
            unfinished.replace(target)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)
        return digest

    def path(self, digest: str) -> Path:
        """Where the file of this digest lies, if it is there. ValueError for no digest."""
        if len(digest) != 64 or not set(digest) <= set("0123456789abcdef"):
            raise ValueError("a digest is 64 lower-case hex digits")
        return self._root / digest[:2] / digest

    def read(self, digest: str, offset: int, size: int) -> bytes:
        """A part of a file. OSError if it is not there."""
        with self.path(digest).open("rb") as file:
            file.seek(offset)
            return file.read(size)

    def delete(self, digest: str) -> None:
        """Delete a file, if it is there."""
        self.path(digest).unlink(missing_ok=True)

    def older_than(self, folder: str, before_s: float) -> list[str]:
        """Digests of one folder's files that were written before a time in s since 1970."""
        place = self._root / folder
        if not place.is_dir():
            return []
        return [each.name for each in place.iterdir() if each.stat().st_mtime < before_s]


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable. Windows has no such call: NTFS journals its names itself."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
