"""A lane at work: its devices, its judge, its place in the store, its displays."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any

import msgspec
import structlog

from hengyuan.law.verdict import JudgeSettings
from hengyuan.record.model import MIN_TIME_MS, Flag, InvalidRecord, Kind, Record
from hengyuan.terminal.board import Board, LaneView, Weighed
from hengyuan.terminal.clock import CheckedClock, Clock
from hengyuan.terminal.config import JudgeTable, LaneConfig
from hengyuan.terminal.devices import AxleReading, DeviceState, Message, PlateEvent, Reading
from hengyuan.terminal.judging import Finding, VehicleFacts, facts_of, find
from hengyuan.terminal.lane.intake import SightingIntake
from hengyuan.terminal.lane.lane import Lane
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.lane.recording import files_of, finding_of, flags_of, make_record
from hengyuan.terminal.lane.rule import rule_of
from hengyuan.terminal.lane.sightings import Sighting
from hengyuan.terminal.messages import Messages
from hengyuan.terminal.panel import Panel
from hengyuan.terminal.store import Appended, Draft, StoreWorker

log = structlog.get_logger(__name__)

STORE_RETRY_S = 1.0
TELL_RETRY_S = 0.5


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


class LaneService:
    """Listens to one `Lane` and does what it asks for. Made by `LaneService.open`."""

    def __init__(self, config: LaneConfig, panel: Panel, around: Surroundings) -> None:
        self.config = config
        self.panel = panel
        self._around = around
        self._number = config.table.number
        self._kind: Kind = config.table.kind
        self.view = LaneView(self._number, config.title, self._kind)
        around.board.lanes[self._number] = self.view
        self._tasks: set[asyncio.Task[None]] = set()
        self._order = asyncio.Lock()
        self._told_us: dict[int, int] = {}
        self._free_since = around.clock.monotonic()
        self._last_ms: int | None = None
        self.intake = SightingIntake(config, around.store, around.clock)
        self.lane: Lane

    @classmethod
    async def open(cls, config: LaneConfig, panel: Panel, around: Surroundings) -> LaneService:
        """A lane that goes on where the last run ended."""
        service = cls(config, panel, around)
        store = around.store.store
        now = around.clock.monotonic()
        standing = await around.store.do(store.on_scale, service._number)
        service._last_ms = await around.store.do(store.last_time_ms)
        passage = None
        if standing is not None:
            passage = await service._remembered(standing, now)
        sources = [each.name for each in (config.axles, *config.cameras) if each is not None]
        service.lane = Lane(rule_of(config), sources, service, now, passage)
        for sighting in await service.intake.still_open():
            service.lane.waiting.add(sighting)
        return service

    async def _remembered(self, record: Record, now: float) -> Passage:
        passage = Passage(now, settled_at=now, mass_kg=record.raw_kg, seq=record.seq)
        for sighting in await self.intake.used_by(record.seq):
            passage.sightings[sighting.device] = sighting
        self.view.current = Weighed(record, finding_of(record))
        log.info("lane.resumed", lane=self._number, seq=record.seq, gross_kg=record.gross_kg)
        return passage

    # what devices say

    def reading(self, reading: Reading) -> None:
        """A frame of the scale."""
        self.lane.reading(reading)

    def axles(self, reading: AxleReading) -> None:
        """A vehicle passed the axle identifier, or backed off over it."""
        assert self.config.axles is not None
        if reading.reversing:
            self.lane.reversed(self.config.axles.name)
        else:
            self._spawn(self._axles(reading))

    async def _axles(self, reading: AxleReading) -> None:
        sighting = await self.intake.keep_axles(reading)
        log.info("lane.axles", lane=self._number, axles=reading.axle_count)
        self.lane.sighted(sighting)

    async def plate_event(self, event: PlateEvent) -> None:
        """A camera saw a vehicle. OSError or sqlite3.Error if it could not be kept."""
        sighting = await self.intake.keep_plate(event)
        if sighting is None:
            return
        log.info("lane.plate", lane=self._number, camera=event.camera, late=sighting.late)
        self.lane.sighted(sighting)

    def tick(self) -> None:
        """Called a few times a second."""
        now = self._around.clock.monotonic()
        self.lane.tick(now)
        self._say_hint(now)
        if self.view.mass_kg != self.lane.mass_kg:
            self.view.mass_kg = self.lane.mass_kg
            self._around.board.ring()

    def _say_hint(self, now: float) -> None:
        hint = self._hint(now)
        if hint is not None and hint != self.panel.message:
            self.panel.say(hint)

    def _hint(self, now: float) -> Message | None:
        """What the displays are to say where there is no verdict to show."""
        lane, messages, texts = self.lane, self._around.messages, self.config.table.texts
        if "store" in self.view.faults:
            return messages.store_fault()
        if lane.phase in (Phase.JUDGED, Phase.TOLD):
            return None
        if lane.scale in (DeviceState.STALE, DeviceState.FAULT):
            return messages.scale_fault()
        if lane.phase in (Phase.ARRIVED, Phase.SETTLING) and lane.passage is not None:
            waited = (now - lane.passage.arrived_at) * 1000 >= texts.wait_after_ms
            return messages.wait() if waited else None
        if lane.phase is Phase.EMPTY:
            free = (now - self._free_since) * 1000 >= texts.idle_after_ms
            return messages.idle() if free else None
        return None

    # what the lane asks for

    def complete(self, passage: Passage) -> None:
        """Judge a weighed truck, then store and tell."""
        assert passage.settled_at is not None
        at_ms, unsynced = self._around.checked.record_ms(self._last_ms)
        since_s = self._around.clock.monotonic() - passage.settled_at
        at_ms = max(MIN_TIME_MS, at_ms - round(since_s * 1000))
        weighing = self._judge(passage, at_ms)
        weighing.flags |= flags_of(passage, weighing.facts, unsynced)
        self._spawn(self._record(weighing, timed=True))

    def complete_late(self, passage: Passage, sighting: Sighting) -> None:
        """Record anew a truck whose plate or axles came after its verdict."""
        log.info("lane.late", lane=self._number, device=sighting.device, seq=passage.seq)
        at_ms, unsynced = self._around.checked.record_ms(self._last_ms)
        weighing = self._judge(passage, at_ms)
        weighing.as_recorded = replace(passage, corrects=passage.seq)
        weighing.flags |= flags_of(passage, weighing.facts, unsynced)
        if sighting.kind == "plate":
            weighing.flags.add("camera_late")
        self._spawn(self._record(weighing, timed=False))

    def left_unweighed(self, passage: Passage, reason: str) -> None:
        """Write down why a truck left no record."""
        log.warning("lane.left_unweighed", lane=self._number, reason=reason)
        self._spawn(self._note("left_unweighed", reason))

    def again(self, passage: Passage) -> None:
        """Show the verdict of the truck that still stands there."""
        if self.view.current is not None:
            self._spawn(self._tell(passage, self.view.current))

    def cleared(self) -> None:
        """The scale is free."""
        self._free_since = self._around.clock.monotonic()
        self.view.current = None
        self._say_hint(self._free_since)
        self._spawn(self._write_cleared())

    def changed(self) -> None:
        """Let people see it."""
        self.view.phase = self.lane.phase
        self.view.scale = self.lane.scale
        self.view.scale_fault = self.lane.scale_fault
        self.view.mass_kg = self.lane.mass_kg
        self._around.board.ring()

    # judging, storing, telling

    def _judge(self, passage: Passage, at_ms: int) -> _Weighing:
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
        return _Weighing(
            passage=passage,
            as_recorded=passage,
            at_ms=at_ms,
            facts=facts,
            finding=finding,
            flags=set(),
            passed=self.lane.waiting.take_passed(),
            judged_us=round((around.clock.monotonic() - passage.settled_at) * 1_000_000),
        )

    async def _record(self, weighing: _Weighing, timed: bool) -> None:
        passage = weighing.passage
        async with self._order:
            appended = await self._append(weighing)
        if appended is None:
            return
        record = appended.record
        self._last_ms = record.weighed_at
        self.lane.stored(passage, record.seq)
        weighed = Weighed(record, weighing.finding)
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
            await self._tell(passage, weighed, record.seq if timed else None)

    async def _append(self, weighing: _Weighing) -> Appended | None:
        """Store it, however often that has to be tried: a verdict is told of a record only."""
        store = self._around.store
        while True:
            try:
                appended = await store.do(store.store.append, self._draft(weighing))
            except (sqlite3.Error, OSError) as error:
                self._fault("store", str(error))
                await asyncio.sleep(STORE_RETRY_S)
            except (InvalidRecord, msgspec.ValidationError) as error:
                # cannot be stored however often it is tried; the truck must not stop the lane
                log.exception("lane.record_impossible", lane=self._number)
                self._fault("record", str(error))
                await self._note("record_impossible", str(error))
                return None
            else:
                self._sound("store")
                return appended

    def _draft(self, weighing: _Weighing) -> Draft:
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
            )

        return Draft(
            make=make,
            lane=self._number,
            on_scale=self.lane.passage is passage,
            used=tuple(sighting.id for sighting in passage.sightings.values()),
            passed=weighing.passed,
            evidence_bytes={ref.digest: size for ref, size in sizes.items()},
            settled_at_ms=weighing.at_ms,
            judged_us=weighing.judged_us,
        )

    async def _tell(self, passage: Passage, weighed: Weighed, timed: int | None = None) -> None:
        record = weighed.record
        message = self._around.messages.verdict(record.plate, record.gross_kg or 0, weighed.finding)
        while True:
            told_at = await self.panel.tell(message)
            if told_at is not None:
                break
            self._fault("displays", "; ".join(self.panel.errors.values()))
            if self.lane.passage is not passage:
                return
            await asyncio.sleep(TELL_RETRY_S)
        self._sound("displays")
        if timed is not None and passage.settled_at is not None:
            self._told_us[timed] = round((told_at - passage.settled_at) * 1_000_000)
        self.lane.told(passage)

    # odds and ends

    async def _write_cleared(self) -> None:
        told_us, self._told_us = self._told_us, {}
        passed = self.lane.waiting.take_passed()
        store = self._around.store
        try:
            await store.do(store.store.lane_cleared, self._number, told_us, passed)
        except (sqlite3.Error, OSError) as error:
            # the next record writes the lane anew; only the timings have to wait for it
            self._told_us = told_us | self._told_us
            log.error("lane.cleared_not_stored", lane=self._number, error=str(error))

    async def _note(self, what: str, detail: str) -> None:
        store = self._around.store
        try:
            await store.do(
                store.store.note, self._around.clock.now_ms(), self._number, what, detail
            )
        except (sqlite3.Error, OSError) as error:
            log.error("lane.note_not_stored", lane=self._number, what=what, error=str(error))

    def _fault(self, code: str, why: str) -> None:
        if self.view.faults.get(code) != why:
            log.error("lane.fault", lane=self._number, fault=code, why=why)
            self.view.faults[code] = why
            self._around.board.ring()

    def _sound(self, code: str) -> None:
        if self.view.faults.pop(code, None) is not None:
            log.info("lane.fault_over", lane=self._number, fault=code)
            self._around.board.ring()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("lane.task_failed", lane=self._number, exc_info=task.exception())

    async def close(self) -> None:
        """Finish what is under way and write down the timings."""
        if self._tasks:
            _, unfinished = await asyncio.wait(set(self._tasks), timeout=2)
            for task in unfinished:
                task.cancel()
        await self.write_told()

    async def write_told(self) -> None:
        """Write down the timings that wait for the next change of the lane."""
        told_us, self._told_us = self._told_us, {}
        store = self._around.store
        await store.do(store.store.told, told_us)


@dataclass(slots=True)
class _Weighing:
    passage: Passage
    as_recorded: Passage
    at_ms: int
    facts: VehicleFacts
    finding: Finding | None
    flags: set[Flag]
    passed: tuple[int, ...]
    judged_us: int
