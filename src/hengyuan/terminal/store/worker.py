"""The store's threads: one that writes, one that reads for screens, so neither blocks the lanes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from hengyuan.terminal.store.evidence import EvidenceFiles
from hengyuan.terminal.store.schema import connect_for_reading
from hengyuan.terminal.store.store import Store

P = ParamSpec("P")
T = TypeVar("T")


class StoreWorker:
    """Runs the store's methods one after the other, in the order in which they were asked for."""

    def __init__(self, store: Store, files: EvidenceFiles) -> None:
        self.store = store
        self.files = files
        self._writer = ThreadPoolExecutor(1, "store-writer")
        self._reader = ThreadPoolExecutor(1, "store-reader")
        self._disk = ThreadPoolExecutor(2, "evidence")
        self._read_only = connect_for_reading(store.path)

    async def do(self, method: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a method of `store` in the writing thread."""
        return await _run(self._writer, lambda: method(*args, **kwargs))

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query that may take long on a connection that cannot write."""
        return await _run(self._reader, lambda: query(self._read_only))

    async def put_file(self, data: bytes) -> str:
        """Store a file durably; its digest in hex. OSError if the disk refuses."""
        return await _run(self._disk, lambda: self.files.put(data))

    async def read_file(self, digest: str, offset: int, size: int) -> bytes:
        """A part of a stored file. OSError if it is not there."""
        return await _run(self._disk, lambda: self.files.read(digest, offset, size))

    async def delete_file(self, digest: str) -> None:
        """Delete a stored file that nothing needs any more."""
        await _run(self._disk, lambda: self.files.delete(digest))

    def close(self) -> None:
        """Finish what was asked for and let go of the files. Blocks."""
        for pool in (self._disk, self._reader, self._writer):
            pool.shutdown(wait=True)
        self._read_only.close()
        self.store.close()


async def _run(pool: ThreadPoolExecutor, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)
