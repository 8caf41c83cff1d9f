"""A Modbus line that several devices share: one question at a time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import TypeVar
from weakref import WeakValueDictionary

from hengyuan.terminal.devices import Counters, DeviceState, Notice, Refused
from hengyuan.terminal.drivers import modbus
from hengyuan.terminal.drivers.base import Clock
from hengyuan.terminal.drivers.modbus import Adu, Framing, ModbusError
from hengyuan.terminal.drivers.settings import ModbusSettings
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.link import Link
from hengyuan.terminal.transports.settings import Transport

T = TypeVar("T")

_buses: WeakValueDictionary[tuple[Transport, Framing], ModbusBus] = WeakValueDictionary()


class ModbusBus:
    """Keeps one line connected while anyone uses it, and puts questions on it in turn."""

    def __init__(self, settings: ModbusSettings, link: Link | None = None) -> None:
        self.counters = Counters()
        self.link = link or Link(settings.transport, self.counters, name=settings.name)
        self._framing: Framing = settings.framing
        self._gap_s = settings.gap_s
        self._users = 0
        self._task: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._connection: Connection | None = None
        self._waiting: tuple[int, bytes, int, asyncio.Future[bytes]] | None = None
        self._transaction = 0

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Use the line; the last one to leave takes it down."""
        self._users += 1
        if self._task is None:
            self._task = asyncio.create_task(self.link.run(self._session))
        try:
            yield
        finally:
            self._users -= 1
            if self._users == 0:
                task, self._task = self._task, None
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    async def ask(self, unit: int, pdu: bytes, timeout_s: float) -> bytes:
        """PDU of the answer. Raises `OSError` or `TimeoutError` where there is none."""
        async with self._turn:
            connection = self._connection
            if connection is None:
                raise ConnectionResetError(self.counters.last_error or "not connected")
            self._transaction = self._transaction % 0xFFFF + 1
            answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            self._waiting = (unit, pdu, self._transaction, answer)
            try:
                async with asyncio.timeout(timeout_s):
                    await connection.write(
                        modbus.frame(self._framing, unit, pdu, self._transaction)
                    )
                    return await answer
            except TimeoutError:
                self._waiting = None
                # a late answer must not meet the next question
                await asyncio.sleep(self._gap_s)
                raise TimeoutError(f"unit {unit} gave no answer within {timeout_s:g} s") from None
            finally:
                self._waiting = None

    async def _session(self, connection: Connection) -> None:
        decoder = modbus.make_decoder(self._framing, self.counters)
        self._connection = connection
        try:
            while True:
                try:
                    items = decoder.feed(await connection.read(self._gap_s))
                except TimeoutError:
                    items = decoder.flush()
                for item in items:
                    self._hear(item)
        finally:
            self._connection = None
            if self._waiting and not self._waiting[3].done():
                self._waiting[3].set_exception(ConnectionResetError("closed before it answered"))

    def _hear(self, item: Adu | Notice | Refused) -> None:
        if not isinstance(item, Adu) or not self._waiting:
            return
        unit, pdu, transaction, answer = self._waiting
        ours = item.unit == unit and item.function == pdu[0]
        if ours and item.transaction in (None, transaction) and not answer.done():
            answer.set_result(item.pdu)


def bus_for(settings: ModbusSettings) -> ModbusBus:
    """The line of a device: the same for all with an equal transport and framing."""
    key = (settings.transport, settings.framing)
    bus = _buses.get(key)
    if bus is None:
        bus = _buses[key] = ModbusBus(settings)
    return bus


class ModbusDevice:
    """What one device asks on its line, counted and remembered for its state."""

    def __init__(
        self,
        settings: ModbusSettings,
        counters: Counters,
        *,
        clock: Clock = time.monotonic,
        bus: ModbusBus | None = None,
    ) -> None:
        self.bus = bus or bus_for(settings)
        self._settings = settings
        self._counters = counters
        self._clock = clock
        self._answered_at: float | None = None

    async def ask(self, pdu: bytes) -> bytes:
        """PDU of the answer. Raises `OSError`, `TimeoutError`."""
        try:
            answer = await self.bus.ask(self._settings.unit, pdu, self._settings.answer_s)
        except (OSError, TimeoutError) as error:
            self._failed(error)
            raise
        self._answered_at = self._clock()
        self._counters.octets += len(answer)
        return answer

    async def write_coil(self, address: int, on: bool) -> None:
        """Switch an output. Raises `OSError`, `TimeoutError`, `ModbusError`."""
        question = modbus.write_coil(address, on)
        answer = await self.ask(question)
        self._check(lambda: modbus.check_echo(answer, question))

    async def read_bits(self, function: int, address: int, count: int) -> tuple[bool, ...]:
        """Inputs or outputs. Raises `OSError`, `TimeoutError`, `ModbusError`."""
        answer = await self.ask(modbus.read(function, address, count))
        return self._check(lambda: modbus.bits_of(answer, function, count))

    def _check(self, read: Callable[[], T]) -> T:
        try:
            value = read()
        except ModbusError as error:
            self._counters.refused["answer"] += 1
            self._failed(error)
            raise
        self._counters.frames += 1
        self._counters.last_error = None
        return value

    def _failed(self, error: Exception) -> None:
        self._counters.last_error = str(error) or type(error).__name__

    @property
    def fresh(self) -> bool:
        """Whether it answered within `stale_s`."""
        if self._answered_at is None or not self.bus.link.connected:
            return False
        return self._clock() - self._answered_at <= self._settings.stale_s

    @property
    def state(self) -> DeviceState:
        """OK while it answers; FAULT where it answers what cannot be used."""
        if not self.bus.link.connected:
            known = self._counters.last_error or self.bus.counters.last_error
            return DeviceState.OFFLINE if known else DeviceState.UNKNOWN
        if not self.fresh:
            silent = self._answered_at is not None or self._counters.last_error
            return DeviceState.STALE if silent else DeviceState.UNKNOWN
        return DeviceState.FAULT if self._counters.last_error else DeviceState.OK
