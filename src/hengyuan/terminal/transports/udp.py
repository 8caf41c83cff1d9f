"""UDP: datagrams to and from one device."""

from __future__ import annotations

import asyncio
from typing import Any

from hengyuan.terminal.transports.arrivals import Arrivals
from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.settings import Udp


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.arrivals = Arrivals()

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        if data:
            self.arrivals.put(data)

    def error_received(self, exc: Exception) -> None:
        self.arrivals.put(exc)

    def connection_lost(self, exc: Exception | None) -> None:
        self.arrivals.put(exc or ConnectionResetError("closed"))


class DatagramConnection(Connection):
    """Each read is one datagram, each write sends one."""

    def __init__(self, transport: asyncio.DatagramTransport, arrivals: Arrivals) -> None:
        self._transport = transport
        self._arrivals = arrivals

    async def read(self, timeout_s: float) -> bytes:
        return await self._arrivals.get(timeout_s)

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
    return DatagramConnection(transport, protocol.arrivals)
