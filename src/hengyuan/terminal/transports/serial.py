"""Serial ports, by their name on this machine."""

from __future__ import annotations

import os
from typing import Any

import serial_asyncio_fast

from hengyuan.terminal.transports.connection import Connection
from hengyuan.terminal.transports.settings import Serial


async def open_serial(settings: Serial) -> Connection:
    """Raises `OSError` where the port is missing, in use, or not ours to open."""
    options: dict[str, Any] = {
        "baudrate": settings.baudrate,
        "bytesize": settings.bytesize,
        "parity": settings.parity,
        "stopbits": settings.stopbits,
    }
    if os.name == "posix":
        # two readers of one port would each get half of the bytes; Windows never shares a port
        options["exclusive"] = True
    reader, writer = await serial_asyncio_fast.open_serial_connection(url=settings.port, **options)
    return Connection(reader, writer)
