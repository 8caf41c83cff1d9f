"""Passages for finding and counting: right after every correction, after a kill, after years."""

import sqlite3
from dataclasses import replace

import pytest

from hengyuan.record.model import Record
from hengyuan.terminal.store import Draft, search, shifts
from hengyuan.terminal.store.search import Total, Wanted, day_of
from tests.terminal.county import CODE, County
from tests.terminal.outbox import WEIGHED_AT, identity_for, open_store

OVER = {"verdict": "over", "limit_kg": 49_000, "rule_pack": "GB1589"}
PASS = {"verdict": "pass", "limit_kg": 49_000, "rule_pack": "GB1589"}


@pytest.fixture
def store(tmp_path):
    opened = open_store(tmp_path, identity_for(County()))
    yield opened
    opened.close()


def add(store, **fields):
    """Store a record with these fields; its seq."""
    fields = {"kind": "exit", "lane": 1, "gross_kg": 30_000, **PASS} | fields
    if fields["kind"] == "void":
        fields = {key: value for key, value in fields.items() if key not in {"gross_kg", *PASS}}

    def make(seq):
        at = fields.get("weighed_at", WEIGHED_AT + seq)
        return Record(v=1, terminal=CODE, seq=seq, **{**fields, "weighed_at": at})

    draft = Draft(make, fields["lane"], False, (), (), {}, WEIGHED_AT, 0)
    return store.append(draft).record.seq


def found(store, **wanted):
    return store.within(lambda db: search.search(db, Wanted(**wanted), 50))


def seqs(store, **wanted):
    return [passage.first_seq for passage in found(store, **wanted)]


def counted(store, **wanted):
    return store.within(lambda db: search.total(db, Wanted(**wanted)))


def test_a_passage_says_what_its_last_record_says(store):
    first = add(store, flags=("plate_unread",))
    add(store, plate="晋L00001")
    typed = add(store, corrects=first, plate="晋L12345", flags=("plate_typed",), operator="甲")
    loaded = add(
        store, corrects=typed, plate="晋L12345", cargo="0100", tare_kg=14_000, net_kg=16_000
    )
    newest, passage = found(store)
    assert newest.plate == "晋L00001"
    assert (passage.first_seq, passage.seq, passage.records) == (first, loaded, 3)
    assert (passage.plate, passage.cargo, passage.net_kg) == ("晋L12345", "0100", 16_000)
    assert passage.flags == ("plate_typed", "plate_unread")
    assert passage.operator == "甲"
    for seq in (first, typed, loaded):
        assert store.within(lambda db, seq=seq: search.passage_of(db, seq)) == passage
    assert store.within(lambda db: search.seqs_of(db, first)) == [first, typed, loaded]
    assert store.within(lambda db: search.passage_of(db, 99)) is None


def test_what_was_corrected_is_counted_once_and_what_is_void_not_at_all(store):
    over = add(store, gross_kg=52_000, **OVER)
    add(store, kind="reweigh", corrects=over, gross_kg=48_000, tare_kg=15_000, net_kg=33_000)
    add(store, gross_kg=50_000, reason="r", witness="乙", flags=("override",), **OVER)
    mistake = add(store, gross_kg=20_000)
    add(store, kind="void", corrects=mistake, reason="重复")
    assert counted(store) == Total(
        trucks=2,
        gross_kg=98_000,
        net_kg=33_000,
        with_net=1,
        over=1,
        unloaded=1,
        overrides=1,
        void=1,
    )
    (voided,) = found(store, verdict="void")
    assert (voided.first_seq, voided.gross_kg, voided.verdict) == (mistake, 20_000, "pass")
    assert seqs(store, verdict="pass") == [over]
    assert found(store, verdict="pass")[0].kind == "exit"


def test_everything_that_can_be_looked_for(store):
    day_ms = 86_400_000
    add(store, plate="晋L12345", lane=1)
    add(store, plate="晋LA1234", lane=2, weighed_at=WEIGHED_AT + day_ms, trailer_plate="晋L888挂")
    add(store, plate="蒙K5_678", cargo="0500", weighed_at=WEIGHED_AT + 2 * day_ms)
    correction = add(store, corrects=1, plate="晋L54321", weighed_at=WEIGHED_AT + 9 * day_ms)
    assert seqs(store) == [3, 2, 1]
    assert seqs(store, plate="1234") == [2]
    assert seqs(store, plate="4321") == [1]
    assert seqs(store, plate="888挂") == [2]
    assert seqs(store, plate="5_6") == [3]
    assert seqs(store, plate="5%6") == []
    assert seqs(store, lane=2) == [2]
    assert seqs(store, cargo="0500") == [3]
    assert seqs(store, seq=correction) == [1]
    today = day_of(WEIGHED_AT)
    assert seqs(store, first_day=today, last_day=today) == [1]
    assert seqs(store, first_day=today + 1) == [3, 2]
    assert seqs(store, above_seq=1, upto_seq=2) == [2]
    page = store.within(lambda db: search.search(db, Wanted(), 2, before_seq=3))
    assert [passage.first_seq for passage in page] == [2, 1]
    by_lane = store.within(lambda db: search.totals(db, Wanted(), "lane"))
    assert {lane: total.trucks for lane, total in by_lane.items()} == {1: 2, 2: 1}
    with pytest.raises(ValueError, match="no sums"):
        store.within(lambda db: search.totals(db, Wanted(), "plate; DROP TABLE record"))


def test_a_day_is_one_in_china():
    midnight = 1_790_006_400_000  # 2026-09-22 00:00 in China
    assert day_of(midnight) == day_of(midnight - 1) + 1


def test_a_store_of_an_older_software_is_taken_in_at_the_start(tmp_path, store):
    first = add(store, plate="晋L00001")
    add(store, corrects=first, plate="晋L12345")
    add(store, plate="晋L00002")
    before = found(store)
    store.close()
    with sqlite3.connect(tmp_path / "terminal.db") as db:
        db.executescript("DROP TABLE passage; DROP TABLE correction;")
    db.close()
    again = open_store(tmp_path, identity_of(store))
    assert found(again) == before
    again.close()


def identity_of(store):
    """The identity of the store's terminal, as far as a store asks for it."""
    (genesis,) = sqlite3.connect(store.path).execute("SELECT genesis FROM terminal").fetchone()
    return type("Known", (), {"terminal": CODE, "suite": store._suite, "genesis": bytes(genesis)})()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM passage WHERE first_seq = 2",
        "UPDATE passage SET records = 7 WHERE first_seq = 1",
        "INSERT INTO passage SELECT 99, 99, day, began_at, lane, kind, plate, trailer_plate,"
        " verdict, first_verdict, flags, gross_kg, tare_kg, net_kg, limit_kg, cargo, note_no,"
        " carrier, destination, operator, 1 FROM passage WHERE first_seq = 1",
    ],
)
def test_passages_that_do_not_fit_the_records_are_made_again(tmp_path, store, damage):
    add(store, plate="晋L00001")
    add(store, plate="晋L00002")
    add(store, corrects=1, plate="晋L00003")
    before = found(store)
    store.within(lambda db: db.execute(damage))
    assert found(store) != before
    store.close()
    again = open_store(tmp_path, identity_of(store))
    assert found(again) == before
    again.close()


def test_a_record_that_is_not_stored_is_in_no_passage(store, monkeypatch):
    add(store)

    def fail(*draft):
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as full:
        full.setattr(store, "_pass_over", fail)
        with pytest.raises(sqlite3.OperationalError):
            add(store, plate="晋L12345")
    assert seqs(store) == [1]
    assert store.head()[0] == 1


# shifts


def test_a_shift_ends_with_a_hand_over_and_the_next_begins_there(store):
    add(store)
    add(store, gross_kg=52_000, **OVER)
    assert store.within(shifts.running) == shifts.Running(
        None, None, 0, 2, Total(trucks=2, gross_kg=82_000, over=1)
    )
    first = store.within(lambda db: shifts.hand_over(db, WEIGHED_AT, "张三", "李四", "秤台已清扫"))
    assert (first.gave, first.took, first.totals.trucks) == ("张三", "李四", 2)
    add(store, gross_kg=40_000)
    now = store.within(shifts.running)
    assert (now.keeper, now.began_ms, now.totals) == (
        "李四",
        WEIGHED_AT,
        Total(trucks=1, gross_kg=40_000),
    )
    second = store.within(lambda db: shifts.hand_over(db, WEIGHED_AT + 1, "李四", "张三", ""))
    assert store.within(lambda db: shifts.newest(db, 5)) == [second, first]
    assert seqs(store, **vars_of(second.passages)) == [3]
    add(store, kind="void", corrects=3, reason="重复")
    assert store.within(lambda db: shifts.by_id(db, second.id)) == second


def vars_of(wanted):
    return {"above_seq": wanted.above_seq, "upto_seq": wanted.upto_seq}


def test_a_hand_over_is_in_the_journal_and_can_be_changed_by_nobody(store):
    add(store)
    store.within(lambda db: shifts.hand_over(db, WEIGHED_AT, "张三", "李四", "无"))
    row = store.within(
        lambda db: db.execute("SELECT at_ms, lane, what, detail FROM journal").fetchone()
    )
    assert row[:3] == (WEIGHED_AT, 0, "shift_handover")
    assert '"took":"李四"' in row[3]
    assert '"trucks":1' in row[3]
    for change in ("UPDATE shift SET remarks = 'x'", "DELETE FROM shift"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            store.within(lambda db, change=change: db.execute(change))


def test_what_a_total_is_of_is_kept_with_its_shift(store):
    add(store)
    shift = store.within(lambda db: shifts.hand_over(db, WEIGHED_AT, "甲", "乙", ""))
    assert shift.totals == replace(Total(), trucks=1, gross_kg=30_000)
