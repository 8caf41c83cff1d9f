"""What it means that a weight stands which is not the one recorded, on a scale never seen free."""

from __future__ import annotations

from typing import Literal

from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.terms import LaneRule

Meaning = Literal["same", "another", "reweigh", "part"]
"""`same`: it is the truck that was recorded, unchanged. `another`: a truck of its own. `reweigh`:
the same truck, with a weight that replaces the first. `part`: the same one, half off the scale."""


def meaning(
    passage: Passage, before: Passage, rule: LaneRule, another_seen: bool, crossed: bool
) -> Meaning:
    """What `passage`, whose weight stands, is after `before`, which was recorded.

    `another_seen`: every camera and identifier has seen another vehicle since. `crossed`: both
    edges of the scale were covered since, as when one truck goes off and the next comes on.
    """
    assert passage.mass_kg is not None and before.mass_kg is not None
    change_kg = passage.mass_kg - before.mass_kg
    if passage.after_gap:
        return "same" if abs(change_kg) <= rule.same_kg and not another_seen else "another"
    if abs(change_kg) <= rule.change_kg:
        return "another" if another_seen and crossed else "same"
    if another_seen or crossed:
        return "another"
    if before.seq is not None and (change_kg > 0 or passage.whole):
        # it was not fully on the scale, or was loaded or unloaded there
        return "reweigh"
    return "part"
