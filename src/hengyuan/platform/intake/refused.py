"""Refused batches that tell something: kept as they came, as evidence of tampering or of a fault.

Bounded for each terminal, because anyone can send rubbish under a terminal's name; what the
terminal's own key signed is never pushed out by what it did not sign.
"""

from datetime import UTC, datetime

import asyncpg
import structlog

from hengyuan.platform.intake.http import Request
from hengyuan.platform.intake.registry import KnownTerminal
from hengyuan.record.batch import BatchHeader
from hengyuan.record.refusal import Refusal

log = structlog.get_logger(__name__)

SIGNED = frozenset({"conflict", "broken_chain", "bad_record", "not_canonical"})
KEPT = SIGNED | {"bad_signature"}
MAX_UNSIGNED = 50
MAX_SIGNED = 1_000

_KEEP = """
INSERT INTO intake_refused AS r (terminal_id, code, detail, line, first_seq, last_seq,
                                 body_digest, body, remote, first_at, last_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10
WHERE (SELECT count(*) FROM intake_refused
       WHERE terminal_id = $1 AND (code = 'bad_signature') = ($2 = 'bad_signature')) < $11
   OR EXISTS (SELECT 1 FROM intake_refused WHERE terminal_id = $1 AND body_digest = $7)
ON CONFLICT (terminal_id, body_digest)
DO UPDATE SET times = r.times + 1, last_at = excluded.last_at
"""


async def keep(
    pool: asyncpg.Pool,
    terminal: KnownTerminal,
    header: BatchHeader,
    request: Request,
    refusal: Refusal,
) -> None:
    """Keep a refused batch; the same bytes again only count up."""
    log.warning("intake.refused", terminal=terminal.code, code=refusal.code, detail=refusal.detail)
    await pool.execute(
        _KEEP,
        terminal.id,
        refusal.code,
        refusal.detail[:500],
        refusal.line,
        header.first,
        header.last,
        terminal.suite.digest(request.body),
        request.body,
        request.remote,
        datetime.now(UTC),
        MAX_SIGNED if refusal.code in SIGNED else MAX_UNSIGNED,
    )
