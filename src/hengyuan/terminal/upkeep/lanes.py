"""The lanes' scales, as upkeep looks at them."""

from __future__ import annotations

from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.lane.service import LaneService


class LaneScale:
    """The scale of one lane."""

    def __init__(self, service: LaneService) -> None:
        self._service = service
        self.name = service.config.scale.name

    def free_kg(self) -> int | None:
        """What it shows while no truck is there and it is sound; None otherwise."""
        lane = self._service.lane
        if lane.phase is not Phase.EMPTY or lane.scale is not DeviceState.OK:
            return None
        return lane.mass_kg
