"""Trucks that were held and may come back: over their limit, or not to be judged.

A truck is held from the record that says so until it is weighed within its limit, released by an
override, made void or comes in anew; or until too long has passed, which is written down. The book
follows from the records and is written in the transaction of each.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import msgspec

from hengyuan.record.canonical import read_line
from hengyuan.record.model import Record
from hengyuan.terminal.store import search

TABLES = """
CREATE TABLE IF NOT EXISTS hold (
  first_seq INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  plate TEXT,
  why TEXT NOT NULL,
  over_kg INTEGER,
  at_ms INTEGER NOT NULL,
  ended TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS hold_open ON hold (plate) WHERE ended IS NULL;
"""
Why = Literal["over", "unknown"]
ENDED_WORD = "hold_ended"
"""What the journal says of a truck that was held and did not come back in time."""
BACK_WORD = "hold_came_back"
"""What it says of one that was weighed within its limit before anybody knew its plate."""
LEFT_WORD = "left_unreleased"
"""What it says of one that was held and that a camera behind the scale saw leaving."""
_COLUMNS = "first_seq, seq, lane, plate, why, over_kg, at_ms"


@dataclass(frozen=True, slots=True)
class Held:
    """A truck that is held. Masses in kg, `at_ms` of its last weighing in ms since 1970."""

    first_seq: int
    """Its first weighing."""
    seq: int
    """The newest record of it."""
    lane: int
    plate: str | None
    why: Why
    over_kg: int | None
    """Above its limit; None where that is not known."""
    at_ms: int


# writing, in the transaction of the record


def enter(connection: sqlite3.Connection, record: Record) -> None:
    """Follow a new record."""
    first_seq = search.first_of(connection, record.seq)
    if record.kind == "entry":
        _end(connection, "first_seq = ?", first_seq, "entry")
        _end(connection, "plate = ?", record.plate, "entry")
    elif record.kind == "void":
        _end(connection, "first_seq = ?", first_seq, "void")
    elif "override" in record.flags:
        _end(connection, "first_seq = ?", first_seq, "override")
    elif record.verdict == "pass" or record.gross_kg is None:
        _end(connection, "first_seq = ?", first_seq, "within")
        _came_back(connection, record, first_seq)
    else:
        _hold(connection, record, first_seq)


def _came_back(connection: sqlite3.Connection, record: Record, first_seq: int) -> None:
    """A held truck whose plate was learned only after it was weighed again: the two weighings are
    no line of corrections any more, the journal links them."""
    if record.gross_kg is None or record.plate is None:
        return
    for each in _open(connection, "plate = ? AND first_seq < ?", (record.plate, first_seq)):
        _end(connection, "first_seq = ?", each.first_seq, "within")
        _note(connection, each, BACK_WORD, record.weighed_at, back_seq=record.seq)


def _hold(connection: sqlite3.Connection, record: Record, first_seq: int) -> None:
    over_kg = None
    if record.gross_kg is not None and record.limit_kg is not None:
        over_kg = max(0, record.gross_kg - record.limit_kg)
    # the plate or the loading note that is written down later does not begin the time anew
    began_anew = record.corrects is None or _gross_kg(connection, record) != record.gross_kg
    connection.execute(
        "INSERT INTO hold VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL) ON CONFLICT (first_seq)"
        " DO UPDATE SET seq = ?2, lane = ?3, plate = ?4, why = ?5, over_kg = ?6,"
        " at_ms = CASE WHEN ?8 THEN ?7 ELSE at_ms END,"
        " ended = CASE WHEN ?8 THEN NULL ELSE ended END",
        (
            first_seq,
            record.seq,
            record.lane,
            record.plate,
            record.verdict,
            over_kg,
            record.weighed_at,
            began_anew,
        ),
    )


def _gross_kg(connection: sqlite3.Connection, record: Record) -> int | None:
    """The weight of the record that this one corrects."""
    row = connection.execute("SELECT line FROM record WHERE seq = ?", (record.corrects,)).fetchone()
    return None if row is None else read_line(row[0]).gross_kg


def _end(connection: sqlite3.Connection, which: str, value: object, how: str) -> None:
    connection.execute(
        f"UPDATE hold SET ended = ? WHERE {which} AND ended IS NULL",  # noqa: S608 - `which` is ours
        (how, value),
    )


def drove_out(connection: sqlite3.Connection, first_seq: int, now_ms: int) -> None:
    """A truck was seen leaving; if it was held, that ends here and goes into the journal.

    To be run within a transaction (`Store.within`), like `end_old`.
    """
    for each in _open(connection, "first_seq = ?", (first_seq,)):
        _end(connection, "first_seq = ?", first_seq, "left")
        _note(connection, each, LEFT_WORD, now_ms)


def end_old(
    connection: sqlite3.Connection,
    lane: int,
    whys: Collection[Why],
    before_ms: int,
    now_ms: int,
    standing: int | None,
) -> list[Held]:
    """End the holds of a lane that are older than they may be, each with a line in the journal.

    `whys`: what trucks are held for here; those of others were let go and need no line.
    `standing`: a record of the truck that is on the scale; its hold goes on.
    """
    first_seq = None if standing is None else search.first_of(connection, standing)
    old = _open(connection, "lane = ? AND at_ms < ? AND first_seq IS NOT ?",
                (lane, before_ms, first_seq))  # fmt: skip
    for each in old:
        _end(connection, "first_seq = ?", each.first_seq, "time")
        if each.why in whys:
            _note(connection, each, ENDED_WORD, now_ms)
    return [each for each in old if each.why in whys]


def _note(connection: sqlite3.Connection, each: Held, what: str, now_ms: int, **more: int) -> None:
    detail = {
        "seq": each.seq,
        "plate": each.plate,
        "why": each.why,
        "over_kg": each.over_kg,
    } | more
    connection.execute(
        "INSERT INTO journal (at_ms, lane, what, detail) VALUES (?, ?, ?, ?)",
        (now_ms, each.lane, what, msgspec.json.encode(detail).decode()),
    )


# reading


def all_held(connection: sqlite3.Connection) -> list[Held]:
    """All trucks that are held now, newest first."""
    return _open(connection, "1", ())


def held_as(
    connection: sqlite3.Connection, plate: str, since_ms: int, whys: Collection[Why]
) -> Held | None:
    """The truck of that plate, if it is held for one of these reasons and not for too long."""
    found = _open(connection, "plate = ? AND at_ms >= ?", (plate, since_ms))
    return next((each for each in found if each.why in whys), None)


def is_held(connection: sqlite3.Connection, seq: int) -> bool:
    """Whether the passage of a record is held."""
    return bool(_open(connection, "first_seq = ?", (search.first_of(connection, seq),)))


def _open(connection: sqlite3.Connection, where: str, values: tuple[object, ...]) -> list[Held]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM hold WHERE ended IS NULL AND {where}"  # noqa: S608 - ours
        " ORDER BY first_seq DESC",
        values,
    )
    return [Held(*row) for row in rows]
