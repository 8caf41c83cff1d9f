"""TCP: the terminal connects to the device."""

from __future__ import annotations

import asyncio
import socket

from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.settings import Tcp


async def open_tcp(settings: Tcp) -> Connection:
    """Raises `OSError` or `TimeoutError` where nothing answers there."""
    async with asyncio.timeout(settings.connect_timeout_s):
        reader, writer = await asyncio.open_connection(settings.host, settings.port)
    peer: socket.socket | None = writer.get_extra_info("socket")
    if peer is not None:
        # a device that loses its power says no goodbye
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return Connection(reader, writer)
