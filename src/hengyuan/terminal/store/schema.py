"""The tables of the terminal's store, and how it is opened.

Order is `seq` and `id`, never time: a clock that steps back reorders and hides nothing.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hengyuan.terminal.store import (
    clips,
    commands,
    exits,
    held,
    journal,
    plans,
    repairs,
    search,
    shifts,
    tares,
    upkeep,
)
from hengyuan.terminal.words import installer_text as _

VERSION = 1

_TABLES = """
CREATE TABLE terminal (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  code TEXT NOT NULL,
  suite TEXT NOT NULL,
  genesis BLOB NOT NULL,
  acked_seq INTEGER NOT NULL,
  acked_digest BLOB NOT NULL,
  clock_offset_ms INTEGER
) STRICT;

CREATE TABLE record (
  seq INTEGER PRIMARY KEY,
  line BLOB NOT NULL,
  digest BLOB NOT NULL
) STRICT;

CREATE TRIGGER record_is_never_changed BEFORE UPDATE ON record
BEGIN SELECT RAISE(ABORT, 'a record is never changed'); END;

CREATE TRIGGER record_is_kept BEFORE DELETE ON record
WHEN old.seq > (SELECT acked_seq FROM terminal)
BEGIN SELECT RAISE(ABORT, 'a record above the watermark is never deleted'); END;

CREATE TABLE evidence (
  digest BLOB PRIMARY KEY,
  seq INTEGER NOT NULL,
  size INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('due', 'sent', 'lost', 'refused'))
) STRICT;
CREATE INDEX evidence_due ON evidence (seq) WHERE state = 'due';

CREATE TABLE sighting (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  lane INTEGER NOT NULL,
  device TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('plate', 'axles')),
  event_id TEXT,
  received_ms INTEGER NOT NULL,
  body BLOB NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'used', 'passed')),
  seq INTEGER
) STRICT;
CREATE UNIQUE INDEX sighting_once ON sighting (device, event_id) WHERE event_id IS NOT NULL;
CREATE INDEX sighting_open ON sighting (lane) WHERE state = 'open';
CREATE INDEX sighting_used ON sighting (seq) WHERE seq IS NOT NULL;
CREATE INDEX sighting_device ON sighting (device, id);

CREATE TABLE lane (
  number INTEGER PRIMARY KEY,
  occupied INTEGER NOT NULL,
  seq INTEGER NOT NULL
) STRICT;

CREATE TABLE timing (
  seq INTEGER PRIMARY KEY,
  settled_at_ms INTEGER NOT NULL,
  judged_us INTEGER NOT NULL,
  told_us INTEGER,
  acked_us INTEGER
) STRICT;

CREATE TABLE journal (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at_ms INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  what TEXT NOT NULL,
  detail TEXT NOT NULL
) STRICT;
"""

ADDED: tuple[str, ...] = (
    commands.TABLES,
    journal.TABLES,
    search.TABLES,
    shifts.TABLES,
    upkeep.TABLES,
    repairs.TABLES,
    plans.TABLES,
    tares.TABLES,
    held.TABLES,
    exits.TABLES,
    clips.TABLES,
)
"""Tables that came later, each statement `CREATE ... IF NOT EXISTS`: made at every opening, so
that a store of an older software gains them and one of a newer software is still read."""


class UnusableStore(RuntimeError):
    """The store cannot be worked with; the text says why and what to do."""


def connect(path: Path) -> sqlite3.Connection:
    """A connection that fsyncs at every commit and starts no transactions of its own."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def connect_for_reading(path: Path) -> sqlite3.Connection:
    """A connection that sees every commit and can write nothing."""
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        timeout=5,
    )
    connection.execute("PRAGMA query_only = ON")
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables of a new store; UnusableStore for a damaged one or one of another version."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;"
        )
    elif version != VERSION:
        why = _(
            "the store has version {found}, this software knows {known}: "
            "run the software that wrote it, or a newer one"
        )
        raise UnusableStore(why.format(found=version, known=VERSION))
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        why = _("the store is damaged: {error}; keep it as it is and tell the county")
        raise UnusableStore(why.format(error=verdict))
    for statements in ADDED:
        connection.executescript(f"BEGIN IMMEDIATE; {statements} COMMIT;")


def claim(path: Path) -> sqlite3.Connection:
    """Hold `path` for this process alone, for as long as the connection is open.

    Two terminals on one store would each continue the chain their own way. The operating system
    frees the claim however the process ends. UnusableStore if another process holds it.
    """
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError:
        connection.close()
        why = _("another terminal process works in {folder}: stop it first")
        raise UnusableStore(why.format(folder=path.parent)) from None
    return connection
