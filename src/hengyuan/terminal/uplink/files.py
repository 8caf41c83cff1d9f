"""Evidence files upward, once their record is acknowledged: in parts, several at a time."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from hengyuan.record.refusal import Refusal
from hengyuan.terminal.board import Ring
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.store import DueFile, StoreWorker
from hengyuan.terminal.transports.link import Backoff
from hengyuan.terminal.uplink.client import NoAnswer, PlatformClient
from hengyuan.terminal.uplink.records import longer
from hengyuan.terminal.uplink.state import UplinkState

log = structlog.get_logger(__name__)

_ASKED_FOR = 64
_MAX_RESTARTS = 3
"""How often an upload that the platform calls broken begins anew."""


class FileUplink:
    """A few connections, each taking the next file of the oldest record."""

    def __init__(
        self,
        settings: PlatformTable,
        identity: Identity,
        client: PlatformClient,
        store: StoreWorker,
        state: UplinkState,
        ring: Ring,
    ) -> None:
        self._settings = settings
        self._suite = identity.suite
        self._client = client
        self._worker = store
        self._state = state
        self._ring = ring
        self._part_bytes = settings.file_part_kb * 1024
        self._news = asyncio.Event()
        self._retry = asyncio.Event()
        self._in_hand: set[str] = set()
        self._queue: asyncio.Queue[DueFile] = asyncio.Queue()

    def wake(self) -> None:
        """There may be files to send."""
        self._news.set()
        self._retry.set()

    async def resend(self, digests: list[str]) -> None:
        """The platform misses these files: they are due again."""
        store = self._worker.store
        for digest in digests:
            try:
                known = await self._worker.do(store.file_is, digest, "due")
            except ValueError:
                known = False
            if not known:
                log.warning("uplink.file_unknown", digest=digest)
        await self.count()
        self.wake()

    async def count(self) -> None:
        """Bring the number of waiting files up to date."""
        self._state.files_waiting = await self._worker.do(self._worker.store.files_waiting)
        self._ring()

    async def run(self) -> None:
        """Upload for ever."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._settings.file_connections):
                group.create_task(self._serve())
            while True:
                self._news.clear()
                await self._fill()
                await self._news.wait()

    async def _fill(self) -> None:
        store = self._worker.store
        for due in await self._worker.do(store.due_files, _ASKED_FOR):
            if due.digest not in self._in_hand:
                self._in_hand.add(due.digest)
                self._queue.put_nowait(due)

    async def _serve(self) -> None:
        backoff = Backoff(self._settings.retry_first_s, self._settings.retry_last_s)
        while True:
            due = await self._queue.get()
            resumed = False
            while not await self._try(due, resumed, backoff):
                resumed = True
            self._in_hand.discard(due.digest)
            if self._queue.empty():
                self._news.set()

    async def _try(self, due: DueFile, resumed: bool, backoff: Backoff) -> bool:
        """Whether nothing more is to be done for a file."""
        try:
            await self._upload(due, resumed)
        except NoAnswer as error:
            wait_s = longer(backoff.next_s(), error.retry_after_s)
            self._retry.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._retry.wait()
            return False
        except OSError as error:
            # gone from our own disk: a fault to be seen, not one that time will heal
            log.critical("uplink.file_lost", digest=due.digest, seq=due.seq, error=str(error))
            await self._settle(due, "lost")
        except Refusal as refusal:
            return await self._refused(due, refusal, backoff)
        else:
            backoff.reset()
            await self._settle(due, "sent")
        return True

    async def _upload(self, due: DueFile, resumed: bool) -> None:
        offset = 0
        if resumed or due.size > self._part_bytes:
            progress = await self._client.file_progress(due.digest)
            if progress.complete:
                return
            offset = progress.received
        restarts = 0
        while True:
            part = await self._worker.read_file(due.digest, offset, self._part_bytes)
            if not part:
                raise OSError(f"the file ends at byte {offset} of {due.size}")
            try:
                progress = await self._client.send_part(due.digest, due.seq, offset, part, due.size)
            except Refusal as refusal:
                received = refusal.more.get("received")
                restarts += 1
                if refusal.code != "bad_file" or restarts > _MAX_RESTARTS:
                    raise
                if not isinstance(received, int) or not 0 <= received < due.size:
                    raise
                offset = received
                continue
            if progress.complete:
                return
            if progress.received <= offset:
                raise NoAnswer(f"the platform stays at byte {progress.received}")
            offset = progress.received

    async def _refused(self, due: DueFile, refusal: Refusal, backoff: Backoff) -> bool:
        if refusal.code == "bad_file" and not await self._intact(due):
            log.critical("uplink.file_damaged", digest=due.digest, seq=due.seq)
            await self._settle(due, "lost")
            return True
        if refusal.code in ("bad_file", "too_large"):
            log.error(
                "uplink.file_refused",
                digest=due.digest,
                seq=due.seq,
                why=str(refusal),
                request_id=refusal.more.get("request_id"),
            )
            await self._settle(due, "refused")
            return True
        # the record is not there yet, or the terminal is suspended: both may change
        await asyncio.sleep(backoff.next_s())
        return False

    async def _intact(self, due: DueFile) -> bool:
        data = await self._worker.read_file(due.digest, 0, due.size + 1)
        return self._suite.digest(data).hex() == due.digest

    async def _settle(self, due: DueFile, state: str) -> None:
        store = self._worker.store
        await self._worker.do(store.file_is, due.digest, state)  # type: ignore[arg-type]
        await self.count()
