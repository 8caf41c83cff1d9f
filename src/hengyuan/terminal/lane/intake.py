"""Sightings on their way in: stored before anyone is told that they were taken."""

from __future__ import annotations

import math
import sqlite3

import msgspec
import structlog

from hengyuan.record.model import FileKind, FileRef
from hengyuan.terminal.clock import CheckedClock, Clock, boot_id
from hengyuan.terminal.config import LaneConfig
from hengyuan.terminal.devices import AxleReading, Picture, PlateEvent
from hengyuan.terminal.drivers.settings import CameraView
from hengyuan.terminal.lane.sightings import AxlesSeen, PlateSeen, Sighting, SinceBoot, StoredFile
from hengyuan.terminal.store import KeptSighting, StoreWorker

log = structlog.get_logger(__name__)

_COMPARED = 50
"""Events of a camera from which the offset of its clock is taken."""

FRONT: dict[str, FileKind] = {
    "plate": "plate",
    "head": "head",
    "tail": "tail",
    "panorama": "front_side",
}
REAR: dict[str, FileKind] = {
    "plate": "plate",
    "head": "head",
    "tail": "tail",
    "panorama": "rear_side",
}
TYPED_BY = "#gatekeeper"
"""Stands for the device of a plate that a person typed."""
ONLY_PICTURES: dict[CameraView, FileKind] = {"cab": "cab", "weigh_room": "weigh_room"}


class SightingIntake:
    """Stores what one lane's cameras and axle identifier saw, and makes sightings of it."""

    def __init__(
        self, config: LaneConfig, store: StoreWorker, clock: Clock, checked: CheckedClock
    ) -> None:
        self._lane = config.table.number
        self._axles = None if config.axles is None else config.axles.name
        self._views: dict[str, CameraView] = {
            camera.name: getattr(camera, "view", "front") for camera in config.cameras
        }
        self._store = store
        self._clock = clock
        self._checked = checked

    async def keep_plate(self, event: PlateEvent) -> Sighting | None:
        """Store an event and its pictures; None if it was stored before.

        OSError or sqlite3.Error if the disk refuses: the camera has to send it again.
        """
        arrived = self._clock.monotonic()
        view = self._views.get(event.camera, "front")
        files = [await self._keep_picture(picture, view) for picture in event.pictures]
        names_it = view not in ONLY_PICTURES
        # by the platform's time as far as it is known: a step of this clock must age nothing
        received_ms = self._checked.request_ms()
        body = PlateSeen(
            plate=event.plate if names_it else None,
            colour=event.colour if names_it else None,
            confidence=event.confidence,
            camera_ms=round(event.camera_at.timestamp() * 1000) if event.camera_at else None,
            retransmission=event.retransmission,
            rear=view == "rear",
            direction=event.direction,
            only_pictures=not names_it,
            files=tuple(files),
            since_boot=self._since_boot(),
        )
        id_ = await self._store.do(
            self._store.store.keep_sighting,
            self._lane,
            event.camera,
            "plate",
            event.event_id,
            received_ms,
            msgspec.json.encode(body),
        )
        if id_ is None:
            return None
        seen_at = arrived
        if event.retransmission:
            seen_at -= await self._delay_s(event.camera, received_ms, body.camera_ms)
        return Sighting(id_, event.camera, "plate", seen_at, body, late=event.retransmission)

    async def keep_picture(self, camera: str, picture: Picture) -> Sighting:
        """Store what a camera was asked for. OSError or sqlite3.Error if the disk refuses."""
        seen_at = self._clock.monotonic()
        file = await self._keep_picture(picture, self._views[camera])
        body = PlateSeen(only_pictures=True, files=(file,))
        id_ = await self._store.do(
            self._store.store.keep_sighting,
            self._lane,
            camera,
            "plate",
            None,
            self._checked.request_ms(),
            msgspec.json.encode(body),
        )
        return Sighting(id_ or 0, camera, "plate", seen_at, body)

    async def keep_typed(self, body: PlateSeen) -> Sighting:
        """Store a plate that a person typed. sqlite3.Error if the disk refuses."""
        id_ = await self._store.do(
            self._store.store.keep_sighting,
            self._lane,
            TYPED_BY,
            "plate",
            None,
            self._checked.request_ms(),
            msgspec.json.encode(body),
        )
        return Sighting(id_ or 0, TYPED_BY, "plate", self._clock.monotonic(), body)

    async def _keep_picture(self, picture: Picture, view: CameraView) -> StoredFile:
        digest = await self._store.put_file(picture.data)
        named = REAR if view == "rear" else FRONT
        kind = ONLY_PICTURES.get(view) or named[picture.kind]
        return StoredFile(FileRef(digest=digest, kind=kind), len(picture.data))

    async def _delay_s(self, camera: str, received_ms: int, camera_ms: int | None) -> float:
        """How long ago a late event happened, by the offset of the camera's clock seen so far."""
        kept = await self._store.do(self._store.store.newest_sightings, camera, _COMPARED)
        bodies = [
            (each.received_ms, msgspec.json.decode(each.body, type=PlateSeen)) for each in kept
        ]
        offsets = [
            received - body.camera_ms
            for received, body in bodies
            if body.camera_ms is not None and not body.retransmission
        ]
        if camera_ms is None:
            return math.inf
        # a camera that never came in time is taken to have the right time
        return max(0, received_ms - camera_ms - min(offsets, default=0)) / 1000

    async def keep_axles(self, reading: AxleReading) -> Sighting:
        """Store an axle reading. One that cannot be stored still serves while this run lasts."""
        assert self._axles is not None
        body = AxlesSeen(
            axles=reading.axle_count,
            layout=reading.layout,
            group_kg=reading.group_kg,
            group_codes=reading.group_codes,
            spacings_mm=reading.spacings_mm,
            since_boot=self._since_boot(),
        )
        id_ = None
        try:
            id_ = await self._store.do(
                self._store.store.keep_sighting,
                self._lane,
                self._axles,
                "axles",
                None,
                self._checked.request_ms(),
                msgspec.json.encode(body),
            )
        except (sqlite3.Error, OSError) as error:
            log.error("lane.axles_not_stored", lane=self._lane, error=str(error))
        return Sighting(id_ or 0, self._axles, "axles", reading.at, body)

    async def still_open(self) -> list[Sighting]:
        """What the last run left unused, dated back by the platform's time where it is known."""
        kept = await self._store.do(self._store.store.open_sightings, self._lane)
        return [self._sighting(each) for each in kept]

    async def used_by(self, seq: int) -> list[Sighting]:
        """The sightings of a record."""
        kept = await self._store.do(self._store.store.sightings_of, seq)
        return [self._sighting(each) for each in kept]

    def _sighting(self, kept: KeptSighting) -> Sighting:
        body: PlateSeen | AxlesSeen
        if kept.kind == "plate":
            body = msgspec.json.decode(kept.body, type=PlateSeen)
        else:
            body = msgspec.json.decode(kept.body, type=AxlesSeen)
        age_s = self._age_s(kept.received_ms, body.since_boot)
        late = isinstance(body, PlateSeen) and body.retransmission
        return Sighting(
            kept.id, kept.device, kept.kind, self._clock.monotonic() - age_s, body, late
        )

    def _since_boot(self) -> SinceBoot | None:
        boot = boot_id()
        return None if boot is None else SinceBoot(boot, self._clock.monotonic())

    def _age_s(self, received_ms: int, since_boot: SinceBoot | None) -> float:
        """How long ago; the wall clock counts only where the machine has been started since."""
        if since_boot is not None and since_boot.boot == boot_id():
            return max(0.0, self._clock.monotonic() - since_boot.seconds)
        return max(0, self._checked.request_ms() - received_ms) / 1000
