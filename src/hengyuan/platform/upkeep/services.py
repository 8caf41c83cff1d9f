"""Writes: entries of a terminal's journal, and what they leave standing. Used by intake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import structlog

from hengyuan.platform.upkeep.standing import Change, change_of
from hengyuan.record.journal import JournalEntry
from hengyuan.record.refusal import Refusal

log = structlog.get_logger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_INSERT = """
INSERT INTO upkeep_journalentry (terminal_id, number, at, received_at, lane, what, detail)
SELECT $1, number, at, $2, lane, what, detail
FROM unnest($3::bigint[], $4::timestamptz[], $5::smallint[], $6::text[], $7::text[])
     AS v(number, at, lane, what, detail)
"""
_STORED = """
SELECT number, at, lane, what, detail FROM upkeep_journalentry
WHERE terminal_id = $1 AND number BETWEEN $2 AND $3
"""
_STAND = """
INSERT INTO upkeep_matter AS m
       (terminal_id, kind, key, title, since, due, kg, is_warning, number)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (terminal_id, kind, key) DO UPDATE SET
    title = excluded.title, since = excluded.since, due = excluded.due, kg = excluded.kg,
    is_warning = excluded.is_warning, number = excluded.number
"""
_END = "DELETE FROM upkeep_matter WHERE terminal_id = $1 AND kind = $2 AND key = $3"


async def take_entries(connection: Any, terminal_id: int, entries: Sequence[JournalEntry]) -> int:
    """Store what is new of the entries, in one transaction; the last number that is stored.

    `connection` is one of asyncpg. Entries that are stored already are left out, so that the same
    part twice changes nothing. Refusal: `gap` with the number that is due, `conflict` if another
    entry stands under a number.
    """
    async with connection.transaction():
        await connection.execute(
            "INSERT INTO upkeep_journalhead VALUES ($1, 0) ON CONFLICT DO NOTHING", terminal_id
        )
        last = await connection.fetchval(
            "SELECT last FROM upkeep_journalhead WHERE terminal_id = $1 FOR UPDATE", terminal_id
        )
        if not entries:
            return int(last)
        if entries[0].number > last + 1:
            raise Refusal(
                "gap",
                f"entry {last + 1} is due, the part begins with {entries[0].number}",
                expected=last + 1,
            )
        known = [entry for entry in entries if entry.number <= last]
        await _check_same(connection, terminal_id, known)
        new = entries[len(known) :]
        if not new:
            return int(last)
        await _insert(connection, terminal_id, new)
        await _apply(connection, terminal_id, new)
        await connection.execute(
            "UPDATE upkeep_journalhead SET last = $2 WHERE terminal_id = $1",
            terminal_id,
            new[-1].number,
        )
        return new[-1].number


async def _check_same(connection: Any, terminal_id: int, known: Sequence[JournalEntry]) -> None:
    if not known:
        return
    rows = await connection.fetch(_STORED, terminal_id, known[0].number, known[-1].number)
    stored = {row["number"]: tuple(row) for row in rows}
    for entry in known:
        if stored.get(entry.number) != _columns(entry):
            raise Refusal("conflict", f"another entry {entry.number} is stored", seq=entry.number)


def _columns(entry: JournalEntry) -> tuple[int, datetime, int, str, str]:
    return entry.number, moment(entry.at_ms), entry.lane, entry.what, entry.detail


async def _insert(connection: Any, terminal_id: int, new: Sequence[JournalEntry]) -> None:
    columns = (list(column) for column in zip(*map(_columns, new), strict=True))
    await connection.execute(_INSERT, terminal_id, datetime.now(UTC), *columns)


async def _apply(connection: Any, terminal_id: int, new: Sequence[JournalEntry]) -> None:
    latest: dict[tuple[str, str], tuple[JournalEntry, Change]] = {}
    for entry in new:
        change = change_of(entry)
        if change is not None:
            latest[change.kind, change.key] = entry, change
    for entry, change in latest.values():
        try:
            async with connection.transaction():
                await _change(connection, terminal_id, entry, change)
        except asyncpg.DataError as error:
            # an entry whose detail the database refuses must not keep those behind it waiting
            log.error("upkeep.not_standing", number=entry.number, what=entry.what, error=str(error))


async def _change(connection: Any, terminal_id: int, entry: JournalEntry, change: Change) -> None:
    if change.is_over:
        await connection.execute(_END, terminal_id, change.kind, change.key)
        return
    await connection.execute(
        _STAND,
        terminal_id,
        change.kind,
        change.key,
        change.title,
        moment(entry.at_ms),
        change.due,
        change.kg,
        change.is_warning,
        entry.number,
    )


def moment(at_ms: int) -> datetime:
    """Milliseconds since 1970 as an aware datetime, exactly."""
    return _EPOCH + timedelta(milliseconds=at_ms)
