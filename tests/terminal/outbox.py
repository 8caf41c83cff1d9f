"""An enrolled terminal with a store and an uplink, and no lanes: records are put in by hand."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

from hengyuan.record.model import FileRef, Record
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.clock import CheckedClock, SystemClock
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.enrolment import Enrolment, Identity
from hengyuan.terminal.store import Draft, EvidenceFiles, Store, StoreWorker
from hengyuan.terminal.uplink.client import PlatformClient
from hengyuan.terminal.uplink.files import FileUplink
from hengyuan.terminal.uplink.journal import JournalUplink
from hengyuan.terminal.uplink.records import RecordUplink
from hengyuan.terminal.uplink.state import UplinkState
from tests.terminal.county import CODE, County

WEIGHED_AT = 1_790_000_000_000
PATIENCE_S = 20.0
"""A test that waits longer has failed; none is expected to come near it."""

_ENROLMENT = Enrolment(CODE, SM2_SM3.name, "14100251001", "141002", 0, asked_ms=0, answered_ms=0)


def identity_for(county: County) -> Identity:
    """A key that the county knows."""
    key = SM2_SM3.generate()
    county.suite_name, county.public_key = SM2_SM3.name, key.public_bytes()
    return Identity(_ENROLMENT, SM2_SM3, key)


def draft(
    gross_kg: int = 30_000,
    files: tuple[tuple[str, int], ...] = (),
    on_scale: bool = False,
    used: tuple[int, ...] = (),
    lane: int = 1,
) -> Draft:
    """A passage with a weight, and files by digest and size."""

    def make(seq: int) -> Record:
        return Record(
            v=1,
            terminal=CODE,
            seq=seq,
            kind="exit",
            lane=lane,
            weighed_at=WEIGHED_AT + seq,
            gross_kg=gross_kg,
            verdict="unknown",
            files=tuple(FileRef(digest=digest, kind="head") for digest, _ in sorted(files)),
        )

    return Draft(make, lane, on_scale, used, (), dict(files), WEIGHED_AT, 1000)


def open_store(folder: Path, identity: Identity) -> Store:
    return Store(folder, identity.terminal, identity.suite, identity.genesis)


@dataclass
class Outbox:
    """The parts under test."""

    identity: Identity
    worker: StoreWorker
    state: UplinkState
    records: RecordUplink
    files: FileUplink
    journal: JournalUplink
    client: PlatformClient
    checked: CheckedClock

    async def record(self, count: int = 1, **more: object) -> None:
        """Store records as a lane does, and say so."""
        for _ in range(count):
            appended = await self.worker.do(self.worker.store.append, draft(**more))
            self.records.recorded(appended.record.seq, SystemClock().monotonic())

    async def note(self, count: int = 1, what: str = "left_unweighed", detail: str = "") -> None:
        """Write into the journal as the parts of a terminal do."""
        for number in range(count):
            store = self.worker.store
            await self.worker.do(store.note, WEIGHED_AT + number, 1, what, detail)
        self.journal.wake()

    async def picture(self, data: bytes) -> tuple[str, int]:
        """Store a file; its digest and size."""
        return await self.worker.put_file(data), len(data)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition():
                await asyncio.sleep(0.005)

    async def uploaded(self) -> None:
        """Wait until no record is left to upload."""
        await self.until(lambda: self.state.records_waiting == 0)

    async def files_uploaded(self) -> None:
        """Wait until no file is left to upload."""
        await self.uploaded()
        self.files.wake()
        store = self.worker.store
        async with asyncio.timeout(PATIENCE_S):
            while await self.worker.do(store.files_waiting):
                await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def outbox(
    folder: Path, url: str, identity: Identity, run: bool = True, **settings: object
) -> AsyncIterator[Outbox]:
    """An outbox whose uplinks run until the end of the block."""
    table = PlatformTable(
        url=url,
        **{"retry_first_s": 0.01, "retry_last_s": 0.05, "timeout_s": 0.5} | settings,
    )
    clock = SystemClock()
    checked = CheckedClock(clock, 0)
    worker = StoreWorker(
        open_store(folder, identity), EvidenceFiles(folder / "evidence", identity.suite)
    )
    http = httpx.AsyncClient(base_url=url, timeout=table.timeout_s, trust_env=False, verify=False)
    state = UplinkState()
    state.head_seq, state.acked_seq = worker.store.head()[0], worker.store.watermark()[0]
    client = PlatformClient(http, identity, clock, checked)
    records = RecordUplink(table, identity, client, worker, clock, state, lambda: None)
    files = FileUplink(table, identity, client, worker, state, lambda: None)
    journal = JournalUplink(table, client, worker, state, lambda: None, look_every_s=0.05)
    box = Outbox(identity, worker, state, records, files, journal, client, checked)
    tasks = []
    if run:
        tasks = [asyncio.create_task(part.run()) for part in (records, files, journal)]
    try:
        yield box
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await http.aclose()
        worker.close()
