"""What the running platform does about months: the coming ones are made, the past ones closed.

Closing a month reads millions of records: it runs in a process of its own, at the lowest priority,
and may be killed at any moment.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys

import structlog
from django.db import Error, close_old_connections

from hengyuan.platform.history import folder, partitions, services

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 300.0
# intake makes the months that it needs when it starts; the two are not to meet
FIRST_LOOK_S = 30.0
_NICE = 19


async def keep_months() -> None:
    """Look after the months until cancelled."""
    await asyncio.sleep(FIRST_LOOK_S)
    while True:
        try:
            if await asyncio.to_thread(_look):
                await _close_months()
        except (Error, OSError) as error:
            log.warning("history.keeper_failed", error=str(error))
        await asyncio.sleep(LOOK_EVERY_S)


def _look() -> bool:
    """Make the coming months; True where past ones are to be closed."""
    close_old_connections()
    try:
        folder.folder()
        for month in partitions.make_coming():
            log.info("history.month_made", month=f"{month:%Y-%m}")
        return services.anything_due()
    finally:
        close_old_connections()


async def _close_months() -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "hengyuan.cli",
        "platform",
        "months",
        "--due",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        preexec_fn=None if sys.platform == "win32" else _give_way,
    )
    try:
        status = await child.wait()
        if status:
            log.warning("history.closing_failed", status=status)
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
            await child.wait()


def _give_way() -> None:
    os.nice(_NICE)
