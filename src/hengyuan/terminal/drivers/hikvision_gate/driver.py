"""Barriers that are ordered through Hikvision's ISAPI."""

from __future__ import annotations

import asyncio
import time

import httpx

from hengyuan.terminal.devices import BarrierPosition, DeviceState, ShowResult
from hengyuan.terminal.drivers.base import BarrierDriver, Clock
from hengyuan.terminal.drivers.hikvision_gate.codec import (
    Answer,
    Malformed,
    Order,
    Status,
    encode_order,
    order_path,
    parse,
    status_path,
)
from hengyuan.terminal.drivers.hikvision_gate.settings import Settings
from hengyuan.terminal.drivers.http import LoginRefused, check_status, make_client

_FAILURES = (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, Malformed)


class Driver(BarrierDriver):
    """Orders by PUT, and asks over and over where the arm is: OK never means that it moved."""

    settings: Settings

    def __init__(self, settings: Settings, *, clock: Clock = time.monotonic) -> None:
        super().__init__(settings, clock=clock)
        self._position = BarrierPosition.UNKNOWN
        self._told_at: float | None = None
        self._refused_at: float | None = None
        self._faulty = False

    async def open(self) -> ShowResult:
        return await self._order("open")

    async def close(self) -> ShowResult:
        if not self.settings.may_close:
            return ShowResult(False, "this barrier may not be told to close (may_close)", 0)
        return await self._order("close")

    @property
    def closes(self) -> bool:
        return self.settings.may_close

    @property
    def guards_itself(self) -> bool:
        return self.settings.may_close

    @property
    def position(self) -> BarrierPosition:
        return self._position if self._fresh else BarrierPosition.UNKNOWN

    @property
    def state(self) -> DeviceState:
        """FAULT where the login is refused, or answers cannot be used."""
        if self._faulty or self._refused_at is not None:
            return DeviceState.FAULT
        if self._fresh:
            return DeviceState.OK
        return DeviceState.OFFLINE if self.counters.last_error else DeviceState.UNKNOWN

    async def run(self) -> None:
        while True:
            await self._ask()
            await asyncio.sleep(self.settings.poll_s)

    @property
    def _fresh(self) -> bool:
        told_at = self._told_at
        return told_at is not None and self._clock() - told_at <= self.settings.stale_s

    async def _ask(self) -> None:
        try:
            said = await self._call("GET", status_path(self.settings.channel))
            if not isinstance(said, Status):
                raise Malformed("the answer is no status")
        except _FAILURES as error:
            self._failed(error)
            return
        self._position, self._told_at = said.position, self._clock()

    async def _order(self, order: Order) -> ShowResult:
        started = self._clock()
        error = None
        try:
            said = await self._call("PUT", order_path(self.settings.channel), encode_order(order))
            error = (
                said.error if isinstance(said, Answer) else "the answer is no answer to an order"
            )
        except _FAILURES as failure:
            self._failed(failure)
            error = self.counters.last_error
        if error:
            self._log.warning("barrier refused", order=order, error=error)
        return ShowResult(error is None, error, round((self._clock() - started) * 1000))

    async def _call(self, method: str, path: str, body: bytes | None = None) -> object:
        settings = self.settings
        waited = self._refused_at is None or (
            self._clock() - self._refused_at >= settings.refused_wait_s
        )
        if not waited:
            raise LoginRefused(self.counters.last_error or "the device refused the login")
        async with make_client(settings.address, settings.login, settings.timeout_s) as client:
            headers = {"content-type": "application/xml"} if body else None
            answer = await client.request(method, path, content=body, headers=headers)
        self.counters.octets += len(answer.content)
        if not answer.is_success and answer.status_code not in (401, 403):
            said = _said(answer.content)
            if isinstance(said, Answer) and said.error:
                self._accepted()
                return said
        check_status(answer)
        said = parse(answer.content)
        self._accepted()
        return said

    def _accepted(self) -> None:
        self._refused_at, self._faulty = None, False
        self.counters.frames += 1
        self.counters.last_error = None

    def _failed(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        if isinstance(error, Malformed):
            self.counters.refused["xml"] += 1
        self._faulty = isinstance(error, Malformed)
        if isinstance(error, LoginRefused) and self._refused_at is None:
            self._refused_at = self._clock()
        if text != self.counters.last_error:
            self._log.warning("device does not answer", error=text)
        self.counters.last_error = text


def _said(content: bytes) -> object:
    try:
        return parse(content)
    except Malformed:
        return None
