"""What the terminal forgets, and what it never does."""

import asyncio
import contextlib
import os
import sqlite3
from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest

from hengyuan.record.model import FileRef
from hengyuan.terminal import retention as forgetting
from hengyuan.terminal.clock import CheckedClock
from hengyuan.terminal.config_video import RetentionTable
from hengyuan.terminal.lane.sightings import PlateSeen, StoredFile
from hengyuan.terminal.retention import Retention
from hengyuan.terminal.store import EvidenceFiles, StoreWorker, retention, store
from tests.terminal.county import County
from tests.terminal.outbox import WEIGHED_AT, draft, identity_for, open_store

_KEPT_ALWAYS = retention.KEPT_ALWAYS
DAY_MS = 86_400_000
NOW_MS = WEIGHED_AT + 400 * DAY_MS


class Clock:
    def monotonic(self):
        return 0.0

    def now_ms(self):
        return NOW_MS


class Gate:
    """A store with records of chosen days, and its retention."""

    def __init__(self, folder, checked=True, identity=None, **table):
        self.identity = identity = identity or identity_for(County())
        self.store = open_store(folder, identity)
        self.files = EvidenceFiles(folder / "evidence", identity.suite)
        self.worker = StoreWorker(self.store, self.files)
        clock = CheckedClock(Clock(), 0)
        if checked:
            clock.checked(NOW_MS, 0.0, 0.0)
        config = SimpleNamespace(retention=RetentionTable(**table), data_dir=folder)
        self.retention = Retention(config, self.worker, clock)

    def record(self, day, picture=b"", corrects=None):
        """A record of that day, with a picture; its seq."""
        files = ((self.files.put(picture), len(picture)),) if picture else ()
        first = draft(files=files)

        def make(seq):
            return msgspec.structs.replace(
                first.make(seq), weighed_at=WEIGHED_AT + day * DAY_MS, corrects=corrects
            )

        return self.store.append(replace(first, make=make)).record.seq

    def acknowledge(self, seq, files="sent"):
        """The county has everything up to there."""
        self.store.move_watermark(seq, self.store.digest_at(seq), {})
        for due in self.store.due_files(10_000):
            self.store.file_is(due.digest, files)

    @property
    def seqs(self):
        return [seq for (seq,) in self.store._db.execute("SELECT seq FROM record ORDER BY seq")]

    def has(self, picture):
        digest = self.files._suite.digest(picture).hex()
        return self.files.path(digest).exists()


@contextlib.contextmanager
def gate(folder, **more):
    at = Gate(folder, **more)
    try:
        yield at
    finally:
        at.worker.close()


@pytest.fixture(autouse=True)
def short_chain(monkeypatch):
    monkeypatch.setattr(retention, "KEPT_ALWAYS", 3)
    monkeypatch.setattr(retention, "AT_ONCE", 4)
    assert store._CHECKED_AT_START < _KEPT_ALWAYS
    monkeypatch.setattr(store, "_CHECKED_AT_START", 1)


def look(at):
    asyncio.run(at.retention.look())


def test_old_pictures_go_once_the_county_has_them_and_the_records_stay(tmp_path):
    with gate(tmp_path, evidence_days=100) as at:
        for day in range(0, 400, 50):
            at.record(day, b"picture %d" % day)
        at.acknowledge(8)
        look(at)
        assert [day for day in range(0, 400, 50) if at.has(b"picture %d" % day)] == [300, 350]
        assert at.seqs == list(range(1, 9))
        assert at.store.files_waiting() == 0


def test_no_picture_goes_that_the_county_does_not_have(tmp_path):
    with gate(tmp_path, evidence_days=1, records_days=30) as at:
        for number in range(6):
            at.record(0, b"owed %d" % number)
        at.record(0)
        look(at)
        at.acknowledge(3, files="due")
        look(at)
        at.store.move_watermark(7, at.store.digest_at(7), {})
        look(at)
        assert all(at.has(b"owed %d" % number) for number in range(6))
        assert at.seqs == list(range(1, 8)), "their records wait for them"


def test_old_records_go_with_what_belongs_to_them_and_the_chain_holds(tmp_path):
    with gate(tmp_path, records_days=365) as at:
        for day in range(0, 40, 4):
            at.record(day, b"%d" % day)
        at.record(399)
        at.acknowledge(11)
        look(at)
        assert at.seqs == [9, 10, 11], "the newest stay however old they are"
        assert tables_below(at, 9) == []
        at.record(399)
        assert at.store.check_whole_chain() == 12
    with gate(tmp_path, identity=at.identity) as again:
        assert again.seqs == [9, 10, 11, 12], "and it is opened again like any other"


def tables_below(at, seq):
    """Tables that still have rows of forgotten records."""
    columns = {"timing": "seq", "evidence": "seq", "passage": "first_seq", "correction": "seq"}
    return [
        table
        for table, column in columns.items()
        if at.store._db.execute(f"SELECT 1 FROM {table} WHERE {column} < ?", (seq,)).fetchone()
    ]


def test_a_passage_goes_as_a_whole_or_not_at_all(tmp_path):
    with gate(tmp_path, records_days=300) as at:
        for _ in range(3):
            at.record(0)
        first = at.record(10)
        at.record(20)
        at.record(399)
        at.record(399, corrects=first)
        for _ in range(5):
            at.record(399)
        at.acknowledge(12)
        look(at)
        assert at.seqs[0] == first


def test_nothing_goes_above_the_watermark(tmp_path):
    with gate(tmp_path, records_days=30) as at:
        for _ in range(10):
            at.record(0)
        at.acknowledge(2)
        look(at)
        assert at.seqs == list(range(3, 11))
        with pytest.raises(sqlite3.IntegrityError, match="above the watermark"):
            at.store.within(lambda db: retention.forget_records(db, 11))
        assert at.seqs == list(range(3, 11))


def test_without_the_countys_time_nothing_is_called_old(tmp_path):
    with gate(tmp_path, checked=False, evidence_days=1, records_days=30) as at:
        for _ in range(10):
            at.record(0, b"x")
        at.acknowledge(10)
        look(at)
        assert at.has(b"x")
        assert len(at.seqs) == 10


def test_a_record_dated_by_a_clock_gone_astray_neither_keeps_the_rest_nor_takes_it_along(tmp_path):
    with gate(tmp_path, records_days=300) as at:
        at.record(9_000)
        for day in (0, 1, 2, 350, 0, 398, 399, 399, 399):
            at.record(day)
        at.acknowledge(10)
        look(at)
        assert at.seqs == list(range(5, 11))


def disk(monkeypatch, *free_gb):
    """A disk that has so much free, each time it is asked; then the last for ever."""
    answers = list(free_gb)

    def usage(_):
        free = answers.pop(0) if len(answers) > 1 else answers[0]
        return SimpleNamespace(free=free * 1_000_000_000)

    monkeypatch.setattr(forgetting.shutil, "disk_usage", usage)


def test_a_disk_that_fills_costs_the_oldest_pictures_that_the_county_has(tmp_path, monkeypatch):
    with gate(tmp_path, checked=False) as at:
        for number in range(10):
            at.record(399, b"%d" % number)
        at.acknowledge(9)
        disk(monkeypatch, 1, 3)
        look(at)
        assert [number for number in range(10) if at.has(b"%d" % number)] == [4, 5, 6, 7, 8, 9]
        assert not at.retention.too_little_room


def test_a_full_disk_is_said_and_what_the_county_lacks_is_kept(tmp_path, monkeypatch):
    with gate(tmp_path) as at:
        for number in range(5):
            at.record(399, b"%d" % number)
        at.acknowledge(2)
        disk(monkeypatch, 1)
        look(at)
        look(at)
        assert [number for number in range(5) if at.has(b"%d" % number)] == [2, 3, 4]
        assert at.retention.too_little_room
        disk(monkeypatch, 9)
        look(at)
        assert not at.retention.too_little_room
        said = at.store._db.execute("SELECT lane, what, detail FROM journal").fetchall()
        assert said == [(0, "disk_full", "1000 MB"), (0, "disk_room", "9000 MB")]


def test_files_of_nobody_are_swept_away_after_a_week(tmp_path):
    with gate(tmp_path) as at:
        named, waiting, old, new = b"named", b"waiting", b"old", b"new"
        at.record(399, named)
        digests = {each: at.files.put(each) for each in (named, waiting, old, new)}
        ref = FileRef(digest=digests[waiting], kind="head")
        seen = PlateSeen(
            plate="晋L12345",
            colour="yellow",
            confidence=90,
            camera_ms=None,
            retransmission=False,
            rear=False,
            files=(StoredFile(ref, 7),),
        )
        at.store.keep_sighting(1, "front", "plate", "1", NOW_MS, msgspec.json.encode(seen))
        for each in (named, waiting, old):
            then = NOW_MS / 1000 - 8 * 86_400
            os.utime(at.files.path(digests[each]), (then, then))
        os.utime(at.files.path(digests[new]), (NOW_MS / 1000, NOW_MS / 1000))
        folders = {digest[:2] for digest in digests.values()}
        gone = [asyncio.run(at.retention.sweep(folder, NOW_MS)) for folder in folders]
        assert sum(gone) == 1
        assert [at.has(each) for each in (named, waiting, old, new)] == [True, True, False, True]
        path = at.files.path(digests[new])
        os.utime(path, (1, 1))
        at.files.put(new)
        assert path.stat().st_mtime > 1, "what comes again is new again"
