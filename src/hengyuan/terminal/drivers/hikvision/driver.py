"""Hikvision plate cameras that push their events to the terminal's web server."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime

from hengyuan.terminal.devices import DeviceState, PlateEvent
from hengyuan.terminal.drivers.base import Clock, PushCameraDriver
from hengyuan.terminal.drivers.hikvision.codec import NotAPlateEvent, parse_for
from hengyuan.terminal.drivers.hikvision.parts import MalformedEvent
from hengyuan.terminal.drivers.hikvision.settings import Settings

_REMEMBERED = 4096


class Driver(PushCameraDriver):
    """Takes pushes, drops repeats by the camera's UUID, hands on the rest."""

    settings: Settings

    def __init__(self, settings: Settings, *, clock: Clock = time.monotonic) -> None:
        super().__init__(settings, clock=clock)
        self._on_event: Callable[[PlateEvent], None] | None = None
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._heard_at: float | None = None
        self.clock_offset_ms: int | None = None
        """The camera's clock minus ours at the last event that was not sent late."""

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
            event = self._parse(content_type, body, received_at, peer)
        except NotAPlateEvent:
            self.counters.notices += 1
            self._heard_at = self._clock()
            return None
        except MalformedEvent as error:
            self.counters.refused[error.reason] += 1
            self.counters.last_error = error.detail
            self._log.warning("push refused", reason=error.reason, detail=error.detail)
            raise
        self._heard_at = self._clock()
        if event.event_id in self._seen:
            self.counters.refused["duplicate"] += 1
            return None
        if event.camera_at and not event.retransmission:
            offset = event.camera_at - event.received_at
            self.clock_offset_ms = round(offset.total_seconds() * 1000)
        if self._on_event:
            self._on_event(event)
        self._remember(event.event_id)
        self.counters.frames += 1
        return event

    def forget(self, event_id: str) -> None:
        self._seen.pop(event_id, None)

    def _parse(
        self, content_type: str, body: bytes, received_at: datetime, peer: str | None
    ) -> PlateEvent:
        if self.settings.host and peer != self.settings.host:
            raise MalformedEvent("peer", f"pushed from {peer}, expected {self.settings.host}")
        return parse_for(self.settings, content_type, body, received_at)

    def _remember(self, event_id: str) -> None:
        self._seen[event_id] = None
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)

    @property
    def state(self) -> DeviceState:
        """UNKNOWN until it has pushed once: a quiet camera and a dead one sound the same."""
        if self._heard_at is None:
            return DeviceState.UNKNOWN
        silence_s = self.settings.silence_s
        if silence_s is not None and self._clock() - self._heard_at > silence_s:
            return DeviceState.STALE
        return DeviceState.OK
