"""Pictures that a lane asks its cameras for while a truck stands: of the cab, of the weigh room."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Protocol, cast, runtime_checkable

import structlog

from hengyuan.terminal.config import LaneConfig
from hengyuan.terminal.devices import DeviceState, Picture
from hengyuan.terminal.drivers.base import Device
from hengyuan.terminal.lane.intake import ONLY_PICTURES, SightingIntake
from hengyuan.terminal.lane.keepers import Spawn
from hengyuan.terminal.lane.lane import Lane
from hengyuan.terminal.lane.passage import Passage

log = structlog.get_logger(__name__)


@runtime_checkable
class Camera(Protocol):
    """A camera that can be asked what it sees."""

    name: str

    @property
    def state(self) -> DeviceState:
        """How it is with it at this moment."""
        ...

    async def snapshot(self) -> Picture:
        """What it sees now. Raises `OSError`."""
        ...


def askable(device: object) -> Camera | None:
    """The camera that a device is, if it can be asked; not one that only pushes."""
    can = isinstance(device, Camera) and getattr(device, "can_be_asked", True)
    return cast("Camera", device) if can else None


def picture_cameras(config: LaneConfig) -> tuple[str, ...]:
    """The cameras of a lane that name no truck."""
    return tuple(
        camera.name for camera in config.cameras if getattr(camera, "view", None) in ONLY_PICTURES
    )


class Pictures:
    """Asks when a truck comes to rest, so that the pictures are there when its weight stands."""

    def __init__(
        self,
        config: LaneConfig,
        devices: Mapping[str, Device],
        intake: SightingIntake,
        spawn: Spawn,
    ) -> None:
        named = [devices[name] for name in picture_cameras(config)]
        self._cameras: list[Camera] = [c for c in map(askable, named) if c is not None]
        self._intake = intake
        self._spawn = spawn

    def ask(self, lane: Lane, passage: Passage) -> None:
        """Have a picture made by every camera; one that is known to be away is not waited for."""
        for camera in self._cameras:
            if camera.state not in (DeviceState.OFFLINE, DeviceState.FAULT):
                lane.expect(passage, camera.name)
            self._spawn(self._take(lane, passage, camera))

    async def _take(self, lane: Lane, passage: Passage, camera: Camera) -> None:
        sighting = None
        try:
            picture = await camera.snapshot()
            sighting = await self._intake.keep_picture(camera.name, picture)
        except (OSError, sqlite3.Error) as error:
            log.warning("lane.no_picture", camera=camera.name, error=str(error))
        finally:
            lane.pictured(passage, camera.name, sighting)
