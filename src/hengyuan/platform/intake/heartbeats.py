"""Heartbeats: what state a terminal is in, and what the platform asks of it in return."""

import time
from datetime import UTC, datetime

import asyncpg
import msgspec

from hengyuan.platform.intake.batches import watermark_of
from hengyuan.platform.intake.commands import Mailbox
from hengyuan.platform.intake.http import Answer, Request, signed_by
from hengyuan.platform.intake.registry import Registry
from hengyuan.record.answers import Command, Heartbeat, HeartbeatAnswer
from hengyuan.record.refusal import Refusal

# A terminal resends at its own pace; asking for a few at a time keeps the answer small.
MAX_ASKED = 50

_decoder = msgspec.json.Decoder(Heartbeat)

_UPDATE = """
UPDATE terminals_terminal SET last_seen_at = $2, device_states = $3::jsonb, queue_depth = $4,
       clock_offset_ms = $5, software_version = $6, disk_free_mb = $7
WHERE id = $1
"""


async def take(
    request: Request, registry: Registry, pool: asyncpg.Pool, mailbox: Mailbox
) -> Answer:
    """Write down the terminal's state; answer with the time, the watermark and commands."""
    terminal = await signed_by(request, registry)
    try:
        beat = _decoder.decode(request.body)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Refusal("malformed", f"heartbeat: {error}") from None
    now_ms = time.time_ns() // 1_000_000
    # read before the write below, whose commit then stands for what was read as well
    mark = await watermark_of(terminal, pool)
    await pool.execute(
        _UPDATE,
        terminal.id,
        datetime.now(UTC),
        msgspec.json.encode(beat.devices).decode(),
        beat.queue,
        max(-(2**31), min(2**31 - 1, beat.clock_ms - now_ms)),
        beat.software,
        min(beat.disk_free_mb, 2**31 - 1),
    )
    rows = await pool.fetch(
        "SELECT digest FROM intake_missingfile WHERE terminal_id = $1 ORDER BY seq LIMIT $2",
        terminal.id,
        MAX_ASKED,
    )
    commands = await mailbox.for_heartbeat(terminal.id)
    if rows:
        digests = [row["digest"].hex() for row in rows]
        commands.append(
            Command(
                id=f"resend-{digests[0][:16]}",
                name="resend_files",
                arguments={"digests": digests},
            )
        )
    return Answer(HeartbeatAnswer(time_ms=now_ms, watermark=mark, commands=commands))
