"""A county platform small enough to be looked through, and able to misbehave on demand.

It checks what the real one checks (it uses the same record room), keeps everything in memory, and
can lose answers, hang, refuse, answer twice, forget, or be replaced by something that is no
platform at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from hengyuan.record.answers import (
    Command,
    FileProgress,
    Heartbeat,
    HeartbeatAnswer,
    Stored,
    Watermark,
)
from hengyuan.record.batch import check_lines, check_signature, parse
from hengyuan.record.chain import genesis
from hengyuan.record.commands import Outcome, OutcomeAnswer, Poll, PollAnswer
from hengyuan.record.journal import JournalEntry, JournalStored, read_part
from hengyuan.record.model import Record
from hengyuan.record.refusal import Refusal
from hengyuan.record.requests import (
    MAX_AGE_MS,
    SIGNATURE_HEADER,
    TERMINAL_HEADER,
    TIME_HEADER,
    check_request,
)
from hengyuan.record.suites import suite_named
from hengyuan.terminal.screen.server import listen

CODE = "141002510010-01"
ONE_TIME_CODE = "ABCDE-FGHJK-MNPQR-STVWX"

Fault = Callable[[Request], Awaitable[Response | None]]
"""Instead of the answer: a response, or None to answer as usual."""


@dataclass
class County:
    """One platform with one terminal."""

    suite_name: str = "SM2-SM3"
    public_key: bytes = b""
    records: list[Record] = field(default_factory=list)
    digests: list[bytes] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    partial: dict[str, bytes] = field(default_factory=dict)
    journal: list[JournalEntry] = field(default_factory=list)
    journal_sizes: list[int] = field(default_factory=list)
    beats: list[Heartbeat] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    orders: list[Command] = field(default_factory=list)
    """Handed over by polls until they have ended."""
    polls: list[Poll] = field(default_factory=list)
    outcomes: list[tuple[str, Outcome]] = field(default_factory=list)
    footage: dict[str, list[tuple[str, bytes]]] = field(default_factory=dict)
    """What came for a command: the end of the path and the body."""
    watched: bool = True
    asked: Counter[str] = field(default_factory=Counter)
    batch_sizes: list[int] = field(default_factory=list)
    clock_ahead_ms: int = 0
    before: list[Fault] = field(default_factory=list)
    """Each is used up by one request, before the platform does anything."""
    after: list[Fault] = field(default_factory=list)
    """Each is used up by one request, after the platform has done its work."""
    always: Fault | None = None

    @property
    def seqs(self) -> list[int]:
        return [record.seq for record in self.records]

    def mark(self) -> Watermark:
        if not self.digests:
            suite = suite_named(self.suite_name)
            return Watermark(0, genesis(suite, CODE, self.public_key).hex())
        return Watermark(len(self.digests), self.digests[-1].hex())

    def app(self) -> Starlette:
        routes = [
            Route("/api/terminals/v1/enrol", self._with_faults(self._enrol), methods=["POST"]),
            Route("/api/intake/v1/batches", self._with_faults(self._batch), methods=["POST"]),
            Route("/api/intake/v1/watermark", self._with_faults(self._watermark)),
            Route("/api/intake/v1/journal", self._with_faults(self._journal), methods=["POST"]),
            Route("/api/intake/v1/heartbeat", self._with_faults(self._beat), methods=["POST"]),
            Route("/api/intake/v1/commands", self._with_faults(self._poll), methods=["POST"]),
            Route("/api/intake/v1/commands/{id}", self._with_faults(self._told), methods=["POST"]),
            Route("/api/intake/v1/files/{digest}", self._with_faults(self._progress)),
            Route("/api/intake/v1/files/{digest}", self._with_faults(self._part), methods=["PUT"]),
        ]
        return Starlette(routes=routes)

    def _with_faults(
        self, work: Callable[[Request], Awaitable[object]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            self.asked[f"{request.method} {request.url.path.split('/')[4]}"] += 1
            if self.always and (answer := await self.always(request)) is not None:
                return answer
            if (fault := _due(self.before, request)) and (answer := await fault(request)):
                return answer
            try:
                body = msgspec.json.encode(await work(request))
                answer = Response(body, media_type="application/json")
            except Refusal as refusal:
                answer = JSONResponse(refusal.as_dict(), refusal.status)
            if (fault := _due(self.after, request)) and (instead := await fault(request)):
                return instead
            return answer

        return handle

    async def _enrol(self, request: Request) -> object:
        asked = await request.json()
        if asked["code"] != ONE_TIME_CODE:
            raise Refusal("not_found", "this code was never issued")
        self.suite_name, self.public_key = asked["suite"], bytes.fromhex(asked["public_key"])
        return {
            "terminal": CODE,
            "terminal_name": "东门一号磅",
            "suite": self.suite_name,
            "unit": "14100251001",
            "unit_name": "示例煤矿",
            "county": "141002",
            "platform_time": self._now_ms(),
        }

    async def _batch(self, request: Request) -> object:
        batch = parse(await request.body())
        header = batch.header
        suite = suite_named(self.suite_name)
        check_signature(header, suite.load_public(self.public_key))
        verified = check_lines(batch, suite)
        mark = self.mark()
        if header.first > mark.seq + 1:
            raise Refusal("gap", "", expected=mark.seq + 1)
        for seq, digest in enumerate(verified.digests, start=header.first):
            if seq <= mark.seq and self.digests[seq - 1] != digest:
                raise Refusal("conflict", f"record {seq} is stored with another digest", seq=seq)
        if header.first == mark.seq + 1:
            if header.prev != mark.digest:
                raise Refusal("conflict", f"record {mark.seq} is another one", seq=mark.seq)
            self.records += verified.records
            self.digests += verified.digests
            self.batch_sizes.append(len(verified.records))
            return Stored(self.mark(), len(verified.records))
        if header.last > mark.seq:
            raise Refusal("gap", "", expected=mark.seq + 1)
        return Stored(mark, 0)

    async def _watermark(self, request: Request) -> object:
        await self._signed(request)
        return {"watermark": self.mark()}

    async def _journal(self, request: Request) -> object:
        entries = read_part(await self._signed(request)).entries
        last = len(self.journal)
        if entries and entries[0].number > last + 1:
            raise Refusal("gap", "", expected=last + 1)
        for entry in entries:
            if entry.number <= last and self.journal[entry.number - 1] != entry:
                raise Refusal("conflict", f"another entry {entry.number} is stored")
        new = [entry for entry in entries if entry.number > last]
        self.journal += new
        self.journal_sizes.append(len(new))
        return JournalStored(last=len(self.journal))

    async def _beat(self, request: Request) -> object:
        body = await self._signed(request)
        self.beats.append(msgspec.json.decode(body, type=Heartbeat))
        commands, self.commands = self.commands, []
        return HeartbeatAnswer(time_ms=self._now_ms(), watermark=self.mark(), commands=commands)

    async def _poll(self, request: Request) -> object:
        poll = msgspec.json.decode(await self._signed(request), type=Poll)
        self.polls.append(poll)
        deadline = time.monotonic() + poll.wait_s
        while time.monotonic() < deadline:
            if due := [order for order in self.orders if order.id not in poll.have]:
                return PollAnswer(commands=due)
            await asyncio.sleep(0.01)
        return PollAnswer()

    async def _told(self, request: Request) -> object:
        outcome = msgspec.json.decode(await self._signed(request), type=Outcome)
        command = request.path_params["id"]
        if outcome.state != "working":
            self.orders = [order for order in self.orders if order.id != command]
        self.outcomes.append((command, outcome))
        return OutcomeAnswer(state=outcome.state)

    def ends(self) -> list[tuple[str, str, str]]:
        """Command, end and text of every end that was told."""
        return [
            (command, outcome.state, outcome.text)
            for command, outcome in self.outcomes
            if outcome.state != "working"
        ]

    async def _progress(self, request: Request) -> object:
        await self._signed(request)
        digest = request.path_params["digest"]
        if digest in self.files:
            return FileProgress(len(self.files[digest]), complete=True)
        return FileProgress(len(self.partial.get(digest, b"")), complete=False)

    async def _part(self, request: Request) -> object:
        body = await self._signed(request)
        digest = request.path_params["digest"]
        seq = int(request.headers["hengyuan-seq"])
        if seq > len(self.records):
            raise Refusal("not_found", f"record {seq} is not stored yet")
        if all(file.digest != digest for file in self.records[seq - 1].files):
            raise Refusal("bad_file", f"record {seq} does not name this digest")
        span, _, total = request.headers["content-range"].removeprefix("bytes ").partition("/")
        begin = int(span.split("-")[0])
        held = self.partial.get(digest, b"")
        if begin > len(held):
            raise Refusal("bad_file", "", received=len(held))
        held = self.partial[digest] = held[:begin] + body
        if len(held) < int(total):
            return FileProgress(len(held), complete=False)
        del self.partial[digest]
        if suite_named(self.suite_name).digest(held).hex() != digest:
            raise Refusal("bad_file", "the bytes do not hash to the digest", received=0)
        self.files[digest] = held
        return FileProgress(len(held), complete=True)

    async def _signed(self, request: Request) -> bytes:
        suite = suite_named(self.suite_name)
        body = await request.body()
        time_ms = int(request.headers[TIME_HEADER])
        if not check_request(
            suite,
            suite.load_public(self.public_key),
            request.headers[TERMINAL_HEADER],
            request.method,
            request.url.path,
            time_ms,
            body,
            request.headers[SIGNATURE_HEADER],
        ):
            raise Refusal("bad_signature", "not the enrolled key's")
        if abs(self._now_ms() - time_ms) > MAX_AGE_MS:
            raise Refusal("stale_request", "too far off", time_ms=self._now_ms())
        return body

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.clock_ahead_ms

    @contextlib.asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncIterator[str]:
        """Serve on loopback; the address."""
        listener = listen("127.0.0.1", port)
        config = uvicorn.Config(
            self.app(), log_config=None, access_log=False, lifespan="off",
            timeout_graceful_shutdown=0,
        )  # fmt: skip
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = server.force_exit = True
            await serving
            listener.close()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self):
        yield


@dataclass(frozen=True)
class only:
    """A fault for requests whose path holds `path`; others pass it by and leave it waiting."""

    path: str
    fault: Fault

    async def __call__(self, request: Request) -> Response | None:
        return await self.fault(request) if self.path in request.url.path else None


def _due(faults: list[Fault], request: Request) -> Fault | None:
    """Take out the first fault that is meant for this request."""
    for fault in faults:
        if not isinstance(fault, only) or fault.path in request.url.path:
            faults.remove(fault)
            return fault
    return None


async def hang(request: Request) -> Response | None:
    """Take the request and never answer."""
    await asyncio.sleep(3600)
    return None


async def lose(request: Request) -> Response | None:
    """Answer with what is no answer of the protocol, as a broken line or a proxy does."""
    return PlainTextResponse("Bad Gateway", 502)


async def unavailable(request: Request) -> Response | None:
    """503 with a wish."""
    body = {"error": "busy", "detail": "the database is away"}
    return JSONResponse(body, 503, {"retry-after": "1"})


async def portal(request: Request) -> Response | None:
    """200, and not the platform: a hotel's or operator's page."""
    return PlainTextResponse("<html>please log in</html>", 200, media_type="text/html")


REQUEST_ID = "county-0123456789"
"""The number with which the county refuses."""


def refuse(code: str, **more: object) -> Fault:
    """A refusal of the protocol."""

    async def refused(request: Request) -> Response | None:
        refusal = Refusal(code, "as ordered", **more)
        return JSONResponse(refusal.as_dict(), refusal.status, {"x-request-id": REQUEST_ID})

    return refused
