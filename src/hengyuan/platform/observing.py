"""What every request leaves behind: its number, in all that is said of it, and its measure.

The number is the client's or the proxy's where it is well-formed, else one of our own. It stands in
every line that is logged while the request is answered, in the answer's header, and on the error
page, so that whoever quotes it names one request among millions.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog
from django.urls import Resolver404, resolve

from hengyuan.platform import metrics

HEADER = b"x-request-id"
ROUTE = "hengyuan.route"
"""Key of the scope in which a door of our own leaves its route; Django's are looked up."""
NOT_COUNTED = frozenset({"/healthz", "/metrics"})
"""Asked by machines every few seconds: they would hide what people do."""

# long enough to be one among millions, and nothing that could break a line of a log
_WELL_FORMED = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STATIC = "/static/"

_request_id: ContextVar[str] = ContextVar("hengyuan_request_id", default="")

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]


def request_id() -> str:
    """The number of the request that is being answered; empty outside of one."""
    return _request_id.get()


def new_request_id() -> str:
    """Sixteen hex digits that nobody can foresee."""
    return os.urandom(8).hex()


def route_of(path: str) -> str:
    """The route of an address as the router writes it, never the address itself."""
    if path.startswith(_STATIC):
        return _STATIC
    try:
        return "/" + resolve(path).route
    except Resolver404:
        return metrics.NO_ROUTE


class Observed:
    """Wraps the whole application."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number = _given(scope) or new_request_id()
        _request_id.set(number)
        structlog.contextvars.bind_contextvars(request_id=number)
        began = time.perf_counter()
        is_answered = False

        async def tell(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.start":
                is_answered = True
                headers = [*message.get("headers", ()), (HEADER, number.encode())]
                message = {**message, "headers": headers}
                _count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        failed = 499  # the client went away before there was an answer
        try:
            await self._app(scope, receive, tell)
        except Exception:
            failed = 500
            raise
        finally:
            if not is_answered:
                _count(scope, failed, time.perf_counter() - began)


def _given(scope: Message) -> str:
    for name, value in scope["headers"]:
        if name == HEADER:
            return value.decode() if _WELL_FORMED.fullmatch(value) else ""
    return ""


def _count(scope: Message, status: int, took_s: float) -> None:
    if scope["path"] in NOT_COUNTED:
        return
    route = scope.get(ROUTE) or route_of(scope["path"])
    method = scope["method"] if scope["method"] in _METHODS else "other"
    metrics.http_requests.labels(method, route, str(status)).inc()
    metrics.http_seconds.labels(route).observe(took_s)
