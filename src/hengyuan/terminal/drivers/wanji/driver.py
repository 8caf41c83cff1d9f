"""万集 axle controllers."""

from __future__ import annotations

from hengyuan.terminal.devices import DeviceState, Notice
from hengyuan.terminal.drivers.base import AxleDriver
from hengyuan.terminal.drivers.wanji.codec import STATUS, Decoder, host_frame
from hengyuan.terminal.drivers.wanji.settings import Settings
from hengyuan.terminal.transports.connection import Connection

_UNANSWERED = 3


class Driver(AxleDriver):
    """Listens, and asks for the status, since a quiet lane and a dead controller sound the same."""

    settings: Settings
    _asked_at = _answered_at = float("-inf")

    def make_decoder(self) -> Decoder:
        return Decoder(self.settings, self.counters)

    def noticed(self, notice: Notice) -> None:
        self._answered_at = self._clock()

    async def tick(self, connection: Connection, now: float) -> None:
        if now - self._asked_at < self.settings.poll_s:
            return
        self._asked_at = now
        await connection.write(host_frame(STATUS))
        # one that never answers may still send axles; one that stopped answering is gone
        if self._connected_at < self._answered_at and not self._fresh(now):
            raise ConnectionResetError(f"{_UNANSWERED} status questions unanswered")

    def _fresh(self, now: float) -> bool:
        last = max(self._last_frame_at, self._answered_at)
        return now - last <= self.settings.poll_s * (_UNANSWERED + 0.5)

    @property
    def state(self) -> DeviceState:
        """STALE where it used to answer and does so no more; UNKNOWN where it never did."""
        if not self.link.connected:
            return DeviceState.OFFLINE if self.counters.last_error else DeviceState.UNKNOWN
        if self._fresh(self._clock()):
            return DeviceState.OK
        answered = self._answered_at > self._connected_at
        return DeviceState.STALE if answered else DeviceState.UNKNOWN
