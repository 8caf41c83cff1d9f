"""Passages for finding and counting: one row for each truck, beside the records that say it all.

A record is never changed; what is learned later is a record that corrects an earlier one. A
passage is the first record with all that correct it, and its row here says what holds now. The
row is written in the transaction of its record, and everything here can be made again from the
records, which is done at the start wherever the two do not fit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hengyuan.record.canonical import read_line
from hengyuan.record.model import Record

TABLES = """
CREATE TABLE IF NOT EXISTS passage (
  first_seq INTEGER PRIMARY KEY,
  seq INTEGER NOT NULL,
  day INTEGER NOT NULL,
  began_at INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  kind TEXT NOT NULL,
  plate TEXT,
  trailer_plate TEXT,
  verdict TEXT,
  first_verdict TEXT,
  flags TEXT NOT NULL,
  gross_kg INTEGER,
  tare_kg INTEGER,
  net_kg INTEGER,
  limit_kg INTEGER,
  cargo TEXT,
  note_no TEXT,
  carrier TEXT,
  destination TEXT,
  operator TEXT,
  records INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS passage_day ON passage (day);
CREATE INDEX IF NOT EXISTS passage_plate ON passage (plate);

CREATE TABLE IF NOT EXISTS correction (
  seq INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS correction_of ON correction (first_seq);
"""
DAY_MS = 86_400_000
CHINA_MS = 8 * 3_600_000
"""A day is one in China, wherever the clock of the machine thinks it is."""

_COLUMNS = (
    "first_seq, seq, day, began_at, lane, kind, plate, trailer_plate, verdict, first_verdict,"
    " flags, gross_kg, tare_kg, net_kg, limit_kg, cargo, note_no, carrier, destination, operator,"
    " records"
)
_CAUGHT_UP_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Passage:
    """A truck as it stands after all corrections. Masses in kg, `began_at` in ms since 1970."""

    first_seq: int
    seq: int
    """The newest record of it."""
    day: int
    """Days since 1970-01-01 in China, of the first record."""
    began_at: int
    lane: int
    kind: str
    """`entry` or `exit`; `void` once it was made void."""
    plate: str | None
    trailer_plate: str | None
    verdict: str | None
    first_verdict: str | None
    """Of the first record: a truck may have been over and have unloaded."""
    flags: tuple[str, ...]
    """Of all its records together."""
    gross_kg: int | None
    tare_kg: int | None
    net_kg: int | None
    limit_kg: int | None
    cargo: str | None
    note_no: str | None
    carrier: str | None
    destination: str | None
    operator: str | None
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; what is None or empty does not matter. Days are inclusive."""

    plate: str = ""
    """Any part of the plate or of the trailer's."""
    first_day: int | None = None
    last_day: int | None = None
    verdict: str = ""
    """A verdict; `void` for what was made void."""
    flag: str = ""
    lane: int | None = None
    cargo: str = ""
    seq: int | None = None
    """A record of the passage."""
    above_seq: int | None = None
    upto_seq: int | None = None
    """Passages that began after one record and up to another: a shift."""


@dataclass(frozen=True, slots=True)
class Total:
    """Sums over passages that were not made void. Masses in kg."""

    trucks: int = 0
    gross_kg: int = 0
    net_kg: int = 0
    """Over those whose net is known."""
    with_net: int = 0
    over: int = 0
    """Over the limit as they stand."""
    unloaded: int = 0
    """Over at first, within the limit after a re-weighing."""
    unknown: int = 0
    overrides: int = 0
    typed: int = 0
    by_hand: int = 0
    skipped: int = 0
    void: int = 0
    """Made void; in none of the other figures."""


# writing, in the transaction of the record


def index(connection: sqlite3.Connection, record: Record) -> None:
    """Take a new record into its passage."""
    first_seq = record.seq
    if record.corrects is not None:
        first_seq = first_of(connection, record.corrects)
        connection.execute("INSERT INTO correction VALUES (?, ?)", (record.seq, first_seq))
    before = _passages(connection, "WHERE first_seq = ?", (first_seq,))
    row = _row(record, first_seq, before[0] if before else None)
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT OR REPLACE INTO passage VALUES ({marks})", row)  # noqa: S608


def _row(record: Record, first_seq: int, before: Passage | None) -> tuple[Any, ...]:
    began_at = before.began_at if before else record.weighed_at
    kept = record
    kind: str = record.kind
    if kind == "reweigh" and before is not None:
        kind = before.kind if before.kind != "void" else "exit"
    flags = set(record.flags) | set(before.flags if before else ())
    if record.kind == "void" and before is not None:
        # a void says only that the passage does not count: what it was stays to be seen
        return (
            first_seq, record.seq, before.day, began_at, before.lane, "void",
            before.plate, before.trailer_plate, before.verdict, before.first_verdict,
            _joined(flags), before.gross_kg, before.tare_kg, before.net_kg, before.limit_kg,
            before.cargo, before.note_no, before.carrier, before.destination,
            record.operator or before.operator, before.records + 1,
        )  # fmt: skip
    return (
        first_seq,
        kept.seq,
        day_of(began_at),
        began_at,
        kept.lane,
        kind,
        kept.plate,
        kept.trailer_plate,
        kept.verdict,
        before.first_verdict if before else kept.verdict,
        _joined(flags),
        kept.gross_kg,
        kept.tare_kg,
        kept.net_kg,
        kept.limit_kg,
        kept.cargo,
        kept.note_no,
        kept.carrier,
        kept.destination,
        kept.operator or (before.operator if before else None),
        before.records + 1 if before else 1,
    )


def _joined(flags: set[str]) -> str:
    return f",{','.join(sorted(flags))}," if flags else ","


def catch_up(connection: sqlite3.Connection) -> int:
    """Take in the records that are not in a passage yet, all of them where something does not fit.

    A store that an older software wrote has none; the number of records taken in. Each part is a
    transaction of its own, so that a stop in between loses nothing but time.
    """
    (newest, oldest) = connection.execute(
        "SELECT coalesce(max(seq), 0), coalesce(min(seq), 1) FROM record"
    ).fetchone()
    taken, upto = connection.execute(
        "SELECT coalesce(sum(records), 0), coalesce(max(seq), 0) FROM passage"
    ).fetchone()
    if upto > newest or (upto and taken != upto - oldest + 1):
        connection.executescript(
            "BEGIN IMMEDIATE; DELETE FROM passage; DELETE FROM correction; COMMIT;"
        )
        upto = oldest - 1
    taken_in = 0
    after = max(upto, oldest - 1)
    while after < newest:
        lines = connection.execute(
            "SELECT line FROM record WHERE seq > ? ORDER BY seq LIMIT ?",
            (after, _CAUGHT_UP_AT_ONCE),
        ).fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for (line,) in lines:
            record = read_line(line)
            index(connection, record)
            after = record.seq
        connection.execute("COMMIT")
        taken_in += len(lines)
    return taken_in


# reading


def day_of(at_ms: int) -> int:
    """The day in China, counted from 1970-01-01."""
    return (at_ms + CHINA_MS) // DAY_MS


def first_of(connection: sqlite3.Connection, seq: int) -> int:
    """The first record of the passage that a record belongs to."""
    row = connection.execute("SELECT first_seq FROM correction WHERE seq = ?", (seq,)).fetchone()
    return seq if row is None else int(row[0])


def passage_of(connection: sqlite3.Connection, seq: int) -> Passage | None:
    """The passage that a record belongs to; None where there is no such record."""
    found = _passages(connection, "WHERE first_seq = ?", (first_of(connection, seq),))
    return found[0] if found else None


def seqs_of(connection: sqlite3.Connection, first_seq: int) -> list[int]:
    """All records of a passage, oldest first."""
    rows = connection.execute(
        "SELECT seq FROM correction WHERE first_seq = ? ORDER BY seq", (first_seq,)
    )
    return [first_seq, *(seq for (seq,) in rows)]


def search(
    connection: sqlite3.Connection, wanted: Wanted, count: int, before_seq: int | None = None
) -> list[Passage]:
    """Passages that fit, newest first; those that began before a record, to go on from a page."""
    where, values = _conditions(connection, wanted)
    if before_seq is not None:
        where.append("first_seq < ?")
        values.append(before_seq)
    return _passages(
        connection, f"{_where(where)} ORDER BY first_seq DESC LIMIT ?", (*values, count)
    )


def total(connection: sqlite3.Connection, wanted: Wanted) -> Total:
    """Sums over the passages that fit."""
    return totals(connection, wanted, "NULL").get(None, Total())


def totals(connection: sqlite3.Connection, wanted: Wanted, by: str) -> dict[Any, Total]:
    """The same for each `lane`, `cargo` or `day`."""
    if by not in ("lane", "cargo", "day", "NULL"):
        raise ValueError(f"no sums by {by!r}")
    where, values = _conditions(connection, wanted)

    def flagged(flag: str) -> str:
        return f"sum(kind <> 'void' AND flags LIKE '%,{flag},%')"

    rows = connection.execute(
        f"SELECT {by}, sum(kind <> 'void'),"  # noqa: S608 - `by` and the conditions are ours
        " sum(CASE WHEN kind <> 'void' THEN gross_kg END),"
        " sum(CASE WHEN kind <> 'void' THEN net_kg END),"
        " sum(kind <> 'void' AND net_kg IS NOT NULL),"
        " sum(kind <> 'void' AND verdict IS 'over'),"
        " sum(kind <> 'void' AND first_verdict IS 'over' AND verdict IS 'pass'),"
        " sum(kind <> 'void' AND verdict IS 'unknown'),"
        f" {flagged('override')}, {flagged('plate_typed')}, {flagged('manual_weight')},"
        f" {flagged('skipped_scale')}, sum(kind = 'void')"
        f" FROM passage {_where(where)} GROUP BY 1 ORDER BY 1",
        values,
    )
    return {key: Total(*(figure or 0 for figure in figures)) for key, *figures in rows}


def known_cargoes(connection: sqlite3.Connection, upto: int = 20) -> list[str]:
    """Kinds of cargo that trucks of late carried, the most frequent first."""
    rows = connection.execute(
        "SELECT cargo FROM (SELECT cargo FROM passage ORDER BY first_seq DESC LIMIT 2000)"
        " WHERE cargo IS NOT NULL GROUP BY cargo ORDER BY count(*) DESC LIMIT ?",
        (upto,),
    )
    return [cargo for (cargo,) in rows]


def recent_texts(connection: sqlite3.Connection, column: str, upto: int = 12) -> list[str]:
    """What was last written as `carrier` or `destination`, the newest first."""
    if column not in ("carrier", "destination"):
        raise ValueError(f"no texts in {column!r}")
    rows = connection.execute(
        f"SELECT {column} FROM (SELECT {column}, first_seq FROM passage"  # noqa: S608
        f" ORDER BY first_seq DESC LIMIT 2000) WHERE {column} IS NOT NULL"
        f" GROUP BY {column} ORDER BY max(first_seq) DESC LIMIT ?",
        (upto,),
    )
    return [text for (text,) in rows]


def _conditions(connection: sqlite3.Connection, wanted: Wanted) -> tuple[list[str], list[Any]]:
    where: list[str] = []
    values: list[Any] = []

    def add(condition: str, *more: Any) -> None:
        where.append(condition)
        values.extend(more)

    if wanted.plate:
        part = wanted.plate.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        add("(plate LIKE ? ESCAPE '\\' OR trailer_plate LIKE ? ESCAPE '\\')",
            f"%{part}%", f"%{part}%")  # fmt: skip
    if wanted.first_day is not None:
        add("day >= ?", wanted.first_day)
    if wanted.last_day is not None:
        add("day <= ?", wanted.last_day)
    if wanted.verdict == "void":
        add("kind = 'void'")
    elif wanted.verdict:
        add("verdict = ? AND kind <> 'void'", wanted.verdict)
    if wanted.flag:
        add("flags LIKE ?", f"%,{wanted.flag},%")
    if wanted.lane is not None:
        add("lane = ?", wanted.lane)
    if wanted.cargo:
        add("cargo = ?", wanted.cargo)
    if wanted.seq is not None:
        add("first_seq = ?", first_of(connection, wanted.seq))
    if wanted.above_seq is not None:
        add("first_seq > ?", wanted.above_seq)
    if wanted.upto_seq is not None:
        add("first_seq <= ?", wanted.upto_seq)
    return where, values


def _where(conditions: Sequence[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _passages(connection: sqlite3.Connection, rest: str, values: Sequence[Any]) -> list[Passage]:
    rows = connection.execute(f"SELECT {_COLUMNS} FROM passage {rest}", values)  # noqa: S608
    flags_at = _COLUMNS.replace(" ", "").split(",").index("flags")
    passages = []
    for row in rows:
        fields: list[Any] = list(row)
        fields[flags_at] = tuple(flag for flag in fields[flags_at].split(",") if flag)
        passages.append(Passage(*fields))
    return passages
