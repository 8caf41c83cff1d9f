"""The terminal's store: records, outbox, sightings and lanes in one SQLite file.

A record, its place in the outbox, the sightings that it used up and what the lane holds are one
transaction. The outbox is the records above the watermark and the evidence that is due: nothing
has to be moved or deleted for a record to count as sent. All methods run in one thread.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, TypeVar

from hengyuan.record.canonical import read_line, write_line
from hengyuan.record.chain import extend, link
from hengyuan.record.model import Record
from hengyuan.record.suites import Suite
from hengyuan.terminal.store import held, schema, search, tares
from hengyuan.terminal.store.schema import UnusableStore
from hengyuan.terminal.store.terms import Appended, Draft, DueFile, KeptSighting, SightingKind
from hengyuan.terminal.words import installer_text as _

FILE_NAME = "terminal.db"
_CHECKED_AT_START = 200
_BOOKS = (search.index, tares.enter, held.enter)
"""What follows from a record is written with it; the later books look into the first."""

T = TypeVar("T")


class Store:
    """Opens, or makes, the store of one terminal. UnusableStore if it belongs to another."""

    def __init__(self, folder: Path, terminal: str, suite: Suite, genesis: bytes) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / FILE_NAME
        self._suite = suite
        self._claim = schema.claim(folder / "claim.db")
        try:
            self._db = schema.connect(self.path)
            schema.prepare(self._db)
            self._bind(terminal, genesis)
            self._check_chain()
            search.catch_up(self._db)
        except sqlite3.DatabaseError as error:
            self._claim.close()
            raise UnusableStore(f"{self.path}: {error}") from error
        except UnusableStore:
            self._claim.close()
            raise

    def close(self) -> None:
        """Let go of the files."""
        self._db.close()
        self._claim.close()

    def _bind(self, terminal: str, genesis: bytes) -> None:
        row = self._db.execute("SELECT code, suite, genesis FROM terminal").fetchone()
        wanted = (terminal, self._suite.name, genesis)
        if row is None:
            with self._transaction():
                self._db.execute(
                    "INSERT INTO terminal VALUES (1, ?, ?, ?, 0, ?, NULL)", (*wanted, genesis)
                )
        elif row != wanted:
            why = _(
                "{path} belongs to terminal {code} with another key or suite: "
                "a terminal that is enrolled anew needs a new data_dir"
            )
            raise UnusableStore(why.format(path=self.path, code=row[0]))

    def _check_chain(self) -> None:
        """UnusableStore if the newest records do not follow from each other."""
        first = max(1, self.head()[0] - _CHECKED_AT_START)
        previous = self.digest_at(first - 1)
        for seq, line, digest in self._db.execute(
            "SELECT seq, line, digest FROM record WHERE seq >= ? ORDER BY seq", (first,)
        ):
            if previous is None or link(self._suite, previous, line) != digest or seq != first:
                why = _(
                    "{path}: record {seq} does not follow from the one before; the store was "
                    "changed or damaged: keep it as it is and tell the county"
                )
                raise UnusableStore(why.format(path=self.path, seq=seq))
            previous, first = digest, first + 1

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            # a failed COMMIT may have rolled back by itself; then there is nothing left to undo
            with contextlib.suppress(sqlite3.OperationalError):
                self._db.execute("ROLLBACK")
            raise

    def within(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in one transaction: for tables that have a module of their own."""
        with self._transaction():
            return work(self._db)

    @property
    def connection(self) -> sqlite3.Connection:
        """For what is looked up while a record is made; only within its transaction."""
        return self._db

    # records

    def head(self) -> tuple[int, bytes]:
        """Seq and digest of the newest record; 0 and the genesis digest before the first."""
        row = self._db.execute(
            "SELECT seq, digest FROM record ORDER BY seq DESC LIMIT 1"
        ).fetchone()
        if row is None:
            return 0, self._genesis()
        seq, digest = row
        return seq, digest

    def _genesis(self) -> bytes:
        (genesis,) = self._db.execute("SELECT genesis FROM terminal").fetchone()
        return bytes(genesis)

    def append(self, draft: Draft) -> Appended:
        """Store the next record. sqlite3.Error if it could not be: then nothing is claimed."""
        with self._transaction():
            return self._append(draft)

    def append_both(self, first: Draft, second: Draft) -> tuple[Appended, Appended]:
        """The same for two records that belong together: both are stored, or none."""
        with self._transaction():
            return self._append(first), self._append(second)

    def _append(self, draft: Draft) -> Appended:
        last, previous = self.head()
        record = draft.make(last + 1)
        if draft.complete is not None:
            record = draft.complete(self._db, record)
        line = write_line(record)
        digest = link(self._suite, previous, line)
        self._db.execute("INSERT INTO record VALUES (?, ?, ?)", (record.seq, line, digest))
        for enter in _BOOKS:
            enter(self._db, record)
        self._db.executemany(
            "INSERT OR IGNORE INTO evidence VALUES (?, ?, ?, 'due')",
            [
                (bytes.fromhex(file.digest), record.seq, draft.evidence_bytes[file.digest])
                for file in record.files
                if file.digest in draft.evidence_bytes
            ],
        )
        self._db.executemany(
            "UPDATE sighting SET state = 'used', seq = ? WHERE id = ?",
            [(record.seq, used) for used in draft.used],
        )
        self._pass_over(draft.passed)
        if draft.on_scale:
            self._db.execute(
                "INSERT OR REPLACE INTO lane VALUES (?, 1, ?)", (draft.lane, record.seq)
            )
        self._db.execute(
            "INSERT INTO timing VALUES (?, ?, ?, NULL, NULL)",
            (record.seq, draft.settled_at_ms, draft.judged_us),
        )
        return Appended(record, digest)

    def record(self, seq: int) -> Record | None:
        """The record of that seq, None if there is none."""
        row = self._db.execute("SELECT line FROM record WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else read_line(row[0])

    def standing(self, seq: int) -> Record | None:
        """The newest record of the passage that a record belongs to, None if there is none."""
        passage = search.passage_of(self._db, seq)
        return None if passage is None else self.record(passage.seq)

    def newest(self, count: int) -> list[Record]:
        """The newest records, newest first."""
        rows = self._db.execute("SELECT line FROM record ORDER BY seq DESC LIMIT ?", (count,))
        return [read_line(line) for (line,) in rows]

    def last_time_ms(self) -> int | None:
        """`weighed_at` of the newest record."""
        record = self.record(self.head()[0])
        return None if record is None else record.weighed_at

    # sightings

    def keep_sighting(
        self,
        lane: int,
        device: str,
        kind: SightingKind,
        event_id: str | None,
        received_ms: int,
        body: bytes,
    ) -> int | None:
        """Store what a camera or axle identifier saw; None if the same event is stored already."""
        with self._transaction():
            cursor = self._db.execute(
                "INSERT OR IGNORE INTO sighting (lane, device, kind, event_id, received_ms, body,"
                " state) VALUES (?, ?, ?, ?, ?, ?, 'open')",
                (lane, device, kind, event_id, received_ms, body),
            )
        return cursor.lastrowid if cursor.rowcount else None

    def open_sightings(self, lane: int) -> list[KeptSighting]:
        """What no record of this lane has used yet, oldest first."""
        rows = self._db.execute(
            "SELECT id, lane, device, kind, received_ms, body FROM sighting"
            " WHERE lane = ? AND state = 'open' ORDER BY id",
            (lane,),
        )
        return [KeptSighting(*row) for row in rows]

    def newest_sightings(self, device: str, count: int) -> list[KeptSighting]:
        """The last events of one device, used or not, newest first."""
        rows = self._db.execute(
            "SELECT id, lane, device, kind, received_ms, body FROM sighting"
            " WHERE device = ? ORDER BY id DESC LIMIT ?",
            (device, count),
        )
        return [KeptSighting(*row) for row in rows]

    def sightings_of(self, seq: int) -> list[KeptSighting]:
        """What a record has used."""
        rows = self._db.execute(
            "SELECT id, lane, device, kind, received_ms, body FROM sighting WHERE seq = ?", (seq,)
        )
        return [KeptSighting(*row) for row in rows]

    def _pass_over(self, ids: Sequence[int]) -> None:
        self._db.executemany(
            "UPDATE sighting SET state = 'passed' WHERE id = ? AND state = 'open'",
            [(each,) for each in ids],
        )

    # lanes

    def on_scale(self, lane: int) -> Record | None:
        """The record of the truck that stood on the lane's scale when the last run ended."""
        row = self._db.execute(
            "SELECT seq FROM lane WHERE number = ? AND occupied", (lane,)
        ).fetchone()
        return None if row is None else self.record(row[0])

    def lane_cleared(self, lane: int, told_us: dict[int, int], passed: Sequence[int] = ()) -> None:
        """The truck has left the scale; `told_us` are timings that were waiting to be written."""
        with self._transaction():
            self._db.execute("UPDATE lane SET occupied = 0 WHERE number = ?", (lane,))
            self._pass_over(passed)
            self._write_told(told_us)

    def told(self, told_us: dict[int, int]) -> None:
        """Write down timings that were waiting for the next change of the lane."""
        with self._transaction():
            self._write_told(told_us)

    def _write_told(self, told_us: dict[int, int]) -> None:
        self._db.executemany(
            "UPDATE timing SET told_us = ? WHERE seq = ?",
            [(us, seq) for seq, us in told_us.items()],
        )

    def note(self, at_ms: int, lane: int, what: str, detail: str) -> None:
        """Write down why something at the lane left no record."""
        with self._transaction():
            self._db.execute(
                "INSERT INTO journal (at_ms, lane, what, detail) VALUES (?, ?, ?, ?)",
                (at_ms, lane, what, detail),
            )

    # outbox

    def watermark(self) -> tuple[int, bytes]:
        """The last seq that the platform has acknowledged, and its digest."""
        seq, digest = self._db.execute("SELECT acked_seq, acked_digest FROM terminal").fetchone()
        return seq, digest

    def digest_at(self, seq: int) -> bytes | None:
        """Digest of a record, of the genesis for 0; None above the newest record."""
        if seq == 0:
            return self._genesis()
        row = self._db.execute("SELECT digest FROM record WHERE seq = ?", (seq,)).fetchone()
        return None if row is None else bytes(row[0])

    def lines_from(
        self, first: int, count: int, max_bytes: int
    ) -> tuple[bytes, list[bytes]] | None:
        """Digest before `first`, and the lines from it on, as many as fit; None if there are none.

        At least one line is given however large it is.
        """
        previous = self.digest_at(first - 1)
        if previous is None:
            return None
        lines: list[bytes] = []
        for (line,) in self._db.execute(
            "SELECT line FROM record WHERE seq >= ? ORDER BY seq LIMIT ?", (first, count)
        ):
            max_bytes -= len(line) + 1
            if lines and max_bytes < 0:
                break
            lines.append(line)
        return (previous, lines) if lines else None

    def move_watermark(self, seq: int, digest: bytes, acked_us: dict[int, int]) -> None:
        """The platform holds everything up to `seq`. ValueError if that digest is not ours."""
        if self.digest_at(seq) != digest:
            raise ValueError(f"the digest at {seq} is not this terminal's")
        with self._transaction():
            self._db.execute("UPDATE terminal SET acked_seq = ?, acked_digest = ?", (seq, digest))
            self._db.executemany(
                "UPDATE timing SET acked_us = ? WHERE seq = ?",
                [(us, each) for each, us in acked_us.items()],
            )

    def settled_at(self, first: int, last: int) -> dict[int, int]:
        """When the weights of a range of records settled, in ms by this machine's clock."""
        return dict(
            self._db.execute(
                "SELECT seq, settled_at_ms FROM timing WHERE seq BETWEEN ? AND ?", (first, last)
            )
        )

    def due_files(self, count: int) -> list[DueFile]:
        """Files of acknowledged records that the platform is still owed, oldest record first."""
        rows = self._db.execute(
            "SELECT digest, seq, size FROM evidence WHERE state = 'due'"
            " AND seq <= (SELECT acked_seq FROM terminal) ORDER BY seq LIMIT ?",
            (count,),
        )
        return [DueFile(digest.hex(), seq, size) for digest, seq, size in rows]

    def files_waiting(self) -> int:
        """How many files are not yet acknowledged."""
        (count,) = self._db.execute("SELECT count(*) FROM evidence WHERE state = 'due'").fetchone()
        return int(count)

    def file_is(self, digest: str, state: Literal["due", "sent", "lost", "refused"]) -> bool:
        """Note what became of a file; False if no record names it."""
        with self._transaction():
            cursor = self._db.execute(
                "UPDATE evidence SET state = ? WHERE digest = ?", (state, bytes.fromhex(digest))
            )
        return cursor.rowcount > 0

    # clock

    def clock_offset_ms(self) -> int | None:
        """The offset that the last check of the clock found."""
        (offset_ms,) = self._db.execute("SELECT clock_offset_ms FROM terminal").fetchone()
        return None if offset_ms is None else int(offset_ms)

    def keep_clock_offset(self, offset_ms: int) -> None:
        """Remember the offset for the next start."""
        with self._transaction():
            self._db.execute("UPDATE terminal SET clock_offset_ms = ?", (offset_ms,))

    def check_whole_chain(self) -> int:
        """Walk the chain from its genesis, or from the oldest record that is still kept; the seq of
        the newest. ValueError where it breaks."""
        (first,) = self._db.execute("SELECT coalesce(min(seq), 1) FROM record").fetchone()
        previous = self.digest_at(first - 1)
        seq = 0
        for seq, (number, line, digest) in enumerate(
            self._db.execute("SELECT seq, line, digest FROM record ORDER BY seq"), start=first
        ):
            follows = previous is None or extend(self._suite, previous, [line])[0] == digest
            if number != seq or not follows:
                raise ValueError(f"the chain breaks at record {number}")
            previous = digest
        return seq
