"""Messages that arrived and were not read yet, for transports that carry messages, not streams."""

from __future__ import annotations

import asyncio

WAITING = 256
"""Messages held back for a slow reader; the oldest go first."""


class Arrivals:
    """A bounded queue of messages, ended by the error that broke the connection."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | Exception] = asyncio.Queue(WAITING)

    def put(self, item: bytes | Exception) -> None:
        """Keep a message, or the end of the connection."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(item)

    async def get(self, timeout_s: float) -> bytes:
        """The next message. `TimeoutError` after silence, `ConnectionError` at the end."""
        async with asyncio.timeout(timeout_s):
            item = await self._queue.get()
        if isinstance(item, Exception):
            raise ConnectionResetError(str(item) or type(item).__name__)
        return item
