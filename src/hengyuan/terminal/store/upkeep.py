"""What the upkeep of devices leaves in the store: outages, zeros of scales, verifications, marks.

What the county is to know of is written into the journal by the same transaction.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

import msgspec

TABLES = """
CREATE TABLE IF NOT EXISTS outage (
  id INTEGER PRIMARY KEY,
  device TEXT NOT NULL,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  for_s INTEGER
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS outage_open ON outage (device) WHERE for_s IS NULL;

CREATE TABLE IF NOT EXISTS zero_reading (
  id INTEGER PRIMARY KEY,
  scale TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  kg INTEGER NOT NULL,
  why TEXT NOT NULL CHECK (why IN ('hourly', 'drifted', 'returned'))
) STRICT;
CREATE INDEX IF NOT EXISTS zero_of_scale ON zero_reading (scale, id);

CREATE TABLE IF NOT EXISTS verification (
  id INTEGER PRIMARY KEY,
  scale TEXT NOT NULL,
  certificate TEXT NOT NULL,
  verified_by TEXT NOT NULL,
  valid_until TEXT NOT NULL,
  entered_ms INTEGER NOT NULL,
  entered_by TEXT NOT NULL,
  warned TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX IF NOT EXISTS verification_of_scale ON verification (scale, id);

CREATE TABLE IF NOT EXISTS upkeep_mark (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT;
"""


@dataclass(frozen=True, slots=True)
class Outage:
    """A device out of order; `for_s` None while it still is."""

    id: int
    device: str
    kind: str
    state: str
    since_ms: int
    for_s: int | None


@dataclass(frozen=True, slots=True)
class ZeroReading:
    """What a free scale showed."""

    at_ms: int
    kg: int
    why: str


@dataclass(frozen=True, slots=True)
class Verification:
    """A certificate of a scale; `valid_until` as 2027-05-01."""

    id: int
    scale: str
    certificate: str
    verified_by: str
    valid_until: str
    entered_ms: int
    entered_by: str
    warned: str
    """The warning that was given of it: '', 'due' or 'expired'."""


def write(db: sqlite3.Connection, at_ms: int, what: str, detail: dict[str, Any]) -> None:
    """Put an entry for the terminal as a whole into the journal; empty members are left out."""
    said = {name: value for name, value in detail.items() if value not in (None, "")}
    db.execute(
        "INSERT INTO journal (at_ms, lane, what, detail) VALUES (?, 0, ?, ?)",
        (at_ms, what, msgspec.json.encode(said).decode()),
    )


# outages


def failed(db: sqlite3.Connection, device: str, kind: str, state: str, since_ms: int) -> int:
    """A device is out of order; the outage's number. Nothing new if it was already."""
    row = db.execute(
        "SELECT id FROM outage WHERE device = ? AND for_s IS NULL", (device,)
    ).fetchone()
    if row is not None:
        return int(row[0])
    cursor = db.execute(
        "INSERT INTO outage (device, kind, state, since_ms) VALUES (?, ?, ?, ?)",
        (device, kind, state, since_ms),
    )
    write(db, since_ms, "device_failed", {"device": device, "state": state})
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def recovered(db: sqlite3.Connection, device: str, at_ms: int, for_s: int | None) -> bool:
    """It is sound again; `for_s` None where only the wall clock knows. False if it was before."""
    row = db.execute(
        "SELECT id, since_ms FROM outage WHERE device = ? AND for_s IS NULL", (device,)
    ).fetchone()
    if row is None:
        return False
    lasted_s = max(0, (at_ms - row[1]) // 1000) if for_s is None else for_s
    db.execute("UPDATE outage SET for_s = ? WHERE id = ?", (lasted_s, row[0]))
    write(db, at_ms, "device_recovered", {"device": device, "for_s": lasted_s})
    return True


def open_outages(db: sqlite3.Connection) -> list[Outage]:
    """Devices that are out of order, the oldest outage first."""
    rows = db.execute(f"{_OUTAGES} WHERE for_s IS NULL ORDER BY id")
    return [Outage(*row) for row in rows]


def newest_outages(db: sqlite3.Connection, count: int, device: str = "") -> list[Outage]:
    """The last outages, of one device if it is named, newest first."""
    rows = db.execute(
        f"{_OUTAGES} WHERE ?1 = '' OR device = ?1 ORDER BY id DESC LIMIT ?2", (device, count)
    )
    return [Outage(*row) for row in rows]


_OUTAGES = "SELECT id, device, kind, state, since_ms, for_s FROM outage"


# zeros


def keep_zero(db: sqlite3.Connection, scale: str, at_ms: int, kg: int, why: str) -> None:
    """Write down what the free scale shows."""
    db.execute(
        "INSERT INTO zero_reading (scale, at_ms, kg, why) VALUES (?, ?, ?, ?)",
        (scale, at_ms, kg, why),
    )


def zeros(db: sqlite3.Connection, scale: str, count: int) -> list[ZeroReading]:
    """The last readings of a scale, oldest first."""
    rows = db.execute(
        "SELECT at_ms, kg, why FROM zero_reading WHERE scale = ? ORDER BY id DESC LIMIT ?",
        (scale, count),
    ).fetchall()
    return [ZeroReading(*row) for row in reversed(rows)]


def zeros_between(
    db: sqlite3.Connection, scale: str, from_ms: int, to_ms: int
) -> list[ZeroReading]:
    """The readings of a scale in a span of time, oldest first."""
    rows = db.execute(
        "SELECT at_ms, kg, why FROM zero_reading"
        " WHERE scale = ? AND at_ms >= ? AND at_ms < ? ORDER BY id",
        (scale, from_ms, to_ms),
    )
    return [ZeroReading(*row) for row in rows]


# verifications


def enter_verification(
    db: sqlite3.Connection,
    at_ms: int,
    scale: str,
    certificate: str,
    verified_by: str,
    valid_until: str,
    by: str,
) -> None:
    """A certificate of a scale: the newest entered counts."""
    db.execute(
        "INSERT INTO verification (scale, certificate, verified_by, valid_until, entered_ms,"
        " entered_by) VALUES (?, ?, ?, ?, ?, ?)",
        (scale, certificate, verified_by, valid_until, at_ms, by),
    )
    detail = {"scale": scale, "certificate": certificate, "verified_by": verified_by}
    write(db, at_ms, "scale_verified", detail | {"valid_until": valid_until, "by": by})


def verifications(db: sqlite3.Connection) -> dict[str, Verification]:
    """The certificate that counts, by scale."""
    rows = db.execute(
        "SELECT id, scale, certificate, verified_by, valid_until, entered_ms, entered_by, warned"
        " FROM verification WHERE id IN (SELECT max(id) FROM verification GROUP BY scale)"
    )
    return {row[1]: Verification(*row) for row in rows}


def warn_of(db: sqlite3.Connection, at_ms: int, found: Verification, warning: str) -> None:
    """Say once for each certificate that it ends soon (`due`) or has ended (`expired`)."""
    db.execute("UPDATE verification SET warned = ? WHERE id = ?", (warning, found.id))
    detail = {"scale": found.scale, "valid_until": found.valid_until}
    write(db, at_ms, f"verification_{warning}", detail)


# marks


def mark(db: sqlite3.Connection, name: str) -> str | None:
    """What was remembered under a name; None for nothing."""
    row = db.execute("SELECT value FROM upkeep_mark WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def remember(db: sqlite3.Connection, name: str, value: str | None) -> None:
    """Remember something over a restart; None forgets it."""
    if value is None:
        db.execute("DELETE FROM upkeep_mark WHERE name = ?", (name,))
    else:
        db.execute("INSERT OR REPLACE INTO upkeep_mark VALUES (?, ?)", (name, value))
