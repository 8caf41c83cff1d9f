"""One open byte stream to a device, whatever carries it."""

from __future__ import annotations

import asyncio
import contextlib

CHUNK = 4096
_CLOSE_S = 1.0
_WRITE_S = 5.0


class Connection:
    """Reads and writes bytes until the other side goes away."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, timeout_s: float) -> bytes:
        """What has arrived, at least one byte.

        Raises `TimeoutError` after `timeout_s` of silence and `ConnectionError` at the end.
        """
        async with asyncio.timeout(timeout_s):
            data = await self._reader.read(CHUNK)
        if not data:
            raise ConnectionResetError("closed by the other side")
        return data

    async def write(self, data: bytes) -> None:
        """Send `data`. Raises `OSError` where the stream is broken."""
        if self._writer.is_closing():
            raise ConnectionResetError("already closed")
        self._writer.write(data)
        async with asyncio.timeout(_WRITE_S):
            await self._writer.drain()

    def abort(self) -> None:
        """Give the stream up at once; whoever reads from it is told so."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Close, waiting a moment for what is still to go out."""
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(_CLOSE_S):
                await self._writer.wait_closed()
