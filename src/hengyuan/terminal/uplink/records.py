"""Records upward: everything above the watermark, in order, until the platform holds it."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from hengyuan.record.answers import Watermark
from hengyuan.record.batch import MAX_BODY_BYTES, seal
from hengyuan.record.refusal import Refusal
from hengyuan.terminal.board import Ring
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.store import StoreWorker
from hengyuan.terminal.transports.link import Backoff
from hengyuan.terminal.uplink.client import NoAnswer, PlatformClient
from hengyuan.terminal.uplink.state import UplinkState

log = structlog.get_logger(__name__)

HEADER_BYTES = 1024
"""More than a batch header ever takes."""


class RecordUplink:
    """One batch at a time. A new record leaves at once; what has piled up leaves in batches."""

    def __init__(
        self,
        settings: PlatformTable,
        identity: Identity,
        client: PlatformClient,
        store: StoreWorker,
        clock: Clock,
        state: UplinkState,
        ring: Ring,
    ) -> None:
        self._identity = identity
        self._client = client
        self._worker = store
        self._clock = clock
        self._state = state
        self._ring = ring
        self._limit = settings.batch_records
        self._backoff = Backoff(settings.retry_first_s, settings.retry_last_s)
        self._news = asyncio.Event()
        self._retry = asyncio.Event()
        self._in_step = False
        self._busy = False
        self._asked_to_wait = False
        self._settled_at: dict[int, float] = {}
        self.moved = asyncio.Event()
        """Set whenever there is a new record, or a new watermark."""

    # told by others

    def recorded(self, seq: int, settled_at: float) -> None:
        """A record is stored; its weight settled at that monotonic time."""
        self._settled_at[seq] = settled_at
        self._state.head_seq = max(self._state.head_seq, seq)
        self._news.set()
        self.moved.set()
        if not self._asked_to_wait:
            self._retry.set()

    def reachable(self, mark: Watermark) -> None:
        """The platform answered a heartbeat: try now, and compare its watermark with ours."""
        if mark.seq != self._state.acked_seq and not self._busy:
            self._in_step = False
        self._news.set()
        self._retry.set()

    async def run(self) -> None:
        """Upload for ever, or until the histories have parted."""
        while self._state.diverged is None:
            if self._in_step and self._state.acked_seq >= self._state.head_seq:
                self._news.clear()
                if self._state.acked_seq >= self._state.head_seq and self._in_step:
                    await self._news.wait()
                continue
            self._busy = True
            try:
                await (self._send() if self._in_step else self._compare())
            except NoAnswer as error:
                await self._wait(str(error), error.retry_after_s, error.request_id)
            except Refusal as refusal:
                await self._refused(refusal)
            finally:
                self._busy = False
        # only a person can decide which history is true
        await asyncio.Event().wait()

    # what is asked and sent

    async def _compare(self) -> None:
        """Learn from where on the platform needs records."""
        await self._take_mark(await self._client.watermark())
        self._in_step = True

    async def _send(self) -> None:
        first = self._state.acked_seq + 1
        store = self._worker.store
        due = await self._worker.do(
            store.lines_from, first, self._limit, MAX_BODY_BYTES - HEADER_BYTES
        )
        if due is None:
            return
        previous, lines = due
        identity = self._identity
        body = seal(identity.suite, identity.key, identity.terminal, first, previous, lines)
        stored = await self._client.send_batch(body)
        self._answered()
        await self._take_mark(stored.watermark)
        if stored.watermark.seq < first:
            # "stored", and yet not: to send it again at once would go on for ever
            raise NoAnswer(f"the watermark stayed at {stored.watermark.seq}")

    async def _take_mark(self, mark: Watermark) -> None:
        """Believe a watermark only if its digest is ours."""
        store = self._worker.store
        ours = await self._worker.do(store.digest_at, mark.seq)
        if ours is None:
            self._part(f"the platform holds record {mark.seq}, this terminal never made it")
            return
        if ours.hex() != mark.digest:
            self._part(f"the platform holds another record {mark.seq} than this terminal")
            return
        before = self._state.acked_seq
        if mark.seq < before:
            log.warning("uplink.platform_went_back", ours=before, theirs=mark.seq)
        if mark.seq != before:
            acked_us = await self._acked_us(before, mark.seq)
            await self._worker.do(store.move_watermark, mark.seq, ours, acked_us)
            self._state.acked_seq = mark.seq
            self.moved.set()
            self._ring()

    async def _acked_us(self, before: int, upto: int) -> dict[int, int]:
        """How long after settling each record was acknowledged, in µs."""
        now = self._clock.monotonic()
        took = {
            seq: round((now - self._settled_at.pop(seq)) * 1_000_000)
            for seq in [s for s in self._settled_at if s <= upto]
        }
        if len(took) < upto - before:
            # made by an earlier run, whose monotonic clock is not ours
            store = self._worker.store
            settled = await self._worker.do(store.settled_at, before + 1, upto)
            now_ms = self._clock.now_ms()
            took |= {
                seq: max(0, now_ms - at_ms) * 1000
                for seq, at_ms in settled.items()
                if seq not in took
            }
        return took

    # what goes wrong

    async def _refused(self, refusal: Refusal) -> None:
        self._answered()
        match refusal.code:
            case "gap":
                before = self._state.acked_seq
                await self._take_gap(refusal)
                if self._state.acked_seq == before and self._state.diverged is None:
                    await self._wait("the platform names a gap where there is none", None)
            case "conflict":
                self._part(refusal.detail)
            case "too_large" if self._limit > 1:
                self._limit = max(1, self._limit // 2)
                log.warning("uplink.smaller_batches", records=self._limit)
            case _:
                self._state.refused = f"{refusal.code}: {refusal.detail}"
                log.error(
                    "uplink.refused",
                    code=refusal.code,
                    detail=refusal.detail,
                    request_id=refusal.more.get("request_id"),
                )
                # time alone rarely heals it: to ask as often as after silence would be noise
                await self._wait(self._state.refused, self._backoff.last_s)
                return
        self._state.refused = None

    async def _take_gap(self, refusal: Refusal) -> None:
        """Go on from the record that is due."""
        mark = refusal.more.get("watermark")
        if isinstance(mark, dict):
            with contextlib.suppress(KeyError, TypeError):
                await self._take_mark(Watermark(int(mark["seq"]), str(mark["digest"])))
                return
        self._in_step = False

    def _part(self, why: str) -> None:
        self._state.diverged = why
        log.critical("uplink.diverged", why=why, remedy="everything is kept; tell the county")
        self._ring()

    def _answered(self) -> None:
        self._backoff.reset()
        self._state.answered(self._clock.monotonic())
        self._state.refused = None

    async def _wait(self, why: str, wish_s: float | None, request_id: str | None = None) -> None:
        wait_s = longer(self._backoff.next_s(), wish_s)
        self._asked_to_wait = wish_s is not None
        if self._state.error != why:
            log.warning("uplink.waiting", why=why, seconds=round(wait_s, 1), request_id=request_id)
        self._state.error = why
        self._ring()
        self._retry.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._retry.wait()


def longer(own_s: float, wish_s: float | None) -> float:
    """How long to wait: as the platform wishes, and never shorter than our own back-off."""
    return max(own_s, wish_s or 0.0)
