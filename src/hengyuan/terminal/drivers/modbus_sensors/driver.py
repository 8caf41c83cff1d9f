"""Position sensors on the inputs of a Modbus module."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from hengyuan.terminal.devices import DeviceState, SensorPlace, SensorReading
from hengyuan.terminal.drivers.base import Clock, SensorDriver
from hengyuan.terminal.drivers.modbus import ModbusError
from hengyuan.terminal.drivers.modbus_bus import ModbusBus, ModbusDevice
from hengyuan.terminal.drivers.modbus_sensors.codec import count, function, reading
from hengyuan.terminal.drivers.modbus_sensors.settings import Settings


class Driver(SensorDriver):
    """Reads the inputs over and over. Covered counts at once, clear only once it has settled."""

    settings: Settings

    def __init__(
        self, settings: Settings, *, clock: Clock = time.monotonic, bus: ModbusBus | None = None
    ) -> None:
        super().__init__(settings, clock=clock)
        self.device = ModbusDevice(settings, self.counters, clock=clock, bus=bus)
        self._covered: dict[SensorPlace, bool] = {}
        self._read_at = float("-inf")
        self._seen_covered_at: dict[SensorPlace, float] = {}

    async def run(self, on_change: Callable[[SensorReading], None]) -> None:
        told: dict[SensorPlace, bool | None] = {}
        async with self.device.bus.open():
            while True:
                await self._read()
                now = self.reading
                if now.covered != told:
                    told = now.covered
                    self._tell(on_change, now)
                await asyncio.sleep(self.settings.poll_s)

    @property
    def reading(self) -> SensorReading:
        now = self._clock()
        fresh = now - self._read_at <= self.settings.stale_s and self.device.bus.link.connected
        return SensorReading(
            {place: self._covered.get(place) if fresh else None for place in self.settings.inputs},
            self._read_at if fresh else now,
        )

    @property
    def state(self) -> DeviceState:
        """OK while the module answers."""
        return self.device.state

    async def _read(self) -> None:
        settings = self.settings
        try:
            bits = await self.device.read_bits(
                function(settings), settings.first_address, count(settings)
            )
        except (OSError, TimeoutError, ModbusError) as error:
            self._log.debug("inputs not read", error=str(error))
            return
        self._read_at = self._clock()
        for place, covered in reading(bits, settings, self._read_at).covered.items():
            if covered:
                self._seen_covered_at[place] = self._read_at
            since = self._read_at - self._seen_covered_at.get(place, float("-inf"))
            self._covered[place] = bool(covered) or since * 1000 < settings.settle_ms

    def _tell(self, on_change: Callable[[SensorReading], None], now: SensorReading) -> None:
        try:
            on_change(now)
        except Exception:
            # a fault in the lane must not take the sensors' line down with it
            self._log.exception("reading not taken")
