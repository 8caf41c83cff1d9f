"""What a driver of each kind offers to the lane."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Generic, TypeVar

import structlog

from hengyuan.terminal.devices import (
    AxleReading,
    BarrierPosition,
    Counters,
    DeviceState,
    LampColour,
    Message,
    Notice,
    PlateEvent,
    Reading,
    Refused,
    SensorReading,
    ShowResult,
)
from hengyuan.terminal.drivers.framing import FrameDecoder
from hengyuan.terminal.drivers.settings import DeviceSettings, ScaleSettings, StreamSettings
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import Link

T = TypeVar("T")
Clock = Callable[[], float]

log = structlog.get_logger(__name__)


class Device(ABC):
    """Any device: a name, a state that may be believed, and counters."""

    def __init__(self, settings: DeviceSettings, *, clock: Clock = time.monotonic) -> None:
        self.settings = settings
        self.name = settings.name
        self.counters = Counters()
        self._clock = clock
        self._log = log.bind(device=settings.name)

    @property
    @abstractmethod
    def state(self) -> DeviceState:
        """How it is with the device at this moment."""


class StreamDriver(Device, Generic[T]):
    """A device that sends frames over a byte stream."""

    settings: StreamSettings

    def __init__(
        self, settings: StreamSettings, *, clock: Clock = time.monotonic, link: Link | None = None
    ) -> None:
        super().__init__(settings, clock=clock)
        self.link = link or Link(settings.transport, self.counters, name=settings.name)
        self._connected_at = self._last_octet_at = self._last_frame_at = float("-inf")

    @property
    def gap_s(self) -> float:
        """How long it listens before it takes half a frame for torn off and comes to `tick`."""
        return self.settings.gap_s

    @abstractmethod
    def make_decoder(self) -> FrameDecoder[T]:
        """A fresh decoder for one connection, counting into `self.counters`."""

    async def tick(self, connection: Connection, now: float) -> None:
        """Called with every arrival and after every gap; raises `OSError` to reconnect."""

    def heard(self, item: T) -> None:
        """Called with each reading before the lane gets it."""

    def noticed(self, notice: Notice) -> None:
        """Called with each sound frame that is no reading."""

    async def run_stream(self, on_item: Callable[[T], None]) -> None:
        """Hand readings to `on_item` for ever; only cancellation ends it."""
        await self.link.run(partial(self._session, on_item))

    async def _session(self, on_item: Callable[[T], None], connection: Connection) -> None:
        decoder = self.make_decoder()
        self._connected_at = self._clock()
        while True:
            try:
                data = await connection.read(self.gap_s)
            except TimeoutError:
                items = decoder.flush(self._clock())
            else:
                self._last_octet_at = self._clock()
                items = decoder.feed(data, self._last_octet_at)
            for item in items:
                self._deliver(item, on_item)
            await self.tick(connection, self._clock())

    def _deliver(self, item: T | Notice | Refused, on_item: Callable[[T], None]) -> None:
        if isinstance(item, Refused):
            self._log.debug("bytes refused", reason=item.reason, raw=item.raw.hex(" "))
            return
        self._last_frame_at = self._clock()
        if isinstance(item, Notice):
            self.noticed(item)
            return
        self.heard(item)
        try:
            on_item(item)
        except Exception:
            # a fault in the lane must not take the scale's line down with it
            self._log.exception("reading not taken")


class ScaleDriver(StreamDriver[Reading]):
    """A scale that sends its weight all the time."""

    settings: ScaleSettings
    _fault: str | None = None

    async def run(self, on_reading: Callable[[Reading], None]) -> None:
        """Hand every sound frame to `on_reading` for ever; only cancellation ends it."""
        await self.run_stream(on_reading)

    def heard(self, item: Reading) -> None:
        self._fault = item.fault

    async def tick(self, connection: Connection, now: float) -> None:
        if now - max(self._last_octet_at, self._connected_at) > self.settings.silence_s:
            raise ConnectionResetError(f"silent for {self.settings.silence_s:g} s")

    @property
    def state(self) -> DeviceState:
        """STALE after `stale_s` without a frame; FAULT where bytes come that are no frames."""
        if not self.link.connected:
            return DeviceState.OFFLINE if self.counters.last_error else DeviceState.UNKNOWN
        now = self._clock()
        if now - self._last_frame_at <= self.settings.stale_s:
            broken = self._fault in ("not_zeroed", "device_error")
            return DeviceState.FAULT if broken else DeviceState.OK
        if now - self._connected_at <= self.settings.stale_s:
            return DeviceState.UNKNOWN
        speaking = now - self._last_octet_at <= self.settings.stale_s
        return DeviceState.FAULT if speaking else DeviceState.STALE


class AxleDriver(StreamDriver[AxleReading]):
    """An axle identifier: one reading per vehicle."""

    async def run(self, on_axles: Callable[[AxleReading], None]) -> None:
        """Hand every vehicle's axles to `on_axles` for ever; only cancellation ends it."""
        await self.run_stream(on_axles)


class CameraDriver(Device):
    """A plate camera."""

    @abstractmethod
    async def run(self, on_event: Callable[[PlateEvent], None]) -> None:
        """Hand every new event to `on_event` for ever; only cancellation ends it."""


class PullCameraDriver(CameraDriver):
    """A plate camera that the terminal connects to."""

    @abstractmethod
    async def pull(self, keep: Callable[[PlateEvent], Awaitable[object]]) -> None:
        """Hand every new event to `keep` and wait for it, for ever; only cancellation ends it.

        What `keep` raises is logged and counted as `not_kept`; it ends nothing.
        """

    async def run(self, on_event: Callable[[PlateEvent], None]) -> None:
        async def keep(event: PlateEvent) -> None:
            on_event(event)

        await self.pull(keep)


@dataclass(frozen=True, slots=True)
class Reply:
    """The body of a 200 that tells a camera that its push was kept."""

    body: bytes
    media_type: str = "application/json"


class PushCameraDriver(CameraDriver):
    """A plate camera that posts to the terminal's web server."""

    paths: tuple[str, ...] = ()
    """Where it posts to if it cannot be told to post to `/camera/NAME`."""

    def reply(self, body: bytes) -> Reply:
        """What the camera wants to hear once `body` was kept, or was nothing new."""
        return Reply(b'{"statusCode":1,"statusString":"OK"}')

    @abstractmethod
    def receive(
        self, content_type: str, body: bytes, received_at: datetime, peer: str | None = None
    ) -> PlateEvent | None:
        """Take one HTTP body from the address `peer`; None where it is nothing new.

        Raises `ValueError` with the reason where the body cannot be used.
        """

    @abstractmethod
    def forget(self, event_id: str) -> None:
        """The event could not be kept: sent again, it is new."""


class DisplayDriver(Device):
    """A display before the driver's eyes."""

    @abstractmethod
    async def show(self, message: Message) -> ShowResult:
        """Show `message` and say whether the display took it. Never raises."""

    @abstractmethod
    async def run(self) -> None:
        """Keep the display reachable and its message on it; only cancellation ends it."""


class VoiceDriver(DisplayDriver):
    """A loudspeaker before the driver's ears: to show is to speak, once.

    A message that asks nothing of the driver (`idle`, `wait`) may stay unspoken and still be
    acknowledged; a verdict or a fault is acknowledged only when it was taken to be spoken.
    """


class BarrierDriver(Device):
    """A barrier. What it acknowledges is the order: whether the arm moved, `position` says."""

    @abstractmethod
    async def open(self) -> ShowResult:
        """Order it to open. Never raises."""

    @abstractmethod
    async def close(self) -> ShowResult:
        """Order it to close; refused where something is, or may be, under the arm. Never raises."""

    @property
    def closes(self) -> bool:
        """False where it closes by itself, and refuses to be told to."""
        return True

    @property
    def guards_itself(self) -> bool:
        """True where it does not close on what is under the arm, whoever orders it to."""
        return False

    @property
    @abstractmethod
    def position(self) -> BarrierPosition:
        """Where the arm is by its own inputs; UNKNOWN where none says so, or while it moves."""

    @abstractmethod
    async def run(self) -> None:
        """Keep it reachable and follow its inputs; only cancellation ends it."""


class LampDriver(Device):
    """A signal lamp."""

    @property
    def colours(self) -> frozenset[LampColour]:
        """What it can show."""
        return frozenset({"off", "red", "yellow", "green"})

    @abstractmethod
    async def light(self, colour: LampColour) -> ShowResult:
        """Show `colour` and nothing else. Never raises."""

    @abstractmethod
    async def run(self) -> None:
        """Keep the lamp reachable and its colour on; only cancellation ends it."""


class SensorDriver(Device):
    """Beams and loops that say where a truck stands."""

    @abstractmethod
    async def run(self, on_change: Callable[[SensorReading], None]) -> None:
        """Hand on what is seen whenever it changes, becomes known or unknown; for ever."""

    @property
    @abstractmethod
    def reading(self) -> SensorReading:
        """What is seen now; None for every place that is not known at this moment."""
