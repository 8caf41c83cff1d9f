"""The intake lane: the raw ASGI door for terminals, in the same process as Django.

Terminals speak the protocol of docs/protocol.md here. Everything else goes on to Django. The
framework is left out of the hot path because it was measured to cost more than the storing.
"""

import asyncio
import contextlib
import gc
import shutil
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import asyncpg
import msgspec
import structlog

from hengyuan.platform import metrics
from hengyuan.platform.connections import open_pool
from hengyuan.platform.embedded import database_url
from hengyuan.platform.footage_files import live_root
from hengyuan.platform.intake import batches, commands, evidence, footage, heartbeats, journal
from hengyuan.platform.intake.http import Answer, Request, read_body
from hengyuan.platform.intake.issued_packs import IssuedPacks
from hengyuan.platform.intake.registry import Registry
from hengyuan.platform.intake.writer import Writer
from hengyuan.platform.weighing.evidence import evidence_store
from hengyuan.record.batch import MAX_BODY_BYTES
from hengyuan.record.journal import MAX_JOURNAL_BYTES
from hengyuan.record.refusal import Refusal

log = structlog.get_logger(__name__)

PREFIX = "/api/intake/v1/"
DOORS = frozenset(
    ("batches", "watermark", "heartbeat", "commands", "journal", "live", "clips", "files")
)
POOL_SIZE = 8
RETRY_AFTER_S = 2
_LIMITS = {
    "batches": MAX_BODY_BYTES,
    "journal": MAX_JOURNAL_BYTES,
    "heartbeat": 64 * 1024,
    "commands": 64 * 1024,
}
# What intake makes dies with its reference count; walking all objects after each 700 new ones
# cost a tenth of its time. Cycles that Django leaves are still collected, less often.
_COLLECT_AFTER = (20_000, 20, 20)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


class Lane:
    """Wraps the Django application and answers the terminals' requests itself."""

    def __init__(self, django: App, url: str | None = None) -> None:
        self._django = django
        self._url = url
        self._pool: asyncpg.Pool | None = None
        self._services: list[asyncio.Task[None]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["type"] == "http" and scope["path"].startswith(PREFIX):
            await self._serve(scope, receive, send)
        else:
            await self._django(scope, receive, send)

    async def start(self) -> None:
        """Open the pool, make the months, begin to write."""
        url = self._url or database_url()
        self._pool = await open_pool(url, min_size=2, max_size=POOL_SIZE)
        self.registry = Registry(self._pool)
        self.writer = Writer(self._pool)
        self.store = evidence_store()
        self.mailbox = commands.Mailbox(url, self._pool)
        self.live = footage.LiveSessions(self._pool)
        await asyncio.to_thread(shutil.rmtree, live_root(), ignore_errors=True)
        packs = IssuedPacks(self._pool)
        await packs.learn_new()
        await self.writer.start()
        metrics.intake_waiting_records.set_function(lambda: self.writer.waiting_records)
        metrics.intake_oldest_waiting_seconds.set_function(lambda: self.writer.oldest_waiting_s)
        self._services = [
            asyncio.create_task(self.mailbox.run(), name="intake-commands"),
            asyncio.create_task(packs.watch(), name="intake-rule-packs"),
            asyncio.create_task(footage.watch(self.live), name="intake-footage"),
            asyncio.create_task(
                evidence.watch_missing(self._pool, self.store), name="intake-missing-files"
            ),
        ]

    async def stop(self) -> None:
        """Write nothing more and let go of the database."""
        self.end_waits()
        for task in self._services:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._pool is not None:
            await self.writer.stop()
            await self._pool.close()

    def end_waits(self) -> None:
        """Answer the terminals that wait for commands: they ask again when the platform is back."""
        if self._pool is not None:
            self.mailbox.end()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    await self.start()
                except Exception as error:
                    log.exception("intake.start_failed")
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                gc.collect()
                gc.freeze()
                gc.set_threshold(*_COLLECT_AFTER)
                await send({"type": "lifespan.startup.complete"})
            else:
                await self.stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            name = scope["path"].removeprefix(PREFIX).partition("/")[0]
            if name in DOORS:
                scope["hengyuan.route"] = PREFIX + name
            limit = _LIMITS.get(name, evidence.MAX_CHUNK)
            request = Request(scope, await read_body(scope, receive, limit))
            if name in DOORS:
                metrics.intake_body_bytes.labels(name).inc(len(request.body))
            answer = await self._answer(request)
        except Refusal as refusal:
            metrics.intake_refused.labels(refusal.code).inc()
            answer = Answer(refusal.as_dict(), refusal.status)
            if refusal.code == "busy":
                answer.headers["retry-after"] = str(RETRY_AFTER_S)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            metrics.intake_refused.labels("database_away").inc()
            log.warning("intake.database_away", error=str(error))
            answer = Answer({"error": "busy", "detail": "the database is not answering"}, 503)
            answer.headers["retry-after"] = str(RETRY_AFTER_S)
        await _send(send, answer)

    async def _answer(self, request: Request) -> Answer:
        match request.method, request.path.removeprefix(PREFIX).split("/"):
            case "POST", ["batches"]:
                return await batches.take(request, self.registry, self.writer, self._database)
            case "GET", ["watermark"]:
                return await batches.watermark(request, self.registry, self._database)
            case "POST", ["heartbeat"]:
                return await heartbeats.take(request, self.registry, self._database, self._mailbox)
            case "POST", ["commands"]:
                return await commands.poll(request, self.registry, self._mailbox)
            case "POST", ["commands", command]:
                return await commands.outcome(request, command, self.registry, self._mailbox)
            case "POST", ["journal"]:
                return await journal.take(request, self.registry, self._database)
            case "PUT", ["live", session, sequence, what]:
                path = (session, sequence, what)
                return await footage.take_live(request, path, self.registry, self._live)
            case "GET", ["clips", command, digest]:
                return await footage.clip_progress(
                    request, command, digest, self.registry, self._database
                )
            case "PUT", ["clips", command, digest]:
                return await footage.take_clip(
                    request, command, digest, self.registry, self._database
                )
            case "GET", ["files", digest]:
                return await evidence.progress(request, digest, self.registry, self.store)
            case "PUT", ["files", digest]:
                return await evidence.take(
                    request, digest, self.registry, self.store, self._database
                )
        raise Refusal("not_found", f"{request.method} {request.path} is not part of the protocol")

    @property
    def _mailbox(self) -> commands.Mailbox:
        if self._pool is None:
            raise Refusal("busy", "the platform is starting")
        return self.mailbox

    @property
    def _live(self) -> footage.LiveSessions:
        if self._pool is None:
            raise Refusal("busy", "the platform is starting")
        return self.live

    @property
    def _database(self) -> asyncpg.Pool:
        if self._pool is None:
            raise Refusal("busy", "the platform is starting")
        return self._pool


async def _send(send: Send, answer: Answer) -> None:
    body = msgspec.json.encode(answer.body)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    headers += [(name.encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
