"""TCP: the device, or a serial device server set to call, connects to the terminal."""

from __future__ import annotations

import asyncio
import socket

import structlog

from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.settings import TcpServer

log = structlog.get_logger(__name__)


async def open_tcp_server(settings: TcpServer) -> Connection:
    """Wait for the device to call, for as long as it takes; then nobody else is let in.

    Raises `OSError` where the port is taken.
    """
    called: asyncio.Future[Connection] = asyncio.get_running_loop().create_future()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        caller = peer[0] if peer else None
        if called.done() or (settings.peer is not None and caller != settings.peer):
            log.warning("caller turned away", caller=caller, port=settings.port)
            writer.transport.abort()
            return
        line: socket.socket | None = writer.get_extra_info("socket")
        if line is not None:
            # a device that loses its power says no goodbye
            line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        called.set_result(Connection(reader, writer))

    server = await asyncio.start_server(take, settings.host, settings.port)
    try:
        return await called
    finally:
        server.close()
