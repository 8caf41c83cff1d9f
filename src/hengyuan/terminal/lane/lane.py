"""The lane: which truck is on the scale and how far its weighing is. No I/O, no clock of its own.

It is told of frames, sightings and the passing of time, and tells its listener what follows.
The phases are in `phases.py`; why each rule is as it is, in docs/lane.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hengyuan.record.model import MAX_MASS_KG
from hengyuan.terminal.devices import DeviceState, Reading, SensorPlace
from hengyuan.terminal.lane.change import meaning
from hengyuan.terminal.lane.edges import Edges
from hengyuan.terminal.lane.pairs import Pairs
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.phases import TRANSITIONS, Phase
from hengyuan.terminal.lane.sightings import Sighting, Waiting
from hengyuan.terminal.lane.stability import StabilityWindow
from hengyuan.terminal.lane.terms import LaneRule, Listener

WEIGHING = (Phase.ARRIVED, Phase.SETTLING, Phase.WEIGHED)


class Lane:
    """One lane with one scale. `sources` are the devices whose sightings a passage waits for,
    `cameras` those that give pictures only, `places` those that sensors look at."""

    def __init__(
        self,
        rule: LaneRule,
        sources: Sequence[str],
        listener: Listener,
        started_at: float,
        on_scale: Passage | None = None,
        cameras: Sequence[str] = (),
        places: Collection[SensorPlace] = (),
    ) -> None:
        """`on_scale`: the recorded passage that stood on the scale when the last run ended."""
        self.rule = self._rule = rule
        self._sources = tuple(sources)
        self._cameras = tuple(cameras)
        self._listener = listener
        self._window = StabilityWindow(rule.stability)
        self._frame_at = started_at
        self._weight_at = self._loaded_at = started_at
        self._lowest_kg = 0
        self._unwatched = on_scale is not None
        self._seen_free = False
        self.edges = Edges(places, rule.edges, started_at)
        self.waiting = Waiting()
        self.pairs = Pairs(rule, self._sources, self.waiting, self.edges, listener)
        self.passage: Passage | None = on_scale
        self.last: Passage | None = on_scale
        """The newest passage that left, or that is about to leave, a record."""
        self.phase = Phase.EMPTY if on_scale is None else Phase.LEAVING
        self.scale = DeviceState.UNKNOWN
        self.scale_fault: str | None = None
        self.mass_kg: int | None = None
        """What the scale shows now; None while that is not known."""

    # what happens

    def reading(self, reading: Reading) -> None:
        """A frame of the scale."""
        self._frame_at = reading.at
        mass_kg = reading.mass_kg
        if mass_kg is None or not -MAX_MASS_KG <= mass_kg <= MAX_MASS_KG:
            self._no_weight(DeviceState.FAULT, reading.fault or "over_range")
            return
        if self.scale is not DeviceState.OK:
            self.scale, self.scale_fault = DeviceState.OK, None
            self._listener.changed()
        if reading.at - self._weight_at > self._rule.stale_after_s:
            self._gap()
        self.mass_kg = mass_kg
        at = self._weight_at = reading.at
        if mass_kg < self._rule.arrive_kg:
            self._seen_free = True
        if mass_kg >= self._rule.leave_kg:
            self._loaded_at = at
        if self.passage is not None:
            self.passage.highest_kg = max(self.passage.highest_kg, mass_kg)
        self.pairs.course(mass_kg)
        match self.phase:
            case Phase.EMPTY:
                if mass_kg >= self._rule.arrive_kg:
                    self.waiting.expire_returning(at)
                    self._begin(Passage(at, resumed=not self._seen_free), reading)
                else:
                    self.pairs.over("none")
            case Phase.ARRIVED | Phase.SETTLING:
                self._settle(mass_kg, reading)
            case Phase.WEIGHED:
                self._wait(mass_kg, reading)
            case _:
                self._watch(mass_kg, reading)

    def sighted(self, sighting: Sighting) -> None:
        """A camera or an axle identifier saw something."""
        owner = self._late_owner(sighting)
        if owner is not None:
            owner.sightings[sighting.device] = sighting
            self._listener.complete_late(owner, sighting)
            return
        told = self.phase in (Phase.JUDGED, Phase.TOLD) and self.passage is self.last
        if (
            told
            and self.last is not None
            and sighting.device in self._cameras
            and sighting.device not in self.last.sightings
        ):
            self._late_picture(self.last, sighting, stands=True)
            return
        self.waiting.add(sighting)
        self.waiting.expire(self._frame_at - self._rule.resume_before_s)
        if self._repeats(sighting):
            self.waiting.drop(sighting)
        elif self.phase is Phase.WEIGHED:
            self._join(self._frame_at)

    def sensed(self, covered: Mapping[SensorPlace, bool | None], at: float) -> None:
        """What beams and loops see; None where it is not known."""
        held = self.held_by
        self.edges.sensed(covered, at)
        if self.held_by != held:
            self._listener.changed()

    def expect(self, passage: Passage, device: str) -> None:
        """A camera was asked for a picture of a passage, which now waits for it."""
        passage.expected.add(device)

    def pictured(self, passage: Passage, device: str, sighting: Sighting | None) -> None:
        """The picture that a passage expects; None where there will be none."""
        passage.expected.discard(device)
        here = self.passage
        if sighting is None:
            pass
        elif here is passage and self.phase in WEIGHING:
            self.waiting.add(sighting)
        else:
            stands = here is not None and (here is passage or here.follows is passage)
            self._late_picture(passage, sighting, stands)
        if self.passage is passage and self.phase is Phase.WEIGHED:
            self._join(self._frame_at)

    def reversed(self, device: str) -> None:
        """The vehicle backed off over the axle identifier: its last reading is void."""
        newest = self.waiting.newest(device, float("-inf"))
        if newest is not None:
            self.waiting.drop(newest)

    def tick(self, now: float) -> None:
        """Time passed; called a few times a second even when no frame comes."""
        if now - self._frame_at > self._rule.stale_after_s:
            self._no_weight(DeviceState.STALE, "no_frames")
        held = self.held_by
        self.edges.tick(now, self._weight_at - self._loaded_at)
        if self.held_by != held:
            self._listener.changed()
        if self.phase is Phase.WEIGHED:
            self._join(now)

    def stored(self, passage: Passage, seq: int) -> None:
        """The passage's record is durable."""
        passage.seq = seq
        for sighting, stands in passage.pictures_late:
            self._listener.pictured_late(passage, sighting, stands)
        passage.pictures_late.clear()

    def told(self, passage: Passage) -> None:
        """A display has acknowledged the passage's verdict."""
        if self.passage is not passage or self.phase is not Phase.JUDGED:
            return
        self._enter(Phase.TOLD)
        for device in self._sources:
            if device not in passage.sightings:
                sighting = self.waiting.take(device, self._since(passage))
                if sighting is not None:
                    passage.sightings[device] = sighting
                    self._listener.complete_late(passage, sighting)

    def one_only(self) -> bool:
        """The gatekeeper says that one truck stands there; False if it was not taken for two."""
        if self.pairs.together is None or self.passage is None:
            return False
        self.passage.surely_one = True
        self._window.clear()
        self.pairs.over("order")
        return True

    def recover(self) -> None:
        """Its own rules have failed: go on as after a restart, whatever stands on the scale."""
        passage = self.passage
        recorded = passage is not None and (passage.seq is not None or passage is self.last)
        if passage is not None and not recorded and passage.follows is not None:
            passage, recorded = passage.follows, True
        self._window.clear()
        self._seen_free = False
        self.passage = passage if recorded else None
        self._unwatched = recorded
        self.phase = Phase.LEAVING if recorded else Phase.EMPTY

    @property
    def held_by(self) -> tuple[SensorPlace, ...]:
        """The edges that are covered while a weight is looked for: they hold it back."""
        return self.edges.covered if self.phase in WEIGHING else ()

    # the scale is free

    def _begin(self, passage: Passage, reading: Reading) -> None:
        assert reading.mass_kg is not None
        self.passage = passage
        passage.settled_at = passage.mass_kg = None
        self._window.clear()
        if passage.follows is None:
            self.edges.watch_anew()
        if not passage.resumed:
            self.waiting.forget_last_run(self._cameras)
        self._enter(Phase.ARRIVED)
        self._settle(reading.mass_kg, reading)

    # a truck is on it and its weight is looked for

    def _settle(self, mass_kg: int, reading: Reading) -> None:
        passage = self._current()
        if mass_kg < self._rule.leave_kg:
            self._enter(Phase.LEAVING)
            if self.pairs.together is not None:
                self.pairs.both_left(passage)
            elif passage.follows is None:
                self.waiting.turned_away(reading.at + self._rule.return_s)
                self._listener.left_unweighed(passage, self._why_unweighed())
            else:
                if self.edges.crossed:
                    self._listener.left_unweighed(passage, "drove over behind another truck")
            if passage.follows is not None:
                self.passage = passage.follows
            self._clear(reading.at)
            return
        # a weight counts only while nothing covers the edges: a truck that does moves on
        moving = reading.stable is False or bool(self.edges.blocking)
        settled = self._window.push(reading.at, mass_kg, motion=moving)
        if settled or self._window.begun:
            self._enter(Phase.SETTLING)
            if not passage.asked and passage.follows is None:
                passage.asked = True
                self._listener.settling(passage)
        else:
            self._enter(Phase.ARRIVED)
        stands_kg = self._window.mass_kg() if settled else 0
        if settled and self._stands_alone(passage, stands_kg, reading.at):
            passage.settled_at = reading.at
            passage.mass_kg = stands_kg
            passage.whole = self.edges.clear
            if passage.follows is None or self._is_recorded(passage, passage.follows):
                self.edges.watch_anew()
                self._enter(Phase.WEIGHED)
                self._join(reading.at)

    def _why_unweighed(self) -> str:
        if self._current().after_gap:
            return "left while the scale gave no weight"
        if self.edges.crossed:
            return "drove over without stopping"
        return "left before its weight stood still"

    def _is_recorded(self, passage: Passage, before: Passage) -> bool:
        """Whether a weight found without the scale having been free is to be recorded.

        If so, `passage` says whether it weighs `before` anew. If not, the lane goes back to it.
        """
        another = self._another_was_seen(before)
        if self.pairs.stand_beside(passage, before, another):
            return False
        found = meaning(passage, before, self._rule, another, self.edges.crossed)
        if found == "another":
            self._on_its_own(passage, before, passage.arrived_at)
        elif found == "reweigh":
            passage.corrects = before.seq
            passage.sightings = dict(before.sightings)
        elif found == "same":
            self.edges.watch_anew()
            self._return_to(before, Phase.TOLD)
            self._listener.again(before)
        else:
            assert passage.mass_kg is not None
            self._return_to(before, Phase.LEAVING)
            self._lowest_kg = passage.mass_kg
        return found in ("another", "reweigh")

    def _on_its_own(self, passage: Passage, before: Passage, at: float) -> None:
        """It is another truck than the one recorded before, which has gone."""
        passage.follows = passage.corrects = None
        # what it was given as long as it was taken for the other one
        passage.sightings = {}
        before.gone_at = at
        self._listener.departed(before)

    def _another_was_seen(self, before: Passage) -> bool:
        """Every source has seen something since that is not the truck recorded before."""
        fresh = {s.device for s in self.waiting.kept if s.plate is None or s.plate != before.plate}
        return bool(self._sources) and fresh.issuperset(self._sources)

    def _return_to(self, passage: Passage, phase: Phase) -> None:
        self.passage = passage
        self._enter(phase)

    # the weight stands

    def _wait(self, mass_kg: int, reading: Reading) -> None:
        passage = self._current()
        assert passage.mass_kg is not None
        if mass_kg < self._rule.leave_kg:
            self._finish(passage)
            self._watch(mass_kg, reading)
        elif mass_kg > passage.mass_kg + self._rule.stability.tolerance_kg and not (
            passage.whole and self.edges.covered
        ):
            passage.stood_kg = passage.mass_kg
            self._begin(passage, reading)
        else:
            self._join(reading.at)

    def _join(self, now: float) -> None:
        passage = self._current()
        assert passage.settled_at is not None
        since = self._since(passage)
        missing = [
            device
            for device in self._sources
            if device not in passage.sightings and not self.waiting.has_own(device, since)
        ]
        missing += passage.expected
        wait_s = self._rule.resume_wait_s if passage.resumed else self._rule.join_wait_s
        if not missing or now - passage.settled_at >= wait_s:
            for device in (*self._sources, *self._cameras):
                inherited = passage.sightings.get(device)
                if inherited is not None and (
                    inherited.kind == "plate" or passage.corrects is None
                ):
                    continue
                sighting = self.waiting.take(device, since)
                if sighting is not None:
                    passage.sightings[device] = sighting
            self._finish(passage)

    def _since(self, passage: Passage) -> float:
        rule = self._rule
        return passage.arrived_at - (
            rule.resume_before_s if passage.resumed else rule.join_before_s
        )

    def _finish(self, passage: Passage) -> None:
        self.last = passage
        self._enter(Phase.JUDGED)
        self._listener.complete(passage)

    # the truck is known; it stays, moves or leaves

    def _watch(self, mass_kg: int, reading: Reading) -> None:
        passage = self._current()
        if mass_kg < self._rule.leave_kg:
            self._enter(Phase.LEAVING)
            self._clear(reading.at)
            return
        if self.phase is Phase.JUDGED:
            return
        assert passage.mass_kg is not None
        if self._unwatched:
            self._weigh_anew(passage, reading, after_gap=True)
        elif self.phase is Phase.TOLD:
            if mass_kg > passage.mass_kg + self._rule.change_kg:
                self._weigh_anew(passage, reading)
            elif mass_kg < passage.mass_kg - self._rule.change_kg:
                self._lowest_kg = mass_kg
                self._window.clear()
                self._enter(Phase.LEAVING)
        else:
            self._lowest_kg = min(self._lowest_kg, mass_kg)
            if mass_kg > self._lowest_kg + self._rule.change_kg:
                self._weigh_anew(passage, reading)
            elif self.edges.clear and self._window.push(reading.at, mass_kg):
                # less, and wholly on the scale: unloaded there, or another truck
                self._weigh_anew(passage, reading)
            elif not self.edges.clear:
                self._window.clear()

    def _weigh_anew(self, before: Passage, reading: Reading, after_gap: bool = False) -> None:
        passage = Passage(
            reading.at, resumed=not self._seen_free, follows=before, after_gap=after_gap
        )
        if self.phase is Phase.LEAVING:
            passage.dipped_kg = self._lowest_kg
        self._unwatched = False
        self._begin(passage, reading)

    def _clear(self, at: float) -> None:
        passage, self.passage = self.passage, None
        if passage is not None:
            passage.gone_at = at
            self.waiting.left([d for d in self._sources if d not in passage.sightings], at)
            if passage.settled_at is not None:
                self._listener.departed(passage)
        self._unwatched = False
        self._enter(Phase.EMPTY)
        self._listener.cleared()

    def _stands_alone(self, passage: Passage, mass_kg: int, at: float) -> bool:
        """Whether a weight that stands is to be taken: not that of two trucks."""
        who = self.pairs.who_stands(passage, mass_kg)
        before = passage.follows
        if who == "first" and before is not None:
            self.edges.watch_anew()
            self._return_to(before, Phase.TOLD)
            self._listener.again(before)
            return False
        if who == "second" and before is not None:
            self._on_its_own(passage, before, at)
        return who != "both"

    # sightings and the scale's state

    def _late_owner(self, sighting: Sighting) -> Passage | None:
        """The passage whose record is stored without this event, though it belongs to it."""
        last = self.last
        if last is None or last.seq is None or sighting.device in last.sightings:
            return None
        if sighting.device not in self._sources:
            return None
        if not sighting.late:
            return last if self.passage is last and self.phase is Phase.TOLD else None
        until = last.gone_at if last.gone_at is not None else float("inf")
        return last if self._since(last) <= sighting.seen_at <= until else None

    def _late_picture(self, passage: Passage, sighting: Sighting, stands: bool) -> None:
        """A picture that came when the truck's record was made already."""
        if passage.settled_at is None:
            self.waiting.passed.append(sighting.id)
        elif passage.seq is None:
            passage.pictures_late.append((sighting, stands))
        else:
            self._listener.pictured_late(passage, sighting, stands)

    def _repeats(self, sighting: Sighting) -> bool:
        """A camera that was set off again by the truck that is on the scale and recorded."""
        if self.passage is None or self.passage is not self.last:
            return False
        first = self.passage.sightings.get(sighting.device)
        return first is not None and sighting.plate is not None and first.plate == sighting.plate

    def _no_weight(self, state: DeviceState, fault: str) -> None:
        self.mass_kg = None
        self._window.clear()
        if self.phase is Phase.SETTLING:
            self._enter(Phase.ARRIVED)
        if (self.scale, self.scale_fault) != (state, fault):
            self.scale, self.scale_fault = state, fault
            self._listener.changed()

    def _gap(self) -> None:
        """The scale gave no weight for a while: another truck may stand on it now."""
        if self.phase in (Phase.WEIGHED, Phase.JUDGED, Phase.TOLD, Phase.LEAVING):
            self._unwatched = True
        elif self.passage is not None:
            self.passage.after_gap = True

    def _current(self) -> Passage:
        assert self.passage is not None, f"no truck in phase {self.phase}"
        return self.passage

    def _enter(self, phase: Phase) -> None:
        if phase is self.phase:
            return
        if phase not in TRANSITIONS[self.phase]:
            raise AssertionError(f"{self.phase} to {phase} is no step of a lane")
        self.phase = phase
        self._listener.changed()
