"""A device that is called over HTTP, with digest logins."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

NONCE, REALM = "5ca1ab1e", "device"


@dataclass
class Call:
    """One request that got past the login."""

    method: str
    path: str
    body: bytes
    writer: asyncio.StreamWriter

    async def answer(
        self, body: bytes, kind: str = "application/xml", status: str = "200 OK"
    ) -> None:
        head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        await self.send(head.encode() + body)

    async def begin_stream(self, kind: str) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n"
        await self.send(head.encode())

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()


Handler = Callable[[Call], Awaitable[None]]


@dataclass
class HttpDevice:
    """Answers by `handler` whoever logs in with `username` and `password`."""

    handler: Handler
    username: str = "terminal"
    password: str = field(default_factory=lambda: secrets.token_hex(8))
    address: str = ""
    calls: list[Call] = field(default_factory=list)
    refused: int = 0
    headers: list[str] = field(default_factory=list)

    @property
    def login(self) -> dict[str, str]:
        return {"username": self.username, "password": self.password}

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                found = re.search(r"content-length: (\d+)", head, re.I)
                body = await reader.readexactly(int(found[1])) if found else b""
                method, path, _ = head.split(" ", 2)
                self.headers.append(head)
                call = Call(method, path, body, writer)
                if not self._known(method, path, head):
                    self.refused += "authorization" in head.lower()
                    challenge = f'Digest realm="{REALM}", qop="auth", nonce="{NONCE}"'
                    await call.send(
                        f"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: {challenge}\r\n"
                        "Content-Length: 0\r\n\r\n".encode()
                    )
                    continue
                self.calls.append(call)
                await self.handler(call)

    def _known(self, method: str, path: str, head: str) -> bool:
        found = re.search(r"authorization: Digest (.*)", head, re.I)
        if not found:
            return False
        said = {
            name: quoted or bare
            for name, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]+))', found[1])
        }

        def md5(text: str) -> str:
            # the digest login of HTTP is made of it
            return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

        first = md5(f"{self.username}:{REALM}:{self.password}")
        parts = [first, NONCE, said["nc"], said["cnonce"], said["qop"], md5(f"{method}:{path}")]
        return bool(said["username"] == self.username and said["response"] == md5(":".join(parts)))


class HttpServer:
    """A device's web server, on a free port between `open` and `close`."""

    def __init__(self, handler: Handler) -> None:
        self.device = HttpDevice(handler)
        self._server: asyncio.Server | None = None
        self._writers: dict[asyncio.StreamWriter, asyncio.Task[None] | None] = {}

    async def open(self) -> None:
        """Listen; from then on the device knows its address."""
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.device.address = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is None:
            return
        self._server.close()
        for writer, task in list(self._writers.items()):
            writer.transport.abort()
            if task is not None:
                task.cancel()
        await self._server.wait_closed()
        self._server = None

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers[writer] = asyncio.current_task()
        try:
            # a cancelled handler would be told to the log by the server that called it
            with contextlib.suppress(asyncio.CancelledError):
                await self.device.take(reader, writer)
        finally:
            del self._writers[writer]
            writer.close()


@contextlib.asynccontextmanager
async def http_device(handler: Handler) -> AsyncIterator[HttpDevice]:
    """A device on a free port, gone at the end."""
    server = HttpServer(handler)
    await server.open()
    try:
        yield server.device
    finally:
        await server.close()
