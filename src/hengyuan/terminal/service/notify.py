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
    """Say `READY=1` or `WATCHDOG=1`; False where nobody listens."""
    address = os.environ.get(SOCKET_VARIABLE, "")
    family = getattr(socket, "AF_UNIX", None)
    if not address or family is None:
        return False
    if address.startswith("@"):
        address = "\0" + address[1:]
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as line:
            line.sendto(state.encode(), address)
    except OSError as error:
        log.warning("service.not_notified", error=str(error))
        return False
    return True


def watchdog_every_s() -> float | None:
    """How often a sign of life is due: half of what the manager waits for; None without one."""
    text = os.environ.get(WATCHDOG_VARIABLE, "")
    return int(text) / 2_000_000 if text.isdigit() and int(text) else None


async def stay_alive() -> None:
    """Tell that we are ready, then that we are alive, until cancelled. The signs come from the
    event loop: one that hangs gives none, and is started anew. An end is not told: a terminal that
    begins anew by itself has not ended."""
    notify("READY=1")
    every_s = watchdog_every_s()
    while every_s is not None:
        notify("WATCHDOG=1")
        await asyncio.sleep(every_s)
