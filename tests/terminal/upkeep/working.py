"""A process that repairs and says so, until it is killed: `python -m … FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from hengyuan.terminal.store import plans, repairs
from tests.terminal.upkeep.keeper import Keeper, keeper


async def work(folder: Path) -> None:
    """Each line names what is stored by then."""
    async with keeper(folder) as keep:
        print("begun", flush=True)
        while True:
            await one_repair(keep)


async def one_repair(keep: Keeper) -> None:
    """A ticket, opened and closed, and a plan."""
    do, now = keep.upkeep.do, keep.clock.now_ms()
    ticket = await do(lambda db: repairs.open_ticket(db, now, "LED", "无显示", "甲"))
    print("ticket_opened", ticket, flush=True)
    await do(lambda db: repairs.close_ticket(db, now, ticket, "换", "正常", "甲"))
    print("ticket_closed", ticket, flush=True)
    run = await do(lambda db: plans.begin_plan(db, now, "停电", "", ["一"], "甲"))
    print("plan_begun", run, flush=True)


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1])))
