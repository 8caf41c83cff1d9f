"""What the platform asked for and how it ended, so that nothing is done twice over a restart."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

TABLES = """
CREATE TABLE IF NOT EXISTS command (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  taken_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('taken', 'done', 'failed')),
  text TEXT NOT NULL,
  told INTEGER NOT NULL
) STRICT;
"""

KEPT = 1000
"""Commands that are remembered. The platform repeats one for as long as it has no answer, and an
answer that is not told yet is never forgotten."""

End = Literal["done", "failed"]


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended here; `told` once the platform knows."""

    id: str
    name: str
    state: End
    text: str
    told: bool


def take(connection: sqlite3.Connection, command: str, name: str, at_ms: int) -> Ended | None:
    """Write down that a command came; how it ended if it came before and has ended."""
    connection.execute(
        "INSERT INTO command (id, name, taken_ms, state, text, told)"
        " VALUES (?, ?, ?, 'taken', '', 0) ON CONFLICT (id) DO NOTHING",
        (command, name, at_ms),
    )
    connection.execute(
        "DELETE FROM command WHERE told AND number <= (SELECT max(number) FROM command) - ?",
        (KEPT,),
    )
    row = connection.execute(
        "SELECT id, name, state, text, told FROM command WHERE id = ? AND state <> 'taken'",
        (command,),
    ).fetchone()
    return None if row is None else _ended(row)


def end(connection: sqlite3.Connection, command: str, state: End, text: str) -> None:
    """Write down how a command ended. The first end stays."""
    connection.execute(
        "UPDATE command SET state = ?, text = ? WHERE id = ? AND state = 'taken'",
        (state, text, command),
    )


def told(connection: sqlite3.Connection, command: str) -> None:
    """The platform knows how it ended, or wants no answer any more."""
    connection.execute("UPDATE command SET told = 1 WHERE id = ?", (command,))


def untold(connection: sqlite3.Connection) -> list[Ended]:
    """Ends that the platform does not know yet, oldest first."""
    rows = connection.execute(
        "SELECT id, name, state, text, told FROM command"
        " WHERE state <> 'taken' AND NOT told ORDER BY number"
    )
    return [_ended(row) for row in rows]


def _ended(row: tuple[str, str, End, str, int]) -> Ended:
    return Ended(row[0], row[1], row[2], row[3], bool(row[4]))
