"""What the store promises: whole transactions, an unbroken chain, nothing claimed falsely."""

import os
import sqlite3

import pytest

from hengyuan.record.chain import extend
from hengyuan.record.model import InvalidRecord
from hengyuan.record.suites import ED25519_SHA256, SM2_SM3
from hengyuan.terminal.store import EvidenceFiles, Store, UnusableStore, read_timings
from hengyuan.terminal.store.timings import Timings, percentile
from tests.terminal.county import CODE, County
from tests.terminal.outbox import draft, identity_for, open_store


@pytest.fixture
def identity():
    return identity_for(County())


@pytest.fixture
def store(tmp_path, identity):
    store = open_store(tmp_path, identity)
    yield store
    store.close()


def test_it_begins_with_the_genesis_digest(store, identity):
    assert store.head() == (0, identity.genesis)
    assert store.watermark() == (0, identity.genesis)


def test_records_have_numbers_without_a_gap_and_follow_from_each_other(store, identity):
    digests = [store.append(draft(30_000 + n)).digest for n in range(5)]
    previous, lines = store.lines_from(1, 100, 10**6)
    assert previous == identity.genesis
    assert extend(identity.suite, previous, lines) == digests
    assert store.check_whole_chain() == 5


def test_it_goes_on_where_it_ended(tmp_path, identity):
    first = open_store(tmp_path, identity)
    first.append(draft())
    first.close()
    second = open_store(tmp_path, identity)
    assert second.append(draft()).record.seq == 2
    assert second.check_whole_chain() == 2
    second.close()


def test_it_commits_through_to_the_disk(store):
    assert store._db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_record_that_contradicts_itself_leaves_no_trace(store):
    wrong = draft(files=())
    broken = wrong.__class__(
        lambda seq: (_ for _ in ()).throw(InvalidRecord("gross_kg: as ordered")),
        1, True, (), (), {}, 1, 1,
    )  # fmt: skip
    with pytest.raises(InvalidRecord):
        store.append(broken)
    assert store.head()[0] == 0
    assert store.on_scale(1) is None
    assert store.append(wrong).record.seq == 1


def test_a_full_disk_claims_nothing_and_works_again_when_there_is_room(store):
    store.append(draft())
    (pages,) = store._db.execute("PRAGMA page_count").fetchone()
    store._db.execute(f"PRAGMA max_page_count = {pages}")
    head = store.head()
    appended = 0
    with pytest.raises(sqlite3.OperationalError, match="full"):
        for _ in range(200):
            store.append(draft())
            appended += 1
    assert store.head()[0] == head[0] + appended
    assert store.lines_from(store.head()[0] + 1, 1, 10**6) is None
    store._db.execute("PRAGMA max_page_count = 1000000")
    assert store.append(draft()).record.seq == head[0] + appended + 1
    assert store.check_whole_chain() == head[0] + appended + 1


def test_a_record_is_never_changed_or_deleted(store):
    store.append(draft())
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        store._db.execute("UPDATE record SET line = x'00'")
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        store._db.execute("DELETE FROM record")


def test_a_record_altered_behind_its_back_is_found_at_the_start(tmp_path, identity):
    store = open_store(tmp_path, identity)
    for _ in range(3):
        store.append(draft())
    store._db.execute("DROP TRIGGER record_is_never_changed")
    store._db.execute(
        "UPDATE record SET line = CAST(replace(line, '30000', '20000') AS BLOB) WHERE seq = 2"
    )
    with pytest.raises(ValueError, match="breaks at record 2"):
        store.check_whole_chain()
    store.close()
    with pytest.raises(UnusableStore, match="2"):
        open_store(tmp_path, identity)


def test_two_processes_cannot_work_in_one_store(tmp_path, identity, store):
    with pytest.raises(UnusableStore):
        open_store(tmp_path, identity)
    store.close()
    open_store(tmp_path, identity).close()


def test_a_store_of_another_terminal_or_key_is_refused(tmp_path, identity, store):
    store.close()
    for terminal, suite, genesis in [
        ("141002510010-02", SM2_SM3, identity.genesis),
        (CODE, SM2_SM3, b"\0" * 32),
        (CODE, ED25519_SHA256, identity.genesis),
    ]:
        with pytest.raises(UnusableStore):
            Store(tmp_path, terminal, suite, genesis)


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path, identity):
    (tmp_path / "terminal.db").write_bytes(os.urandom(5000))
    with pytest.raises(UnusableStore, match=r"terminal\.db"):
        open_store(tmp_path, identity)


# sightings and lanes


def test_a_sighting_is_stored_once_and_used_once(store):
    first = store.keep_sighting(1, "front", "plate", "uuid-1", 1000, b"{}")
    assert store.keep_sighting(1, "front", "plate", "uuid-1", 2000, b"{}") is None
    assert [each.id for each in store.open_sightings(1)] == [first]
    store.append(draft(used=(first,)))
    assert store.open_sightings(1) == []
    assert [each.id for each in store.sightings_of(1)] == [first]
    assert store.keep_sighting(1, "front", "plate", "uuid-1", 3000, b"{}") is None


def test_the_same_identifier_from_another_camera_is_another_event(store):
    assert store.keep_sighting(1, "front", "plate", "uuid-1", 1000, b"{}")
    assert store.keep_sighting(1, "rear", "plate", "uuid-1", 1000, b"{}")


def test_axle_readings_have_no_identifier_and_are_all_kept(store):
    for _ in range(3):
        store.keep_sighting(1, "axles", "axles", None, 1000, b"{}")
    assert len(store.open_sightings(1)) == 3
    assert store.open_sightings(2) == []


def test_a_failed_record_leaves_its_sightings_unused(store):
    sighting = store.keep_sighting(1, "front", "plate", "uuid-1", 1000, b"{}")
    store._db.execute(
        "CREATE TEMP TRIGGER full BEFORE INSERT ON timing BEGIN SELECT RAISE(ABORT, 'full'); END"
    )
    with pytest.raises(sqlite3.IntegrityError):
        store.append(draft(used=(sighting,), on_scale=True))
    assert [each.id for each in store.open_sightings(1)] == [sighting]
    assert store.on_scale(1) is None
    assert store.head()[0] == 0


def test_it_remembers_who_stands_on_the_scale(store):
    store.append(draft(31_000, on_scale=True))
    store.append(draft(32_000, on_scale=True, lane=2))
    assert store.on_scale(1).gross_kg == 31_000
    assert store.on_scale(2).gross_kg == 32_000
    store.lane_cleared(1, {})
    assert store.on_scale(1) is None
    assert store.on_scale(2).gross_kg == 32_000


def test_a_late_record_does_not_put_its_truck_back_onto_the_scale(store):
    store.append(draft(31_000, on_scale=True))
    store.append(draft(30_000, on_scale=False))
    assert store.on_scale(1).gross_kg == 31_000


# outbox


def test_the_watermark_moves_only_to_a_digest_of_our_own(store):
    appended = store.append(draft())
    with pytest.raises(ValueError, match="not this terminal's"):
        store.move_watermark(1, b"\0" * 32, {})
    with pytest.raises(ValueError, match="not this terminal's"):
        store.move_watermark(2, appended.digest, {})
    store.move_watermark(1, appended.digest, {1: 5000})
    assert store.watermark() == (1, appended.digest)


def test_files_are_due_once_their_record_is_acknowledged(store):
    digest = "ab" * 32
    appended = store.append(draft(files=((digest, 10),)))
    assert store.files_waiting() == 1
    assert store.due_files(10) == []
    store.move_watermark(1, appended.digest, {})
    assert [due.digest for due in store.due_files(10)] == [digest]
    assert store.file_is(digest, "sent")
    assert store.due_files(10) == []
    assert not store.file_is("cd" * 32, "due")


def test_one_picture_of_two_records_is_uploaded_once(store):
    digest = "ab" * 32
    for _ in range(2):
        store.append(draft(files=((digest, 10),)))
    assert store.files_waiting() == 1


def test_order_does_not_depend_on_the_clock(store):
    for at_ms in (5_000_000, 1_000_000, 9_000_000):
        store.keep_sighting(1, "front", "plate", str(at_ms), at_ms, b"{}")
    assert [each.received_ms for each in store.open_sightings(1)] == [
        5_000_000,
        1_000_000,
        9_000_000,
    ]


def test_timings_can_be_read_after_the_end(tmp_path, store):
    appended = store.append(draft())
    store.lane_cleared(1, {1: 21_000})
    store.move_watermark(1, appended.digest, {1: 51_000})
    assert read_timings(tmp_path) == Timings(verdict_ms=(21.0,), stored_ms=(50.0,))


def test_percentiles_are_values_that_occurred():
    assert percentile([], 50) is None
    assert percentile([7.0], 99) == 7.0
    assert percentile(list(range(1, 101)), 50) == 50
    assert percentile(list(range(1, 101)), 99) == 99
    assert percentile(list(range(1, 201)), 99) == 198


# evidence


def test_a_file_lies_under_its_digest(tmp_path):
    files = EvidenceFiles(tmp_path, SM2_SM3)
    digest = files.put(b"picture")
    assert digest == SM2_SM3.digest(b"picture").hex()
    assert files.path(digest).read_bytes() == b"picture"
    assert files.put(b"picture") == digest
    assert files.read(digest, 3, 2) == b"tu"


def test_a_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    files = EvidenceFiles(tmp_path, SM2_SM3)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            files.put(b"picture")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert files.path(files.put(b"picture")).exists()


def test_what_a_crash_left_unfinished_is_swept_away(tmp_path):
    EvidenceFiles(tmp_path, SM2_SM3)
    (tmp_path / "partial" / "half").write_bytes(b"pict")
    EvidenceFiles(tmp_path, SM2_SM3)
    assert list((tmp_path / "partial").iterdir()) == []


@pytest.mark.parametrize("digest", ["", "ab", "../../etc/passwd", "AB" * 32, "zz" * 32])
def test_what_is_no_digest_names_no_file(tmp_path, digest):
    with pytest.raises(ValueError, match="64"):
        EvidenceFiles(tmp_path, SM2_SM3).path(digest)
