"""Trucks that a camera behind the scale saw leaving: each was weighed, or has skipped the scale."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import structlog

from hengyuan.record.model import MIN_TIME_MS, PLATE_COLOURS, Flag, Record
from hengyuan.terminal.config_tables import ExitTable
from hengyuan.terminal.lane.detail import detail_of
from hengyuan.terminal.lane.keepers import Spawn
from hengyuan.terminal.lane.recorder import Recorder, Surroundings
from hengyuan.terminal.lane.recording import MAX_FILES, plate_text
from hengyuan.terminal.lane.sightings import PlateSeen, Sighting
from hengyuan.terminal.store import exits, held, search

log = structlog.get_logger(__name__)

RETRY_S = 5.0
_LOOKED_AT = 500
"""Passages that are searched for the one that leaves."""
_AGAIN_S = 30.0
"""A camera that reads no plate and fires again within this saw the same truck."""

How = Literal["plate", "misread", "unread"]


@dataclass(frozen=True, slots=True)
class Leaver:
    """A passage that may be the truck that leaves."""

    first_seq: int
    plate: str | None
    before_s: float
    """How long before it was seen leaving it was weighed; below 0 if after."""
    claimed: bool
    """It was seen leaving already."""


def match(
    plate: str | None, leavers: Iterable[Leaver], rule: ExitTable
) -> tuple[Leaver, How] | None:
    """The weighing of a truck that leaves, and how it was found; None: there is none.

    A plate that was weighed answers for any number of events. A weighing whose plate was not read,
    or differs in one character, answers for one truck, the one weighed first leaving first.
    """
    near = [each for each in leavers if -rule.wait_s <= each.before_s <= rule.within_s]
    if plate is not None:
        named = [each for each in near if each.plate == plate]
        if named:
            return min(named, key=lambda each: each.before_s), "plate"
    free = sorted((each for each in near if not each.claimed), key=lambda each: -each.before_s)
    if plate is not None:
        misread = [e for e in free if e.plate is not None and _one_differs(plate, e.plate)]
        if misread:
            return misread[0], "misread"
        free = [each for each in free if each.plate is None]
    return (free[0], "unread") if free else None


def _one_differs(one: str, other: str) -> bool:
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


class ExitWatch:
    """The exit cameras of one lane. What it has not decided yet lies in the store, still open."""

    def __init__(
        self, number: int, rule: ExitTable, around: Surroundings, recorder: Recorder, spawn: Spawn
    ) -> None:
        self._number = number
        self._rule = rule
        self._around = around
        self._recorder = recorder
        self._spawn = spawn
        self._ignored = {plate_text(plate) for plate in rule.ignore_plates}
        self._waiting: list[tuple[float, Sighting]] = []
        self._order = asyncio.Lock()

    def saw(self, sighting: Sighting) -> None:
        """A vehicle left, now or, for an event from before a restart, some time ago."""
        self._spawn(self._decide(sighting, last=False))

    def tick(self, now: float) -> None:
        """Decide of those that have waited for long enough."""
        due = [sighting for at, sighting in self._waiting if at <= now]
        if due:
            self._waiting = [each for each in self._waiting if each[0] > now]
            for sighting in due:
                self._spawn(self._decide(sighting, last=True))

    async def _decide(self, sighting: Sighting, last: bool) -> None:
        """`last`: its time is up; before that only a plate that was weighed settles it."""
        now = self._around.clock.monotonic()
        try:
            async with self._order:
                settled = await self._settle(sighting, last)
        except (sqlite3.Error, OSError) as error:
            log.error("exits.not_decided", lane=self._number, error=str(error))
            self._waiting.append((now + RETRY_S, sighting))
            return
        if not settled:
            self._waiting.append((max(now, sighting.seen_at) + self._rule.wait_s, sighting))

    async def _settle(self, sighting: Sighting, last: bool) -> bool:
        body = sighting.body
        assert isinstance(body, PlateSeen)
        plate = plate_text(body.plate)
        store = self._around.store
        if plate in self._ignored or body.colour in self._rule.ignore_colours:
            await store.do(store.store.within, partial(exits.passed, sighting=sighting.id))
            return True
        if sighting.seen_at == float("-inf"):
            await self._pass(sighting, "exit_undated", plate)
            return True
        passages, claimed = await store.read(_passages)
        found = match(plate, self._leavers(sighting, passages, claimed), self._rule)
        if found is not None and (last or found[1] == "plate"):
            await self._matched(sighting, plate, *found)
            return True
        if not last:
            return False
        if self._repeats(sighting, plate, passages):
            await store.do(store.store.within, partial(exits.passed, sighting=sighting.id))
            return True
        await self._skipped(sighting, body, plate)
        return True

    def _leavers(
        self, sighting: Sighting, passages: list[search.Passage], claimed: set[int]
    ) -> list[Leaver]:
        return [
            Leaver(
                each.first_seq,
                each.plate,
                self._before_s(sighting, each),
                each.first_seq in claimed,
            )
            for each in passages
            if each.kind == "exit" and each.gross_kg is not None
        ]

    def _before_s(self, sighting: Sighting, passage: search.Passage) -> float:
        """How long before a sighting a passage began, by the clock that does not step if it can."""
        settled_at = self._around.board.settled_at.get(passage.first_seq)
        if settled_at is not None:
            return sighting.seen_at - settled_at
        clock = self._around.clock
        age_s = (clock.now_ms() - passage.began_at) / 1000
        return age_s - (clock.monotonic() - sighting.seen_at)

    def _repeats(
        self, sighting: Sighting, plate: str | None, passages: list[search.Passage]
    ) -> bool:
        """It was written down that this truck skipped the scale; the camera saw it once more."""
        within_s = _AGAIN_S if plate is None else self._rule.within_s
        return any(
            "skipped_scale" in each.flags
            and each.plate == plate
            and abs(self._before_s(sighting, each)) <= within_s
            for each in passages
        )

    async def _matched(
        self, sighting: Sighting, plate: str | None, leaver: Leaver, how: How
    ) -> None:
        store = self._around.store
        work = partial(exits.matched, sighting=sighting.id, first_seq=leaver.first_seq)
        await store.do(store.store.within, work)
        log.info("exits.matched", lane=self._number, seq=leaver.first_seq, how=how)
        if how == "plate":
            now_ms = self._around.clock.now_ms()
            leave = partial(held.drove_out, first_seq=leaver.first_seq, now_ms=now_ms)
            await store.do(store.store.within, leave)
        else:
            detail = detail_of(seq=leaver.first_seq, weighed=leaver.plate, left=plate)
            await self._recorder.note(f"exit_{how}", detail)

    async def _pass(self, sighting: Sighting, what: str, plate: str | None) -> None:
        store = self._around.store
        await store.do(store.store.within, partial(exits.passed, sighting=sighting.id))
        await self._recorder.note(what, detail_of(plate=plate))

    async def _skipped(self, sighting: Sighting, body: PlateSeen, plate: str | None) -> None:
        around = self._around
        now_ms, unsynced = around.checked.record_ms(self._recorder.last_ms)
        seen_s = around.clock.monotonic() - sighting.seen_at
        at_ms = max(MIN_TIME_MS, now_ms - round(seen_s * 1000))
        flags: set[Flag] = {"skipped_scale"}
        if plate is None:
            flags.add("plate_unread")
        if unsynced:
            flags.add("clock_unsynced")
        sizes = {file.ref: file.size for file in body.files}
        files = sorted(sizes, key=lambda ref: (ref.kind, ref.digest))[:MAX_FILES]

        def make(seq: int) -> Record:
            return Record(
                v=1,
                terminal=around.terminal,
                seq=seq,
                kind="exit",
                lane=self._number,
                weighed_at=at_ms,
                verdict="unknown",
                plate=plate,
                plate_colour=body.colour if body.colour in PLATE_COLOURS else None,  # type: ignore[arg-type]
                files=tuple(files),
                flags=tuple(sorted(flags)),
            )

        used = (sighting.id,)
        record = await self._recorder.add(make, {ref.digest: sizes[ref] for ref in files}, used)
        if record is None:
            return
        around.board.recorded(record.seq, sighting.seen_at)
        log.warning("exits.skipped_scale", lane=self._number, seq=record.seq, plate=plate)
        await self._recorder.note("skipped_scale", detail_of(seq=record.seq, plate=plate))


def _passages(connection: sqlite3.Connection) -> tuple[list[search.Passage], set[int]]:
    found = search.search(connection, search.Wanted(), _LOOKED_AT)
    oldest = found[-1].first_seq - 1 if found else 0
    return found, exits.claimed(connection, oldest)
