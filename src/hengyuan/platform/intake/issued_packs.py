"""Rule packs that counties have issued: known to the second judgement before a record needs them.

The page that issues one tells its own process at once; others, and commands, are heard of here.
"""

from __future__ import annotations

import asyncio

import asyncpg
import msgspec
import structlog

from hengyuan.law.pack_documents import BadPack
from hengyuan.platform.intake.rows import forget_judged
from hengyuan.platform.rule_packs import learn
from hengyuan.platform.weighing import rule_pack_numbers

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0

_NEW = """
SELECT id, body->'pack' AS pack FROM terminals_directive
WHERE kind = 'rule_pack' AND id > $1 ORDER BY id
"""


class IssuedPacks:
    """Follows the orders that hold a rule pack."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._last = 0

    async def learn_new(self) -> None:
        """Take what was issued since the last time, and the numbers of packs in records."""
        if await rule_pack_numbers.read(self._pool):
            forget_judged()
        rows = await self._pool.fetch(_NEW, self._last)
        for row in rows:
            self._last = row["id"]
            try:
                learn(msgspec.json.decode(row["pack"]))
            except BadPack as error:
                log.error("intake.rule_pack_unusable", why=str(error))
        if rows:
            # what named a pack before it was known was judged without it
            forget_judged()

    async def watch(self) -> None:
        """Look every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.learn_new()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                log.warning("intake.rule_packs_not_read", error=str(error))
