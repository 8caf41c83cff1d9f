"""All displays of a lane, told the same thing at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from hengyuan.terminal.clock import Clock
from hengyuan.terminal.devices import Message, ShowResult
from hengyuan.terminal.drivers.base import DisplayDriver

log = structlog.get_logger(__name__)


class Panel:
    """The newest message wins. A verdict is told once any display has acknowledged it."""

    def __init__(self, displays: Sequence[DisplayDriver], clock: Clock) -> None:
        self._displays = tuple(displays)
        self._clock = clock
        self._shown: set[asyncio.Task[ShowResult]] = set()
        self.message: Message | None = None
        self.errors: dict[str, str] = {}
        """Displays that did not take the last message, and why."""

    async def tell(self, message: Message) -> float | None:
        """Show `message`; the monotonic time of the first acknowledgement, None if there is none.

        The other displays go on being served after the first has answered.
        """
        waiting = self._show(message)
        while waiting:
            done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            if any(task.result().acknowledged for task in done):
                return self._clock.monotonic()
        return None

    def say(self, message: Message) -> None:
        """Show `message` and wait for nobody."""
        self._show(message)

    def _show(self, message: Message) -> set[asyncio.Task[ShowResult]]:
        self.message = message
        tasks = {asyncio.create_task(self._show_on(each, message)) for each in self._displays}
        # the loop itself keeps only weak references to tasks
        self._shown |= tasks
        for task in tasks:
            task.add_done_callback(self._shown.discard)
        return tasks

    async def _show_on(self, display: DisplayDriver, message: Message) -> ShowResult:
        try:
            result = await display.show(message)
        except Exception as error:
            log.exception("display.failed", display=display.name)
            result = ShowResult(False, str(error), 0)
        if result.acknowledged:
            self.errors.pop(display.name, None)
        else:
            self.errors[display.name] = result.error or "not acknowledged"
        return result
