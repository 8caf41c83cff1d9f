"""Evidence files: pictures and clips by the digest of their bytes, uploaded in resumable parts.

A file is taken only if a stored record of the same terminal names its digest; it is kept once
its digest was checked, fsynced, and from then on never written again.
"""

import asyncio
import re
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog
from django.db import close_old_connections

from hengyuan.platform.intake.http import Answer, Request, signed_by
from hengyuan.platform.intake.registry import KnownTerminal, Registry
from hengyuan.platform.weighing.columns import unpack_files
from hengyuan.platform.weighing.evidence import MAX_FILE, BadFile, EvidenceStore, is_digest
from hengyuan.record.answers import FileProgress
from hengyuan.record.refusal import Refusal

log = structlog.get_logger(__name__)

MAX_CHUNK = 8 * 1024 * 1024
SEQ_HEADER = "hengyuan-seq"
# Files follow their record; only those that have not come after this time are asked for again.
ASK_AFTER = timedelta(minutes=2)
LOOK_EVERY_S = 30.0

# One part of a file at a time: two senders of the same file must not write into each other.
_locks = [asyncio.Lock() for _ in range(64)]
_RANGE = re.compile(r"^bytes (\d{1,10})-(\d{1,10})/(\d{1,10})$")


async def progress(
    request: Request, digest: str, registry: Registry, store: EvidenceStore
) -> Answer:
    """How much of a file has arrived, so that the terminal goes on from there."""
    terminal = await signed_by(request, registry)
    _check_digest(digest)
    if store.has(digest):
        return Answer(FileProgress(store.path(digest).stat().st_size, complete=True))
    return Answer(FileProgress(store.received(terminal.id, digest), complete=False))


async def take(
    request: Request,
    digest: str,
    registry: Registry,
    store: EvidenceStore,
    pool: asyncpg.Pool,
) -> Answer:
    """Take a part of a file, or all of it."""
    terminal = await signed_by(request, registry)
    _check_digest(digest)
    begin, total = content_range(request, MAX_FILE)
    seq = request.header(SEQ_HEADER)
    if not (seq.isascii() and seq.isdigit()) or len(seq) > 16:
        raise Refusal("malformed", f"the header {SEQ_HEADER} names the record of the file")
    await _check_named(pool, terminal, int(seq), digest)
    if store.has(digest):
        await _arrived(pool, terminal, digest)
        return Answer(FileProgress(store.path(digest).stat().st_size, complete=True))
    async with _locks[hash((terminal.id, digest)) % len(_locks)]:
        try:
            received = await asyncio.to_thread(
                store.append,
                terminal.id,
                digest,
                begin,
                request.body,
                total,
                terminal.suite.digest_name,
            )
        except BadFile as error:
            raise Refusal("bad_file", str(error), received=error.received) from None
        except OSError as error:
            log.error("evidence.disk", error=str(error))
            raise Refusal("busy", "the evidence disk does not take the file") from None
    complete = received == total
    if complete:
        await _arrived(pool, terminal, digest)
    return Answer(FileProgress(received, complete))


def _check_digest(digest: str) -> None:
    if not is_digest(digest):
        raise Refusal("malformed", "a digest is 64 lower-case hex digits")


def content_range(request: Request, most: int) -> tuple[int, int]:
    """Begin and total size that the part claims; without Content-Range the body is the file.

    Refusal: `malformed`, or `too_large` for a file of more than `most` bytes.
    """
    text = request.header("content-range")
    size = len(request.body)
    if not size:
        raise Refusal("malformed", "the body is empty")
    if not text:
        return 0, size
    found = _RANGE.match(text)
    if not found:
        raise Refusal("malformed", "content-range: bytes BEGIN-END/TOTAL")
    begin, end, total = (int(part) for part in found.groups())
    if end - begin + 1 != size or end >= total:
        raise Refusal("malformed", "content-range does not fit the body")
    if total > most:
        raise Refusal("too_large", f"a file has at most {most} bytes")
    return begin, total


async def _check_named(pool: asyncpg.Pool, terminal: KnownTerminal, seq: int, digest: str) -> None:
    row = await pool.fetchrow(
        "SELECT files FROM weighing WHERE terminal_id = $1 AND seq = $2", terminal.id, seq
    )
    files = await asyncio.to_thread(_archived_files, terminal.id, seq) if row is None else row[0]
    if files is None and row is None:
        raise Refusal("not_found", f"record {seq} is not stored yet; send it first")
    if all(file.digest != digest for file in unpack_files(files)):
        raise Refusal("bad_file", f"record {seq} does not name this digest")


def _archived_files(terminal_id: int, seq: int) -> bytes | None:
    """The files of a record of an archived month, packed; None where there is no such record."""
    # the lane itself does without Django's models
    from hengyuan.platform.weighing.queries import records_of

    try:
        found = next(iter(records_of(terminal_id, seq, seq)), None)
        return None if found is None else bytes(found.files or b"")
    finally:
        close_old_connections()


async def _arrived(pool: asyncpg.Pool, terminal: KnownTerminal, digest: str) -> None:
    await pool.execute(
        "DELETE FROM intake_missingfile WHERE terminal_id = $1 AND digest = $2",
        terminal.id,
        bytes.fromhex(digest),
    )


async def watch_missing(pool: asyncpg.Pool, store: EvidenceStore) -> None:
    """Walk the batches in the order of intake and note the files that did not come."""
    while True:
        try:
            more = 1
            while more:
                more = await note_missing(pool, store, datetime.now(UTC) - ASK_AFTER)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            log.warning("evidence.watch_failed", error=str(error))
        await asyncio.sleep(LOOK_EVERY_S)


async def note_missing(pool: asyncpg.Pool, store: EvidenceStore, before: datetime) -> int:
    """Look at the next batches received before that time; how many there were."""
    async with pool.acquire() as connection, connection.transaction():
        batches = await connection.fetch(
            "SELECT id, terminal_id, first_seq, last_seq FROM intake_batch WHERE id > coalesce("
            " (SELECT last_batch FROM intake_follower WHERE name = 'missing-files'), 0)"
            " AND received_at < $1 ORDER BY id LIMIT 200",
            before,
        )
        for batch in batches:
            rows = await connection.fetch(
                "SELECT terminal_id, seq, files FROM weighing WHERE terminal_id = $1"
                " AND seq BETWEEN $2 AND $3 AND files IS NOT NULL",
                batch["terminal_id"],
                batch["first_seq"],
                batch["last_seq"],
            )
            missing = [
                (row["terminal_id"], bytes.fromhex(file.digest), row["seq"], datetime.now(UTC))
                for row in rows
                for file in unpack_files(row["files"])
                if not store.has(file.digest)
            ]
            await connection.executemany(
                "INSERT INTO intake_missingfile VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
                missing,
            )
        if batches:
            await connection.execute(
                "INSERT INTO intake_follower VALUES ('missing-files', $1)"
                " ON CONFLICT (name) DO UPDATE SET last_batch = excluded.last_batch",
                batches[-1]["id"],
            )
    return len(batches)
