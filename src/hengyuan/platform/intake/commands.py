"""Commands downward: long polls of terminals, woken when something is asked of them.

One task reads which commands are open, for all terminals in one query, when the database says
that there is a new one and every few seconds besides. A poll that finds nothing costs no query,
a waiting one a future and a timer: thousands of them are cheap, and the hot path never meets them.
"""

import asyncio
import contextlib
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import msgspec
import structlog

from hengyuan.platform.connections import connect
from hengyuan.platform.intake.http import Answer, Request, signed_by
from hengyuan.platform.intake.registry import KnownTerminal, Registry
from hengyuan.record.answers import Command
from hengyuan.record.commands import Camera, Outcome, OutcomeAnswer, Poll, PollAnswer
from hengyuan.record.refusal import Refusal

log = structlog.get_logger(__name__)

CHANNEL = "terminal_command"
"""What `terminals.services.send_command` calls on; this module is kept free of Django."""
READ_EVERY_S = 5.0
"""How late a command can be when the database's call for it was not heard."""
RETRY_S = 1.0
MAX_HANDED = 4
"""Commands in one answer; with their largest arguments they stay below what a client reads."""
ASKED_EVERY = timedelta(minutes=5)
"""How often it is written down that a terminal asks."""

_OPEN = """
SELECT id, terminal_id FROM terminals_command
WHERE state IN ('waiting', 'delivered', 'working') AND expires_at > now() ORDER BY asked_at
"""
_HAND_OVER = """
UPDATE terminals_command c
SET state = CASE c.state WHEN 'waiting' THEN 'delivered' ELSE c.state END,
    delivered_at = now(), deliveries = c.deliveries + 1
FROM (SELECT id FROM terminals_command
      WHERE id = ANY($1) AND terminal_id = $2
        AND state IN ('waiting', 'delivered', 'working') AND expires_at > now()
      ORDER BY asked_at LIMIT $3) AS due
WHERE c.id = due.id RETURNING c.id, c.name, c.arguments, c.asked_at
"""
_ANSWER = """
UPDATE terminals_command
SET state = $3, answer = $4, percent = $5, answered_at = now()
WHERE id = $1 AND terminal_id = $2 AND state NOT IN ('done', 'failed')
"""
_ASKED = "UPDATE terminals_terminal SET asked_at = $2 WHERE id = $1"
_CAMERAS = """
UPDATE terminals_terminal SET cameras = $2::jsonb
WHERE id = $1 AND cameras IS DISTINCT FROM $2::jsonb
"""

_polls = msgspec.json.Decoder(Poll)
_outcomes = msgspec.json.Decoder(Outcome)


class Mailbox:
    """What waits for which terminal, and which terminal waits for something."""

    def __init__(self, url: str, pool: asyncpg.Pool) -> None:
        self._url = url
        self._pool = pool
        self._open: dict[int, list[UUID]] = {}
        self._waiting: dict[int, asyncio.Future[None]] = {}
        self._called = asyncio.Event()
        self._is_over = False
        self._asked: dict[int, datetime] = {}
        self._cameras: dict[int, bytes] = {}

    @property
    def waiting(self) -> int:
        """How many terminals wait just now."""
        return len(self._waiting)

    async def run(self) -> None:
        """Keep what is open up to date, for ever."""
        while True:
            try:
                await self._listen()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
                log.warning("commands.database_away", error=str(error))
                await asyncio.sleep(RETRY_S)

    def end(self) -> None:
        """Answer all that wait: the platform is being stopped."""
        self._is_over = True
        for waiting in self._waiting.values():
            _finish(waiting)

    async def take(self, terminal_id: int, have: set[str], wait_s: float) -> list[Command]:
        """The commands of a terminal beside those that it has; waits for one up to `wait_s`.

        A second poll of the same terminal ends the first, whose connection is likely to be dead.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait_s
        while True:
            if due := self._due(terminal_id, have):
                if commands := await self._hand_over(terminal_id, due):
                    return commands
                continue
            remaining_s = deadline - loop.time()
            if remaining_s <= 0 or self._is_over:
                return []
            # nothing is awaited between the look above and this: no call goes unheard
            if not await self._called_within(remaining_s, terminal_id):
                return []

    async def answered(self, terminal_id: int, command: UUID, outcome: Outcome) -> str:
        """Write down how it goes with a command; the state held now. Refusal for an unknown one."""
        done = await self._pool.execute(
            _ANSWER, command, terminal_id, outcome.state, outcome.text, outcome.percent
        )
        if done == "UPDATE 1":
            if outcome.state != "working":
                self._forget(terminal_id, [command])
            return outcome.state
        held = await self._pool.fetchval(
            "SELECT state FROM terminals_command WHERE id = $1 AND terminal_id = $2",
            command,
            terminal_id,
        )
        if held is None:
            raise Refusal("not_found", f"no command {command} was given to this terminal")
        return str(held)

    async def note(self, terminal: KnownTerminal, cameras: tuple[Camera, ...] | None) -> None:
        """Write down that a terminal asks for commands, and its cameras where they changed."""
        now = datetime.now(UTC)
        last = self._asked.get(terminal.id)
        if last is None or now - last >= ASKED_EVERY:
            await self._pool.execute(_ASKED, terminal.id, now)
            self._asked[terminal.id] = now
        if cameras is None:
            return
        told = msgspec.json.encode(cameras)
        if self._cameras.get(terminal.id) != told:
            await self._pool.execute(_CAMERAS, terminal.id, told.decode())
            self._cameras[terminal.id] = told

    async def for_heartbeat(self, terminal_id: int) -> list[Command]:
        """The commands of a terminal that does not poll: it has them with its next heartbeats."""
        due = self._due(terminal_id, set())
        if not due or terminal_id in self._asked:
            return []
        return await self._hand_over(terminal_id, due)

    def _due(self, terminal_id: int, have: set[str]) -> list[UUID]:
        return [one for one in self._open.get(terminal_id, ()) if str(one) not in have]

    async def _called_within(self, seconds: float, terminal_id: int) -> bool:
        """Whether something new came, or the end; False when a later poll took this one's place."""
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if (before := self._waiting.get(terminal_id)) is not None:
            before.cancel()
        self._waiting[terminal_id] = mine
        try:
            await asyncio.wait([mine], timeout=seconds)
            return not mine.cancelled()
        finally:
            if self._waiting.get(terminal_id) is mine:
                del self._waiting[terminal_id]

    async def _hand_over(self, terminal_id: int, due: list[UUID]) -> list[Command]:
        rows = await self._pool.fetch(_HAND_OVER, due, terminal_id, MAX_HANDED)
        if not rows:
            # answered or expired since the last look
            self._forget(terminal_id, due)
        return [
            Command(id=str(row["id"]), name=row["name"], arguments=_mapping(row["arguments"]))
            for row in sorted(rows, key=lambda row: row["asked_at"])
        ]

    def _forget(self, terminal_id: int, commands: list[UUID]) -> None:
        left = [one for one in self._open.get(terminal_id, ()) if one not in commands]
        if left:
            self._open[terminal_id] = left
        else:
            self._open.pop(terminal_id, None)

    async def _listen(self) -> None:
        connection = await connect(self._url)
        try:
            await connection.add_listener(CHANNEL, lambda *_: self._called.set())
            # a connection that has gone hears nothing more: the next look fails, and opens another
            connection.add_termination_listener(lambda *_: self._called.set())
            while True:
                self._called.clear()
                await self._read(connection)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(READ_EVERY_S):
                        await self._called.wait()
        finally:
            connection.terminate()

    async def _read(self, connection: asyncpg.Connection) -> None:
        found: dict[int, list[UUID]] = defaultdict(list)
        for row in await connection.fetch(_OPEN):
            found[row["terminal_id"]].append(row["id"])
        news = [key for key, ids in found.items() if set(ids) - set(self._open.get(key, ()))]
        self._open = dict(found)
        for terminal_id in news:
            if (waiting := self._waiting.get(terminal_id)) is not None:
                _finish(waiting)


async def poll(request: Request, registry: Registry, mailbox: Mailbox) -> Answer:
    """Answer with commands, as soon as there is one or when the terminal has waited enough."""
    terminal = await signed_by(request, registry)
    try:
        asked = _polls.decode(request.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refusal("malformed", f"poll: {error}") from None
    await mailbox.note(terminal, asked.cameras)
    return Answer(
        PollAnswer(commands=await mailbox.take(terminal.id, set(asked.have), asked.wait_s))
    )


async def outcome(request: Request, text: str, registry: Registry, mailbox: Mailbox) -> Answer:
    """Take what a terminal answers to a command."""
    terminal = await signed_by(request, registry)
    try:
        told = _outcomes.decode(request.body)
        command = UUID(text)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refusal("malformed", f"outcome: {error}") from None
    except ValueError:
        raise Refusal("not_found", f"no command {text!r} was given to this terminal") from None
    return Answer(OutcomeAnswer(state=await mailbox.answered(terminal.id, command, told)))


def _mapping(arguments: str) -> dict[str, object]:
    return msgspec.json.decode(arguments, type=dict[str, object])


def _finish(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
