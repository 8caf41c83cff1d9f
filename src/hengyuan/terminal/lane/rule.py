"""The lane's rule, from the tables of its configuration."""

from __future__ import annotations

from hengyuan.terminal.config import LaneConfig
from hengyuan.terminal.lane.completing import Ways
from hengyuan.terminal.lane.edges import EdgeRule
from hengyuan.terminal.lane.stability import StabilityRule
from hengyuan.terminal.lane.terms import LaneRule
from hengyuan.terminal.store.held import Why
from hengyuan.terminal.store.tares import TareRule

HOUR_MS = 3_600_000
_NAMING = ("front", "rear")


def rule_of(config: LaneConfig) -> LaneRule:
    """The lane's rule from its tables."""
    stability, joining = config.table.stability, config.table.joining
    position = config.table.position
    return LaneRule(
        stability=StabilityRule(
            window_s=stability.window_ms / 1000,
            tolerance_kg=stability.tolerance_kg,
            min_frames=stability.min_frames,
        ),
        arrive_kg=stability.arrive_kg,
        leave_kg=stability.leave_kg,
        change_kg=stability.change_kg,
        same_kg=stability.same_kg,
        stale_after_s=stability.stale_after_ms / 1000,
        join_wait_s=joining.wait_ms / 1000,
        join_before_s=joining.before_s,
        resume_before_s=joining.resume_before_s,
        resume_wait_s=joining.resume_wait_ms / 1000,
        return_s=joining.return_s,
        edges=EdgeRule(stuck_s=position.stuck_s, lost_s=position.lost_s),
    )


def ways_of(config: LaneConfig) -> Ways:
    """How the lane works, from its tables."""
    table = config.table
    whys: dict[Why, bool] = {"over": table.hold.over, "unknown": table.hold.unknown}
    return Ways(
        kind=table.kind,
        drives_out=table.drives_out,
        tares=TareRule(
            valid_ms=round(table.tares.valid_h * HOUR_MS),
            keep_ms=table.tares.keep_days * 24 * HOUR_MS,
        ),
        least_net_kg=table.tares.least_net_kg,
        holds=frozenset(why for why, held in whys.items() if held),
        reweigh_ms=round(table.hold.reweigh_h * HOUR_MS),
    )


def sources_of(config: LaneConfig) -> list[str]:
    """The devices whose sightings a passage waits for: they name the truck or count its axles."""
    cameras = [each.name for each in config.cameras if getattr(each, "view", "front") in _NAMING]
    return [*([] if config.axles is None else [config.axles.name]), *cameras]


def exit_cameras(config: LaneConfig) -> frozenset[str]:
    """The cameras behind the scale."""
    return frozenset(c.name for c in config.cameras if getattr(c, "view", "front") == "exit")
