"""Whatever scale, sensors and cameras say, in any order: the lane never fails and loses nobody."""

import random

import pytest

from hengyuan.terminal.lane.phases import Phase
from tests.terminal.lanes import Bench

EDGES = ("front_edge", "rear_edge")


class Anything:
    """A gate where everything may happen."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        places = self.random.choice([(), EDGES, ("rear_edge",)])
        self.bench = Bench(
            sources=self.random.choice([(), ("front",), ("front", "rear", "axles")]),
            cameras=("cab",),
            places=places,
        )
        self.bench.heard.settling = self._settling
        self.bench.heard.complete = self._complete
        self.storing = []
        self.blocked = []
        self.bench.lane.reading = self._reading
        self.mass_kg = 0
        self.expecting = []
        self.wrong = []

    def _reading(self, reading):
        if self.bench.lane.edges.blocking:
            self.blocked.append(reading.at)
        type(self.bench.lane).reading(self.bench.lane, reading)

    def _settling(self, passage):
        if self.random.random() < 0.8:
            self.bench.lane.expect(passage, "cab")
            self.expecting.append(passage)

    def _complete(self, passage):
        self.bench.heard.completed.append(passage)
        self.storing.append(passage)
        since = passage.settled_at - self.bench.lane.rule.stability.window_s
        if any(since <= at <= passage.settled_at for at in self.blocked):
            self.wrong.append("a frame counted although an edge was covered")

    def step(self):
        getattr(self, self.random.choice(STEPS))()

    def move(self):
        goal = self.random.choice([0, 300, 900, 14_000, 30_000, 30_300, 47_000, 199_000])
        self.bench.ramp(self.mass_kg, goal, self.random.randint(1, 12))
        self.mass_kg = goal

    def stand(self):
        stable = self.random.choice([None, None, None, True, False])
        self.bench.hold(self.mass_kg, self.random.choice([0.2, 0.8, 1.3, 3.0]), stable)

    def silence(self):
        self.bench.silence(self.random.choice([0.5, 2.5, 8.0]))

    def fault(self):
        self.bench.show(None, fault=self.random.choice(["over_range", "not_zeroed"]))

    def nonsense(self):
        self.bench.show(self.random.choice([999_999, -999_999, -300]))

    def beam(self):
        if self.bench.seen:
            place = self.random.choice(sorted(self.bench.seen))
            covered = self.random.choice([True, False, False, False, None])
            self.bench.beams(**{place: covered})

    def camera(self):
        plate = self.random.choice([None, "晋L00001", "晋L00002", "晋L00003"])
        device = self.random.choice(["front", "rear", "stranger"])
        late = self.random.random() < 0.2
        ago_s = self.random.choice([0.0, 5.0, 100.0, 1e9]) if late else 0.0
        self.bench.camera(plate, device, ago_s, late, rear=device == "rear")

    def axles(self):
        sum_kg = self.random.choice([None, None, 14_000, 17_000, 30_000, 47_000])
        self.bench.axles(self.random.randint(2, 6), sum_kg)

    def follow(self):
        """Another truck is seen and comes onto the scale behind whoever stands there."""
        self.bench.camera(self.random.choice(["晋L33333", "晋L44444", "晋L55555"]))
        goal = self.mass_kg + self.random.choice([7_000, 24_000])
        self.bench.ramp(self.mass_kg, min(goal, 190_000))
        self.mass_kg = min(goal, 190_000)
        self.stand()

    def one_only(self):
        self.bench.lane.one_only()

    def backed(self):
        self.bench.lane.reversed("axles")

    def picture(self):
        if self.expecting:
            passage = self.expecting.pop(self.random.randrange(len(self.expecting)))
            given = self.bench.picture("cab") if self.random.random() < 0.7 else None
            self.bench.lane.pictured(passage, "cab", given)

    def store(self):
        """One of the records is stored, and told if its truck is there still."""
        if self.storing:
            passage = self.storing.pop(0)
            self.bench._seq += 1
            self.bench.lane.stored(passage, self.bench._seq)
            if self.random.random() < 0.8:
                self.bench.lane.told(passage)

    def end(self):
        """Everything is sound again, and nobody is on the scale."""
        while self.storing:
            self.store()
        if self.bench.seen:
            self.bench.beams(**dict.fromkeys(self.bench.seen, False))
        self.bench.hold(0, 5.0)


STEPS = [
    "move", "move", "move", "stand", "stand", "stand", "stand", "stand", "stand", "silence",
    "fault", "nonsense", "beam", "beam", "camera", "camera", "axles", "backed", "picture",
    "one_only", "follow", "follow", "store", "store", "store",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_the_lane_ends_in_a_defined_state_and_every_truck_in_a_record_or_a_reason(seed):
    world = Anything(seed)
    bench = world.bench
    for _ in range(100):
        world.step()
    world.end()
    assert bench.phase is Phase.EMPTY
    assert bench.lane.passage is None
    assert world.wrong == []
    # whoever was recorded has left once, under the last of the weighings that correct each other
    corrected = {p.corrects for p in bench.heard.completed if p.corrects is not None}
    last = [p for p in bench.heard.completed if p.seq not in corrected]
    assert sorted(id(p) for p in bench.heard.gone) == sorted(id(p) for p in last)
    # two trucks that stood together do not any more
    assert bench.lane.pairs.together is None
    assert len(bench.heard.two) == len(bench.heard.left)
    # a sighting belongs to one truck, or to nobody
    used = [s.id for p in last for s in p.sightings.values()]
    assert len(used) == len(set(used))
    assert set(used).isdisjoint(bench.lane.waiting.take_passed())
    # and the next truck is weighed like any other
    before = len(bench.heard.completed)
    bench.heard.settling = lambda passage: None
    bench.hold(0, 700.0)
    bench.ramp(0, 25_000)
    for device in bench.lane._sources:
        bench.axles() if device == "axles" else bench.camera("晋L09999", device)
    bench.hold(25_000, 3.0)
    assert bench.heard.completed[before].mass_kg == 25_000
