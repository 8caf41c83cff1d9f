"""The journal's door: entries of a terminal beside its records, numbered, each stored once."""

import asyncpg

from hengyuan.platform.intake.http import Answer, Request, signed_by
from hengyuan.platform.intake.registry import Registry
from hengyuan.platform.upkeep.services import take_entries
from hengyuan.record.journal import JournalStored, read_part


async def take(request: Request, registry: Registry, pool: asyncpg.Pool) -> Answer:
    """Store a part of the journal; answer with the last number stored, after the commit."""
    terminal = await signed_by(request, registry)
    part = read_part(request.body)
    async with pool.acquire() as connection:
        last = await take_entries(connection, terminal.id, part.entries)
    return Answer(JournalStored(last=last))
