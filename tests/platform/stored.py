"""Stored records for the tests of pages: terminals that weigh today, and their batches uploaded."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from tests.platform.records import TestTerminal, running_lane, send


def today_ms(seconds: float = 0) -> int:
    """So many seconds behind local midnight, in ms since 1970: today at any hour of the run."""
    from django.utils.timezone import get_current_timezone, localdate

    midnight = datetime.combine(localdate(), time.min, tzinfo=get_current_timezone())
    return int(midnight.timestamp() * 1000 + seconds * 1000)


def weigh_today(terminal: TestTerminal, seconds: float, **fields: Any) -> None:
    """One record of today at that second of the day."""
    terminal.weigh(1, weighed_at=today_ms(seconds), **fields)


def plates_in(page: str) -> list[str]:
    """The plates that a page, or a piece of one, shows in their colours; without the dot."""
    shown = re.findall(r'<span class="plate plate-\w+"[^>]*>(.*?)</span>(?=\s*<|\s*$)', page)
    return [re.sub(r"<[^>]+>|·", "", plate) for plate in shown]


def upload(*parts: tuple[TestTerminal, int, int]) -> None:
    """Upload ranges (terminal, first, last), each as one batch, in this order."""

    async def work() -> None:
        async with running_lane() as client:
            for terminal, first, last in parts:
                answer = await send(client, terminal.batch(first, last))
                assert answer.status_code == 200, answer.text

    asyncio.run(work())


def upload_all(*terminals: TestTerminal) -> None:
    """Upload everything that these terminals have recorded, one batch each."""
    upload(*((terminal, 1, len(terminal.lines)) for terminal in terminals))


def upload_files(terminal: TestTerminal, seq: int, files: Iterable[bytes]) -> None:
    """Upload the evidence files that a stored record names."""

    async def work() -> None:
        async with running_lane() as client:
            for data in files:
                path = f"/api/intake/v1/files/{terminal.suite.digest(data).hex()}"
                headers = terminal.headers("PUT", path, data) | {"hengyuan-seq": str(seq)}
                answer = await client.put(path, content=data, headers=headers)
                assert answer.status_code == 200, answer.text

    asyncio.run(work())
