"""Files of all backups, each once: whatever is in the pool already costs the next backup nothing.

Nothing enters the pool under its name before it is whole and on the disk, so that what a backup
that was cut short has left there is as good as any other.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import heapq
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from hengyuan.platform.backup.layout import POOL, BackupFailed, sync, whole_backups
from hengyuan.platform.backup.manifest import StorePart

_BLOCK = 1 << 20
_TOLD_EVERY = 500
Tell = Callable[[int], None]


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A line of a store's list. `path` is empty in a store whose files are named by digest."""

    digest: str
    size: int
    path: str = ""
    modified_ns: int = 0


def add_digests(target: Path, folder: Path, name: str, root: Path, tell: Tell) -> StorePart:
    """Add a store whose files lie in `ab/cd/abcd…`, named by the SM3 or SHA-256 of their bytes.

    A file that vanishes meanwhile is passed over; one that is not what its name says is told of.
    """
    damaged: list[str] = []
    count = size = new = 0
    with _ListWriter(folder / f"{name}.list.gz") as listed:
        for digest, path in _by_digest(root):
            pooled = _place(target, name, digest)
            try:
                length = path.stat().st_size
                if not pooled.exists():
                    if not _copy_checked(path, pooled, digest):
                        damaged.append(digest)
                        continue
                    new += length
            except FileNotFoundError:
                continue
            listed.write(Entry(digest, length))
            count, size = count + 1, size + length
            if count % _TOLD_EVERY == 0:
                tell(count)
    return StorePart(name, "digests", count, size, new, listed.digest, damaged)


def add_paths(
    target: Path, folder: Path, name: str, root: Path, skip: Callable[[str], bool], tell: Tell
) -> StorePart:
    """Add a store whose files have names of their own; `skip` is asked about relative paths.

    A file that has the size and time that it had in the backup before is not read again.
    """
    known = {entry.path: entry for entry in _of_backup_before(target, folder, name)}
    count = size = new = 0
    with _ListWriter(folder / f"{name}.list.gz") as listed:
        for path in _walk(root, root, skip):
            relative = str(path.relative_to(root))
            try:
                found = path.stat()
                before = known.get(relative)
                if before and (before.size, before.modified_ns) == (
                    found.st_size,
                    found.st_mtime_ns,
                ):
                    entry, written = before, 0
                else:
                    entry, written = _take_in(target, name, path, relative)
            except FileNotFoundError:
                continue
            listed.write(entry)
            count, size, new = count + 1, size + entry.size, new + written
            if count % _TOLD_EVERY == 0:
                tell(count)
    return StorePart(name, "paths", count, size, new, listed.digest)


def entries(folder: Path, store: StorePart) -> Iterator[Entry]:
    """The list of a store in a backup."""
    return _read_list(folder / f"{store.name}.list.gz")


def pooled(target: Path, store: StorePart, entry: Entry) -> Path:
    """Where a listed file lies."""
    return _place(target, store.name, entry.digest)


def is_sound(path: Path, digest: str) -> bool:
    """True when the bytes hash to the digest, by SM3 or by SHA-256."""
    return digest in (_hash(path, "sm3"), _hash(path, "sha256"))


def sweep(target: Path, name: str, kept: list[tuple[Path, StorePart]]) -> tuple[int, int]:
    """Remove from a store's pool what no kept backup lists; files and bytes that went.

    Lists and pool are walked side by side in order of the digests: memory does not grow with them.
    """
    root = target / POOL / name
    listed = heapq.merge(*(_digests_in_order(folder, store) for folder, store in kept))
    waiting = next(listed, "")
    files = freed = 0
    for place in _leaf_folders(root):
        prefix = place.parent.name + place.name
        wanted = set()
        while waiting and waiting[:4] <= prefix:
            if waiting[:4] == prefix:
                wanted.add(waiting)
            waiting = next(listed, "")
        for path in list(place.iterdir()):
            if path.name not in wanted:
                files, freed = files + 1, freed + path.stat().st_size
                path.unlink()
    return files, freed


def _digests_in_order(folder: Path, store: StorePart) -> Iterator[str]:
    digests = (entry.digest for entry in entries(folder, store))
    # paths have an order of their own; they are few
    return digests if store.kind == "digests" else iter(sorted(set(digests)))


def _place(target: Path, store: str, digest: str) -> Path:
    if len(digest) != 64 or not digest.isalnum():
        raise BackupFailed(f"备份清单中有无效的摘要:{digest[:80]!r}")
    return target / POOL / store / digest[:2] / digest[2:4] / digest


def _by_digest(root: Path) -> Iterator[tuple[str, Path]]:
    for place in _leaf_folders(root):
        for path in sorted(place.iterdir()):
            if len(path.name) == 64:
                yield path.name, path


def _leaf_folders(root: Path) -> Iterator[Path]:
    """`ab/cd` in order; other folders, such as that of unfinished files, are none of ours."""
    for first in sorted(root.iterdir()) if root.is_dir() else []:
        if len(first.name) == 2 and first.is_dir():
            yield from (second for second in sorted(first.iterdir()) if second.is_dir())


def _walk(root: Path, folder: Path, skip: Callable[[str], bool]) -> Iterator[Path]:
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        if path.is_symlink() or skip(str(path.relative_to(root))):
            continue
        if path.is_dir():
            yield from _walk(root, path, skip)
        elif path.is_file():
            yield path


def _of_backup_before(target: Path, folder: Path, name: str) -> Iterator[Entry]:
    for before in reversed(whole_backups(target)):
        path = before / f"{name}.list.gz"
        if before != folder and path.exists():
            # what it names may have been lost since; then it is read again
            for entry in _read_list(path):
                if _place(target, name, entry.digest).exists():
                    yield entry
            return


def _copy_checked(path: Path, to: Path, digest: str) -> bool:
    """Copy a file that is named by its digest; False where its bytes say otherwise."""
    with _draft(to) as (draft, file):
        digests = [hashlib.new("sm3"), hashlib.sha256()]
        _copy(path, file, digests)
        if digest not in {each.hexdigest() for each in digests}:
            return False
        _settle(draft, file, to)
    return True


def _take_in(target: Path, name: str, path: Path, relative: str) -> tuple[Entry, int]:
    """Copy a file into the pool by the digest of what was read; its entry and the bytes written."""
    before = path.stat()
    with _draft(target / POOL / name / "any") as (draft, file):
        digest = hashlib.sha256()
        size = _copy(path, file, [digest])
        place = _place(target, name, digest.hexdigest())
        entry = Entry(digest.hexdigest(), size, relative, before.st_mtime_ns)
        if place.exists():
            return entry, 0
        _settle(draft, file, place)
    return entry, size


@contextlib.contextmanager
def _draft(to: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file in the store's pool that is removed unless it was settled."""
    store = next(parent for parent in to.parents if parent.parent.name == POOL)
    store.mkdir(parents=True, exist_ok=True)
    draft = store / f".draft-{uuid.uuid4().hex}"
    try:
        with draft.open("xb") as file:
            yield draft, file
    finally:
        draft.unlink(missing_ok=True)


def _settle(draft: Path, file: BinaryIO, to: Path) -> None:
    """Give it its name once it is on the disk. The name itself is put there with all the others:
    one that a power cut takes is only copied again."""
    file.flush()
    os.fsync(file.fileno())
    to.parent.mkdir(parents=True, exist_ok=True)
    draft.rename(to)


def sync_names(target: Path, store: StorePart) -> None:
    """The names of a store's files are on the disk when this returns."""
    root = target / POOL / store.name
    if store.new_bytes:
        for folder in (*_leaf_folders(root), *root.iterdir(), root, root.parent):
            sync(folder)


def _copy(path: Path, to: BinaryIO, digests: list[hashlib._Hash]) -> int:
    size = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            to.write(block)
            size += len(block)
            for digest in digests:
                digest.update(block)
    return size


def copy_out(path: Path, to: Path, digest: str) -> bool:
    """Copy a pooled file back, checking it on the way; False where it is damaged or missing."""
    to.parent.mkdir(parents=True, exist_ok=True)
    digests = [hashlib.new("sm3"), hashlib.sha256()]
    try:
        with to.open("xb") as file:
            _copy(path, file, digests)
            file.flush()
            os.fsync(file.fileno())
    except FileNotFoundError:
        to.unlink(missing_ok=True)
        return False
    if digest in {each.hexdigest() for each in digests}:
        return True
    to.unlink()
    return False


def _hash(path: Path, name: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(name)).hexdigest()


class _ListWriter:
    """Writes a list; `digest` is that of the finished file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoder = msgspec.json.Encoder()
        self.digest = ""

    def __enter__(self) -> Self:
        self._file = gzip.GzipFile(self._path, "wb", compresslevel=1, mtime=0)
        return self

    def write(self, entry: Entry) -> None:
        self._file.write(self._encoder.encode(entry) + b"\n")

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
        self.digest = _hash(self._path, "sha256")


def list_digest(folder: Path, store: StorePart) -> str:
    """The digest of a store's list as it lies there now; empty where it is missing."""
    path = folder / f"{store.name}.list.gz"
    return _hash(path, "sha256") if path.exists() else ""


def _read_list(path: Path) -> Iterator[Entry]:
    decoder = msgspec.json.Decoder(Entry)
    with gzip.open(path, "rb") as file:
        for line in file:
            yield decoder.decode(line)
