"""Pictures that were asked for: segments of live sessions, and clips of the past.

A live session lives on disk as a window of some seconds. The terminal learns from the answer to
each segment whether somebody still watches. Nothing here meets the way of the records.
"""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import structlog

from hengyuan.platform.footage_files import NeedsInit, Window, clip_store, live_root
from hengyuan.platform.intake.evidence import content_range
from hengyuan.platform.intake.http import Answer, Request, signed_by
from hengyuan.platform.intake.registry import KnownTerminal, Registry
from hengyuan.platform.weighing.evidence import BadFile, is_digest, media_type_of
from hengyuan.record.answers import FileProgress
from hengyuan.record.footage import (
    MAX_CLIP_BYTES,
    MAX_INIT_BYTES,
    MAX_SEGMENT_BYTES,
    MAX_SEGMENT_MS,
    LiveAnswer,
)
from hengyuan.record.refusal import Refusal

log = structlog.get_logger(__name__)

UNWATCHED_AFTER = timedelta(seconds=20)
"""Nobody asked for the playlist for so long: the session ends."""
SILENT_AFTER = timedelta(seconds=40)
WINDOW_STAYS = timedelta(seconds=60)
"""How long the last pictures stay behind a session's end, for players that are a little late."""
PARTIAL_STAYS = timedelta(days=2)
SWEEP_EVERY_S = 15.0

_OPEN = """
SELECT 1 FROM video_livesession
WHERE command_id = $1 AND terminal_id = $2 AND ended_at IS NULL AND ends_at > now()
"""
_SEGMENT = """
UPDATE video_livesession
SET last_segment_at = now(), begun_at = coalesce(begun_at, now()), segments = segments + 1,
    bytes = bytes + $3
WHERE command_id = $1 AND terminal_id = $2 AND ended_at IS NULL
RETURNING watched_at, ends_at
"""
_KNOWN = "SELECT 1 FROM video_livesession WHERE command_id = $1 AND terminal_id = $2"
_END = """
UPDATE video_livesession SET ended_at = now(), ending = $2
WHERE command_id = $1 AND ended_at IS NULL
"""
_END_OLD = """
UPDATE video_livesession s SET ended_at = now(), ending = CASE
    WHEN s.ends_at <= now() THEN 'time'
    WHEN c.state IN ('done', 'failed') THEN 'terminal' ELSE 'lost' END
FROM terminals_command c
WHERE c.id = s.command_id AND s.ended_at IS NULL AND (
    s.ends_at <= now() OR c.state IN ('done', 'failed')
    OR coalesce(s.last_segment_at, s.opened_at) < now() - $1::interval)
RETURNING s.command_id
"""
_LONG_ENDED = """
SELECT command_id FROM video_livesession
WHERE command_id = ANY($1) AND ended_at < now() - $2::interval
"""
_ASKED_CLIP = """
SELECT digest FROM video_clip WHERE command_id = $1 AND terminal_id = $2 AND removed_at IS NULL
"""
_CLIP_ARRIVED = """
UPDATE video_clip SET digest = $3, size_bytes = $4, arrived_at = now()
WHERE command_id = $1 AND terminal_id = $2 AND arrived_at IS NULL
"""
_CLIPS_OVER = """
UPDATE video_clip SET removed_at = now()
WHERE keep_until < now() AND removed_at IS NULL AND arrived_at IS NOT NULL RETURNING digest
"""
_STILL_NAMED = "SELECT 1 FROM video_clip WHERE digest = $1 AND removed_at IS NULL LIMIT 1"

_clip_locks = [asyncio.Lock() for _ in range(16)]


class LiveSessions:
    """The windows of the sessions that are sent to this process."""

    def __init__(self, pool: asyncpg.Pool, root: Path | None = None) -> None:
        self._pool = pool
        self._root = root or live_root()
        self._windows: dict[UUID, Window] = {}
        self._locks: dict[UUID, asyncio.Lock] = {}

    async def add_init(self, terminal: KnownTerminal, session: UUID, at: int, data: bytes) -> bool:
        """Keep an initialisation segment; False for a session that has ended."""
        if await self._pool.fetchval(_OPEN, session, terminal.id) is None:
            await self._check_known(terminal, session)
            return False
        async with self._lock(session):
            await asyncio.to_thread(self._window(session).add_init, at, data)
        return True

    async def add(
        self, terminal: KnownTerminal, session: UUID, sequence: int, ms: int, data: bytes
    ) -> LiveAnswer:
        """Keep a segment, and say whether somebody wants the next."""
        row = await self._pool.fetchrow(_SEGMENT, session, terminal.id, len(data))
        if row is None:
            await self._check_known(terminal, session)
            return LiveAnswer(go_on=False)
        now = datetime.now(UTC)
        if row["ends_at"] <= now or now - row["watched_at"] > UNWATCHED_AFTER:
            await self._end(session, "time" if row["ends_at"] <= now else "unwatched")
            return LiveAnswer(go_on=False)
        async with self._lock(session):
            try:
                await asyncio.to_thread(self._window(session).add, sequence, ms, data)
            except NeedsInit:
                return LiveAnswer(go_on=True, needs_init=True)
        return LiveAnswer(go_on=True)

    async def sweep(self) -> None:
        """End what went silent, and remove windows and clips whose time is over."""
        for row in await self._pool.fetch(_END_OLD, SILENT_AFTER):
            await self._close(row["command_id"])
        for row in await self._pool.fetch(_LONG_ENDED, list(self._windows), WINDOW_STAYS):
            window = self._windows.pop(row["command_id"])
            self._locks.pop(row["command_id"], None)
            await asyncio.to_thread(window.remove)
        store = clip_store()
        for row in await self._pool.fetch(_CLIPS_OVER):
            if await self._pool.fetchval(_STILL_NAMED, row["digest"]) is None:
                store.path(row["digest"]).unlink(missing_ok=True)
        await asyncio.to_thread(_remove_old, store.root / "partial")

    async def _end(self, session: UUID, why: str) -> None:
        await self._pool.execute(_END, session, why)
        await self._close(session)

    async def _close(self, session: UUID) -> None:
        if (window := self._windows.get(session)) is not None:
            async with self._lock(session):
                await asyncio.to_thread(window.end)

    async def _check_known(self, terminal: KnownTerminal, session: UUID) -> None:
        if await self._pool.fetchval(_KNOWN, session, terminal.id) is None:
            raise Refusal("not_found", f"no live session {session} was asked of this terminal")

    def _window(self, session: UUID) -> Window:
        if session not in self._windows:
            self._windows[session] = Window(self._root / str(session))
        return self._windows[session]

    def _lock(self, session: UUID) -> asyncio.Lock:
        return self._locks.setdefault(session, asyncio.Lock())


async def watch(live: LiveSessions) -> None:
    """Sweep for ever."""
    while True:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
            try:
                await live.sweep()
            except OSError as error:
                log.warning("footage.sweep_failed", error=str(error))
        await asyncio.sleep(SWEEP_EVERY_S)


async def take_live(
    request: Request, path: tuple[str, str, str], registry: Registry, live: LiveSessions
) -> Answer:
    """Take an initialisation segment (`init` in place of the duration) or a segment."""
    terminal = await signed_by(request, registry)
    session, sequence = _uuid(path[0]), _number(path[1], 2**63 - 1)
    _check_mp4(request.body)
    try:
        if path[2] == "init":
            _check_size(request.body, MAX_INIT_BYTES)
            go_on = await live.add_init(terminal, session, sequence, request.body)
            return Answer(LiveAnswer(go_on=go_on))
        _check_size(request.body, MAX_SEGMENT_BYTES)
        duration_ms = _number(path[2], MAX_SEGMENT_MS)
        return Answer(await live.add(terminal, session, sequence, duration_ms, request.body))
    except OSError as error:
        log.error("footage.disk", error=str(error))
        raise Refusal("busy", "the disk does not take the segment") from None


async def clip_progress(
    request: Request, command: str, digest: str, registry: Registry, pool: asyncpg.Pool
) -> Answer:
    """How much of a clip has arrived."""
    terminal = await signed_by(request, registry)
    await _check_asked(pool, terminal, _uuid(command), digest)
    store = clip_store()
    if store.has(digest):
        return Answer(FileProgress(store.path(digest).stat().st_size, complete=True))
    return Answer(FileProgress(store.received(terminal.id, digest), complete=False))


async def take_clip(
    request: Request, command: str, digest: str, registry: Registry, pool: asyncpg.Pool
) -> Answer:
    """Take a part of a clip, or all of it."""
    terminal = await signed_by(request, registry)
    asked = _uuid(command)
    await _check_asked(pool, terminal, asked, digest)
    begin, total = content_range(request, MAX_CLIP_BYTES)
    if begin == 0:
        _check_mp4(request.body)
    store = clip_store()
    async with _clip_locks[hash((terminal.id, digest)) % len(_clip_locks)]:
        if store.has(digest):
            received = total = store.path(digest).stat().st_size
        else:
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
                log.error("footage.disk", error=str(error))
                raise Refusal("busy", "the disk does not take the clip") from None
    if received == total:
        await pool.execute(_CLIP_ARRIVED, asked, terminal.id, digest, total)
    return Answer(FileProgress(received, received == total))


async def _check_asked(
    pool: asyncpg.Pool, terminal: KnownTerminal, command: UUID, digest: str
) -> None:
    """A clip is taken only where one was asked for, and no second one in its place."""
    if not is_digest(digest):
        raise Refusal("malformed", "a digest is 64 lower-case hex digits")
    known = await pool.fetchval(_ASKED_CLIP, command, terminal.id)
    if known is None:
        raise Refusal("not_found", f"no clip {command} was asked of this terminal")
    if known not in ("", digest):
        raise Refusal("bad_file", "another clip has arrived for this command")


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Refusal("not_found", f"{text!r} was not asked of this terminal") from None


def _number(text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 19 or int(text) > most:
        raise Refusal("malformed", f"{text!r} is no number up to {most}")
    return int(text)


def _check_size(body: bytes, limit: int) -> None:
    if len(body) > limit:
        raise Refusal("too_large", f"at most {limit} bytes here")


def _check_mp4(body: bytes) -> None:
    """ISO base media: what begins with a box of the kinds that a stream or file begins with."""
    if body[4:8] not in (b"ftyp", b"styp", b"moof", b"sidx", b"emsg", b"prft"):
        kind = media_type_of(body[:16]) or "unknown"
        raise Refusal("bad_file", f"no fragmented MP4: {kind}")


def _remove_old(folder: Path) -> None:
    before = datetime.now(UTC) - PARTIAL_STAYS
    for path in folder.glob("*"):
        with contextlib.suppress(FileNotFoundError):
            if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()
