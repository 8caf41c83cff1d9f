"""What is on the platform's and the terminal's disk, compared with what truly happened."""

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from hengyuan.record.canonical import read_line
from hengyuan.record.model import Record
from hengyuan.world.loss.lane import DIVISION_KG, Passage
from hengyuan.world.tally import PlatformBooks

_CHINA = timezone(timedelta(hours=8))
MOST_EXAMPLES = 20


@dataclass(slots=True)
class Findings:
    """Numbers of passages, records or files; `problems` are examples in words."""

    passages: int = 0
    patient: int = 0
    told: int = 0
    """A display showed their driver a verdict."""
    recorded: int = 0
    records: int = 0
    watermarks_told: int = 0
    # what must be nothing
    acknowledged_lost: int = 0
    """Watermarks handed to the terminal that the platform does not hold with that digest."""
    records_differ: int = 0
    """Records of the terminal that the platform lacks or holds otherwise, and the reverse."""
    told_without_record: int = 0
    waited_without_verdict: int = 0
    stored_twice: int = 0
    out_of_order: int = 0
    strangers: int = 0
    wrong_weights: int = 0
    wrong_verdicts: int = 0
    wrong_plates: int = 0
    camera_events_lost: int = 0
    """The terminal said 200 to the camera, and its store knows nothing of the event."""
    camera_events_doubled: int = 0
    pictures_lost: int = 0
    untraced: int = 0
    """Passages before the eyes of a working terminal, without a record and without a reason."""
    chain_sound: bool = False
    # what may be, and is to be known
    without_record: int = 0
    reasons: int = 0
    """Lines in the terminal's journal that say why a truck left no record."""
    while_away: int = 0
    """Of those without a record: the terminal was dead or starting while they stood there."""
    without_plate: int = 0
    without_axles: int = 0
    corrected: int = 0
    flags: dict[str, int] = field(default_factory=dict)
    journal: dict[str, int] = field(default_factory=dict)
    pictures_due: int = 0
    pictures_stored: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def all_right(self) -> bool:
        """Nothing that must be nothing is more."""
        return self.chain_sound and not any(getattr(self, name) for name in _MUST_BE_NOTHING)

    def note(self, name: str, problem: str) -> None:
        """Count one, and keep it as an example."""
        setattr(self, name, getattr(self, name) + 1)
        if len(self.problems) < MOST_EXAMPLES:
            self.problems.append(f"{name}: {problem}")


_MUST_BE_NOTHING = (
    "acknowledged_lost", "records_differ", "told_without_record", "waited_without_verdict",
    "stored_twice", "out_of_order", "strangers", "wrong_weights", "wrong_verdicts",
    "wrong_plates", "camera_events_lost", "camera_events_doubled", "pictures_lost", "untraced",
)  # fmt: skip


@dataclass(slots=True)
class _Told:
    """All records of one weighing: the first and what corrects it."""

    records: list[Record]

    @property
    def last(self) -> Record:
        return self.records[-1]

    @property
    def plate(self) -> str | None:
        return next((r.plate for r in reversed(self.records) if r.plate), None)


class _TerminalStore:
    """The terminal's own database, after its end."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)

    def close(self) -> None:
        self._db.close()

    def records(self) -> dict[int, tuple[bytes, Record]]:
        rows = self._db.execute("SELECT seq, digest, line FROM record ORDER BY seq")
        return {seq: (bytes(digest), read_line(line)) for seq, digest, line in rows}

    def journal(self) -> list[tuple[int, str]]:
        return list(self._db.execute("SELECT lane, what FROM journal ORDER BY id"))

    def events(self) -> Counter[str]:
        rows = self._db.execute("SELECT event_id FROM sighting WHERE event_id IS NOT NULL")
        return Counter(event for (event,) in rows)


def judge(
    books: PlatformBooks,
    code: str,
    store: Path,
    passages: Sequence[Passage],
    told: dict[int, str],
    was_away: Callable[[float, float], bool],
) -> Findings:
    """Compare. `told` are the watermarks that the terminal was handed, seq → digest."""
    found = Findings(passages=len(passages), watermarks_told=len(told))
    terminal = books.terminals([code])[code]
    rows = list(books.records(terminal))
    own = _TerminalStore(store)
    try:
        _compare_stores(rows, own.records(), told, found)
        journal = own.journal()
        _compare_events(passages, own.events(), found)
    finally:
        own.close()
    found.journal = dict(Counter(what for _, what in journal))
    report = books.check_chain(terminal)
    found.chain_sound = report.sound
    if not report.sound:
        found.problems.append(f"the chain breaks at seq {report.seq}: {report.problem}")
    records = [record for _, record in rows]
    found.flags = dict(Counter(flag for record in records for flag in record.flags))
    for number in sorted({passage.lane for passage in passages}):
        driven = sorted((p for p in passages if p.lane == number), key=lambda p: p.number)
        stored = [record for record in records if record.lane == number]
        reasons = sum(1 for lane, what in journal if lane == number and what in _REASONS)
        _compare_lane(books, driven, stored, reasons, was_away, found)
    return found


_REASONS = frozenset({"left_unweighed", "unweighed", "record_impossible", "skipped_scale"})


def _compare_stores(
    rows: list[tuple[Any, Record]],
    own: dict[int, tuple[bytes, Record]],
    told: dict[int, str],
    found: Findings,
) -> None:
    held = {record.seq: bytes(row.digest) for row, record in rows}
    found.records = len(rows)
    if len(held) != len(rows):
        found.note("stored_twice", f"{len(rows)} rows, {len(held)} seqs")
    for seq, digest in told.items():
        if seq and held.get(seq, b"").hex() != digest:
            found.note("acknowledged_lost", f"seq {seq} was acknowledged and is not held")
    for seq in own.keys() | held.keys():
        if own.get(seq, (b"",))[0] != held.get(seq):
            found.note("records_differ", f"seq {seq} differs between terminal and platform")


def _compare_events(passages: Sequence[Passage], events: Counter[str], found: Findings) -> None:
    for passage in passages:
        times = events.get(passage.event_id, 0)
        if passage.pushed and not times:
            found.note("camera_events_lost", _name(passage))
        if times > 1:
            found.note("camera_events_doubled", _name(passage))


def _compare_lane(
    books: PlatformBooks,
    driven: list[Passage],
    stored: list[Record],
    reasons: int,
    was_away: Callable[[float, float], bool],
    found: Findings,
) -> None:
    weighings = _weighings(stored)
    found.corrected += sum(len(each.records) - 1 for each in weighings)
    owners = _owners(driven, weighings, found)
    missing = []
    last_seq = 0
    for passage in driven:
        found.patient += passage.patient
        found.told += passage.shown is not None
        for problem in passage.problems:
            found.note("waited_without_verdict", f"{_name(passage)}: {problem}")
        mine = owners.get(passage.number, [])
        if not mine:
            missing.append(passage)
            if passage.shown is not None:
                found.note("told_without_record", _name(passage))
            continue
        found.recorded += 1
        if len(mine) > 1:
            seqs = [each.last.seq for each in mine]
            found.note("stored_twice", f"{_name(passage)} is records {seqs}")
        first = mine[0].records[0].seq
        if first < last_seq:
            found.note("out_of_order", f"{_name(passage)} is record {first}, after {last_seq}")
        last_seq = max(last_seq, first)
        _compare_record(books, passage, mine[0], found)
    away = [each for each in missing if was_away(each.entered, each.left)]
    found.without_record += len(missing)
    found.while_away += len(away)
    found.reasons += reasons
    for passage in [each for each in missing if each not in away][reasons:]:
        found.note("untraced", _name(passage))


def _weighings(stored: Iterable[Record]) -> list[_Told]:
    by_seq: dict[int, _Told] = {}
    weighings: list[_Told] = []
    for record in stored:
        told = by_seq.get(record.corrects) if record.corrects else None
        if told is None:
            told = _Told([])
            weighings.append(told)
        told.records.append(record)
        by_seq[record.seq] = told
    return weighings


def _owners(
    driven: list[Passage], weighings: list[_Told], found: Findings
) -> dict[int, list[_Told]]:
    """Which weighings are of which passage: by plate and mass where both agree, which nobody else
    has; the others by their mass, between those before and behind them.
    """
    by_plate = {passage.truck.plate: passage for passage in driven}
    owners: dict[int, list[_Told]] = defaultdict(list)
    known: list[int | None] = []
    for each in weighings:
        passage = by_plate.get(each.plate or "")
        sure = passage is not None and passage.gross_kg == each.last.gross_kg
        known.append(passage.number if passage is not None and sure else None)
        if passage is not None and sure:
            owners[passage.number].append(each)
    for at, each in enumerate(weighings):
        if known[at] is not None:
            continue
        before = max((n for n in known[:at] if n is not None), default=0)
        behind = min((n for n in known[at + 1 :] if n is not None), default=math.inf)
        fits = [
            p for p in driven if before <= p.number <= behind and p.gross_kg == each.last.gross_kg
        ]
        passage = min(fits, key=lambda p: (p.number in owners, p.number), default=None)
        if passage is None:
            record = each.last
            found.note("strangers", f"record {record.seq}: {record.plate}, {record.gross_kg} kg")
            continue
        known[at] = passage.number
        owners[passage.number].append(each)
        if each.plate is not None:
            found.note("wrong_plates", f"{_name(passage)} is recorded as {each.plate}")
    return owners


def _compare_record(
    books: PlatformBooks, passage: Passage, weighing: _Told, found: Findings
) -> None:
    record = weighing.last
    if record.gross_kg != passage.gross_kg:
        found.note("wrong_weights", f"{_name(passage)}: recorded {record.gross_kg} kg")
    found.without_plate += weighing.plate is None
    found.without_axles += "axles_unknown" in record.flags
    first = weighing.records[0]
    if passage.shown_over is not None and not any(
        passage.shown_over == (each.verdict == "over") for each in weighing.records
    ):
        found.note("wrong_verdicts", f"{_name(passage)}: shown otherwise than recorded")
    if "axles_unknown" not in record.flags:
        day = datetime.fromtimestamp(first.weighed_at / 1000, _CHINA).date()
        truth = passage.truck.judged(DIVISION_KG, day)
        if (record.verdict, record.limit_kg) != (truth.verdict, truth.limit_kg):
            found.note(
                "wrong_verdicts",
                f"{_name(passage)}: {record.verdict} at {record.limit_kg} kg, "
                f"is {truth.verdict} at {truth.limit_kg} kg",
            )
    for file in record.files:
        found.pictures_due += 1
        if books.picture_is_whole(file.digest):
            found.pictures_stored += 1
        else:
            found.note("pictures_lost", f"{_name(passage)}: {file.digest[:12]}")


def _name(passage: Passage) -> str:
    kind = "" if passage.patient else ", left early"
    return (
        f"passage {passage.number}, lane {passage.lane}, {passage.truck.plate}, "
        f"{passage.gross_kg} kg{kind}"
    )
