"""Following two trucks that stand on the scale together, until one of them is alone.

What is seen of them is judged by `together.py`. Here is what it means for the passage: no weight is
taken while both are there; who is alone then is weighed, or known to be weighed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from hengyuan.terminal.lane.edges import Edges
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.sightings import Sighting, Waiting
from hengyuan.terminal.lane.terms import LaneRule, Listener
from hengyuan.terminal.lane.together import (
    Left,
    Together,
    Why,
    axle_sum_kg,
    behind,
    fits,
    since_empty,
)

Stands = Literal["one", "both", "first", "second"]
"""Who makes up a weight: `one` truck of which there was never a doubt, or was once before; `first`
and `second` of two that stood there together until now."""


class Pairs:
    """The pairs of one lane, one after the other."""

    def __init__(
        self,
        rule: LaneRule,
        sources: Sequence[str],
        waiting: Waiting,
        edges: Edges,
        listener: Listener,
    ) -> None:
        self._rule = rule
        self._sources = tuple(sources)
        self._waiting = waiting
        self._edges = edges
        self._listener = listener
        self.together: Together | None = None
        """Two trucks stand on the scale; no weight counts until one of them is alone."""

    def course(self, mass_kg: int) -> None:
        """A frame of the scale, in motion or not."""
        if self.together is not None:
            self.together.course(mass_kg, self._rule.change_kg)

    def who_stands(self, passage: Passage, mass_kg: int) -> Stands:
        """Who makes up a weight that stands. For `first` and `second` the passage is made theirs,
        as far as that needs no other."""
        if self.together is None:
            return "both" if self._found(passage, mass_kg) else "one"
        who = self.together.alone(mass_kg, self._rule.change_kg, self._sums(passage))
        if who is None:
            return "both"
        passage.surely_one = True
        if passage.follows is None and who == "first":
            self._name_first(passage)
        elif passage.follows is None:
            self._listener.left_unweighed(passage, "left while two trucks stood on the scale")
        self.over(who)
        return who

    def stand_beside(self, passage: Passage, before: Passage, another: bool) -> bool:
        """Whether the weight of a passage is of the recorded truck and a second one.

        `another`: every camera and identifier has seen another vehicle since.
        """
        assert passage.mass_kg is not None
        why = self._beside(passage, before, passage.mass_kg, another)
        if why is None:
            return False
        sum_kg = axle_sum_kg(before.axles)
        assert before.mass_kg is not None
        whole = sum_kg is None or fits(before.mass_kg, sum_kg)
        self._begin(passage, why, passage.mass_kg, before.mass_kg if whole else None)
        return True

    def both_left(self, passage: Passage) -> None:
        """The scale is free, and no one of them stood there alone."""
        self._listener.left_unweighed(passage, "two trucks stood on the scale")
        # whose plate it was nobody can tell when they come again one by one
        for sighting in self._fresh(passage.arrived_at - self._rule.join_before_s):
            self._waiting.drop(sighting)
        self.over("none")

    def over(self, left: Left) -> None:
        """There are not two any more, if there were."""
        if self.together is not None:
            self.together = None
            self._listener.together_over(left)

    def _found(self, passage: Passage, mass_kg: int) -> bool:
        # after a restart nobody knows how many have gone since they were seen
        if passage.follows is not None or passage.resumed or passage.surely_one:
            return False
        seen = self._fresh(passage.arrived_at - self._rule.join_before_s)
        why = since_empty(mass_kg, seen, passage.arrived_at)
        if why is not None:
            self._begin(passage, why, mass_kg, passage.stood_kg)
        return why is not None

    def _beside(self, passage: Passage, before: Passage, mass_kg: int, another: bool) -> Why | None:
        assert before.mass_kg is not None and before.settled_at is not None
        if passage.surely_one or passage.after_gap or self._edges.crossed:
            return None
        more = mass_kg > before.mass_kg + self._rule.change_kg
        less = mass_kg < before.mass_kg - self._rule.change_kg
        dipped_kg = before.mass_kg if passage.dipped_kg is None else passage.dipped_kg
        # one that is half off the scale does not come back when the next one follows it
        if dipped_kg * 2 <= before.mass_kg or not (more or (less and another)):
            return None
        rear_covered = more and "rear_edge" in self._edges.were_covered
        return behind(before, mass_kg, self._fresh(before.settled_at), rear_covered)

    def _begin(self, passage: Passage, why: Why, both_kg: int, first_kg: int | None) -> None:
        passage.settled_at = passage.mass_kg = None
        self.together = Together(why, both_kg, first_kg)
        self._listener.together(passage, self.together)

    def _name_first(self, passage: Passage) -> None:
        """Join what was seen of the first of two trucks; the rest is of the second."""
        fresh = self._fresh(passage.arrived_at - self._rule.join_before_s)
        for device in self._sources:
            of_it = sorted((s for s in fresh if s.device == device), key=lambda s: s.seen_at)
            if len(of_it) > 1:
                passage.sightings[device] = of_it[0]
                self._waiting.kept.remove(of_it[0])

    def _sums(self, passage: Passage) -> tuple[int | None, int | None]:
        """What the axles of the first and of the second bore."""
        fresh = self._fresh(passage.arrived_at - self._rule.join_before_s)
        read = sorted((s for s in fresh if s.kind == "axles"), key=lambda s: s.seen_at)
        if passage.follows is not None:
            first = axle_sum_kg(passage.follows.axles)
            return first, (axle_sum_kg(read[-1].body) if read else None)
        first = axle_sum_kg(read[0].body) if read else None
        return first, (axle_sum_kg(read[-1].body) if len(read) > 1 else None)

    def _fresh(self, since: float) -> list[Sighting]:
        return self._waiting.fresh(self._sources, since)
