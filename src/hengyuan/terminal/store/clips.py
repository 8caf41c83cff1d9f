"""Clips that are still to be kept of trucks: what survives a restart between truck and clip."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

TABLES = """
CREATE TABLE IF NOT EXISTS clip_due (
  seq INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  from_ms INTEGER NOT NULL,
  to_ms INTEGER,
  state TEXT NOT NULL CHECK (state IN ('standing', 'due', 'kept', 'missing')),
  tries INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS clip_due_of ON clip_due (first_seq);
CREATE INDEX IF NOT EXISTS clip_due_open ON clip_due (lane) WHERE state IN ('standing', 'due');
"""

Ended = Literal["kept", "missing"]


@dataclass(frozen=True, slots=True)
class DueClip:
    """Clips of one truck. Times in ms since 1970 by this machine; `to_ms` None: it stands there."""

    seq: int
    """The record for whose sake they are wanted."""
    first_seq: int
    """The first record of the same truck."""
    lane: int
    from_ms: int
    to_ms: int | None
    tries: int


def want(connection: sqlite3.Connection, clip: DueClip, weighed_ms: int) -> bool:
    """Note that clips of a truck are wanted, unless others of it are owed or reach to its weighing.

    A truck that was held, went away and came back is weighed twice, and has clips of both.
    """
    (known,) = connection.execute(
        "SELECT count(*) FROM clip_due WHERE first_seq = ?"
        " AND (state IN ('standing', 'due') OR to_ms >= ?)",
        (clip.first_seq, weighed_ms),
    ).fetchone()
    if known:
        return False
    state = "standing" if clip.to_ms is None else "due"
    cursor = connection.execute(
        "INSERT OR IGNORE INTO clip_due VALUES (?, ?, ?, ?, ?, ?, ?)",
        (clip.seq, clip.first_seq, clip.lane, clip.from_ms, clip.to_ms, state, clip.tries),
    )
    return cursor.rowcount > 0


def until(connection: sqlite3.Connection, seq: int, to_ms: int) -> None:
    """The truck has left; its clips end at `to_ms`."""
    connection.execute(
        "UPDATE clip_due SET to_ms = ?, state = 'due' WHERE seq = ? AND state = 'standing'",
        (to_ms, seq),
    )


def tried(connection: sqlite3.Connection, seq: int) -> None:
    """They could not be had this time."""
    connection.execute("UPDATE clip_due SET tries = tries + 1 WHERE seq = ?", (seq,))


def end(connection: sqlite3.Connection, seq: int, state: Ended) -> None:
    """They are kept, or will never be."""
    connection.execute("UPDATE clip_due SET state = ? WHERE seq = ?", (state, seq))


def open_clips(connection: sqlite3.Connection, lane: int) -> list[DueClip]:
    """What a lane still owes, oldest first."""
    rows = connection.execute(
        "SELECT seq, first_seq, lane, from_ms, to_ms, tries FROM clip_due"
        " WHERE lane = ? AND state IN ('standing', 'due') ORDER BY seq",
        (lane,),
    )
    return [DueClip(*row) for row in rows]
