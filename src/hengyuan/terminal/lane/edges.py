"""The beams at the edges of the scale: whether a truck stands wholly on it. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from hengyuan.terminal.devices import SensorPlace

EDGES: tuple[SensorPlace, ...] = ("front_edge", "rear_edge")
FREE_S = 10.0
"""A truck that drives off has its tail off the edge by then."""


@dataclass(frozen=True, slots=True)
class EdgeRule:
    """When a beam is not believed any more; see `config_tables.PositionTable`. Times in s."""

    stuck_s: float = 300.0
    lost_s: float = 5.0


class Edges:
    """What the beams at the edges see, and whether that may be believed.

    A covered edge, and one of which nothing has been known for a moment, blocks: no weight counts.
    One that stays unknown, or covered over a free scale, is dead and blocks nothing any more, so
    that a broken beam does not close the gate; that it is dead is for others to tell.
    """

    def __init__(self, places: Collection[SensorPlace], rule: EdgeRule, started_at: float) -> None:
        self.places = tuple(place for place in EDGES if place in places)
        self._rule = rule
        self._seen: dict[SensorPlace, bool | None] = dict.fromkeys(self.places)
        self._unknown_since = dict.fromkeys(self.places, started_at)
        self._covered_since: dict[SensorPlace, float] = {}
        self._dead: set[SensorPlace] = set()
        self._crossed: set[SensorPlace] = set()

    def sensed(self, covered: Mapping[SensorPlace, bool | None], at: float) -> None:
        """What is seen now; a place that is not named is not known."""
        for place in self.places:
            seen = self._seen[place] = covered.get(place)
            if seen is None:
                self._unknown_since.setdefault(place, at)
                continue
            self._unknown_since.pop(place, None)
            if seen:
                self._covered_since.setdefault(place, at)
                self._crossed.add(place)
            else:
                self._covered_since.pop(place, None)
                self._dead.discard(place)

    def tick(self, now: float, free_s: float) -> None:
        """Time passed. `free_s`: for how long the scale has been known to be free."""
        for place in self.places:
            unknown_since = self._unknown_since.get(place, now)
            covered_since = self._covered_since.get(place, now)
            lost = now - unknown_since >= self._rule.lost_s
            stuck = now - covered_since >= self._rule.stuck_s and free_s >= FREE_S
            if lost or stuck:
                self._dead.add(place)
            elif not self._covered_since.get(place) and self._seen[place] is not None:
                self._dead.discard(place)

    @property
    def covered(self) -> tuple[SensorPlace, ...]:
        """Edges that something covers, as far as their beams are believed."""
        return tuple(p for p in self.places if self._seen[p] and p not in self._dead)

    @property
    def blocking(self) -> tuple[SensorPlace, ...]:
        """Edges for whose sake no weight counts now."""
        return tuple(p for p in self.places if self._seen[p] is not False and p not in self._dead)

    @property
    def dead(self) -> tuple[SensorPlace, ...]:
        """Edges whose beams are not believed."""
        return tuple(p for p in self.places if p in self._dead)

    @property
    def clear(self) -> bool:
        """Both ends of the scale are watched, and nothing covers them."""
        return self.places == EDGES and not any(
            self._seen[p] is not False or p in self._dead for p in self.places
        )

    @property
    def crossed(self) -> bool:
        """Both edges have been covered since `watch_anew`: one went off, another came on."""
        return self._crossed >= set(EDGES)

    @property
    def were_covered(self) -> frozenset[SensorPlace]:
        """Edges that have been covered since `watch_anew`."""
        return frozenset(self._crossed)

    def watch_anew(self) -> None:
        """What was covered until now was so by the truck that is on the scale."""
        self._crossed = {place for place in self.places if self._seen[place]}
