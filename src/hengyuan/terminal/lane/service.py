"""A lane at work: its devices, its judge, its place in the store, its displays."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any

import structlog

from hengyuan.record.model import MIN_TIME_MS, Kind, Record
from hengyuan.terminal.board import LaneView, Weighed
from hengyuan.terminal.config import LaneConfig
from hengyuan.terminal.devices import AxleReading, DeviceState, Message, PlateEvent, Reading
from hengyuan.terminal.lane.intake import SightingIntake
from hengyuan.terminal.lane.lane import Lane
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.lane.recorder import Recorder, Surroundings
from hengyuan.terminal.lane.recording import finding_of, flags_of
from hengyuan.terminal.lane.rule import rule_of
from hengyuan.terminal.lane.sightings import Sighting
from hengyuan.terminal.panel import Panel

log = structlog.get_logger(__name__)


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
        self.recorder = Recorder(self.view, panel, around)
        self._tasks: set[asyncio.Task[None]] = set()
        self._free_since = around.clock.monotonic()
        self.intake = SightingIntake(config, around.store, around.clock)
        self.lane: Lane

    @classmethod
    async def open(cls, config: LaneConfig, panel: Panel, around: Surroundings) -> LaneService:
        """A lane that goes on where the last run ended."""
        service = cls(config, panel, around)
        store = around.store.store
        now = around.clock.monotonic()
        standing = await around.store.do(store.on_scale, service._number)
        service.recorder.last_ms = await around.store.do(store.last_time_ms)
        passage = None
        if standing is not None:
            passage = await service._remembered(standing, now)
        sources = [each.name for each in (config.axles, *config.cameras) if each is not None]
        service.lane = Lane(rule_of(config), sources, service, now, passage)
        service.recorder.lane = service.lane
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
        at_ms, unsynced = self._around.checked.record_ms(self.recorder.last_ms)
        since_s = self._around.clock.monotonic() - passage.settled_at
        at_ms = max(MIN_TIME_MS, at_ms - round(since_s * 1000))
        weighing = self.recorder.judge(passage, at_ms)
        weighing.flags |= flags_of(passage, weighing.facts, unsynced)
        self._spawn(self.recorder.record(weighing, timed=True))

    def complete_late(self, passage: Passage, sighting: Sighting) -> None:
        """Record anew a truck whose plate or axles came after its verdict."""
        log.info("lane.late", lane=self._number, device=sighting.device, seq=passage.seq)
        at_ms, unsynced = self._around.checked.record_ms(self.recorder.last_ms)
        weighing = self.recorder.judge(passage, at_ms)
        weighing.as_recorded = replace(passage, corrects=passage.seq)
        weighing.flags |= flags_of(passage, weighing.facts, unsynced)
        if sighting.kind == "plate":
            weighing.flags.add("camera_late")
        self._spawn(self.recorder.record(weighing, timed=False))

    def left_unweighed(self, passage: Passage, reason: str) -> None:
        """Write down why a truck left no record."""
        log.warning("lane.left_unweighed", lane=self._number, reason=reason)
        self._spawn(self.recorder.note("left_unweighed", reason))

    def again(self, passage: Passage) -> None:
        """Show the verdict of the truck that still stands there."""
        if self.view.current is not None:
            self._spawn(self.recorder.tell(passage, self.view.current))

    def cleared(self) -> None:
        """The scale is free."""
        self._free_since = self._around.clock.monotonic()
        self.view.current = None
        self._say_hint(self._free_since)
        self._spawn(self.recorder.write_cleared())

    def changed(self) -> None:
        """Let people see it."""
        self.view.phase = self.lane.phase
        self.view.scale = self.lane.scale
        self.view.scale_fault = self.lane.scale_fault
        self.view.mass_kg = self.lane.mass_kg
        self._around.board.ring()

    # odds and ends

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
        await self.recorder.write_told()
