"""The journal upward: what happened at the gate beside the records, in order, nothing left out."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from hengyuan.record.journal import MAX_ENTRIES, JournalEntry, fit, write_part
from hengyuan.record.refusal import Refusal
from hengyuan.terminal.board import Ring
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.store import StoreWorker
from hengyuan.terminal.store import journal as table
from hengyuan.terminal.transports.link import Backoff
from hengyuan.terminal.uplink.client import NoAnswer, PlatformClient
from hengyuan.terminal.uplink.records import longer
from hengyuan.terminal.uplink.state import UplinkState

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0
"""Entries are written by many parts; none of them has to tell: they are looked for so often."""


class JournalUplink:
    """One part at a time, the oldest first. What waits is read in parts, however much it is."""

    def __init__(
        self,
        settings: PlatformTable,
        client: PlatformClient,
        store: StoreWorker,
        state: UplinkState,
        ring: Ring,
        look_every_s: float = LOOK_EVERY_S,
    ) -> None:
        self._client = client
        self._worker = store
        self._state = state
        self._ring = ring
        self._look_every_s = look_every_s
        self._limit = MAX_ENTRIES
        self._backoff = Backoff(settings.retry_first_s, settings.retry_last_s)
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """There is a new entry, or the platform can be reached again."""
        self._wake.set()

    async def run(self) -> None:
        """Upload for ever, or until the platform holds other entries than this terminal."""
        while self._state.journal_diverged is None:
            try:
                pause_s = self._look_every_s if await self._send() else 0.0
            except NoAnswer as error:
                pause_s = longer(self._backoff.next_s(), error.retry_after_s)
            except Refusal as refusal:
                pause_s = await self._refused(refusal)
            if pause_s:
                await self._sleep(pause_s)
        # only a person can decide which of the two is true
        await asyncio.Event().wait()

    async def _send(self) -> bool:
        """Send the next part; whether nothing is left."""
        self._wake.clear()
        entries = await self._due()
        if not entries:
            self._state.journal_waiting = 0
            return True
        body, taken = write_part(entries)
        last = (await self._client.send_journal(body)).last
        self._backoff.reset()
        self._state.journal_refused = None
        await self._take(last, entries[0].number - 1)
        if last < entries[taken - 1].number and self._state.journal_diverged is None:
            # "stored", and yet not: to send it again at once would go on for ever
            raise NoAnswer(f"the journal stayed at {last}")
        return False

    async def _due(self) -> list[JournalEntry]:
        store = self._worker.store
        acked = await self._worker.do(store.within, table.acknowledged)
        rows = await self._worker.read(
            lambda connection: table.entries_above(connection, acked, self._limit)
        )
        return [fit(row.number, row.at_ms, row.lane, row.what, row.detail) for row in rows]

    async def _take(self, last: int, before: int) -> None:
        """Believe the platform's last number only if there is such an entry here."""
        store = self._worker.store
        newest = await self._worker.do(store.within, table.newest)
        if last > newest:
            self._part(f"the platform holds entry {last}, this terminal has made {newest}")
            return
        if last != before:
            await self._worker.do(store.within, lambda db: table.acknowledge(db, last))
        self._state.journal_waiting = newest - last
        self._ring()

    async def _refused(self, refusal: Refusal) -> float:
        """How long to wait after a refusal."""
        match refusal.code:
            case "gap":
                # a platform that was put back from a copy: it says from where on it needs them
                expected = refusal.more.get("expected")
                acked = await self._worker.do(self._worker.store.within, table.acknowledged)
                if isinstance(expected, int) and 1 <= expected != acked + 1:
                    log.warning("journal.platform_went_back", ours=acked, theirs=expected - 1)
                    await self._take(expected - 1, acked)
                    return 0.0
            case "conflict":
                self._part(refusal.detail)
                return 0.0
            case "too_large" if self._limit > 1:
                self._limit = max(1, self._limit // 2)
                return 0.0
            case "not_found":
                # a platform of an older version: everything waits for the newer one
                return self._backoff.last_s
        self._state.journal_refused = f"{refusal.code}: {refusal.detail}"
        log.error(
            "journal.refused",
            code=refusal.code,
            detail=refusal.detail,
            request_id=refusal.more.get("request_id"),
        )
        self._ring()
        return self._backoff.last_s

    def _part(self, why: str) -> None:
        self._state.journal_diverged = why
        log.critical("journal.diverged", why=why, remedy="everything is kept; tell the county")
        self._ring()

    async def _sleep(self, pause_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._wake.wait()
