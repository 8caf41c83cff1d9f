"""What the county asks of this terminal: fetched by a long poll, done once, answered.

Parts of the terminal that can be asked for something register a handler with `Commands.handle`.
A command comes again until its end was told, over restarts of both sides; one that has ended here
is not done again, only answered again. One that a restart cut short is begun anew: a handler must
do no harm the second time.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from hengyuan.record.answers import Command
from hengyuan.record.commands import MAX_TEXT, Camera, Outcome, OutcomeAnswer, Poll, PollAnswer
from hengyuan.record.refusal import Refusal
from hengyuan.terminal.clock import Clock
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.store import StoreWorker
from hengyuan.terminal.store import commands as table
from hengyuan.terminal.transports.link import Backoff
from hengyuan.terminal.uplink.client import NoAnswer
from hengyuan.terminal.uplink.records import longer

log = structlog.get_logger(__name__)

WAIT_S = 25
"""How long a poll waits: shorter than the silence after which NAT and proxies drop a connection."""
MOST_IN_HAND = 32
NO_CHANNEL_WAIT_S = 300.0
"""A platform of an older version has no such door; commands then come with the heartbeats."""


class CommandFailed(Exception):
    """What was asked for cannot be done. The text is for the county; it may begin with one of the
    codes of docs/protocol.md and a colon."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A command as its handler sees it."""

    id: str
    name: str
    arguments: dict[str, Any]
    _report: Callable[[str, int | None], Awaitable[None]]

    async def progress(self, text: str, percent: int | None = None) -> None:
        """Tell how far it is; lost if the platform does not answer just now."""
        await self._report(text, percent)


Handler = Callable[[Asked], Awaitable[str]]
"""Does what was asked and returns a short text for the county; CommandFailed if it cannot."""


class Line(Protocol):
    """What is needed of the client."""

    async def poll(self, asked: Poll) -> PollAnswer: ...

    async def tell_outcome(self, command: str, outcome: Outcome) -> OutcomeAnswer: ...


class Commands:
    """The registry of handlers, and what is in hand."""

    def __init__(
        self,
        settings: PlatformTable,
        client: Line,
        store: StoreWorker,
        clock: Clock,
        cameras: Callable[[], tuple[Camera, ...]] = lambda: (),
    ) -> None:
        self._settings = settings
        self._client = client
        self._worker = store
        self._clock = clock
        self._cameras = cameras
        self._handlers: dict[str, Handler] = {}
        self._turns: dict[str, asyncio.Lock] = {}
        self._in_hand: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Event()
        self._reachable = asyncio.Event()

    def handle(self, name: str, handler: Handler, several: bool = False) -> None:
        """Register who does `name`. Commands of one name are done one after the other in the order
        in which they came, unless `several` may go on side by side. ValueError if somebody does
        it already."""
        if name in self._handlers:
            raise ValueError(f"{name} has a handler already")
        self._handlers[name] = handler
        if not several:
            self._turns[name] = asyncio.Lock()

    def wake(self) -> None:
        """The platform has just answered something else: no reason to wait on."""
        self._reachable.set()

    async def run(self) -> None:
        """Ask for commands for ever; ends that were not told before a restart are told first."""
        try:
            for ended in await self._worker.read(table.untold):
                self._begin(ended.id, self._tell(ended.id, ended.state, ended.text))
            backoff = Backoff(self._settings.retry_first_s, self._settings.retry_last_s)
            while True:
                await self._until_there_is_room()
                await self._ask(backoff)
        finally:
            # what is begun is cut: the platform asks for it again after the restart
            for task in self._in_hand.values():
                task.cancel()
            await asyncio.gather(*self._in_hand.values(), return_exceptions=True)

    async def take(self, command: Command) -> None:
        """A command that came, from the poll or with a heartbeat."""
        if command.id in self._in_hand:
            return
        log.info("command.taken", command=command.name, id=command.id)
        self._begin(command.id, self._obey(command))

    async def _ask(self, backoff: Backoff) -> None:
        asked = Poll(wait_s=WAIT_S, have=tuple(self._in_hand), cameras=self._cameras())
        before = self._clock.monotonic()
        try:
            answer = await self._client.poll(asked)
        except NoAnswer as error:
            await self._sleep(longer(backoff.next_s(), error.retry_after_s))
            return
        except Refusal as refusal:
            log.log(
                20 if refusal.code == "not_found" else 40,
                "commands.refused",
                code=refusal.code,
                detail=refusal.detail,
            )
            await self._sleep(NO_CHANNEL_WAIT_S)
            return
        news = [command for command in answer.commands if command.id not in self._in_hand]
        for command in news:
            await self.take(command)
        if news or self._clock.monotonic() - before > WAIT_S / 2:
            backoff.reset()
        else:
            # an empty answer at once: the platform is stopping, or another of us is asking
            await asyncio.sleep(backoff.next_s())

    async def _sleep(self, seconds: float) -> None:
        """Wait so long at most; an answered heartbeat ends it."""
        self._reachable.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._reachable.wait()

    async def _until_there_is_room(self) -> None:
        while len(self._in_hand) >= MOST_IN_HAND:
            self._room.clear()
            await self._room.wait()

    def _begin(self, command: str, work: Any) -> None:
        task = asyncio.create_task(work, name=f"command-{command}")
        self._in_hand[command] = task

        def ended(_: asyncio.Task[None]) -> None:
            self._in_hand.pop(command, None)
            self._room.set()

        task.add_done_callback(ended)

    async def _obey(self, command: Command) -> None:
        now_ms = self._clock.now_ms()
        store = self._worker.store
        try:
            before = await self._worker.do(
                store.within, lambda db: table.take(db, command.id, command.name, now_ms)
            )
            if before is None:
                state, text = await self._done(command)
                text = _printable(text)
                await self._worker.do(
                    store.within, lambda db: table.end(db, command.id, state, text)
                )
            else:
                state, text = before.state, before.text
        except asyncio.CancelledError:
            raise
        except Exception:
            # the disk does not take it: it comes again with the next poll, a little later
            log.exception("command.not_stored", id=command.id)
            await asyncio.sleep(self._settings.retry_first_s)
            return
        await self._tell(command.id, state, text)

    async def _done(self, command: Command) -> tuple[table.End, str]:
        handler = self._handlers.get(command.name)
        if handler is None:
            log.warning("command.unknown", command=command.name, id=command.id)
            return "failed", "unknown_command: this terminal's software does not know it"

        async def report(text: str, percent: int | None) -> None:
            outcome = Outcome(state="working", text=_printable(text), percent=percent)
            with contextlib.suppress(NoAnswer, Refusal):
                await self._client.tell_outcome(command.id, outcome)

        asked = Asked(command.id, command.name, command.arguments, report)
        try:
            async with self._turns.get(command.name, contextlib.nullcontext()):
                return "done", await handler(asked)
        except CommandFailed as error:
            log.warning("command.refused", command=command.name, id=command.id, why=str(error))
            return "failed", str(error)
        except Exception as error:
            log.exception("command.failed", command=command.name, id=command.id)
            return "failed", f"fault: {type(error).__name__}, see the terminal's log"

    async def _tell(self, command: str, state: table.End, text: str) -> None:
        backoff = Backoff(self._settings.retry_first_s, self._settings.retry_last_s)
        outcome = Outcome(state=state, text=text)
        while True:
            try:
                await self._client.tell_outcome(command, outcome)
                break
            except NoAnswer as error:
                await asyncio.sleep(longer(backoff.next_s(), error.retry_after_s))
            except Refusal as refusal:
                if refusal.code in ("not_found", "malformed"):
                    # nobody there waits for it, or it cannot be understood: never again
                    log.warning("command.answer_refused", id=command, code=refusal.code)
                    break
                await asyncio.sleep(NO_CHANNEL_WAIT_S)
        await self._worker.do(self._worker.store.within, lambda db: table.told(db, command))


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)[:MAX_TEXT]
