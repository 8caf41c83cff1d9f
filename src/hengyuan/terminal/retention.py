"""Letting go of what the county holds: by age where the time is known, by order on a full disk.

Recordings go first (`video/limits.py`), then pictures and clips that the county has. What it has
not acknowledged is never touched: when only that is left, the terminal says so.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from typing import TYPE_CHECKING, NoReturn

import structlog

from hengyuan.terminal.store import retention

if TYPE_CHECKING:
    from hengyuan.terminal.clock import CheckedClock
    from hengyuan.terminal.config import Config
    from hengyuan.terminal.store import StoreWorker

log = structlog.get_logger(__name__)

ROUND_S = 60.0
ORPHAN_DAYS = 7
"""A file that no record names, of a truck that left unweighed for instance, is kept so long."""
_FOLDERS = 256
_FOLDER_EVERY = 5
"""Every so many rounds one of the folders is looked through: each once a day."""
_DAY_MS = 86_400_000
_GB = 1_000_000_000


class Retention:
    """The work of forgetting. `too_little_room` is True while the disk is too full for records."""

    def __init__(self, config: Config, worker: StoreWorker, checked: CheckedClock) -> None:
        self._table = config.retention
        self._folder = config.data_dir
        self._worker = worker
        self._checked = checked
        self._round = 0
        self.too_little_room = False

    async def run(self) -> NoReturn:
        """Look every minute, for ever."""
        while True:
            await self.look()
            await asyncio.sleep(ROUND_S)

    async def look(self) -> None:
        """One round."""
        if self._checked.checked_in_this_run:
            now_ms = self._checked.request_ms()
            await self._by_age(now_ms)
            if self._round % _FOLDER_EVERY == 0:
                folder = f"{self._round // _FOLDER_EVERY % _FOLDERS:02x}"
                await self.sweep(folder, now_ms)
        self._round += 1
        await self._make_room()

    async def _by_age(self, now_ms: int) -> None:
        store = self._worker.store
        files_before = now_ms - round(self._table.evidence_days * _DAY_MS)
        upto = await self._worker.read(
            lambda connection: retention.first_to_keep(connection, files_before, now_ms)
        )
        while await self._delete_files(upto):
            pass
        records_before = now_ms - round(self._table.records_days * _DAY_MS)
        upto = await self._worker.read(
            lambda connection: retention.first_record_to_keep(connection, records_before, now_ms)
        )
        gone = 0
        while forgotten := await self._worker.do(
            store.within, lambda connection: retention.forget_records(connection, upto)
        ):
            gone += forgotten
        while await self._worker.do(
            store.within, lambda connection: retention.forget_sightings(connection, files_before)
        ):
            pass
        if gone:
            log.info("retention.records", forgotten=gone, first_kept=upto)

    async def _delete_files(self, before_seq: int) -> int:
        """Delete some of the files that the county has; the bytes freed."""
        store = self._worker.store
        taken = await self._worker.do(
            store.within, lambda connection: retention.take_sent_files(connection, before_seq)
        )
        for digest in taken:
            await self._worker.delete_file(digest)
        if taken:
            log.info("retention.files", deleted=len(taken), before_seq=before_seq)
        return sum(taken.values())

    async def sweep(self, folder: str, now_ms: int) -> int:
        """Delete files of one folder that no record names; how many."""
        before_s = now_ms / 1000 - ORPHAN_DAYS * 86_400
        old = await asyncio.to_thread(self._worker.files.older_than, folder, before_s)
        if not old:
            return 0
        gone = await self._worker.read(lambda connection: retention.nobodys(connection, old))
        for digest in gone:
            await self._worker.delete_file(digest)
        if gone:
            log.info("retention.nobodys_files", deleted=len(gone))
        return len(gone)

    async def _make_room(self) -> None:
        wanted = self._table.min_free_gb * _GB
        acked = (await self._worker.do(self._worker.store.watermark))[0]
        while self._free() < wanted and await self._delete_files(acked + 1):
            pass
        free = self._free()
        # a little more has to be free before it is said to be well again
        too_little = free < wanted * (1.1 if self.too_little_room else 1.0)
        if too_little == self.too_little_room:
            return
        self.too_little_room = too_little
        what = "disk_full" if self.too_little_room else "disk_room"
        log.error(f"retention.{what}", free_mb=free // 1_000_000)
        store = self._worker.store
        with contextlib.suppress(sqlite3.Error, OSError):
            at_ms, _ = self._checked.record_ms(None)
            await self._worker.do(store.note, at_ms, 0, what, f"{free // 1_000_000} MB")

    def _free(self) -> int:
        return shutil.disk_usage(self._folder).free
