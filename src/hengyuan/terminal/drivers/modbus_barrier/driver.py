"""Barriers on the relays of a Modbus module."""

from __future__ import annotations

import asyncio
import time

from hengyuan.terminal.devices import BarrierPosition, DeviceState, ShowResult
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.base import BarrierDriver, Clock
from hengyuan.terminal.drivers.modbus import ModbusError
from hengyuan.terminal.drivers.modbus_barrier.codec import blocked, inputs_used, position
from hengyuan.terminal.drivers.modbus_barrier.settings import Settings
from hengyuan.terminal.drivers.modbus_bus import ModbusBus, ModbusDevice

_FAILURES = (OSError, TimeoutError, ModbusError)


class Driver(BarrierDriver):
    """One pulse at a time; a watchdog drops every relay that should be off until that is sure."""

    settings: Settings

    def __init__(
        self, settings: Settings, *, clock: Clock = time.monotonic, bus: ModbusBus | None = None
    ) -> None:
        super().__init__(settings, clock=clock)
        self.device = ModbusDevice(settings, self.counters, clock=clock, bus=bus)
        self._pulsing = asyncio.Lock()
        self._inputs: tuple[bool, ...] | None = None
        self._read_at = self._closing_until = float("-inf")
        relays = [settings.open_relay]
        relays += [settings.close_relay] if settings.close_relay is not None else []
        # what the last run of this program left on is not known
        self._to_drop = set(relays)

    async def open(self) -> ShowResult:
        self._closing_until = float("-inf")
        return await self._pulse(self.settings.open_relay)

    async def close(self) -> ShowResult:
        if self.settings.close_relay is None:
            return ShowResult(False, "this barrier cannot be told to close", 0)
        if self.settings.blocked_input is not None:
            inputs = self._fresh_inputs
            if inputs is None:
                return ShowResult(False, "what is under the arm is not known", 0)
            if blocked(self.settings, inputs):
                return ShowResult(False, "something is under the arm", 0)
        self._closing_until = self._clock() + self.settings.close_takes_s
        return await self._pulse(self.settings.close_relay)

    @property
    def closes(self) -> bool:
        return self.settings.close_relay is not None

    @property
    def guards_itself(self) -> bool:
        return self.settings.blocked_input is not None

    @property
    def position(self) -> BarrierPosition:
        inputs = self._fresh_inputs
        return BarrierPosition.UNKNOWN if inputs is None else position(self.settings, inputs)

    @property
    def state(self) -> DeviceState:
        """OK while the module answers; FAULT also where a relay could not be dropped."""
        state = self.device.state
        stuck = state is DeviceState.OK and self._to_drop and not self._pulsing.locked()
        return DeviceState.FAULT if stuck else state

    async def run(self) -> None:
        async with self.device.bus.open():
            try:
                while True:
                    await self._watch()
                    await asyncio.sleep(self.settings.poll_s)
            finally:
                await self._drop()

    @property
    def _fresh_inputs(self) -> tuple[bool, ...] | None:
        fresh = self._clock() - self._read_at <= self.settings.stale_s
        return self._inputs if fresh and self.device.bus.link.connected else None

    async def _watch(self) -> None:
        if self._to_drop and not self._pulsing.locked():
            await self._drop()
        used = inputs_used(self.settings)
        if not used:
            return
        try:
            self._inputs = await self.device.read_bits(modbus.READ_INPUTS, 0, used)
        except _FAILURES as error:
            self._log.debug("inputs not read", error=str(error))
            return
        self._read_at = self._clock()
        if self._read_at < self._closing_until and blocked(self.settings, self._inputs):
            self._log.warning("something came under the falling arm")
            await self.open()

    async def _pulse(self, relay: int) -> ShowResult:
        started = self._clock()
        error = None
        async with self._pulsing:
            try:
                if relay == self.settings.open_relay and self.settings.close_relay is not None:
                    await self.device.write_coil(self.settings.close_relay - 1, False)
                self._to_drop.add(relay)
                await self.device.write_coil(relay - 1, True)
                await asyncio.sleep(self.settings.pulse_ms / 1000)
            except _FAILURES as failure:
                error = str(failure)
            finally:
                await self._drop()
        if error:
            self._log.warning("barrier not moved", error=error)
        return ShowResult(error is None, error, round((self._clock() - started) * 1000))

    async def _drop(self) -> None:
        """Switch off what should be off; what could not be is tried again by the watch."""
        for relay in sorted(self._to_drop):
            try:
                await self.device.write_coil(relay - 1, False)
            except _FAILURES as error:
                self._log.debug("relay not dropped", relay=relay, error=str(error))
                return
            self._to_drop.discard(relay)
