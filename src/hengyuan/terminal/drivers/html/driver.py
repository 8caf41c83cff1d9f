"""A display that is a browser page: the driver holds the message, the page comes for it."""

from __future__ import annotations

import asyncio
import time

from hengyuan.terminal.devices import DeviceState, Message, ShowResult
from hengyuan.terminal.drivers.base import Clock, DisplayDriver
from hengyuan.terminal.drivers.html.codec import Shown
from hengyuan.terminal.drivers.html.settings import Settings

_NOTHING = Message((), "idle")


class Driver(DisplayDriver):
    """Acknowledges a message where a page is open to show it."""

    settings: Settings

    def __init__(self, settings: Settings, *, clock: Clock = time.monotonic) -> None:
        super().__init__(settings, clock=clock)
        self._shown = Shown(0, _NOTHING.level, _NOTHING.lines)
        self._changed = asyncio.Condition()
        self._page_at: float | None = None
        self._waiting = 0

    async def show(self, message: Message) -> ShowResult:
        async with self._changed:
            self._shown = Shown(self._shown.version + 1, message.level, message.lines)
            self._changed.notify_all()
        open_ = self.state is DeviceState.OK
        return ShowResult(open_, None if open_ else "no display page is open", 0)

    async def run(self) -> None:
        await asyncio.Event().wait()

    def current(self) -> Shown:
        """What a page is to show; asking counts as a sign of the page's life."""
        self._page_at = self._clock()
        return self._shown

    async def newer_than(self, version: int, timeout_s: float) -> Shown:
        """The message once it is another than `version`, or as it is after `timeout_s`."""
        self._waiting += 1
        try:
            async with asyncio.timeout(timeout_s), self._changed:
                await self._changed.wait_for(lambda: self._shown.version != version)
        except TimeoutError:
            pass
        finally:
            self._waiting -= 1
        return self.current()

    @property
    def state(self) -> DeviceState:
        """OFFLINE where a page was open and is no more."""
        if self._waiting:
            return DeviceState.OK
        if self._page_at is None:
            return DeviceState.UNKNOWN
        fresh = self._clock() - self._page_at <= self.settings.page_timeout_s
        return DeviceState.OK if fresh else DeviceState.OFFLINE
