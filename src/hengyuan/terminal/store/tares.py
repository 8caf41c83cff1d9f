"""The tare book: what trucks weighed when they came in, for when they drive out.

A tare belongs to a visit: the truck's next exit uses it up, whichever lane it drives out by. The
book follows from the records and is written in the transaction of each: a corrected plate moves a
tare, a void takes it out and gives back what the voided exit had used.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Literal

from hengyuan.record.model import Record
from hengyuan.terminal.store import search

TABLES = """
CREATE TABLE IF NOT EXISTS tare (
  first_seq INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  plate TEXT NOT NULL,
  tare_kg INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  used_by INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS tare_plate ON tare (plate, first_seq);
CREATE INDEX IF NOT EXISTS tare_used ON tare (used_by) WHERE used_by IS NOT NULL;
"""
Source = Literal["visit", "remembered"]
_NONE_YET = 2**62


@dataclass(frozen=True, slots=True)
class Tare:
    """What a truck weighed when it came in. `at_ms` in ms since 1970."""

    first_seq: int
    """The first record of that passage."""
    seq: int
    """The newest record of it."""
    plate: str
    tare_kg: int
    at_ms: int
    lane: int
    used_by: int | None
    """The first record of the passage that drove out with it."""


@dataclass(frozen=True, slots=True)
class TareRule:
    """How long tares count, in ms; see `[lanes.tares]`."""

    valid_ms: int
    keep_ms: int = 0
    """So long a tare of an earlier visit serves where this visit has none; 0: not at all."""


# writing, in the transaction of the record


def enter(connection: sqlite3.Connection, record: Record) -> None:
    """Follow a new record."""
    first_seq = search.first_of(connection, record.seq)
    if record.kind == "entry":
        _came(connection, record, first_seq)
    elif record.kind == "void":
        connection.execute("DELETE FROM tare WHERE first_seq = ?", (first_seq,))
        connection.execute("UPDATE tare SET used_by = NULL WHERE used_by = ?", (first_seq,))
    else:
        _left(connection, record, first_seq)


def _came(connection: sqlite3.Connection, record: Record, first_seq: int) -> None:
    connection.execute("UPDATE tare SET used_by = NULL WHERE used_by = ?", (first_seq,))
    if record.plate is None or record.gross_kg is None:
        connection.execute("DELETE FROM tare WHERE first_seq = ?", (first_seq,))
        return
    used_by = None
    if record.corrects is not None:
        # its plate is learned late: the truck may have driven out since
        (used_by,) = connection.execute(
            "SELECT min(first_seq) FROM passage WHERE plate = ? AND kind = 'exit'"
            " AND first_seq > ?",
            (record.plate, first_seq),
        ).fetchone()
    connection.execute(
        "INSERT INTO tare VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (first_seq) DO UPDATE SET"
        " seq = excluded.seq, plate = excluded.plate, tare_kg = excluded.tare_kg,"
        " used_by = excluded.used_by",
        (
            first_seq,
            record.seq,
            record.plate,
            record.gross_kg,
            record.weighed_at,
            record.lane,
            used_by,
        ),
    )


def _left(connection: sqlite3.Connection, record: Record, first_seq: int) -> None:
    connection.execute("DELETE FROM tare WHERE first_seq = ?", (first_seq,))
    connection.execute(
        "UPDATE tare SET used_by = NULL WHERE used_by = ? AND plate IS NOT ?",
        (first_seq, record.plate),
    )
    connection.execute(
        "UPDATE tare SET used_by = ? WHERE plate = ? AND used_by IS NULL AND first_seq < ?",
        (first_seq, record.plate, first_seq),
    )


# reading


def open_tare(
    connection: sqlite3.Connection,
    plate: str,
    at_ms: int,
    rule: TareRule,
    first_seq: int | None = None,
) -> Tare | None:
    """What the truck weighed when it came in for this visit, if that still counts.

    `first_seq`: the passage that drives out; None for one that is not recorded yet.
    """
    return _newest(
        connection,
        "plate = ? AND at_ms >= ? AND first_seq < ? AND (used_by IS NULL OR used_by = ?)",
        (plate, at_ms - rule.valid_ms, first_seq or _NONE_YET, first_seq),
    )


def remembered_tare(
    connection: sqlite3.Connection, plate: str, at_ms: int, rule: TareRule
) -> Tare | None:
    """What the truck weighed when it came in some time ago, for another visit."""
    if not rule.keep_ms:
        return None
    return _newest(connection, "plate = ? AND at_ms >= ?", (plate, at_ms - rule.keep_ms))


def last_tare(connection: sqlite3.Connection, plate: str) -> Tare | None:
    """What the truck weighed when it came in last, however long ago, used up or not."""
    return _newest(connection, "plate = ?", (plate,))


def source_of(connection: sqlite3.Connection, seq: int) -> Source | None:
    """Where the tare of a passage is from, by any of its records; None where it has none.

    `remembered`: from an earlier visit, or written down by hand.
    """
    passage = search.passage_of(connection, seq)
    if passage is None or passage.tare_kg is None:
        return None
    used = connection.execute(
        "SELECT 1 FROM tare WHERE used_by = ? AND tare_kg = ?",
        (passage.first_seq, passage.tare_kg),
    ).fetchone()
    return "visit" if used else "remembered"


def drove_out_without(connection: sqlite3.Connection, seq: int, rule: TareRule) -> int | None:
    """The newest record of the exit that this entry's tare belongs to and that lacks it."""
    row = connection.execute(
        "SELECT passage.seq FROM tare JOIN passage ON passage.first_seq = tare.used_by"
        " WHERE tare.first_seq = ? AND passage.kind = 'exit' AND passage.tare_kg IS NULL"
        " AND passage.gross_kg > tare.tare_kg AND passage.began_at - tare.at_ms <= ?",
        (search.first_of(connection, seq), rule.valid_ms),
    ).fetchone()
    return None if row is None else int(row[0])


def still_inside(connection: sqlite3.Connection, at_ms: int, rule: TareRule) -> list[Tare]:
    """The trucks that came in and have not driven out, newest first."""
    rows = connection.execute(
        "SELECT * FROM tare WHERE used_by IS NULL AND at_ms >= ? ORDER BY first_seq DESC",
        (at_ms - rule.valid_ms,),
    )
    newest: dict[str, Tare] = {}
    for row in rows:
        tare = Tare(*row)
        newest.setdefault(tare.plate, tare)
    return list(newest.values())


def _newest(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> Tare | None:
    row = connection.execute(
        f"SELECT * FROM tare WHERE {where} ORDER BY first_seq DESC LIMIT 1",  # noqa: S608 - ours
        values,
    ).fetchone()
    return None if row is None else Tare(*row)
