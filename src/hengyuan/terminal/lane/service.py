"""A lane at work: its devices, its judge, its place in the store, its displays."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, cast

import structlog

from hengyuan.record.model import MIN_TIME_MS, Record
from hengyuan.terminal.board import LaneView, Weighed
from hengyuan.terminal.config import LaneConfig
from hengyuan.terminal.devices import (
    AxleReading,
    DeviceState,
    Message,
    PlateEvent,
    Reading,
    SensorReading,
)
from hengyuan.terminal.drivers.base import BarrierDriver, Device, LampDriver, SensorDriver
from hengyuan.terminal.lane.clip_keeper import ClipKeeper
from hengyuan.terminal.lane.control import Control
from hengyuan.terminal.lane.detail import detail_of
from hengyuan.terminal.lane.exits import ExitWatch
from hengyuan.terminal.lane.holds import Holds
from hengyuan.terminal.lane.intake import SightingIntake
from hengyuan.terminal.lane.lane import Lane
from hengyuan.terminal.lane.late_pictures import LatePictures
from hengyuan.terminal.lane.next_step import next_step
from hengyuan.terminal.lane.orders import Orders
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.lane.pictures import Pictures, picture_cameras
from hengyuan.terminal.lane.recorder import Recorder, Surroundings
from hengyuan.terminal.lane.recording import finding_of, flags_of
from hengyuan.terminal.lane.rule import exit_cameras, rule_of, sources_of, ways_of
from hengyuan.terminal.lane.sensing import Sensing
from hengyuan.terminal.lane.sightings import Sighting
from hengyuan.terminal.lane.together import Left, Together
from hengyuan.terminal.panel import Panel
from hengyuan.terminal.store.journal import ONE_WORD, TWO_WORD, two_stood

log = structlog.get_logger(__name__)

MOST_ERRORS = 10
"""So many different errors are written down of one truck."""


class LaneService:
    """Listens to one `Lane` and does what it asks for. Made by `LaneService.open`."""

    def __init__(
        self,
        config: LaneConfig,
        panel: Panel,
        around: Surroundings,
        devices: Mapping[str, Device],
    ) -> None:
        self.config = config
        self.panel = panel
        self._around = around
        self._number = config.table.number
        self.view = LaneView(self._number, config.title, config.table.kind)
        around.board.lanes[self._number] = self.view
        self.recorder = Recorder(self.view, panel, around, ways_of(config))
        self._tasks: set[asyncio.Task[None]] = set()
        self._free_since = around.clock.monotonic()
        self.intake = SightingIntake(config, around.store, around.clock, around.checked)
        self.pictures = Pictures(config, devices, self.intake, self._spawn)
        self.late_pictures = LatePictures(self.recorder, around)
        self.sensing = Sensing(
            None if config.sensors is None else cast("SensorDriver", devices[config.sensors.name]),
            config.table.position.lost_s,
            around.clock,
            self._spawn,
            self.recorder,
        )
        self.control = Control(
            self.view,
            config.table.hold,
            config.table.control,
            [cast("BarrierDriver", devices[each.name]) for each in config.barriers],
            [cast("LampDriver", devices[each.name]) for each in config.lamps],
            self.sensing.places,
            around.clock,
            self._spawn,
            self.recorder,
        )
        more = (around, self.recorder, self._spawn)
        self.exits = ExitWatch(self._number, config.table.exits, *more)
        self.clips = ClipKeeper(self._number, config.table.clips, *more)
        self._exit_cameras = exit_cameras(config)
        self.holds = Holds(self._number, self.recorder, around, self._spawn)
        self.orders = Orders(
            config, self.recorder, self.intake, self.control, devices, around, self._spawn
        )
        self._errors: set[str] = set()
        """What went wrong since the scale was free last; each is written down once."""
        self._shown: tuple[Any, ...] = ()
        self.lane: Lane

    @classmethod
    async def open(
        cls,
        config: LaneConfig,
        panel: Panel,
        around: Surroundings,
        devices: Mapping[str, Device],
    ) -> LaneService:
        """A lane that goes on where the last run ended. `devices`: at least its own, by name."""
        service = cls(config, panel, around, devices)
        store = around.store.store
        now = around.clock.monotonic()
        standing = await around.store.do(store.on_scale, service._number)
        service.recorder.last_ms = await around.store.do(store.last_time_ms)
        passage = None
        if standing is not None:
            passage = await service._remembered(standing, now)
        service.lane = Lane(
            rule_of(config),
            sources_of(config),
            service,
            now,
            passage,
            picture_cameras(config),
            service.sensing.places,
        )
        service.recorder.lane = service.lane
        both_kg = await around.store.read(partial(two_stood, lane=service._number))
        if both_kg is not None:
            first_kg = None if passage is None else passage.mass_kg
            service.lane.pairs.together = Together("restart", both_kg, first_kg)
        await service.clips.open(None if standing is None else standing.seq)
        for sighting in await service.intake.still_open():
            if sighting.device in service._exit_cameras:
                service.exits.saw(sighting)
            elif standing is not None and sighting.device in picture_cameras(config):
                # it had come when the last run ended, and was not in the record yet
                assert passage is not None
                service.pictured_late(passage, sighting, stands=True)
            else:
                service.lane.waiting.resume(sighting)
        return service

    async def _remembered(self, record: Record, now: float) -> Passage:
        passage = Passage(now, settled_at=now, mass_kg=record.raw_kg, seq=record.seq)
        for sighting in await self.intake.used_by(record.seq):
            passage.sightings[sighting.device] = sighting
        self.view.current = Weighed(record, finding_of(record, self._around.judge_settings))
        log.info("lane.resumed", lane=self._number, seq=record.seq, gross_kg=record.gross_kg)
        return passage

    # what devices say

    def reading(self, reading: Reading) -> None:
        """A frame of the scale."""
        with self._guarded("reading"):
            self.lane.reading(reading)

    def sensed(self, reading: SensorReading) -> None:
        """A beam or loop was covered, cleared, or is not known any more."""
        with self._guarded("sensors"):
            self.sensing.tick(self.lane)

    def axles(self, reading: AxleReading) -> None:
        """A vehicle passed the axle identifier, or backed off over it."""
        assert self.config.axles is not None
        if reading.reversing:
            with self._guarded("axles"):
                self.lane.reversed(self.config.axles.name)
        else:
            self._spawn(self._axles(reading))

    async def _axles(self, reading: AxleReading) -> None:
        sighting = await self.intake.keep_axles(reading)
        log.info("lane.axles", lane=self._number, axles=reading.axle_count)
        with self._guarded("axles"):
            self.lane.sighted(sighting)

    async def plate_event(self, event: PlateEvent) -> None:
        """A camera saw a vehicle. OSError or sqlite3.Error if it could not be kept."""
        sighting = await self.intake.keep_plate(event)
        if sighting is None:
            return
        log.info("lane.plate", lane=self._number, camera=event.camera, late=sighting.late)
        if event.camera in self._exit_cameras:
            # who drives the other way has not left
            if event.direction == "reverse":
                self.lane.waiting.drop(sighting)
            else:
                self.exits.saw(sighting)
            return
        with self._guarded("plate"):
            self.lane.sighted(sighting)

    def tick(self) -> None:
        """Called a few times a second."""
        now = self._around.clock.monotonic()
        with self._guarded("sensors", recover=False):
            self.sensing.tick(self.lane)
        with self._guarded("tick"):
            self.lane.tick(now)
        self._control()
        for part in (self.holds, self.exits, self.clips):
            with self._guarded(type(part).__name__, recover=False):
                part.tick(now)
        with self._guarded("display", recover=False):
            self._say_hint(now)
            self._show()
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
        if lane.phase is Phase.JUDGED:
            return None
        if lane.phase is Phase.TOLD:
            told_for_ms = (now - self.recorder.told_at) * 1000
            return self.holds.hint() if told_for_ms >= texts.unload_after_ms else None
        if lane.scale in (DeviceState.STALE, DeviceState.FAULT):
            return messages.scale_fault()
        if lane.pairs.together is not None and lane.phase is not Phase.EMPTY:
            return messages.two_trucks()
        if lane.phase in (Phase.ARRIVED, Phase.SETTLING) and lane.passage is not None:
            waited = (now - lane.passage.arrived_at) * 1000 >= texts.wait_after_ms
            return self._stop_or_move() if waited else None
        if lane.phase is Phase.EMPTY:
            free = (now - self._free_since) * 1000 >= texts.idle_after_ms
            return messages.idle() if free else None
        return None

    def _control(self) -> None:
        with self._guarded("control", recover=False):
            self.control.tick(self.lane, self.sensing.covered)

    def _stop_or_move(self) -> Message:
        messages = self._around.messages
        match next_step(self.lane, self.view):
            case "move_forward":
                return messages.move_forward()
            case "move_back":
                return messages.move_back()
            case "too_long":
                return messages.too_long()
        return messages.wait()

    def _show(self) -> None:
        """Bring the view up to date, and ring if people would see a difference."""
        view, lane = self.view, self.lane
        view.next_step = next_step(lane, view)
        view.sensors = dict(self.sensing.covered) if self.config.sensors is not None else None
        view.held_by = lane.held_by
        barriers = [(b.position, b.wanted, b.trouble) for b in view.barriers.values()]
        seen = (view.next_step, view.sensors, view.held_by, view.hold, barriers, dict(view.lamps))
        if seen != self._shown:
            self._shown = seen
            self._around.board.ring()

    # what the lane asks for

    def settling(self, passage: Passage) -> None:
        """Have pictures made."""
        self.pictures.ask(self.lane, passage)

    def departed(self, passage: Passage) -> None:
        """A weighed truck has left the scale."""
        self.control.departed()
        with self._guarded("departure", recover=False):
            self.holds.departed(self.view.current, passage)
            self.clips.departed(passage.seq)

    def complete(self, passage: Passage) -> None:
        """Judge a weighed truck, then store and tell."""
        self.sensing.weighed()
        try:
            self._complete(passage)
        except Exception as error:
            # the truck cannot be recorded; the lane goes on, and somebody is told why
            log.exception("lane.not_judged", lane=self._number)
            self.recorder.fault("record", repr(error))
            self._spawn(self.recorder.note("record_impossible", detail_of(error=repr(error))))

    def _complete(self, passage: Passage) -> None:
        assert passage.settled_at is not None
        at_ms, unsynced = self._around.checked.record_ms(self.recorder.last_ms)
        since_s = self._around.clock.monotonic() - passage.settled_at
        at_ms = max(MIN_TIME_MS, at_ms - round(since_s * 1000))
        weighing = self.recorder.judge(passage, at_ms)
        weighing.flags |= flags_of(passage, weighing.facts, unsynced)
        self._spawn(self.recorder.record(weighing, timed=True))

    def complete_late(self, passage: Passage, sighting: Sighting) -> None:
        """Record anew a truck whose plate or axles came after its verdict."""
        current = self.view.current
        if current is not None and current.record.kind == "void":
            return
        log.info("lane.late", lane=self._number, device=sighting.device, seq=passage.seq)
        at_ms, unsynced = self._around.checked.record_ms(self.recorder.last_ms)
        weighing = self.recorder.judge(passage, at_ms)
        weighing.as_recorded = replace(passage, corrects=passage.seq)
        weighing.flags |= flags_of(passage, weighing.facts, unsynced)
        if sighting.kind == "plate":
            weighing.flags.add("camera_late")
        self._spawn(self.recorder.record(weighing, timed=False))

    def pictured_late(self, passage: Passage, sighting: Sighting, stands: bool) -> None:
        """Add a picture to the record of a truck; one that may show the next truck is noted."""
        self._spawn(self.late_pictures.take(passage.seq or 0, sighting, stands))

    def left_unweighed(self, passage: Passage, reason: str) -> None:
        """Write down why a truck left no record."""
        log.warning("lane.left_unweighed", lane=self._number, reason=reason)
        seen = self.lane.waiting.newest_plate(passage.arrived_at - self.lane.rule.join_before_s)
        detail = detail_of(reason=reason, plate=seen, highest_kg=passage.highest_kg)
        self._spawn(self.recorder.note("left_unweighed", detail))

    def together(self, passage: Passage, two: Together) -> None:
        """Write down that two trucks stand on the scale, and why that is believed."""
        before = passage.follows
        log.warning("lane.two_trucks", lane=self._number, why=two.why, both_kg=two.both_kg)
        detail = detail_of(
            why=two.why,
            both_kg=two.both_kg,
            first_kg=two.first_kg,
            seq=None if before is None else before.seq,
            plates=self.lane.waiting.plates(passage.arrived_at - self.lane.rule.join_before_s),
        )
        self._spawn(self.recorder.note(TWO_WORD, detail))
        self.changed()

    def together_over(self, left: Left) -> None:
        """Write down who of two trucks is there now."""
        by = self.recorder.at_the_gate() if left == "order" else None
        self._spawn(self.recorder.note(ONE_WORD, detail_of(stands=left, by=by)))

    def again(self, passage: Passage) -> None:
        """Show the verdict of the truck that still stands there."""
        if self.view.current is not None:
            self._spawn(self.recorder.tell(passage, self.view.current))

    def cleared(self) -> None:
        """The scale is free."""
        self._free_since = self._around.clock.monotonic()
        self.view.current = None
        self._errors.clear()
        self.recorder.sound("lane")
        self._say_hint(self._free_since)
        self._spawn(self.recorder.write_cleared())

    def changed(self) -> None:
        """Let people see it."""
        self.view.phase = self.lane.phase
        self.view.scale = self.lane.scale
        self.view.scale_fault = self.lane.scale_fault
        self.view.mass_kg = self.lane.mass_kg
        if self.lane.phase is Phase.TOLD:
            self._control()
        with self._guarded("display", recover=False):
            self._show()
        self._around.board.ring()

    # odds and ends

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            self._failed("task", task.exception())

    @contextlib.contextmanager
    def _guarded(self, during: str, recover: bool = True) -> Iterator[None]:
        """An error in the lane's own rules is written down, and the lane goes on as after a
        restart: whatever stands on the scale is weighed anew, or known to be weighed. With
        `recover` false it is an error of what goes on beside the weighing, which just goes on."""
        try:
            yield
        except Exception as error:
            self._failed(during, error)
            if recover:
                self.lane.recover()

    def _failed(self, during: str, error: BaseException | None) -> None:
        why = repr(error)
        if why in self._errors or len(self._errors) == MOST_ERRORS:
            return
        self._errors.add(why)
        log.error("lane.error", lane=self._number, during=during, exc_info=error)
        self.recorder.fault("lane", why)
        detail = detail_of(during=during, phase=self.lane.phase.value, error=why)
        self._spawn(self.recorder.note("lane_error", detail))

    async def close(self) -> None:
        """Finish what is under way and write down the timings."""
        if self._tasks:
            _, unfinished = await asyncio.wait(set(self._tasks), timeout=2)
            for task in unfinished:
                task.cancel()
        await self.recorder.close()
