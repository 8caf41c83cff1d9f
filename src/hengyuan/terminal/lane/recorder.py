"""Judging a passage, storing its record, telling the driver: in that order, whatever fails."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sqlite3
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import msgspec
import structlog
from msgspec.structs import replace

from hengyuan.law.verdict import JudgeSettings
from hengyuan.record.model import Flag, InvalidRecord, Kind, Record
from hengyuan.terminal.board import Board, LaneView, Weighed
from hengyuan.terminal.clock import CheckedClock, Clock
from hengyuan.terminal.config_tables import JudgeTable
from hengyuan.terminal.judging import Finding, VehicleFacts, facts_of, find
from hengyuan.terminal.lane.amending import Change, correction, with_flags
from hengyuan.terminal.lane.clips import Clips
from hengyuan.terminal.lane.completing import LaneKind, Ways, amended, complete
from hengyuan.terminal.lane.lane import Lane
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.recording import files_of, finding_of, make_record
from hengyuan.terminal.lane.returning import ComingBack
from hengyuan.terminal.lane.sightings import PlateSeen, Sighting
from hengyuan.terminal.messages import Messages
from hengyuan.terminal.panel import Panel
from hengyuan.terminal.store import Appended, Draft, StoreWorker

log = structlog.get_logger(__name__)

STORE_RETRY_S = 1.0
TELL_RETRY_S = 0.5
MOST_NOTES_WAITING = 1000
"""Lines of the journal that a full disk may keep waiting; beyond it the oldest are dropped."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all lanes of a terminal share."""

    terminal: str
    store: StoreWorker
    clock: Clock
    checked: CheckedClock
    judge_settings: JudgeSettings
    judge: JudgeTable
    messages: Messages
    board: Board
    recorded: Callable[[int, float], None]
    """Told of each stored record: its seq, and when its weight settled (monotonic)."""
    weighing_plans: frozenset[str] | None = None
    """Titles of the emergency plans under which people write weights down; None: of any."""
    clips: Clips | None = None
    """What keeps the pictures of the cameras for a while; None where there is no video."""


@dataclass(slots=True)
class Weighing:
    """A judged passage on its way into the store."""

    passage: Passage
    as_recorded: Passage
    """The same, with what the record says of it otherwise."""
    at_ms: int
    facts: VehicleFacts
    finding: Finding | None
    flags: set[Flag]
    passed: tuple[int, ...]
    judged_us: int


def _nobody() -> str | None:
    return None


def _flagged(record: Record, unsynced: bool) -> Record:
    return replace(record, flags=with_flags(record, "clock_unsynced")) if unsynced else record


class Recorder:
    """Writes the records of one lane, one after the other. `last_ms` is the newest one's time."""

    def __init__(self, view: LaneView, panel: Panel, around: Surroundings, ways: Ways) -> None:
        self.view = view
        self.ways = ways
        self.at_the_gate: Callable[[], str | None] = _nobody
        """Who is logged in at the gate's page; stands in every record."""
        self.panel = panel
        self.last_ms: int | None = None
        self.lane: Lane
        self._around = around
        self._number = view.number
        self._kind: Kind = "entry" if ways.kind == "entry" else "exit"
        self.told_at = float("-inf")
        """When a verdict was told last, on the monotonic clock."""
        self._order = asyncio.Lock()
        self._told_us: dict[int, int] = {}
        self._notes: deque[tuple[int, str, str]] = deque(maxlen=MOST_NOTES_WAITING)
        self._noting = asyncio.Lock()
        self._notes_wait: asyncio.Task[None] | None = None

    def judge(self, passage: Passage, at_ms: int) -> Weighing:
        assert passage.settled_at is not None and passage.mass_kg is not None
        around = self._around
        gross_kg = max(0, passage.mass_kg)
        facts = facts_of(
            passage.axles,
            gross_kg,
            around.judge.axle_mass_differs_percent,
            count_tyres=around.judge.count_tyres,
            driven_bogie=around.judge.driven_bogie,
        )
        finding = None
        if self._kind == "exit":
            finding = find(facts, gross_kg, at_ms, around.judge_settings)
        return Weighing(
            passage=passage,
            as_recorded=passage,
            at_ms=at_ms,
            facts=facts,
            finding=finding,
            flags=set(),
            passed=self.lane.waiting.take_passed(),
            judged_us=round((around.clock.monotonic() - passage.settled_at) * 1_000_000),
        )

    async def record(self, weighing: Weighing, timed: bool) -> None:
        passage = weighing.passage
        async with self._order:
            appended = await self._append(partial(self._draft, weighing))
        if appended is None:
            return
        record = appended.record
        self.last_ms = record.weighed_at
        self.lane.stored(passage, record.seq)
        # a lane for both ways judges before it knows that a truck comes in
        weighed = Weighed(record, None if record.verdict is None else weighing.finding)
        self._around.board.newest.appendleft(weighed)
        assert passage.settled_at is not None
        self._around.recorded(record.seq, passage.settled_at)
        log.info(
            "lane.recorded",
            lane=self._number,
            seq=record.seq,
            kind=record.kind,
            gross_kg=record.gross_kg,
            limit_kg=record.limit_kg,
            verdict=record.verdict,
            flags=record.flags,
        )
        if self.lane.passage is passage:
            self.view.current = weighed
        self._around.board.ring()
        if self.lane.passage in (passage, None):
            await self.tell(passage, weighed, record.seq if timed else None)

    async def add(
        self, make: Callable[[int], Record], sizes: dict[str, int], used: tuple[int, ...] = ()
    ) -> Record | None:
        """Store a record that is not of a weight just taken, however often that has to be tried;
        None if it cannot be one.

        `sizes`: of the files that it names, in bytes by digest. `used`: the sightings it rests on.
        """
        async with self._order:
            appended = await self._append(partial(self._unweighed, make, sizes, used))
        if appended is not None:
            self._show(appended.record)
        return None if appended is None else appended.record

    async def write(
        self,
        make: Callable[[int], Record],
        sizes: dict[str, int],
        noted: Callable[[Record], tuple[str, str] | None],
    ) -> Record:
        """Store a weight that people read off, or raise what `amend` raises; and with it a line of
        the journal where `noted` says of the record which."""
        store = self._around.store

        def completed(connection: sqlite3.Connection, record: Record) -> Record:
            line = noted(record)
            if line is not None:
                connection.execute(
                    "INSERT INTO journal (at_ms, lane, what, detail) VALUES (?, ?, ?, ?)",
                    (record.weighed_at, self._number, *line),
                )
            return self._told_which_way(connection, record)

        async with self._order:
            draft = self._unweighed(make, sizes, (), completed)
            record = (await store.do(store.store.append, draft)).record
        self._show(record)
        return record

    def _told_which_way(self, connection: sqlite3.Connection, record: Record) -> Record:
        """Complete a record of which people said whether the truck comes in or drives out."""
        kind: LaneKind = "entry" if record.kind == "entry" else "exit"
        return complete(connection, record, dataclasses.replace(self.ways, kind=kind))

    def _unweighed(
        self,
        make: Callable[[int], Record],
        sizes: dict[str, int],
        used: tuple[int, ...],
        completed: Callable[[sqlite3.Connection, Record], Record] | None = None,
    ) -> Draft:
        now_ms, _ = self._around.checked.record_ms(self.last_ms)
        return Draft(make, self._number, False, used, (), sizes, now_ms, 0, completed)

    def _show(self, record: Record) -> Weighed:
        """Let people see a record that is not of a weight just taken."""
        self.last_ms = record.weighed_at
        weighed = Weighed(record, finding_of(record, self._around.judge_settings))
        self._around.board.newest.appendleft(weighed)
        self._around.recorded(record.seq, self._around.clock.monotonic())
        self._around.board.ring()
        return weighed

    async def amend(self, seq: int, change: Change, typed: Sighting | None = None) -> Record:
        """Correct the newest record of a passage; `typed` is a plate that a person wrote down.

        NoSuchRecord or AlreadyCorrected if `seq` is not the newest, sqlite3.Error or OSError if the
        disk refuses, InvalidRecord or msgspec.ValidationError if there can be no such record: then
        nothing is stored.
        """
        store = self._around.store
        now_ms, unsynced = self._around.checked.record_ms(self.last_ms)

        def changed(before: Record) -> Record:
            return _flagged(change(before), unsynced)

        def completed(connection: sqlite3.Connection, record: Record) -> Record:
            return amended(connection, record, self.ways)

        passage = self._of_scale(seq)
        make = correction(store.store, seq, changed, now_ms)
        draft = self._amending(make, passage, typed, now_ms, completed)
        async with self._order:
            record = (await store.do(store.store.append, draft)).record
        log.info("lane.amended", lane=self._number, seq=record.seq, corrects=seq)
        return self._amended(record, passage, typed)

    async def link_back(
        self,
        seq: int,
        plate: str,
        reason: Callable[[int], str],
        change: Change,
        typed: Sighting | None = None,
    ) -> Record:
        """Record a weighing without a plate as the return of the held truck of that plate; see
        `ComingBack`. NobodyCameBack where it is of none; otherwise as `amend`.
        """
        store = self._around.store
        now_ms, unsynced = self._around.checked.record_ms(self.last_ms)

        def changed(before: Record) -> Record:
            return _flagged(change(before), unsynced)

        passage = self._of_scale(seq)
        back = ComingBack(store.store, seq, plate, self.ways, reason, changed, now_ms)
        void = Draft(back.void, self._number, False, (), (), {}, now_ms, 0)
        again = self._amending(back.again, passage, typed, now_ms, back.complete)
        async with self._order:
            _, appended = await store.do(store.store.append_both, void, again)
        record = appended.record
        log.info("lane.linked_back", lane=self._number, seq=record.seq, corrects=record.corrects)
        return self._amended(record, passage, typed)

    def _of_scale(self, seq: int) -> Passage | None:
        """The truck on the scale, if that record is its newest."""
        passage = self.lane.passage
        return passage if passage is not None and passage.seq == seq else None

    def _amending(
        self,
        make: Callable[[int], Record],
        passage: Passage | None,
        typed: Sighting | None,
        now_ms: int,
        completed: Callable[[sqlite3.Connection, Record], Record],
    ) -> Draft:
        sightings = [] if passage is None else list(passage.sightings.values())
        sizes = {}
        if typed is not None:
            sightings.append(typed)
            assert isinstance(typed.body, PlateSeen)
            sizes = {file.ref.digest: file.size for file in typed.body.files}
        return Draft(
            make=make,
            lane=self._number,
            on_scale=passage is not None,
            used=tuple(sighting.id for sighting in sightings),
            passed=(),
            evidence_bytes=sizes,
            settled_at_ms=now_ms,
            judged_us=0,
            complete=completed,
        )

    def _amended(self, record: Record, passage: Passage | None, typed: Sighting | None) -> Record:
        weighed = self._show(record)
        if passage is not None:
            self.lane.stored(passage, record.seq)
            if typed is not None:
                passage.sightings[typed.device] = typed
            if self.lane.passage is passage:
                self.view.current = weighed
        return record

    async def _append(self, draft: Callable[[], Draft]) -> Appended | None:
        """Store it, however often that has to be tried: a verdict is told of a record only."""
        store = self._around.store
        refused_at: float | None = None
        why = ""
        while True:
            try:
                appended = await store.do(store.store.append, draft())
            except (sqlite3.Error, OSError) as error:
                why = str(error)
                refused_at = refused_at or self._around.clock.monotonic()
                self.fault("store", why)
                await asyncio.sleep(STORE_RETRY_S)
            except (InvalidRecord, msgspec.ValidationError) as error:
                # cannot be stored however often it is tried; the truck must not stop the lane
                log.exception("lane.record_impossible", lane=self._number)
                self.fault("record", str(error))
                await self.note("record_impossible", str(error))
                return None
            else:
                self.sound("store")
                if refused_at is not None:
                    seconds = round(self._around.clock.monotonic() - refused_at)
                    await self.note("store_refused", json.dumps({"why": why, "seconds": seconds}))
                return appended

    def _draft(self, weighing: Weighing) -> Draft:
        passage = weighing.passage
        sizes = files_of(passage)

        def make(seq: int) -> Record:
            return make_record(
                seq,
                terminal=self._around.terminal,
                lane=self._number,
                kind="reweigh" if passage.corrects else self._kind,
                weighed_at=weighing.at_ms,
                passage=weighing.as_recorded,
                facts=weighing.facts,
                finding=weighing.finding,
                flags=weighing.flags,
                operator=self.at_the_gate(),
            )

        def completed(connection: sqlite3.Connection, record: Record) -> Record:
            return complete(connection, record, self.ways, passage.direction)

        return Draft(
            make=make,
            lane=self._number,
            on_scale=self.lane.passage is passage,
            used=tuple(sighting.id for sighting in passage.sightings.values()),
            passed=weighing.passed,
            evidence_bytes={ref.digest: size for ref, size in sizes.items()},
            settled_at_ms=weighing.at_ms,
            judged_us=weighing.judged_us,
            complete=completed,
        )

    async def tell(self, passage: Passage, weighed: Weighed, timed: int | None = None) -> None:
        message = self._around.messages.weighed(weighed.record, weighed.finding)
        while True:
            told_at = await self.panel.tell(message)
            if told_at is not None:
                break
            self.fault("displays", "; ".join(self.panel.errors.values()))
            if self.lane.passage is not passage:
                return
            await asyncio.sleep(TELL_RETRY_S)
        self.sound("displays")
        self.told_at = told_at
        if timed is not None and passage.settled_at is not None:
            self._told_us[timed] = round((told_at - passage.settled_at) * 1_000_000)
        self.lane.told(passage)

    async def write_cleared(self) -> None:
        told_us, self._told_us = self._told_us, {}
        passed = self.lane.waiting.take_passed()
        store = self._around.store
        try:
            await store.do(store.store.lane_cleared, self._number, told_us, passed)
        except (sqlite3.Error, OSError) as error:
            # the next record writes the lane anew; only the timings have to wait for it
            self._told_us = told_us | self._told_us
            log.error("lane.cleared_not_stored", lane=self._number, error=str(error))

    async def note(self, what: str, detail: str) -> None:
        """Write a line of the journal; what the disk refuses is tried again until it takes it."""
        self._notes.append((self._around.clock.now_ms(), what, detail))
        if self._notes_wait is None and not await self._write_notes():
            self._notes_wait = asyncio.create_task(self._write_notes_later())

    async def _write_notes(self) -> bool:
        store = self._around.store
        async with self._noting:
            while self._notes:
                at_ms, what, detail = self._notes[0]
                try:
                    await store.do(store.store.note, at_ms, self._number, what, detail)
                except (sqlite3.Error, OSError) as error:
                    log.error("lane.note_not_stored", lane=self._number, what=what, why=str(error))
                    return False
                self._notes.popleft()
        return True

    async def _write_notes_later(self) -> None:
        try:
            while True:
                await asyncio.sleep(STORE_RETRY_S)
                if await self._write_notes():
                    return
        finally:
            self._notes_wait = None

    def fault(self, code: str, why: str) -> None:
        if self.view.faults.get(code) != why:
            log.error("lane.fault", lane=self._number, fault=code, why=why)
            self.view.faults[code] = why
            self._around.board.ring()

    def sound(self, code: str) -> None:
        if self.view.faults.pop(code, None) is not None:
            log.info("lane.fault_over", lane=self._number, fault=code)
            self._around.board.ring()

    async def write_told(self) -> None:
        """Write down the timings that wait for the next change, if the disk takes them."""
        told_us, self._told_us = self._told_us, {}
        store = self._around.store
        try:
            await store.do(store.store.told, told_us)
        except (sqlite3.Error, OSError) as error:
            self._told_us = told_us | self._told_us
            log.error("lane.timings_not_stored", lane=self._number, error=str(error))

    async def close(self) -> None:
        """Write down what waits, as far as the disk takes it."""
        if self._notes_wait is not None:
            self._notes_wait.cancel()
            await asyncio.gather(self._notes_wait, return_exceptions=True)
            await self._write_notes()
        await self.write_told()
