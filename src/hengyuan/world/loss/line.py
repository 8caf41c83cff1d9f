"""The line between the terminal and the platform, as bad as a line can be.

An HTTP proxy that loses, cuts, doubles and delays requests and answers by chance, answers for the
platform where a captive portal or a busy server would, and hangs up altogether when told to. It
notes each watermark that it really handed to the terminal: what the terminal was told is stored.
"""

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import dataclass

MOST_LATE_S = 1.5
MOST_REPLAY_S = 4.0
UPSTREAM_WITHIN_S = 8.0
_PORTAL = b"<html><title>Welcome</title><body>Please log in</body></html>"


@dataclass(frozen=True, slots=True)
class Odds:
    """How often each fault strikes a request, as shares of one."""

    lost_request: float = 0.015
    cut_request: float = 0.01
    lost_answer: float = 0.015
    cut_answer: float = 0.01
    doubled: float = 0.02
    replayed: float = 0.01
    """Sent once more seconds later, when others have come in between."""
    late: float = 0.015
    busy: float = 0.01
    broken: float = 0.005
    portal: float = 0.005


@dataclass(frozen=True, slots=True)
class _Message:
    head: bytes
    body: bytes

    @property
    def whole(self) -> bytes:
        return self.head + self.body


class Line:
    """Listens on `port` (0: a free one) and passes on to `platform_port`."""

    def __init__(self, platform_port: int, odds: Odds, seed: int) -> None:
        self.port = 0
        self.platform_port = platform_port
        self.odds = odds
        self.faults: Counter[str] = Counter()
        self.requests = 0
        self.told: dict[int, str] = {}
        """Seq → digest of every watermark whose answer went to the terminal whole."""
        self.out_of_service = False
        """Every request is answered 503."""
        self._chance = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Begin to listen; also after `shut`."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def shut(self) -> None:
        """The port is closed: nobody answers, what is under way is cut."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def mend(self) -> None:
        """From now on nothing goes wrong any more."""
        self.odds = Odds(**dict.fromkeys(Odds.__slots__, 0.0))
        self.out_of_service = False

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while (request := await _read(reader)) is not None:
                self.requests += 1
                if not await self._pass(request, writer):
                    break
        except (OSError, EOFError, ValueError, TimeoutError, asyncio.CancelledError):
            # cut by `shut`, or by the other side; nobody waits for this task
            pass
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _pass(self, request: _Message, writer: asyncio.StreamWriter) -> bool:
        """Handle one request; whether the connection goes on."""
        fault = "out_of_service" if self.out_of_service else self._strike()
        if fault:
            self.faults[fault] += 1
        match fault:
            case "out_of_service" | "busy":
                answer = _answer(
                    "503 Service Unavailable", b'{"error":"busy"}', "retry-after: 1\r\n"
                )
            case "broken":
                answer = _answer("500 Internal Server Error", b"oops")
            case "portal":
                answer = _answer("200 OK", _PORTAL)
            case "lost_request":
                return False
            case "cut_request":
                await self._ask(request.whole[: len(request.whole) - 1 - len(request.body) // 2])
                return False
            case _:
                if fault == "replayed":
                    self._later(request)
                if fault == "doubled":
                    await self._ask(request.whole)
                answer = await self._ask(request.whole)
        if fault == "lost_answer" or not answer:
            return False
        if fault == "late":
            await asyncio.sleep(self._chance.uniform(0.1, MOST_LATE_S))
        if fault == "cut_answer":
            writer.write(answer[: len(answer) * 2 // 3])
            await writer.drain()
            return False
        writer.write(answer)
        await writer.drain()
        self._note(answer)
        return b"connection: close" not in answer[:1024].lower()

    def _strike(self) -> str:
        drawn = self._chance.random()
        for name in Odds.__slots__:
            drawn -= getattr(self.odds, name)
            if drawn < 0:
                return name
        return ""

    def _later(self, request: _Message) -> None:
        async def replay() -> None:
            await asyncio.sleep(self._chance.uniform(0.5, MOST_REPLAY_S))
            await self._ask(request.whole)

        task = asyncio.create_task(replay())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, sent: bytes) -> bytes:
        """What the platform answers; nothing where it does not."""
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.platform_port)
        except OSError:
            return b""
        try:
            writer.write(sent)
            if not _is_whole(sent):
                # the platform is to see that the line broke, not to wait for the rest
                await writer.drain()
                writer.close()
                return b""
            async with asyncio.timeout(UPSTREAM_WITHIN_S):
                answer = await _read(reader)
            return answer.whole if answer is not None else b""
        except (OSError, EOFError, ValueError, TimeoutError):
            return b""
        finally:
            writer.transport.abort()

    def _note(self, answer: bytes) -> None:
        head, _, body = answer.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            return
        with contextlib.suppress(ValueError, KeyError, TypeError):
            mark = json.loads(body)["watermark"]
            self.told[int(mark["seq"])] = str(mark["digest"])


async def _read(reader: asyncio.StreamReader) -> _Message | None:
    """One HTTP/1.1 message with a body of known length; None where the other side has hung up."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    return _Message(head, await reader.readexactly(_length(head)))


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


def _is_whole(sent: bytes) -> bool:
    head, end, body = sent.partition(b"\r\n\r\n")
    return bool(end) and len(body) >= _length(head + end)


def _answer(status: str, body: bytes, more: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n{more}connection: close\r\n\r\n"
    return head.encode() + body
