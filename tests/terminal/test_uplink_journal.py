"""The journal upward, whatever the line and the platform do."""

import asyncio
import sqlite3
import tracemalloc

import pytest

from hengyuan.record.journal import MAX_DETAIL, MAX_ENTRIES
from hengyuan.terminal.store import journal as table
from tests.terminal.county import County, hang, lose, only, refuse, unavailable
from tests.terminal.outbox import WEIGHED_AT, identity_for, open_store, outbox

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def county():
    return County()


@pytest.fixture
def identity(county):
    return identity_for(county)


def run(scenario):
    asyncio.run(scenario)


def numbers(county):
    return [entry.number for entry in county.journal]


async def arrived(box, county, count):
    await box.until(lambda: len(county.journal) >= count)


def test_an_entry_is_uploaded_and_marked_only_by_the_answer(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.note(1, "left_unweighed", "backed off")
            await arrived(box, county, 1)
            [entry] = county.journal
            assert (entry.what, entry.lane, entry.detail) == ("left_unweighed", 1, "backed off")
            store = box.worker.store
            await box.until(lambda: store.within(table.acknowledged) == 1)

    run(scenario())


def test_an_entry_that_nobody_speaks_of_is_found(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await arrived(box, county, 0)
            store = box.worker.store
            await box.worker.do(store.note, WEIGHED_AT, 0, "update_applied", "")
            await arrived(box, county, 1)

    run(scenario())


def test_after_a_long_silence_it_goes_on_in_order_after_a_restart_too(county, identity, tmp_path):
    async def scenario():
        async with outbox(tmp_path, NOWHERE, identity, run=False) as box:
            await box.note(1_200)
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await arrived(box, county, 1_200)
            await box.until(lambda: box.state.journal_waiting == 0)
        assert numbers(county) == list(range(1, 1_201))
        assert county.journal_sizes == [500, 500, 200]

    run(scenario())


def test_lost_answers_a_hanging_and_a_busy_platform_store_each_entry_once(
    county, identity, tmp_path
):
    async def scenario():
        county.before = [only("journal", unavailable), only("journal", hang)]
        county.after = [only("journal", lose)]
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.note(700)
            await arrived(box, county, 700)
            await box.until(lambda: box.state.journal_waiting == 0)
        assert numbers(county) == list(range(1, 701))

    run(scenario())


def test_a_platform_that_went_back_is_given_the_entries_again(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.note(5)
            await arrived(box, county, 5)
            await box.until(lambda: box.state.journal_waiting == 0)
            del county.journal[2:]
            await box.note(1)
            await arrived(box, county, 6)
        assert numbers(county) == [1, 2, 3, 4, 5, 6]

    run(scenario())


@pytest.mark.parametrize("how", ["another entry", "more entries"])
def test_a_platform_with_other_entries_ends_the_upload_and_all_is_kept(
    how, county, identity, tmp_path
):
    async def scenario():
        async with county.listening() as url:
            async with outbox(tmp_path / "first", url, identity) as box:
                await box.note(2, detail="the first life")
                await arrived(box, county, 2)
            # the same key on a disk that was put back from a copy
            async with outbox(tmp_path / "second", url, identity) as box:
                detail = "the second life" if how == "another entry" else "the first life"
                await box.note(1, detail=detail)
                await box.until(lambda: box.state.journal_diverged is not None)
                assert box.worker.store.within(table.newest) == 1
        assert [entry.detail for entry in county.journal] == ["the first life"] * 2

    run(scenario())


def test_a_refusal_is_shown_and_asked_again(county, identity, tmp_path):
    async def scenario():
        county.always = only("journal", refuse("suspended"))
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.note(1)
            await box.until(lambda: box.state.journal_refused is not None)
            county.always = None
            await arrived(box, county, 1)
            await box.until(lambda: box.state.journal_refused is None)

    run(scenario())


def test_whatever_was_written_down_arrives_within_the_bounds(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.note(1, "left_unweighed", "两行\n" + "长" * 3_000)
            await box.note(1, "Not A Code", "x")
            await box.worker.do(box.worker.store.note, -5, 0, "clock_off", "")
            await arrived(box, county, 3)
        cut, renamed, dated = county.journal
        assert len(cut.detail) == MAX_DETAIL
        assert cut.detail.startswith("两行 长")
        assert cut.detail.endswith("…")
        assert (renamed.what, renamed.detail) == ("other", "Not A Code: x")
        assert dated.at_ms == 0

    run(scenario())


def test_no_entry_is_ever_changed_and_none_above_the_acknowledged_one_deleted(identity, tmp_path):
    store = open_store(tmp_path, identity)
    for _ in range(3):
        store.note(WEIGHED_AT, 1, "left_unweighed", "")
    store.within(lambda db: table.acknowledge(db, 2))
    with pytest.raises(sqlite3.IntegrityError, match="never changed"):
        store.within(lambda db: db.execute("UPDATE journal SET detail = 'x' WHERE id = 1"))
    with pytest.raises(sqlite3.IntegrityError, match="never deleted"):
        store.within(lambda db: db.execute("DELETE FROM journal"))
    store.within(lambda db: db.execute("DELETE FROM journal WHERE id <= 2"))
    store.note(WEIGHED_AT, 1, "left_unweighed", "")
    # numbers go on even behind what was deleted
    assert store.within(table.newest) == 4
    store.close()


@pytest.mark.slow
def test_a_hundred_thousand_entries_go_up_in_bounded_memory(county, identity, tmp_path):
    count = 100_000

    async def scenario():
        async with outbox(tmp_path, NOWHERE, identity, run=False) as box:
            rows = [(WEIGHED_AT + n, 1, "device_failed", '{"device":"LED"}') for n in range(count)]
            sql = "INSERT INTO journal (at_ms, lane, what, detail) VALUES (?, ?, ?, ?)"
            await box.worker.do(box.worker.store.within, lambda db: db.executemany(sql, rows))
        seen = []
        async with county.listening() as url:
            tracemalloc.start()
            async with outbox(tmp_path, url, identity) as box:
                async with asyncio.timeout(300):
                    while len(seen) < count:
                        await asyncio.sleep(0.01)
                        # what the test's platform remembers is not the terminal's memory
                        _, peak = tracemalloc.get_traced_memory()
                        seen = numbers(county)
            tracemalloc.stop()
        assert seen == list(range(1, count + 1))
        assert max(county.journal_sizes) <= MAX_ENTRIES
        # the platform's own copy takes some 40 MB of it
        assert peak < 80 * 1024 * 1024

    run(scenario())
