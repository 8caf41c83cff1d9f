"""How plate cameras behave towards the lane: what is new, what was seen, whose clock is off."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime

import structlog

from hengyuan.terminal.devices import Counters, DeviceState, Picture, PlateEvent
from hengyuan.terminal.drivers.base import Clock, PullCameraDriver, PushCameraDriver
from hengyuan.terminal.drivers.plate_events import MalformedEvent, NotAPlateEvent
from hengyuan.terminal.drivers.settings import PushCameraSettings
from hengyuan.terminal.drivers.snapshots import Snapshots

_REMEMBERED = 4096

log = structlog.get_logger(__name__)


class EventLog:
    """What one camera has sent so far."""

    def __init__(self, counters: Counters, clock: Clock) -> None:
        self._counters = counters
        self._clock = clock
        self._seen: OrderedDict[str, None] = OrderedDict()
        self.heard_at: float | None = None
        """When it last gave a sign of life, by the monotonic clock."""
        self.clock_offset_ms: int | None = None
        """Its clock minus ours at the last event that was not sent late."""

    def heard(self) -> None:
        """It gave a sign of life."""
        self.heard_at = self._clock()

    def is_new(self, event: PlateEvent) -> bool:
        """Whether `event` has not been taken yet; a repeat is counted."""
        if event.event_id in self._seen:
            self._counters.refused["duplicate"] += 1
            return False
        if event.camera_at and not event.retransmission:
            offset = event.camera_at - event.received_at
            self.clock_offset_ms = round(offset.total_seconds() * 1000)
        return True

    def taken(self, event: PlateEvent) -> None:
        """`event` has been handed on: from now on it is known."""
        self._counters.frames += 1
        self._seen[event.event_id] = None
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    def forget(self, event_id: str) -> None:
        """It could not be kept: sent again, it is new."""
        self._seen.pop(event_id, None)


class PushCamera(PushCameraDriver):
    """Takes pushes, drops repeats, hands on the rest. A subclass reads the body."""

    settings: PushCameraSettings

    def __init__(self, settings: PushCameraSettings, *, clock: Clock = time.monotonic) -> None:
        super().__init__(settings, clock=clock)
        self._on_event: Callable[[PlateEvent], None] | None = None
        self._events = EventLog(self.counters, clock)
        self._snapshots = None
        if settings.address is not None and settings.snapshot_path:
            self._snapshots = Snapshots(
                settings.address, settings.login, settings.snapshot_path, clock=clock
            )

    @property
    def can_be_asked(self) -> bool:
        """Whether it is known where to ask it for a picture."""
        return self._snapshots is not None

    async def snapshot(self) -> Picture:
        """What the camera sees now. Raises `OSError`, also where the answer is no picture."""
        if self._snapshots is None:
            raise ConnectionError("no address to ask this camera for a picture")
        return await self._snapshots.take()

    @abstractmethod
    def parse(self, content_type: str, body: bytes, received_at: datetime) -> PlateEvent:
        """The event of one body. Raises `MalformedEvent`, `NotAPlateEvent`."""

    @property
    def clock_offset_ms(self) -> int | None:
        """The camera's clock minus ours at the last event that was not sent late."""
        return self._events.clock_offset_ms

    async def run(self, on_event: Callable[[PlateEvent], None]) -> None:
        self._on_event = on_event
        try:
            await asyncio.Event().wait()
        finally:
            self._on_event = None

    def receive(
        self, content_type: str, body: bytes, received_at: datetime, peer: str | None = None
    ) -> PlateEvent | None:
        """See `PushCameraDriver.receive`; what it raises is a `MalformedEvent`.

        An event counts as seen only when it has been handed on, so that a failure there lets the
        camera send it again.
        """
        self.counters.octets += len(body)
        try:
            if self.settings.host and peer != self.settings.host:
                raise MalformedEvent("peer", f"pushed from {peer}, expected {self.settings.host}")
            event = self.parse(content_type, body, received_at)
        except NotAPlateEvent:
            self.counters.notices += 1
            self._events.heard()
            return None
        except MalformedEvent as error:
            self.counters.refused[error.reason] += 1
            self.counters.last_error = error.detail
            self._log.warning("push refused", reason=error.reason, detail=error.detail)
            raise
        self._events.heard()
        if not self._events.is_new(event):
            return None
        if self._on_event:
            self._on_event(event)
        self._events.taken(event)
        return event

    def forget(self, event_id: str) -> None:
        self._events.forget(event_id)

    @property
    def state(self) -> DeviceState:
        """UNKNOWN until it has pushed once: a quiet camera and a dead one sound the same."""
        heard_at = self._events.heard_at
        if heard_at is None:
            return DeviceState.UNKNOWN
        silence_s = self.settings.silence_s
        if silence_s is not None and self._clock() - heard_at > silence_s:
            return DeviceState.STALE
        return DeviceState.OK


async def keep_event(
    camera: PullCameraDriver,
    events: EventLog,
    event: PlateEvent,
    keep: Callable[[PlateEvent], Awaitable[object]],
) -> None:
    """Hand a pulled event on, once. One that cannot be kept is said so and let go: no camera that
    is pulled can be asked to send it again."""
    if not events.is_new(event):
        return
    try:
        await keep(event)
    except Exception:
        # a fault in the lane must not take the camera's line down with it
        camera.counters.refused["not_kept"] += 1
        log.exception("event not kept", device=camera.name)
        return
    events.taken(event)
