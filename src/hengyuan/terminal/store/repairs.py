"""Repairs in the store: maintenance tickets, spare parts, swapped devices.

Each change writes its entry of the journal in the same transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from hengyuan.terminal.store.upkeep import write

TABLES = """
CREATE TABLE IF NOT EXISTS ticket (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  opened_ms INTEGER NOT NULL,
  device TEXT NOT NULL,
  problem TEXT NOT NULL,
  opened_by TEXT NOT NULL,
  closed_ms INTEGER,
  done TEXT NOT NULL DEFAULT '',
  test TEXT NOT NULL DEFAULT '',
  closed_by TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE IF NOT EXISTS ticket_note (
  id INTEGER PRIMARY KEY,
  ticket INTEGER NOT NULL REFERENCES ticket,
  at_ms INTEGER NOT NULL,
  note TEXT NOT NULL,
  written_by TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS note_of_ticket ON ticket_note (ticket);

CREATE TABLE IF NOT EXISTS part (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  model TEXT NOT NULL,
  count INTEGER NOT NULL CHECK (count >= 0),
  minimum INTEGER NOT NULL CHECK (minimum >= 0),
  UNIQUE (name, model)
) STRICT;
CREATE TABLE IF NOT EXISTS part_move (
  id INTEGER PRIMARY KEY,
  part INTEGER NOT NULL REFERENCES part,
  at_ms INTEGER NOT NULL,
  change INTEGER NOT NULL,
  left_count INTEGER NOT NULL,
  ticket INTEGER,
  moved_by TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS move_of_part ON part_move (part);
CREATE INDEX IF NOT EXISTS move_of_ticket ON part_move (ticket) WHERE ticket IS NOT NULL;

CREATE TABLE IF NOT EXISTS device_swap (
  id INTEGER PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  device TEXT NOT NULL,
  old_serial TEXT NOT NULL,
  new_serial TEXT NOT NULL,
  reason TEXT NOT NULL,
  swapped_by TEXT NOT NULL,
  ticket INTEGER
) STRICT;
"""


class Impossible(ValueError):
    """What was asked for cannot be done as things stand: closed already, too few in stock."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A repair that was asked for; `closed_ms` None while it is under way."""

    id: int
    opened_ms: int
    device: str
    problem: str
    opened_by: str
    closed_ms: int | None
    done: str
    test: str
    closed_by: str


@dataclass(frozen=True, slots=True)
class Note:
    """What was done about a ticket."""

    at_ms: int
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class Part:
    """A kind of spare part in stock."""

    id: int
    name: str
    model: str
    count: int
    minimum: int

    @property
    def title(self) -> str:
        """Name and model."""
        return f"{self.name} {self.model}".strip()

    @property
    def is_low(self) -> bool:
        """Fewer than there should be."""
        return self.count < self.minimum


@dataclass(frozen=True, slots=True)
class Move:
    """Parts put in (positive) or taken out."""

    at_ms: int
    part: str
    change: int
    left: int
    ticket: int | None
    by: str


@dataclass(frozen=True, slots=True)
class Swap:
    """A device that was replaced."""

    at_ms: int
    device: str
    old_serial: str
    new_serial: str
    reason: str
    by: str
    ticket: int | None


# tickets

_TICKETS = (
    "SELECT id, opened_ms, device, problem, opened_by, closed_ms, done, test, closed_by FROM ticket"
)


def open_ticket(db: sqlite3.Connection, at_ms: int, device: str, problem: str, by: str) -> int:
    """Ask for a repair; the ticket's number. `by` is empty where the terminal asks."""
    cursor = db.execute(
        "INSERT INTO ticket (opened_ms, device, problem, opened_by) VALUES (?, ?, ?, ?)",
        (at_ms, device, problem, by),
    )
    number = cursor.lastrowid
    assert number is not None
    detail = {"ticket": number, "device": device, "problem": problem, "by": by}
    write(db, at_ms, "ticket_opened", detail)
    return number


def open_ticket_once(db: sqlite3.Connection, at_ms: int, device: str, problem: str) -> int | None:
    """The same for a device that failed; None where a ticket for it is open already."""
    known = db.execute(
        "SELECT 1 FROM ticket WHERE device = ? AND closed_ms IS NULL", (device,)
    ).fetchone()
    return None if known else open_ticket(db, at_ms, device, problem, "")


def note_on(db: sqlite3.Connection, at_ms: int, ticket: int, note: str, by: str) -> None:
    """Write down what was done. Impossible if the ticket is closed."""
    _under_way(db, ticket)
    db.execute(
        "INSERT INTO ticket_note (ticket, at_ms, note, written_by) VALUES (?, ?, ?, ?)",
        (ticket, at_ms, note, by),
    )
    write(db, at_ms, "ticket_noted", {"ticket": ticket, "note": note, "by": by})


def close_ticket(
    db: sqlite3.Connection, at_ms: int, ticket: int, done: str, test: str, by: str
) -> None:
    """The repair is finished and was tested. Impossible if the ticket is closed."""
    device = _under_way(db, ticket).device
    db.execute(
        "UPDATE ticket SET closed_ms = ?, done = ?, test = ?, closed_by = ? WHERE id = ?",
        (at_ms, done, test, by, ticket),
    )
    detail = {"ticket": ticket, "device": device, "done": done, "test": test, "by": by}
    write(db, at_ms, "ticket_closed", detail)


def _under_way(db: sqlite3.Connection, number: int) -> Ticket:
    found = ticket(db, number)
    if found is None or found.closed_ms is not None:
        raise Impossible(f"ticket {number} is not open")
    return found


def ticket(db: sqlite3.Connection, number: int) -> Ticket | None:
    """One ticket."""
    row = db.execute(f"{_TICKETS} WHERE id = ?", (number,)).fetchone()
    return None if row is None else Ticket(*row)


def tickets(db: sqlite3.Connection, count: int) -> list[Ticket]:
    """Those under way first, then the newest."""
    rows = db.execute(f"{_TICKETS} ORDER BY closed_ms IS NOT NULL, id DESC LIMIT ?", (count,))
    return [Ticket(*row) for row in rows]


def open_count(db: sqlite3.Connection) -> int:
    """How many repairs are under way."""
    (count,) = db.execute("SELECT count(*) FROM ticket WHERE closed_ms IS NULL").fetchone()
    return int(count)


def notes_of(db: sqlite3.Connection, number: int) -> list[Note]:
    """What was done about a ticket, oldest first."""
    rows = db.execute(
        "SELECT at_ms, note, written_by FROM ticket_note WHERE ticket = ? ORDER BY id", (number,)
    )
    return [Note(*row) for row in rows]


# spare parts


def new_part(
    db: sqlite3.Connection, at_ms: int, name: str, model: str, count: int, minimum: int, by: str
) -> int:
    """A further kind of part. Impossible if name and model are known."""
    known = db.execute("SELECT 1 FROM part WHERE name = ? AND model = ?", (name, model)).fetchone()
    if known:
        raise Impossible("this part is in the list")
    cursor = db.execute(
        "INSERT INTO part (name, model, count, minimum) VALUES (?, ?, ?, ?)",
        (name, model, count, minimum),
    )
    assert cursor.lastrowid is not None
    made = Part(cursor.lastrowid, name, model, count, minimum)
    if count:
        _moved(db, at_ms, made, count, by, None)
    if made.is_low:
        _say_low(db, at_ms, made)
    return made.id


def move_part(
    db: sqlite3.Connection,
    at_ms: int,
    number: int,
    change: int,
    by: str,
    ticket: int | None = None,
) -> None:
    """Put parts in (positive) or take them out. Impossible if there are too few."""
    before = part(db, number)
    if before is None or before.count + change < 0:
        raise Impossible("there are not so many in stock")
    if ticket is not None:
        _under_way(db, ticket)
    db.execute("UPDATE part SET count = count + ? WHERE id = ?", (change, number))
    after = part(db, number)
    assert after is not None
    _moved(db, at_ms, after, change, by, ticket)
    if after.is_low and change < 0:
        _say_low(db, at_ms, after)
    elif before.is_low and not after.is_low:
        write(db, at_ms, "part_restocked", {"part": after.title, "left": after.count})


def _moved(
    db: sqlite3.Connection, at_ms: int, after: Part, change: int, by: str, ticket: int | None
) -> None:
    db.execute(
        "INSERT INTO part_move (part, at_ms, change, left_count, ticket, moved_by)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (after.id, at_ms, change, after.count, ticket, by),
    )
    detail = {"part": after.title, "count": abs(change), "left": after.count, "by": by}
    if change < 0:
        write(db, at_ms, "part_taken", detail | {"ticket": ticket})
    else:
        write(db, at_ms, "part_stocked", detail)


def set_minimum(db: sqlite3.Connection, at_ms: int, number: int, minimum: int) -> None:
    """How many there should be."""
    before = part(db, number)
    db.execute("UPDATE part SET minimum = ? WHERE id = ?", (minimum, number))
    after = part(db, number)
    if before is None or after is None:
        raise Impossible("there is no such part")
    if after.is_low:
        _say_low(db, at_ms, after)
    elif before.is_low:
        write(db, at_ms, "part_restocked", {"part": after.title, "left": after.count})


def _say_low(db: sqlite3.Connection, at_ms: int, low: Part) -> None:
    detail = {"part": low.title, "left": low.count, "minimum": low.minimum}
    write(db, at_ms, "part_low", detail)


def part(db: sqlite3.Connection, number: int) -> Part | None:
    """One kind of part."""
    row = db.execute(f"{_PARTS} WHERE id = ?", (number,)).fetchone()
    return None if row is None else Part(*row)


def parts(db: sqlite3.Connection) -> list[Part]:
    """All of them, those that are short first."""
    return [Part(*row) for row in db.execute(f"{_PARTS} ORDER BY count >= minimum, name, model")]


_PARTS = "SELECT id, name, model, count, minimum FROM part"


def moves(db: sqlite3.Connection, count: int, ticket: int | None = None) -> list[Move]:
    """The last moves, of one ticket if it is named, newest first."""
    rows = db.execute(
        "SELECT m.at_ms, trim(p.name || ' ' || p.model), m.change, m.left_count, m.ticket,"
        " m.moved_by FROM part_move m JOIN part p ON p.id = m.part"
        " WHERE ?1 IS NULL OR m.ticket = ?1 ORDER BY m.id DESC LIMIT ?2",
        (ticket, count),
    )
    return [Move(*row) for row in rows]


# swapped devices


def swap(
    db: sqlite3.Connection,
    at_ms: int,
    device: str,
    old_serial: str,
    new_serial: str,
    reason: str,
    by: str,
    ticket: int | None = None,
) -> None:
    """A device was replaced. Impossible if the ticket that is named is not open."""
    if ticket is not None:
        _under_way(db, ticket)
    db.execute(
        "INSERT INTO device_swap"
        " (at_ms, device, old_serial, new_serial, reason, swapped_by, ticket)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at_ms, device, old_serial, new_serial, reason, by, ticket),
    )
    detail = {"device": device, "old": old_serial, "new": new_serial, "reason": reason, "by": by}
    write(db, at_ms, "device_swapped", detail | {"ticket": ticket})


def swaps(db: sqlite3.Connection, count: int, ticket: int | None = None) -> list[Swap]:
    """The last swaps, of one ticket if it is named, newest first."""
    rows = db.execute(
        "SELECT at_ms, device, old_serial, new_serial, reason, swapped_by, ticket"
        " FROM device_swap WHERE ?1 IS NULL OR ticket = ?1 ORDER BY id DESC LIMIT ?2",
        (ticket, count),
    )
    return [Swap(*row) for row in rows]
