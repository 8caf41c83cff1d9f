"""What the gatekeeper's page takes from the store, read again only when it may have changed."""

from __future__ import annotations

import shutil
import sqlite3
from typing import TYPE_CHECKING

from hengyuan.record.canonical import read_line
from hengyuan.terminal.store import held, search
from hengyuan.terminal.store.search import Passage, Total, Wanted, day_of

if TYPE_CHECKING:
    from hengyuan.terminal.app import Terminal

SHOWN = 12
AGE_S = 10.0


class Recent:
    """The last trucks, those that are held, today's sums, what waits to go up, room on the disk."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self._read: tuple[int, int] | None = None
        self._read_at = float("-inf")
        self.passages: list[Passage] = []
        self.held: list[held.Held] = []
        self.today = Total()
        self.oldest_waiting_ms: int | None = None
        self.disk_free_mb: int | None = None

    async def refresh(self) -> None:
        """Read what may have changed since it was read last. sqlite3.Error where it cannot be."""
        uplink, clock = self._terminal.uplink, self._terminal.clock
        state, now = (uplink.head_seq, uplink.acked_seq), clock.monotonic()
        if state == self._read and now - self._read_at < AGE_S:
            return
        day = day_of(clock.now_ms())

        def read(db: sqlite3.Connection) -> None:
            self.passages = search.search(db, Wanted(), SHOWN)
            self.held = held.all_held(db)
            self.today = search.total(db, Wanted(first_day=day, last_day=day))
            row = db.execute(
                "SELECT line FROM record WHERE seq = (SELECT acked_seq + 1 FROM terminal)"
            ).fetchone()
            self.oldest_waiting_ms = None if row is None else read_line(row[0]).weighed_at

        await self._terminal.worker.read(read)
        free = shutil.disk_usage(self._terminal.config.data_dir).free
        self.disk_free_mb = free // 1_000_000
        self._read, self._read_at = state, now
