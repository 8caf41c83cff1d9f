"""万集 axle controllers."""

from __future__ import annotations

from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.drivers.base import AxleDriver
from hengyuan.terminal.drivers.wanji.codec import STATUS, Decoder, host_frame
from hengyuan.terminal.drivers.wanji.settings import Settings
from hengyuan.terminal.transports.connection import Connection

_UNANSWERED = 3


class Driver(AxleDriver):
    """Listens, and asks for the status, since a quiet lane and a dead controller sound the same."""

    settings: Settings
    _asked_at = float("-inf")

    def make_decoder(self) -> Decoder:
        return Decoder(self.settings, self.counters)

    async def tick(self, connection: Connection, now: float) -> None:
        if now - self._asked_at < self.settings.poll_s:
            return
        self._asked_at = now
        await connection.write(host_frame(STATUS))
        # a controller that never answers may still send axles; one that stopped answering is gone
        if self._connected_at < self._last_frame_at < now - self._patience_s:
            raise ConnectionResetError(f"{_UNANSWERED} status questions unanswered")

    @property
    def _patience_s(self) -> float:
        return self.settings.poll_s * (_UNANSWERED + 0.5)

    @property
    def state(self) -> DeviceState:
        """STALE where it answered once and does so no more; UNKNOWN until it has answered."""
        if not self.link.connected:
            return DeviceState.OFFLINE if self.counters.last_error else DeviceState.UNKNOWN
        if self._last_frame_at < self._connected_at:
            return DeviceState.UNKNOWN
        fresh = self._clock() - self._last_frame_at <= self._patience_s
        return DeviceState.OK if fresh else DeviceState.STALE
