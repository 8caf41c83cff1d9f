"""UDP: datagrams to and from one device."""

from __future__ import annotations

import asyncio
from typing import Any

from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.settings import Udp

_WAITING = 256
"""Datagrams held back for a slow reader; the oldest go first."""


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.arrived: asyncio.Queue[bytes | Exception] = asyncio.Queue(_WAITING)

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if data:
            self._put(data)

    def error_received(self, exc: Exception) -> None:
        self._put(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self._put(exc or ConnectionResetError("closed"))

    def _put(self, item: bytes | Exception) -> None:
        if self.arrived.full():
            self.arrived.get_nowait()
        self.arrived.put_nowait(item)


class DatagramConnection(Connection):
    """Each read is one datagram, each write sends one."""

    def __init__(self, transport: asyncio.DatagramTransport, protocol: _Datagrams) -> None:
        self._transport = transport
        self._protocol = protocol

    async def read(self, timeout_s: float) -> bytes:
        async with asyncio.timeout(timeout_s):
            item = await self._protocol.arrived.get()
        if isinstance(item, Exception):
            raise ConnectionResetError(str(item) or type(item).__name__)
        return item

    async def write(self, data: bytes) -> None:
        if self._transport.is_closing():
            raise ConnectionResetError("already closed")
        self._transport.sendto(data)

    def abort(self) -> None:
        self._transport.abort()

    async def close(self) -> None:
        self._transport.close()


async def open_udp(settings: Udp) -> Connection:
    """Raises `OSError` where the address is none, or the local port is taken.

    The socket is connected: datagrams from other addresses never arrive.
    """
    local = None if settings.local_port is None else (settings.local_host, settings.local_port)
    transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        _Datagrams, local_addr=local, remote_addr=(settings.host, settings.port)
    )
    return DatagramConnection(transport, protocol)
