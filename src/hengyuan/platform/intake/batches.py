"""Taking a batch: verify it, store it, or say what is wrong and keep what is evidence of it."""

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
from django.db import close_old_connections

from hengyuan.platform.intake import refused
from hengyuan.platform.intake.http import Answer, Request, signed_by
from hengyuan.platform.intake.registry import KnownTerminal, Registry
from hengyuan.platform.intake.rows import Prepared, prepare
from hengyuan.platform.intake.writer import Writer
from hengyuan.platform.weighing.rule_pack_numbers import UnknownRulePack, enter
from hengyuan.record.answers import Stored, Watermark
from hengyuan.record.batch import Verified, check_lines, check_signature, parse
from hengyuan.record.refusal import Refusal

# A terminal gives up at 30 s (docs/protocol.md); it should hear why before that.
ANSWER_WITHIN_S = 20.0

# A signature is checked without the interpreter's lock, so a thread of its own takes that work
# to another core while the lane goes on reading records.
_signature_checks = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="intake-signature")


async def take(request: Request, registry: Registry, writer: Writer, pool: asyncpg.Pool) -> Answer:
    """Store a batch and answer with the watermark, after the commit."""
    batch = parse(request.body)
    writer.refuse_if_full(len(batch.lines))
    terminal = await registry.get(batch.header.terminal)
    try:
        await asyncio.get_running_loop().run_in_executor(
            _signature_checks, check_signature, batch.header, terminal.public_key
        )
        async with writer.turn:
            verified = check_lines(batch, terminal.suite)
            # the writer's conversation with the database goes on between the pieces of this work
            await asyncio.sleep(0)
            prepared = await _prepared(terminal, verified, pool)
            await asyncio.sleep(0)
        stored = await _store(terminal, verified, prepared, writer, pool)
    except Refusal as refusal:
        if refusal.code in refused.KEPT:
            await refused.keep(pool, terminal, batch.header, request, refusal)
        raise
    return Answer(stored)


async def watermark(request: Request, registry: Registry, pool: asyncpg.Pool) -> Answer:
    """The watermark of the terminal that asks."""
    terminal = await signed_by(request, registry)
    async with asyncio.timeout(ANSWER_WITHIN_S):
        return Answer({"watermark": await confirmed_watermark(terminal, pool)})


async def watermark_of(terminal: KnownTerminal, pool: Any) -> Watermark:
    """The last seq stored and its digest; seq 0 and the genesis digest before the first."""
    row = await pool.fetchrow(
        "SELECT last_seq, head FROM intake_chainhead WHERE terminal_id = $1", terminal.id
    )
    if row is None:
        return Watermark(0, terminal.genesis.hex())
    return Watermark(row["last_seq"], row["head"].hex())


async def confirmed_watermark(terminal: KnownTerminal, pool: Any) -> Watermark:
    """The watermark as an acknowledgement: what is below it survives the loss of this server.

    What a server shows after a crash, or after a wait for its standby was broken off, may not have
    reached the standby. The write waits for that, and with it for everything before it.
    """
    row = await pool.fetchrow(
        "UPDATE intake_chainhead SET last_seq = last_seq WHERE terminal_id = $1"
        " RETURNING last_seq, head",
        terminal.id,
    )
    if row is None:
        return Watermark(0, terminal.genesis.hex())
    return Watermark(row["last_seq"], row["head"].hex())


async def _prepared(terminal: KnownTerminal, verified: Verified, pool: asyncpg.Pool) -> Prepared:
    while True:
        try:
            return prepare(terminal.id, terminal.county, terminal.unit_id, verified)
        except UnknownRulePack as unknown:
            await enter(pool, unknown.name)


async def _store(
    terminal: KnownTerminal,
    verified: Verified,
    prepared: Prepared,
    writer: Writer,
    pool: asyncpg.Pool,
) -> Stored:
    header = verified.header
    try:
        async with asyncio.timeout(ANSWER_WITHIN_S):
            if await writer.store(terminal, header, prepared):
                return Stored(Watermark(header.last, header.head), len(verified.records))
            return await _known_already(terminal, verified, pool)
    except TimeoutError:
        raise Refusal("busy", "the database is slow; send the same batch again") from None


async def _known_already(terminal: KnownTerminal, verified: Verified, pool: asyncpg.Pool) -> Stored:
    """What to answer a batch that does not build on the stored head.

    Stored before: the watermark. Partly stored, or ahead of the head: `gap` with the number that
    is due. Another history than the stored one: `conflict`.
    """
    header = verified.header
    mark = await confirmed_watermark(terminal, pool)
    if header.first > mark.seq + 1:
        raise Refusal(
            "gap",
            f"record {mark.seq + 1} is due, the batch begins with {header.first}",
            expected=mark.seq + 1,
            watermark={"seq": mark.seq, "digest": mark.digest},
        )
    rows = await pool.fetch(
        "SELECT seq, digest FROM weighing WHERE terminal_id = $1 AND seq BETWEEN $2 AND $3",
        terminal.id,
        header.first,
        min(header.last, mark.seq),
    )
    stored = {row["seq"]: row["digest"] for row in rows}
    last = min(header.last, mark.seq)
    if len(stored) <= last - header.first:
        stored = await asyncio.to_thread(_digests_anywhere, terminal.id, header.first, last)
    for seq, digest in enumerate(verified.digests, start=header.first):
        # of a record whose time is over nothing is left to compare with, and nothing is stored
        if seq in stored and stored[seq] != digest:
            raise _conflict(seq, mark)
    if header.first == mark.seq + 1 and header.prev != mark.digest:
        raise _conflict(mark.seq, mark)
    if header.last > mark.seq:
        raise Refusal(
            "gap",
            f"records up to {mark.seq} are stored, send from {mark.seq + 1} on",
            expected=mark.seq + 1,
            watermark={"seq": mark.seq, "digest": mark.digest},
        )
    return Stored(mark, 0)


def _digests_anywhere(terminal_id: int, first: int, last: int) -> dict[int, bytes]:
    """Digests of stored records, those of archived months too."""
    # the lane itself does without Django's models
    from hengyuan.platform.weighing.queries import digests_of

    try:
        return digests_of(terminal_id, first, last)
    finally:
        close_old_connections()


def _conflict(seq: int, mark: Watermark) -> Refusal:
    return Refusal(
        "conflict",
        f"record {seq} is stored with another digest; the batch is kept as evidence",
        seq=seq,
        watermark={"seq": mark.seq, "digest": mark.digest},
    )
