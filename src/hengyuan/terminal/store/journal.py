"""The journal's way to the county: which entries are acknowledged, and that none above is lost.

Entries are written by `Store.note`. Their row ids are the numbers of the protocol: 1, 2, 3 …
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass

TWO_WORD = "two_trucks"
"""Two trucks stand on the scale together."""
ONE_WORD = "two_trucks_over"
"""They do not any more."""
TABLES = """
CREATE TABLE IF NOT EXISTS journal_upload (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  acked INTEGER NOT NULL
) STRICT;
INSERT OR IGNORE INTO journal_upload VALUES (1, 0);

CREATE INDEX IF NOT EXISTS journal_by_what ON journal (what, id);

CREATE TRIGGER IF NOT EXISTS journal_is_never_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'an entry of the journal is never changed'); END;

CREATE TRIGGER IF NOT EXISTS journal_is_kept BEFORE DELETE ON journal
WHEN old.id > (SELECT acked FROM journal_upload)
BEGIN SELECT RAISE(ABORT, 'an entry above the acknowledged one is never deleted'); END;
"""


@dataclass(frozen=True, slots=True)
class Row:
    """An entry as it was written down."""

    number: int
    at_ms: int
    lane: int
    what: str
    detail: str


def acknowledged(connection: sqlite3.Connection) -> int:
    """The last number that the platform holds, as far as is known here."""
    (acked,) = connection.execute("SELECT acked FROM journal_upload").fetchone()
    return int(acked)


def acknowledge(connection: sqlite3.Connection, number: int) -> None:
    """The platform holds everything up to `number`; smaller than before if it has lost some."""
    connection.execute("UPDATE journal_upload SET acked = ?", (number,))


def newest(connection: sqlite3.Connection) -> int:
    """The number of the newest entry; 0 before the first."""
    (number,) = connection.execute("SELECT coalesce(max(id), 0) FROM journal").fetchone()
    return int(number)


def two_stood(connection: sqlite3.Connection, lane: int) -> int | None:
    """What two trucks weighed that stood on the scale together when the last run ended."""
    row = connection.execute(
        "SELECT what, detail FROM journal WHERE what IN (?, ?) AND lane = ?"
        " ORDER BY id DESC LIMIT 1",
        (TWO_WORD, ONE_WORD, lane),
    ).fetchone()
    return json.loads(row[1])["both_kg"] if row is not None and row[0] == TWO_WORD else None


def entries_above(connection: sqlite3.Connection, number: int, count: int) -> list[Row]:
    """At most `count` entries above `number`, oldest first."""
    rows = connection.execute(
        "SELECT id, at_ms, lane, what, detail FROM journal WHERE id > ? ORDER BY id LIMIT ?",
        (number, count),
    )
    return [Row(*row) for row in rows]


def newest_of(connection: sqlite3.Connection, whats: tuple[str, ...], count: int) -> list[Row]:
    """The last entries of these kinds, newest first; of all kinds where none is named."""
    rows = connection.execute(
        "SELECT id, at_ms, lane, what, detail FROM journal"
        " WHERE ?1 = '[]' OR what IN (SELECT value FROM json_each(?1)) ORDER BY id DESC LIMIT ?2",
        (json.dumps(whats), count),
    )
    return [Row(*row) for row in rows]
