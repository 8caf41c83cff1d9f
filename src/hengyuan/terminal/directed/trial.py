"""A configuration on trial: kept when it has lasted, taken back when a device goes dark by it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from hengyuan.terminal.clock import Clock
from hengyuan.terminal.directed.book import Book, keep, roll_back, save_book
from hengyuan.terminal.store import StoreWorker

log = structlog.get_logger(__name__)

TRIAL_S = 300.0
DARK_S = 60.0
"""A device that was in order before, and is not for so long, has gone dark."""
LOOK_EVERY_S = 1.0
_DARK = ("offline", "stale", "fault")


class Trial:
    """Watches the devices that were in order before."""

    def __init__(
        self,
        book: Book,
        worker: StoreWorker,
        clock: Clock,
        states: Callable[[], Mapping[str, str]],
        reached: Callable[[], bool],
        restart: Callable[[], None],
    ) -> None:
        self._book = book
        self._worker = worker
        self._clock = clock
        self._states = states
        self._reached = reached
        self._restart = restart
        self._dark_since: dict[str, float] = {}

    async def run(self) -> None:
        """Until the trial is over, one way or the other; at once where there is none."""
        if self._book.state != "trial" or self._book.current is None:
            return
        began = self._clock.monotonic()
        while (now := self._clock.monotonic()) - began < TRIAL_S:
            dark = self._gone_dark(now)
            if dark:
                await self._take_back(f"dark: {', '.join(dark)}")
                return
            await asyncio.sleep(LOOK_EVERY_S)
        if "whole" in self._book.current.body and not self._reached():
            # nobody could take back from afar what has cut the line
            await self._take_back("the platform is not reached with it")
            return
        await self._keep()

    def _gone_dark(self, now: float) -> list[str]:
        states = self._states()
        for name in self._book.sound:
            # one that the new configuration does not have is none of its faults
            if states.get(name) in _DARK:
                self._dark_since.setdefault(name, now)
            else:
                self._dark_since.pop(name, None)
        return sorted(name for name, since in self._dark_since.items() if now - since >= DARK_S)

    async def _take_back(self, why: str) -> None:
        assert self._book.current is not None
        version = self._book.current.version
        log.error("configuration.rolled_back", version=version, why=why)
        data_dir = self._worker.store.path.parent
        save_book(data_dir, roll_back(self._book, why))
        await self._note("configuration_rolled_back", f"version {version}: {why}")
        self._restart()

    async def _keep(self) -> None:
        assert self._book.current is not None
        save_book(self._worker.store.path.parent, keep(self._book))
        await self._note("configuration_kept", f"version {self._book.current.version}")

    async def _note(self, what: str, detail: str) -> None:
        await self._worker.do(self._worker.store.note, self._clock.now_ms(), 0, what, detail)
