"""What may be forgotten: whole passages and files that the county holds, oldest first.

Order is `seq`. Nothing above the watermark goes, nothing that the county is still owed, and no
passage before its last correction; the store's own triggers refuse the first of these as well.
"""

from __future__ import annotations

import sqlite3

KEPT_ALWAYS = 2_000
"""The newest records stay however old they are: the chain is checked over them at every start."""
AT_ONCE = 500
"""So many go in one transaction, which a truck's record may have to wait for."""
_DAY_MS = 86_400_000


def first_to_keep(connection: sqlite3.Connection, before_ms: int, now_ms: int) -> int:
    """The first seq that is not older than `before_ms`.

    A record that claims to be of tomorrow was dated by a clock gone astray: it is passed over, or
    it would keep all that follow. One dated too early keeps nothing and lets nothing go by itself.
    """
    (kept,) = connection.execute(
        "SELECT min(first_seq) FROM passage WHERE began_at >= ? AND began_at <= ?",
        (before_ms, now_ms + _DAY_MS),
    ).fetchone()
    (newest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()
    return int(newest + 1 if kept is None else kept)


def first_record_to_keep(connection: sqlite3.Connection, before_ms: int, now_ms: int) -> int:
    """The same for records, which go as whole passages and only once their files are settled."""
    cut = first_to_keep(connection, before_ms, now_ms)
    (newest,) = connection.execute("SELECT coalesce(max(seq), 0) FROM record").fetchone()
    (acked,) = connection.execute("SELECT acked_seq FROM terminal").fetchone()
    (due,) = connection.execute("SELECT min(seq) FROM evidence WHERE state = 'due'").fetchone()
    cut = min(cut, newest + 1 - KEPT_ALWAYS, acked + 1, acked + 1 if due is None else due)
    while True:
        (torn,) = connection.execute(
            "SELECT min(first_seq) FROM passage WHERE first_seq < ? AND seq >= ?", (cut, cut)
        ).fetchone()
        if torn is None:
            return max(int(cut), 1)
        cut = int(torn)


def forget_records(connection: sqlite3.Connection, before_seq: int) -> int:
    """Delete up to `AT_ONCE` of the oldest records below `before_seq`; how many went. Within a
    transaction, and cut where a passage ends."""
    (oldest,) = connection.execute("SELECT min(seq) FROM record").fetchone()
    if oldest is None or oldest >= before_seq:
        return 0
    cut = min(before_seq, oldest + AT_ONCE)
    while True:
        # a passage that reaches beyond takes those in between along
        (reaches,) = connection.execute(
            "SELECT max(seq) FROM passage WHERE first_seq < ?", (cut,)
        ).fetchone()
        if reaches is None or reaches < cut:
            break
        cut = reaches + 1
    for table, column in (
        ("correction", "seq"),
        ("passage", "first_seq"),
        ("tare", "first_seq"),
        ("hold", "first_seq"),
        ("exit_match", "first_seq"),
        ("clip_due", "first_seq"),
        ("timing", "seq"),
        ("evidence", "seq"),
    ):
        connection.execute(f"DELETE FROM {table} WHERE {column} < ?", (cut,))  # noqa: S608
    connection.execute("DELETE FROM sighting WHERE seq < ?", (cut,))
    return connection.execute("DELETE FROM record WHERE seq < ?", (cut,)).rowcount


def forget_sightings(connection: sqlite3.Connection, before_ms: int) -> int:
    """Delete up to `AT_ONCE` of the events that belonged to nobody and came before `before_ms`."""
    return connection.execute(
        "DELETE FROM sighting WHERE id IN (SELECT id FROM sighting"
        " WHERE state = 'passed' AND received_ms < ? LIMIT ?)",
        (before_ms, AT_ONCE),
    ).rowcount


def take_sent_files(connection: sqlite3.Connection, before_seq: int) -> dict[str, int]:
    """Forget up to `AT_ONCE` of the oldest files that the county has, of records below
    `before_seq`: their digests and sizes, to be deleted next."""
    rows = connection.execute(
        "DELETE FROM evidence WHERE digest IN (SELECT digest FROM evidence"
        " WHERE state = 'sent' AND seq < ? ORDER BY seq LIMIT ?) RETURNING digest, size",
        (before_seq, AT_ONCE),
    )
    return {digest.hex(): size for digest, size in rows}


def nobodys(connection: sqlite3.Connection, digests: list[str]) -> list[str]:
    """Those of the digests that no record names, nor an event that waits for its truck."""

    def needed(digest: str) -> bool:
        named = connection.execute(
            "SELECT 1 FROM evidence WHERE digest = ?", (bytes.fromhex(digest),)
        ).fetchone()
        waits = connection.execute(
            "SELECT 1 FROM sighting WHERE state = 'open' AND instr(CAST(body AS TEXT), ?)",
            (digest,),
        ).fetchone()
        return bool(named or waits)

    return [digest for digest in digests if not needed(digest)]
