"""A ceiling on the size of a request, before the framework has stored a byte of it.

Django writes the whole body to a temporary file before the first line of a view or a middleware
runs, and it bounds fields but not files: whoever is not logged in could fill the disk.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

MAX_BODY_BYTES = 32 * 1024 * 1024
"""Room for three pictures of a report, or for the largest workbook of the ledger."""

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]

_TOO_LARGE = (
    "<!doctype html><html lang=zh-CN><meta charset=utf-8><title>413</title>"
    "<p>提交的内容过大，请减少或缩小附件后重试。</p>"
    "<p>What was sent is too large. Send fewer or smaller files.</p>"
).encode()


class BodyLimit:
    """Wraps an ASGI application; answers 413 to a body of more than `limit` bytes."""

    def __init__(self, app: App, limit: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif _announced(scope) > self._limit:
            await _refuse(send)
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Message, receive: Receive, send: Send) -> None:
        """A body may come in pieces without saying how long it will be."""
        received, is_too_large, has_answered = 0, False, False

        async def count() -> Message:
            nonlocal received, is_too_large
            if is_too_large:
                return {"type": "http.disconnect"}
            message = await receive()
            received += len(message.get("body", b""))
            is_too_large = received > self._limit
            # the application is told that the client has gone: it lets go of what it has
            return {"type": "http.disconnect"} if is_too_large else message

        async def answer(message: Message) -> None:
            nonlocal has_answered
            has_answered = True
            await send(message)

        await self._app(scope, count, answer)
        if is_too_large and not has_answered:
            await _refuse(send)


def _announced(scope: Message) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0


async def _refuse(send: Send) -> None:
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(_TOO_LARGE)),
        (b"content-security-policy", b"default-src 'none'"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _TOO_LARGE})
