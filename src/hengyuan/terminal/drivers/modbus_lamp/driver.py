"""Signal lamps on the relays of a Modbus module."""

from __future__ import annotations

import asyncio
import time

from hengyuan.terminal.devices import DeviceState, LampColour, ShowResult
from hengyuan.terminal.drivers.base import Clock, LampDriver
from hengyuan.terminal.drivers.modbus import ModbusError
from hengyuan.terminal.drivers.modbus_bus import ModbusBus, ModbusDevice
from hengyuan.terminal.drivers.modbus_lamp.codec import relays_for
from hengyuan.terminal.drivers.modbus_lamp.settings import Settings


class Driver(LampDriver):
    """Sets all relays for each colour, old ones off first, and again from time to time."""

    settings: Settings

    def __init__(
        self, settings: Settings, *, clock: Clock = time.monotonic, bus: ModbusBus | None = None
    ) -> None:
        super().__init__(settings, clock=clock)
        self.device = ModbusDevice(settings, self.counters, clock=clock, bus=bus)
        self._colour: LampColour | None = None
        self._setting = asyncio.Lock()

    @property
    def colours(self) -> frozenset[LampColour]:
        settings = self.settings
        relays: dict[LampColour, int | None] = {
            "red": settings.red_relay,
            "yellow": settings.yellow_relay,
            "green": settings.green_relay,
        }
        return frozenset({"off", *(colour for colour, relay in relays.items() if relay)})

    async def light(self, colour: LampColour) -> ShowResult:
        self._colour = colour
        started = self._clock()
        error = await self._set(colour)
        return ShowResult(error is None, error, round((self._clock() - started) * 1000))

    async def run(self) -> None:
        async with self.device.bus.open():
            try:
                while True:
                    if self._colour is not None:
                        await self._set(self._colour)
                    # a module that is to be believed has answered within `stale_s`
                    await asyncio.sleep(min(self.settings.refresh_s, self.settings.stale_s / 2))
            finally:
                await self._set(self.settings.at_end)

    @property
    def state(self) -> DeviceState:
        """OK while the module confirms what it is told."""
        return self.device.state

    async def _set(self, colour: LampColour) -> str | None:
        """The error, or None where every relay was confirmed."""
        async with self._setting:
            try:
                for relay, on in relays_for(colour, self.settings):
                    await self.device.write_coil(relay - 1, on)
            except (OSError, TimeoutError, ModbusError, ValueError) as error:
                self._log.debug("lamp not set", error=str(error))
                return str(error)
        return None
