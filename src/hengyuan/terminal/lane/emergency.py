"""Which running emergency plan lets people write down a weight at a lane."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from hengyuan.terminal.store.plans import PlanRun
from hengyuan.terminal.upkeep.settings import PlanTable

_WITHOUT_SCALE = frozenset({"scale", "axle", "terminal"})
"""Kinds of devices without which a lane may be unable to weigh or to judge."""


def weighing_plans(plans: Iterable[PlanTable]) -> frozenset[str]:
    """The titles of those that are for a gate that cannot weigh; a dark display is no reason."""
    return frozenset(
        plan.title
        for plan in plans
        if not plan.begins_with or not _WITHOUT_SCALE.isdisjoint(plan.begins_with)
    )


def running_for(
    runs: Iterable[PlanRun],
    own: Collection[str],
    devices: Collection[str],
    titles: frozenset[str] | None,
) -> PlanRun | None:
    """The plan that runs for a lane, None where there is none.

    `own`: the names of its scale and of its axle identifier. `devices`: those of the terminal.
    `titles`: as of `weighing_plans`; None where any plan will do. A plan that the terminal began is
    for the device that it names; one that people began is for the devices in its cause, and for
    every lane where it names none.
    """
    for run in runs:
        named = _named(run.cause, devices)
        mine = any(name in own for name in named)
        if not run.begun_by:
            if mine:
                return run
        elif (titles is None or run.title in titles) and (mine or not named):
            return run
    return None


def _named(cause: str, devices: Collection[str]) -> list[str]:
    """The devices that a text names; `scale12` does not name `scale1`."""
    found = []
    for name in sorted(devices, key=len, reverse=True):
        if name in cause:
            found.append(name)
            cause = cause.replace(name, " ")
    return found
