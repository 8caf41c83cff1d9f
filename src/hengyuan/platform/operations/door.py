"""`/healthz`, `/readyz` and `/metrics`: answered beside the framework, so that they answer when it
is busy.

`/healthz` says that the process lives, and asks nothing of the database. `/readyz` says whether it
can do its work; why not is for the machine itself and for whoever has the token. `/metrics` is for
those alone.
"""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable, MutableMapping
from ipaddress import ip_address
from typing import Any

import msgspec
from django.conf import settings
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from hengyuan.platform import metrics
from hengyuan.platform.operations import gauges
from hengyuan.platform.operations.readiness import problems
from hengyuan.platform.operations.standing import Standing, standing

PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
FRESH_S = 2.0
"""However many ask, the database is looked at no more often than this."""
METRICS_FRESH_S = 10.0

# whoever stands behind a proxy is not on this machine, whatever the connection says
_FORWARDED = frozenset(
    (
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-real-ip",
        b"via",
    )
)

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


class Door:
    """Wraps an ASGI application and answers what watches it."""

    def __init__(self, app: App, look: Callable[[], Standing] = standing) -> None:
        self._app = app
        self._look = look
        self._found: Standing | None = None
        self._looked_at = 0.0
        self._looking = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] not in PATHS:
            await self._app(scope, receive, send)
            return
        scope["hengyuan.route"] = scope["path"]
        if scope["method"] not in ("GET", "HEAD"):
            await _answer(scope, send, 405, b"GET\n")
        elif scope["path"] == "/healthz":
            await _answer(scope, send, 200, b"ok\n")
        elif scope["path"] == "/readyz":
            await self._ready(scope, send)
        else:
            await self._metrics(scope, send)

    async def _ready(self, scope: Message, send: Send) -> None:
        wrong = await asyncio.to_thread(problems, await self._standing(FRESH_S))
        answer: dict[str, Any] = {"ready": not wrong}
        if is_trusted(scope):
            answer["problems"] = wrong
        body = msgspec.json.encode(answer) + b"\n"
        await _answer(scope, send, 503 if wrong else 200, body, b"application/json")

    async def _metrics(self, scope: Message, send: Send) -> None:
        if not is_trusted(scope):
            words = b"metrics are for this machine, or for whoever has the token\n"
            await _answer(scope, send, 403, words)
            return
        found = await self._standing(METRICS_FRESH_S)
        await asyncio.to_thread(gauges.show, found)
        body = await asyncio.to_thread(generate_latest, metrics.REGISTRY)
        await _answer(scope, send, 200, body, CONTENT_TYPE_LATEST.encode())

    async def _standing(self, fresh_s: float) -> Standing:
        async with self._looking:
            if self._found is None or time.monotonic() - self._looked_at > fresh_s:
                self._found = await asyncio.to_thread(self._look)
                self._looked_at = time.monotonic()
            return self._found


def is_trusted(scope: Message) -> bool:
    """With a token configured: who shows it. Without one: this very machine, past no proxy."""
    token = settings.OPERATIONS_METRICS_TOKEN
    headers = dict(scope["headers"])
    if token:
        shown = headers.get(b"authorization", b"")
        return hmac.compare_digest(shown, b"Bearer " + token.encode())
    if not _FORWARDED.isdisjoint(headers):
        return False
    client = scope.get("client")
    try:
        return client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        return False


async def _answer(
    scope: Message, send: Send, status: int, body: bytes, kind: bytes = b"text/plain; charset=utf-8"
) -> None:
    headers = [
        (b"content-type", kind),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
