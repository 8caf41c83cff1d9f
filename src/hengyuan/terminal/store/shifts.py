"""Shifts: who had the gate from when to when, and what passed meanwhile.

A shift begins where the last one ended, by the number of its record, never by time: every truck is
in one shift and no other, however the clock may step. It ends with a hand-over that both sign.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from hengyuan.terminal.store.search import Total, Wanted, total

TABLES = """
CREATE TABLE IF NOT EXISTS shift (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  began_ms INTEGER,
  ended_ms INTEGER NOT NULL,
  above_seq INTEGER NOT NULL,
  upto_seq INTEGER NOT NULL,
  gave TEXT NOT NULL,
  took TEXT NOT NULL,
  remarks TEXT NOT NULL,
  totals TEXT NOT NULL
) STRICT;
CREATE TRIGGER IF NOT EXISTS shift_is_never_changed BEFORE UPDATE ON shift
BEGIN SELECT RAISE(ABORT, 'a signed shift is never changed'); END;
CREATE TRIGGER IF NOT EXISTS shift_is_kept BEFORE DELETE ON shift
BEGIN SELECT RAISE(ABORT, 'a signed shift is never deleted'); END;
"""
JOURNAL_WORD = "shift_handover"
MAX_REMARKS = 300
"""With the sums it has to fit into an entry of the journal."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift that was handed over. Times in ms since 1970."""

    id: int
    began_ms: int | None
    """None for the first one at this gate: nobody signed for its beginning."""
    ended_ms: int
    above_seq: int
    upto_seq: int
    """Its trucks are those whose first record is above the one and up to the other."""
    gave: str
    took: str
    remarks: str
    totals: Total
    """As both signed them; a later correction does not change them."""

    @property
    def passages(self) -> Wanted:
        """Its trucks, to be looked up."""
        return Wanted(above_seq=self.above_seq, upto_seq=self.upto_seq)


@dataclass(frozen=True, slots=True)
class Running:
    """The shift that is under way."""

    keeper: str | None
    """Who took it over; None before the first hand-over."""
    began_ms: int | None
    above_seq: int
    upto_seq: int
    totals: Total


def running(connection: sqlite3.Connection) -> Running:
    """The shift since the last hand-over."""
    last = newest(connection, 1)
    above_seq = last[0].upto_seq if last else 0
    (upto_seq,) = connection.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()
    return Running(
        keeper=last[0].took if last else None,
        began_ms=last[0].ended_ms if last else None,
        above_seq=above_seq,
        upto_seq=upto_seq,
        totals=total(connection, Wanted(above_seq=above_seq, upto_seq=upto_seq)),
    )


def hand_over(
    connection: sqlite3.Connection, at_ms: int, gave: str, took: str, remarks: str
) -> Shift:
    """End the running shift and begin the next, and tell the county by the journal.

    To be run within a transaction (`Store.within`).
    """
    ends = running(connection)
    cursor = connection.execute(
        "INSERT INTO shift (began_ms, ended_ms, above_seq, upto_seq, gave, took, remarks, totals)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            ends.began_ms,
            at_ms,
            ends.above_seq,
            ends.upto_seq,
            gave,
            took,
            remarks,
            json.dumps(asdict(ends.totals)),
        ),
    )
    detail = {
        "gave": gave,
        "took": took,
        "began_ms": ends.began_ms,
        "above_seq": ends.above_seq,
        "upto_seq": ends.upto_seq,
        "remarks": remarks,
        "totals": {what: sum_ for what, sum_ in asdict(ends.totals).items() if sum_},
    }
    connection.execute(
        "INSERT INTO journal (at_ms, lane, what, detail) VALUES (?, 0, ?, ?)",
        (at_ms, JOURNAL_WORD, json.dumps(detail, ensure_ascii=False, separators=(",", ":"))),
    )
    shift = by_id(connection, cursor.lastrowid or 0)
    assert shift is not None
    return shift


def by_id(connection: sqlite3.Connection, number: int) -> Shift | None:
    """A shift that was handed over."""
    found = _shifts(connection, "WHERE id = ?", number)
    return found[0] if found else None


def newest(connection: sqlite3.Connection, count: int) -> list[Shift]:
    """The last shifts that were handed over, newest first."""
    return _shifts(connection, "ORDER BY id DESC LIMIT ?", count)


def _shifts(connection: sqlite3.Connection, rest: str, value: int) -> list[Shift]:
    rows = connection.execute(
        "SELECT id, began_ms, ended_ms, above_seq, upto_seq, gave, took, remarks, totals"  # noqa: S608
        f" FROM shift {rest}",
        (value,),
    )
    shifts = []
    for row in rows:
        fields: list[Any] = list(row)
        fields[-1] = Total(**json.loads(fields[-1]))
        shifts.append(Shift(*fields))
    return shifts
