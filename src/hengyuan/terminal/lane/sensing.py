"""A lane's position sensors at work: what they see, and which of them are not believed."""

from __future__ import annotations

from collections.abc import Mapping

from hengyuan.terminal.clock import Clock
from hengyuan.terminal.devices import SensorPlace
from hengyuan.terminal.drivers.base import SensorDriver
from hengyuan.terminal.lane.detail import detail_of
from hengyuan.terminal.lane.keepers import Reporter, Spawn
from hengyuan.terminal.lane.lane import Lane


class Sensing:
    """Asks the driver over and over, so that one that died is unknown and not as it was last."""

    def __init__(
        self,
        driver: SensorDriver | None,
        lost_s: float,
        clock: Clock,
        spawn: Spawn,
        reporter: Reporter,
    ) -> None:
        self._driver = driver
        self._lost_s = lost_s
        self._clock = clock
        self._spawn = spawn
        self._reporter = reporter
        self.covered: Mapping[SensorPlace, bool | None] = {}
        self._known_at: dict[SensorPlace, float] = {}
        self._dead: set[SensorPlace] = set()
        self.trucks = 0
        """How many were weighed since a sensor died."""
        if driver is not None:
            self.covered = dict(driver.reading.covered)
            self._known_at = dict.fromkeys(self.covered, clock.monotonic())

    @property
    def places(self) -> frozenset[SensorPlace]:
        """What the sensors look at."""
        return frozenset(self.covered)

    def tick(self, lane: Lane) -> None:
        """Take what is seen now to the lane, and report what is not believed any more."""
        if self._driver is None:
            return
        now = self._clock.monotonic()
        self.covered = dict(self._driver.reading.covered)
        lane.sensed(self.covered, now)
        for place, seen in self.covered.items():
            if seen is not None:
                self._known_at[place] = now
        lost = {p for p in self.covered if now - self._known_at.get(p, now) >= self._lost_s}
        stuck = set(lane.edges.dead) - lost
        if lost | stuck != self._dead:
            self._report(lost, stuck)

    def weighed(self) -> None:
        """A truck was recorded."""
        self.trucks += bool(self._dead)

    def _report(self, lost: set[SensorPlace], stuck: set[SensorPlace]) -> None:
        back = self._dead - lost - stuck
        died = (lost | stuck) - self._dead
        self._dead = lost | stuck
        if died:
            self._note("sensor_lost", lost=sorted(lost & died), stuck=sorted(stuck & died))
        if back:
            self._note("sensor_back", back=sorted(back), weighed_meanwhile=self.trucks)
        if self._dead:
            self._reporter.fault("sensors", ", ".join(sorted(self._dead)))
        else:
            self.trucks = 0
            self._reporter.sound("sensors")

    def _note(self, what: str, **detail: object) -> None:
        self._spawn(self._reporter.note(what, detail_of(**detail)))
