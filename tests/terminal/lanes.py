"""A lane without devices or disk: frames and sightings are put in by hand, by a clock of ours."""

from __future__ import annotations

from dataclasses import dataclass, field

from hengyuan.terminal.devices import Reading, SensorPlace
from hengyuan.terminal.lane.edges import EdgeRule
from hengyuan.terminal.lane.lane import Lane
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.lane.sightings import AxlesSeen, PlateSeen, Sighting
from hengyuan.terminal.lane.stability import StabilityRule
from hengyuan.terminal.lane.terms import LaneRule
from hengyuan.terminal.lane.together import Left, Together

FRAME_S = 0.1

RULE = LaneRule(
    stability=StabilityRule(window_s=1.0, tolerance_kg=40, min_frames=5),
    arrive_kg=1000,
    leave_kg=500,
    change_kg=500,
    same_kg=100,
    stale_after_s=2.0,
    join_wait_s=1.5,
    join_before_s=60.0,
    resume_before_s=600.0,
    resume_wait_s=5.0,
    return_s=20.0,
    edges=EdgeRule(stuck_s=300.0, lost_s=5.0),
)


@dataclass
class Heard:
    """What the lane asked for, in order."""

    completed: list[Passage] = field(default_factory=list)
    late: list[tuple[Passage, Sighting]] = field(default_factory=list)
    unweighed: list[str] = field(default_factory=list)
    again_: list[Passage] = field(default_factory=list)
    settled: list[Passage] = field(default_factory=list)
    gone: list[Passage] = field(default_factory=list)
    pictured: list[tuple[Passage, Sighting, bool]] = field(default_factory=list)
    two: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    clearings: int = 0
    changes: int = 0

    def settling(self, passage: Passage) -> None:
        self.settled.append(passage)

    def departed(self, passage: Passage) -> None:
        self.gone.append(passage)

    def complete(self, passage: Passage) -> None:
        self.completed.append(passage)

    def complete_late(self, passage: Passage, sighting: Sighting) -> None:
        self.late.append((passage, sighting))

    def pictured_late(self, passage: Passage, sighting: Sighting, stands: bool) -> None:
        self.pictured.append((passage, sighting, stands))

    def left_unweighed(self, passage: Passage, reason: str) -> None:
        self.unweighed.append(reason)

    def together(self, passage: Passage, two: Together) -> None:
        self.two.append(two.why)

    def together_over(self, left: Left) -> None:
        self.left.append(left)

    def again(self, passage: Passage) -> None:
        self.again_.append(passage)

    def cleared(self) -> None:
        self.clearings += 1

    def changed(self) -> None:
        self.changes += 1


class Bench:
    """A lane, its clock and whoever stands on the scale."""

    def __init__(
        self,
        sources: tuple[str, ...] = ("front", "axles"),
        on_scale: Passage | None = None,
        rule: LaneRule = RULE,
        cameras: tuple[str, ...] = (),
        places: tuple[SensorPlace, ...] = (),
    ) -> None:
        self.now = 1000.0
        self.heard = Heard()
        self.lane = Lane(rule, sources, self.heard, self.now, on_scale, cameras, places)
        self.seen: dict[SensorPlace, bool | None] = dict.fromkeys(places, False)
        self.beams(**self.seen)
        self._ids = 0
        self._seq = 0 if on_scale is None else on_scale.seq or 0

    @property
    def phase(self) -> Phase:
        return self.lane.phase

    def show(
        self, mass_kg: int | None, stable: bool | None = None, fault: str | None = None
    ) -> None:
        """One frame."""
        self.now += FRAME_S
        self.lane.sensed(self.seen, self.now)
        self.lane.tick(self.now)
        self.lane.reading(Reading(mass_kg, stable, self.now, b"", fault))

    def beams(self, **covered: bool | None) -> None:
        """What the sensors see from now on, of the places that are named."""
        self.seen.update(covered)  # type: ignore[arg-type]
        self.lane.sensed(self.seen, self.now)

    def hold(self, mass_kg: int, seconds: float, stable: bool | None = None) -> None:
        """The same weight for a while."""
        for _ in range(round(seconds / FRAME_S)):
            self.show(mass_kg, stable)

    def ramp(self, start_kg: int, end_kg: int, frames: int = 8) -> None:
        """A truck rolls on or off."""
        for step in range(1, frames + 1):
            self.show(start_kg + (end_kg - start_kg) * step // frames)

    def silence(self, seconds: float) -> None:
        """No frame comes; the clock goes on ticking."""
        for _ in range(round(seconds / FRAME_S)):
            self.now += FRAME_S
            self.lane.sensed(self.seen, self.now)
            self.lane.tick(self.now)

    def camera(
        self,
        plate: str | None,
        device: str = "front",
        ago_s: float = 0.0,
        late: bool = False,
        rear: bool = False,
    ) -> Sighting:
        """A plate event."""
        self._ids += 1
        body = PlateSeen(plate=plate, rear=rear)
        sighting = Sighting(self._ids, device, "plate", self.now - ago_s, body, late)
        self.lane.sighted(sighting)
        return sighting

    def picture(self, device: str) -> Sighting:
        """What a camera gives that names no truck, before the lane has it."""
        self._ids += 1
        body = PlateSeen(only_pictures=True)
        return Sighting(self._ids, device, "plate", self.now, body)

    def axles(self, axles: int = 3, sum_kg: int | None = None) -> Sighting:
        """An axle reading; `sum_kg` where the identifier weighs too."""
        self._ids += 1
        group_kg = () if sum_kg is None else (sum_kg // 3, sum_kg - sum_kg // 3)
        body = AxlesSeen(axles=axles, group_kg=group_kg)
        sighting = Sighting(self._ids, "axles", "axles", self.now, body)
        self.lane.sighted(sighting)
        return sighting

    def finish(self) -> Passage:
        """The newest passage is stored and told."""
        passage = self.heard.completed[-1]
        self._seq += 1
        self.lane.stored(passage, self._seq)
        self.lane.told(passage)
        return passage

    def drive_on(self, mass_kg: int, plate: str | None = "晋L00001", axles: int | None = 3) -> None:
        """A truck comes, is seen, and rolls onto the scale."""
        if plate is not None:
            self.camera(plate)
        self.ramp(0, mass_kg)
        if axles is not None:
            self.axles(axles)

    def drive_off(self, mass_kg: int) -> None:
        """It rolls off and the scale is free."""
        self.ramp(mass_kg, 0)
        self.hold(0, 0.5)

    def whole_passage(self, mass_kg: int, plate: str | None = "晋L00001") -> Passage:
        """A truck from arrival to the free scale."""
        self.drive_on(mass_kg, plate)
        self.hold(mass_kg, 1.5)
        passage = self.finish()
        self.drive_off(mass_kg)
        return passage
