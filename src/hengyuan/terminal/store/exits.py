"""What exit cameras saw, and which weighing each of it was found to belong to."""

from __future__ import annotations

import sqlite3

TABLES = """
CREATE TABLE IF NOT EXISTS exit_match (
  sighting INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS exit_match_of ON exit_match (first_seq);
"""


def matched(connection: sqlite3.Connection, sighting: int, first_seq: int) -> None:
    """A truck that left is the one of a passage: what was seen of it is used up."""
    connection.execute("INSERT OR REPLACE INTO exit_match VALUES (?, ?)", (sighting, first_seq))
    passed(connection, sighting)


def passed(connection: sqlite3.Connection, sighting: int) -> None:
    """What was seen belongs to no weighing and needs none."""
    connection.execute(
        "UPDATE sighting SET state = 'passed' WHERE id = ? AND state = 'open'", (sighting,)
    )


def claimed(connection: sqlite3.Connection, above_seq: int) -> set[int]:
    """The passages above a record that were seen leaving, by their first record."""
    rows = connection.execute("SELECT first_seq FROM exit_match WHERE first_seq > ?", (above_seq,))
    return {first_seq for (first_seq,) in rows}
