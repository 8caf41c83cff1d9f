"""What the platform has of what was driven: counted in its database, not asked of the terminals.

A truck is stored when the record table holds it under its terminal with its plate. Everything
else that must hold is counted beside it: one record a truck, the order at the scale, the weight,
the verdict by the world's own truth, the pictures on disk, the chain from the genesis digest on.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import namedtuple_row

from hengyuan.platform.weighing.columns import SELECTED, to_record
from hengyuan.platform.weighing.evidence import EvidenceStore
from hengyuan.record.archive import (
    ArchiveHeader,
    ArchiveReport,
    verify_archive,
    write_archive_header,
    write_archive_record,
)
from hengyuan.record.batch import BatchHeader, write_header
from hengyuan.record.canonical import write_line
from hengyuan.record.chain import genesis
from hengyuan.record.model import Record
from hengyuan.record.suites import SM2_SM3, suite_named
from hengyuan.world.gate import Passage

# The law's day is China's, wherever this machine is.
_CHINA = timezone(timedelta(hours=8))
MOST_EXAMPLES = 20


@dataclass(frozen=True, slots=True)
class StoredTerminal:
    """A terminal as the platform knows it."""

    id: int
    code: str
    suite: str
    public_key: str


@dataclass(slots=True)
class Tally:
    """The count. `problems` holds examples in words; all figures are numbers of trucks or files."""

    trucks: int = 0
    stored: int = 0
    lost: int = 0
    duplicated: int = 0
    strangers: int = 0
    """Records of the run that no truck of the world accounts for."""
    over_limit: int = 0
    wrong_weights: int = 0
    wrong_verdicts: int = 0
    wrong_second_verdicts: int = 0
    """The platform's own verdict differs from the truth."""
    wrong_on_display: int = 0
    assumed: int = 0
    out_of_order: int = 0
    pictures_due: int = 0
    pictures_stored: int = 0
    chains: int = 0
    chains_sound: int = 0
    gate_problems: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def chain_sound(self) -> bool:
        """Every terminal's chain is whole, from genesis to head, and signed."""
        return self.chains > 0 and self.chains == self.chains_sound

    @property
    def nothing_lost(self) -> bool:
        """Every truck is stored once, with its pictures, in sound chains."""
        return (
            self.lost == self.duplicated == self.strangers == self.out_of_order == 0
            and self.pictures_stored == self.pictures_due
            and self.chain_sound
        )

    @property
    def all_right(self) -> bool:
        """Nothing lost, and every weight and verdict is what it should be."""
        return (
            self.nothing_lost
            and self.wrong_weights == self.wrong_verdicts == self.wrong_second_verdicts == 0
            and self.wrong_on_display == self.gate_problems == 0
        )

    def note(self, problem: str) -> None:
        """Keep an example of what is wrong; the figures count all of them."""
        if len(self.problems) < MOST_EXAMPLES:
            self.problems.append(problem)


class PlatformBooks:
    """Reads what the platform has stored. `home` is where its evidence files lie."""

    def __init__(self, database_url: str, home: Path) -> None:
        self._connection = psycopg.connect(database_url, autocommit=True)
        self._evidence = EvidenceStore(home / "evidence")

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def terminals(self, codes: Sequence[str]) -> dict[str, StoredTerminal]:
        """The terminals of these codes."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, code, suite, public_key FROM terminals_terminal WHERE code = ANY(%s)",
                [list(codes)],
            )
            return {row[1]: StoredTerminal(*row) for row in cursor.fetchall()}

    def watermarks(self, codes: Sequence[str]) -> dict[str, int]:
        """The last stored seq of each terminal; 0 where there is none yet."""
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT t.code, COALESCE(c.last_seq, 0) FROM terminals_terminal t "
                "LEFT JOIN intake_chainhead c ON c.terminal_id = t.id WHERE t.code = ANY(%s)",
                [list(codes)],
            )
            return dict(cursor.fetchall())

    def records(self, terminal: StoredTerminal, after: int = 0) -> Iterator[tuple[Any, Record]]:
        """Rows and records behind `after`, by seq."""
        with self._connection.cursor(row_factory=namedtuple_row) as cursor:
            cursor.execute(
                f"SELECT {SELECTED} FROM weighing w "  # noqa: S608 - column names of our own
                "WHERE w.terminal_id = %s AND w.seq > %s ORDER BY w.seq",
                [terminal.id, after],
            )
            for row in cursor:
                yield row, to_record(row, terminal.code)

    def picture_is_whole(self, digest: str) -> bool:
        """Whether the file lies on disk and its bytes have that digest."""
        path = self._evidence.path(digest)
        return path.is_file() and SM2_SM3.digest(path.read_bytes()).hex() == digest

    def check_chain(self, terminal: StoredTerminal) -> ArchiveReport:
        """Make the exported chain again from the columns and verify it, from genesis on."""
        return verify_archive(self._archive(terminal))

    def _archive(self, terminal: StoredTerminal) -> Iterator[bytes]:
        suite = suite_named(terminal.suite)
        key = bytes.fromhex(terminal.public_key)
        yield write_archive_header(
            ArchiveHeader(
                digest=genesis(suite, terminal.code, key).hex(),
                last=self.watermarks([terminal.code])[terminal.code],
                public_key=terminal.public_key,
                suite=terminal.suite,
                terminal=terminal.code,
            )
        )
        records = self.records(terminal)
        for header in self._batch_headers(terminal):
            yield write_header(header)
            for _ in range(header.first, header.last + 1):
                found = next(records, None)
                if found is None:
                    # the archive ends inside a batch, and the check says so
                    return
                row, record = found
                yield write_archive_record(bytes(row.digest), write_line(record))

    def _batch_headers(self, terminal: StoredTerminal) -> list[BatchHeader]:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT first_seq, last_seq, prev, head, signature FROM intake_batch "
                "WHERE terminal_id = %s ORDER BY id",
                [terminal.id],
            )
            return [
                BatchHeader(
                    first=first,
                    last=last,
                    prev=bytes(prev).hex(),
                    head=bytes(head).hex(),
                    signature=bytes(signature).hex(),
                    terminal=terminal.code,
                )
                for first, last, prev, head, signature in cursor.fetchall()
            ]


def count(
    books: PlatformBooks,
    passages: Sequence[Passage],
    before: dict[str, int],
    division_kg: int,
) -> Tally:
    """Compare what was driven with what is stored behind the watermarks `before` the run."""
    tally = Tally(trucks=len(passages))
    driven: dict[str, list[Passage]] = defaultdict(list)
    for passage in passages:
        driven[passage.terminal].append(passage)
        for problem in passage.problems:
            tally.gate_problems += 1
            tally.note(f"{passage.terminal} {passage.truck.plate}: {problem}")
    terminals = books.terminals(list(before))
    for code in before:
        _count_terminal(books, terminals[code], driven[code], before[code], division_kg, tally)
        _check_chain(books, terminals[code], tally)
    return tally


def _count_terminal(
    books: PlatformBooks,
    terminal: StoredTerminal,
    driven: list[Passage],
    after: int,
    division_kg: int,
    tally: Tally,
) -> None:
    by_plate: dict[str | None, list[tuple[Any, Record]]] = defaultdict(list)
    for row, record in books.records(terminal, after):
        by_plate[record.plate].append((row, record))
    last_seq = after
    for passage in driven:
        plate = passage.truck.plate
        found = by_plate.pop(plate, [])
        if not found:
            tally.lost += 1
            tally.pictures_due += len(passage.picture_digests)
            tally.note(f"{terminal.code}: {plate} was driven and is not stored")
            continue
        tally.stored += 1
        if len(found) > 1:
            tally.duplicated += len(found) - 1
            numbers = ", ".join(f"{record.seq} ({record.kind})" for _, record in found)
            tally.note(f"{terminal.code}: {plate} is stored as {numbers}")
        row, record = found[0]
        if record.seq <= last_seq:
            tally.out_of_order += 1
            tally.note(f"{terminal.code}: {plate} is record {record.seq}, after {last_seq}")
        last_seq = max(last_seq, record.seq)
        _compare(terminal, passage, row, record, division_kg, tally)
        _check_pictures(books, terminal, passage, record, tally)
    for records in by_plate.values():
        for _, record in records:
            tally.strangers += 1
            tally.note(
                f"{terminal.code}: record {record.seq} ({record.kind}, {record.plate or 'no plate'}"
                f", {record.gross_kg} kg, {', '.join(record.flags)}) belongs to no truck"
            )


def _compare(
    terminal: StoredTerminal,
    passage: Passage,
    row: Any,
    record: Record,
    division_kg: int,
    tally: Tally,
) -> None:
    truck = passage.truck
    truth = truck.judged(division_kg, _day(passage.entered_at))
    where = f"{terminal.code}: {truck.plate} (record {record.seq})"
    tally.over_limit += truth.over
    tally.assumed += record.assumed
    if record.gross_kg != truth.gross_kg:
        tally.wrong_weights += 1
        tally.note(f"{where} weighs {truth.gross_kg} kg, stored are {record.gross_kg} kg")
    if (record.verdict, record.limit_kg) != (truth.verdict, truth.limit_kg):
        tally.wrong_verdicts += 1
        tally.note(
            f"{where} is to be {truth.verdict} at {truth.limit_kg} kg, stored is "
            f"{record.verdict} at {record.limit_kg} kg; flags {', '.join(record.flags) or 'none'}"
        )
    if row.platform_limit_kg != truth.limit_kg:
        tally.wrong_second_verdicts += 1
        tally.note(f"{where}: the platform's limit is {row.platform_limit_kg} kg")
    if passage.shown_over is not None and passage.shown_over != truth.over:
        tally.wrong_on_display += 1
        tally.note(f"{where}: the display said {passage.shown.lines if passage.shown else ''}")


def _check_pictures(
    books: PlatformBooks,
    terminal: StoredTerminal,
    passage: Passage,
    record: Record,
    tally: Tally,
) -> None:
    named = {file.digest for file in record.files}
    tally.pictures_due += len(passage.picture_digests)
    for digest in passage.picture_digests:
        if digest not in named:
            tally.note(f"{terminal.code}: record {record.seq} does not name picture {digest[:12]}")
        elif not books.picture_is_whole(digest):
            tally.note(f"{terminal.code}: picture {digest[:12]} of record {record.seq} is missing")
        else:
            tally.pictures_stored += 1


def _check_chain(books: PlatformBooks, terminal: StoredTerminal, tally: Tally) -> None:
    tally.chains += 1
    report = books.check_chain(terminal)
    if report.sound:
        tally.chains_sound += 1
    else:
        tally.note(f"{terminal.code}: the chain breaks at seq {report.seq}: {report.problem}")


def _day(moment: datetime) -> date:
    return moment.astimezone(_CHINA).date()
