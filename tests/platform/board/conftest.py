"""A browser's view of a board's stream: the platform's own ASGI application, in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from tests.conftest import Cast
from tests.platform.records import TestTerminal, enrolled_terminal
from tests.platform.weighing.conftest import Gates, gates, weighed

__all__ = ["Gates", "gates", "weighed"]

# A guard against waiting for ever; nothing is measured by it.
PATIENCE_S = 60.0


@dataclass
class Event:
    name: str
    data: dict[str, Any]
    id: str | None


class Stream:
    """An open event stream."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.status = status
        self.headers = headers
        self.comments: list[str] = []
        self.body = b""
        self.is_over = False
        self._text = ""
        self._events: list[Event] = []
        self._news = asyncio.Event()

    def feed(self, chunk: bytes) -> None:
        self.body += chunk
        self._text += chunk.decode()
        while "\n\n" in self._text:
            block, _, self._text = self._text.partition("\n\n")
            self._read(block)
        self._news.set()

    def end(self) -> None:
        self.is_over = True
        self._news.set()

    def _read(self, block: str) -> None:
        fields = {}
        for line in block.split("\n"):
            if line.startswith(":"):
                self.comments.append(line)
            else:
                name, _, value = line.partition(": ")
                fields[name] = value
        if "event" in fields:
            data = json.loads(fields["data"])
            self._events.append(Event(fields["event"], data, fields.get("id")))

    async def next(self, *names: str) -> Event:
        """The next event, of one of these names where any are given; others are passed over."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                while self._events:
                    event = self._events.pop(0)
                    if not names or event.name in names:
                        return event
                if self.is_over:
                    raise AssertionError(f"the stream ended before any of {names}")
                self._news.clear()
                await self._news.wait()

    async def rows_until(self, count: int) -> list[dict[str, Any]]:
        """The rows of the next events, once there are so many."""
        rows: dict[str, dict[str, Any]] = {}
        while len(rows) < count:
            event = await self.next("whole", "update")
            rows |= {row["key"]: row for row in event.data["rows"]}
        return list(rows.values())

    async def over(self) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not self.is_over:
                self._news.clear()
                await self._news.wait()


def cookies_of(user: Any) -> str:
    """The session of a person who has logged in."""
    client = Client()
    client.force_login(user)
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@asynccontextmanager
async def opened(
    path: str, cookies: str = "", query: str = "", **headers: str
) -> AsyncIterator[Stream]:
    """GET an address as a browser does, and hold the connection until the block ends."""
    from django.core.asgi import get_asgi_application

    application: Any = get_asgi_application()
    started: asyncio.Future[tuple[int, dict[str, str]]] = asyncio.Future()
    gone = asyncio.Event()
    stream: Stream | None = None
    waiting: list[bytes] = []
    sent_request = False

    async def receive() -> dict[str, Any]:
        nonlocal sent_request
        if not sent_request:
            sent_request = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            names = {key.decode().lower(): value.decode() for key, value in message["headers"]}
            started.set_result((message["status"], names))
        elif stream is None:
            waiting.append(message.get("body", b""))
        else:
            stream.feed(message.get("body", b""))

    given = {"host": "localhost", "cookie": cookies} | headers
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(key.lower().encode(), value.encode()) for key, value in given.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("localhost", 80),
    }
    task = asyncio.create_task(application(scope, receive, send))
    try:
        async with asyncio.timeout(PATIENCE_S):
            stream = Stream(*await started)
        for chunk in waiting:
            stream.feed(chunk)
        task.add_done_callback(lambda _: stream.end())
        yield stream
    finally:
        gone.set()
        async with asyncio.timeout(PATIENCE_S):
            await task


async def apart(work: Callable[[], Any]) -> Any:
    """Database work of a test, in a thread that leaves no connection behind."""

    def done() -> Any:
        try:
            return work()
        finally:
            connections.close_all()

    return await asyncio.to_thread(done)


@pytest.fixture
def own_gate(committed_intake: None, cast: Cast) -> TestTerminal:
    """An enrolled terminal of the cast's unit."""
    return enrolled_terminal(cast.unit, cast.county_clerk)
