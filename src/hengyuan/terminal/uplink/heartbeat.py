"""Every half minute: how things are here, and what the platform wants in return."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from hengyuan.record.answers import Command, Heartbeat, HeartbeatAnswer
from hengyuan.record.refusal import Refusal
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.uplink.client import NoAnswer, PlatformClient
from hengyuan.terminal.uplink.state import UplinkState

log = structlog.get_logger(__name__)

PAUSE_S = 5.0
"""A device that comes and goes all the time does not make the heart race."""

Answered = Callable[[HeartbeatAnswer], Awaitable[None]]
CommandHandler = Callable[[Command], Awaitable[None]]


class HeartbeatLoop:
    """Sends what `report` says at that moment; hands answer and commands on."""

    def __init__(
        self,
        every_s: float,
        client: PlatformClient,
        clock: Clock,
        state: UplinkState,
        report: Callable[[], Heartbeat],
        answered: Answered,
        commands: dict[str, CommandHandler],
        others: CommandHandler | None = None,
    ) -> None:
        self._every_s = every_s
        self._client = client
        self._clock = clock
        self._state = state
        self._report = report
        self._answered = answered
        self._commands = commands
        self._others = others
        self._changed = asyncio.Event()

    def soon(self) -> None:
        """A device failed or recovered: the platform is to know before the half minute is over."""
        self._changed.set()

    async def run(self) -> None:
        """Beat for ever, the first time at once."""
        while True:
            self._changed.clear()
            await self._beat()
            pause_s = min(PAUSE_S, self._every_s)
            await asyncio.sleep(pause_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._every_s - pause_s):
                    await self._changed.wait()

    async def _beat(self) -> None:
        try:
            answer = await self._client.heartbeat(self._report())
        except NoAnswer as error:
            if self._state.error is None:
                log.warning("heartbeat.no_answer", why=str(error), request_id=error.request_id)
            self._state.error = str(error)
            return
        except Refusal as refusal:
            log.error(
                "heartbeat.refused",
                code=refusal.code,
                detail=refusal.detail,
                request_id=refusal.more.get("request_id"),
            )
            self._state.error = f"{refusal.code}: {refusal.detail}"
            return
        self._state.answered(self._clock.monotonic())
        await self._answered(answer)
        for command in answer.commands:
            await self._obey(command)

    async def _obey(self, command: Command) -> None:
        handler = self._commands.get(command.name, self._others)
        if handler is None:
            log.warning("command.unknown", command=command.name, id=command.id)
            return
        try:
            await handler(command)
        except Exception:
            log.exception("command.failed", command=command.name, id=command.id)
