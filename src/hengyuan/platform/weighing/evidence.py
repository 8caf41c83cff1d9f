"""Evidence files on disk: pictures and clips by the digest of their bytes.

A finished file was checked against its digest and fsynced; from then on it is never written
again. Unfinished ones wait in `partial/`, each its terminal's own.
"""

import hashlib
import os
import re
from pathlib import Path

from hengyuan.platform.home import home_dir

MAX_FILE = 32 * 1024 * 1024

_DIGEST = re.compile(r"^[0-9a-f]{64}$")


class BadFile(ValueError):
    """A part that does not fit, or a file that is not what its digest says."""

    def __init__(self, problem: str, received: int) -> None:
        super().__init__(problem)
        self.received = received


def is_digest(text: str) -> bool:
    """True for 64 lower-case hex digits."""
    return _DIGEST.match(text) is not None


def evidence_store() -> "EvidenceStore":
    """The platform's own store, below its home."""
    return EvidenceStore(home_dir() / "evidence")


def media_type_of(head: bytes) -> str | None:
    """The type of a file by its first bytes: JPEG, PNG or MP4; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return None


class EvidenceStore:
    """Files by digest below one folder: `ab/cd/abcd…`, unfinished ones in `partial/`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Where the finished file of this digest lies."""
        if not is_digest(digest):
            raise ValueError("a digest is 64 lower-case hex digits")
        return self.root / digest[:2] / digest[2:4] / digest

    def has(self, digest: str) -> bool:
        return self.path(digest).exists()

    def received(self, terminal_id: int, digest: str) -> int:
        """Bytes of an unfinished file that are safe on disk."""
        partial = self._partial(terminal_id, digest)
        return partial.stat().st_size if partial.exists() else 0

    def _partial(self, terminal_id: int, digest: str) -> Path:
        return self.root / "partial" / f"{terminal_id}-{digest}"

    def append(
        self,
        terminal_id: int,
        digest: str,
        begin: int,
        data: bytes,
        total: int,
        digest_name: str,
    ) -> int:
        """Add a part; the last one checks type and digest and puts the file in its place.

        Returns the bytes that are safe on disk. BadFile if a part before it is missing, or, with
        all parts thrown away, if the file is not what its digest says.
        """
        partial = self._partial(terminal_id, digest)
        partial.parent.mkdir(parents=True, exist_ok=True)
        received = self.received(terminal_id, digest)
        if begin > received:
            raise BadFile(f"bytes from {received} on are due", received)
        with partial.open("r+b" if partial.exists() else "w+b") as file:
            file.seek(begin)
            file.write(data)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        if begin + len(data) < total:
            return begin + len(data)
        problem = _problem(partial, digest, digest_name)
        if problem:
            partial.unlink()
            raise BadFile(problem, 0)
        target = self.path(digest)
        is_new_folder = not target.parent.is_dir()
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(target)
        _sync_folder(target.parent)
        if is_new_folder:
            _sync_folder(target.parent.parent)
            _sync_folder(self.root)
        return total


def _problem(path: Path, digest: str, digest_name: str) -> str | None:
    with path.open("rb") as file:
        if media_type_of(file.read(16)) is None:
            return "neither JPEG, PNG nor MP4"
        file.seek(0)
        found = hashlib.new(digest_name)
        while block := file.read(1 << 20):
            found.update(block)
    return None if found.hexdigest() == digest else "the bytes do not hash to the digest"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
