"""What is to be done next at a lane, in one word; displays and pages put it into sentences."""

from __future__ import annotations

from hengyuan.terminal.board import LaneView, NextStep
from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.lane.edges import EDGES
from hengyuan.terminal.lane.lane import Lane
from hengyuan.terminal.lane.phases import Phase


def next_step(lane: Lane, view: LaneView) -> NextStep:
    """See `board.NextStep`."""
    if "store" in view.faults:
        return "store_fault"
    if lane.phase is Phase.JUDGED:
        return "recording"
    if lane.phase is Phase.TOLD:
        return _after_verdict(view)
    if lane.scale in (DeviceState.STALE, DeviceState.FAULT):
        return "scale_fault"
    if lane.phase is Phase.EMPTY:
        return "drive_on"
    if lane.phase is Phase.LEAVING:
        return "drive_off"
    if lane.pairs.together is not None:
        return "two_trucks"
    held_by = lane.held_by
    if held_by == EDGES:
        return "too_long"
    if "rear_edge" in held_by:
        return "move_forward"
    if "front_edge" in held_by:
        return "move_back"
    return "wait"


def _after_verdict(view: LaneView) -> NextStep:
    if view.hold == "over":
        return "unload"
    if view.hold == "unknown":
        return "gatekeeper"
    return "drive_off"
