"""Signs of life for the service manager (sd_notify): nothing where none asks for them."""

from __future__ import annotations

import asyncio
import os
import socket

import structlog

log = structlog.get_logger(__name__)

SOCKET_VARIABLE = "NOTIFY_SOCKET"
WATCHDOG_VARIABLE = "WATCHDOG_USEC"


def notify(state: str) -> bool:
    """Say `READY=1`, `STOPPING=1` or `WATCHDOG=1`; False where nobody listens."""
    address = os.environ.get(SOCKET_VARIABLE, "")
    family = getattr(socket, "AF_UNIX", None)
    if not address or family is None:
        return False
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.sendto(state.encode(), "\0" + address[1:] if address[0] == "@" else address)
    except OSError as error:
        log.warning("service.not_notified", error=str(error))
        return False
    return True


async def stay_alive() -> None:
    """Tell that we answer, then that we live, until cancelled.

    The signs come from the event loop that takes the records: one that hangs gives none, and the
    platform is started anew. Nothing acknowledged is lost by that. A database that is away is no
    reason: the platform waits for it and says so by /readyz.
    """
    notify("READY=1")
    text = os.environ.get(WATCHDOG_VARIABLE, "")
    if not text.isdigit() or not int(text):
        return
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(int(text) / 2_000_000)
