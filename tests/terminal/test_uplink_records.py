"""Records upward, whatever the line and the platform do."""

import asyncio
import socket

import pytest
import structlog

from hengyuan.record.answers import Watermark
from hengyuan.record.chain import extend
from hengyuan.terminal.store import Timings
from hengyuan.terminal.store.timings import timings_of
from hengyuan.terminal.uplink import records
from hengyuan.terminal.uplink.records import longer
from tests.terminal.county import (
    REQUEST_ID,
    County,
    hang,
    lose,
    only,
    portal,
    refuse,
    unavailable,
)
from tests.terminal.outbox import identity_for, outbox


@pytest.fixture
def county():
    return County()


@pytest.fixture
def identity(county):
    return identity_for(county)


def run(scenario):
    asyncio.run(scenario)


def test_a_record_is_uploaded_at_once_and_marked_only_by_the_answer(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record()
            await box.uploaded()
            assert county.seqs == [1]
            assert box.worker.store.watermark() == (1, box.worker.store.head()[1])

    run(scenario())


def test_what_has_piled_up_goes_in_batches_and_in_order(county, identity, tmp_path):
    async def scenario():
        async with outbox(tmp_path, "http://127.0.0.1:1", identity, run=False) as box:
            await box.record(450)
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.uploaded()
        assert county.seqs == list(range(1, 451))
        assert county.batch_sizes == [200, 200, 50]

    run(scenario())


def test_a_batch_stays_below_the_protocols_size_however_many_records_it_may_have(
    county, identity, tmp_path
):
    async def scenario():
        async with (
            county.listening() as url,
            outbox(tmp_path, url, identity, run=False) as box,
        ):
            await box.record(20)
            _, lines = box.worker.store.lines_from(1, 1000, 1000)
            assert 0 < len(lines) < 20
            assert sum(len(line) + 1 for line in lines) <= 1000
            assert box.worker.store.lines_from(1, 1000, 1)[1] == lines[:1]

    run(scenario())


@pytest.mark.parametrize("fault", [lose, hang, portal, unavailable])
def test_an_answer_that_is_none_means_not_stored(county, identity, tmp_path, fault):
    county.before = [only("batches", fault)]

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(3)
            await box.uploaded()
        assert county.seqs == [1, 2, 3]

    run(scenario())


@pytest.mark.parametrize(("fault", "times"), [(lose, 20), (hang, 3)])
def test_a_lost_answer_stores_nothing_twice(county, identity, tmp_path, fault, times):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record()
            await box.uploaded()
            for _ in range(times):
                county.after = [only("batches", fault)]
                await box.record()
                await box.uploaded()
                assert not county.after
        assert county.seqs == list(range(1, times + 2))

    run(scenario())


def test_every_second_answer_lost_and_every_third_doubled(county, identity, tmp_path):
    turns = {"n": 0}

    async def now_and_then(request):
        turns["n"] += 1
        return await lose(request) if turns["n"] % 2 else None

    county.always = only("batches", now_and_then)

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            for _ in range(30):
                await box.record(2)
                await asyncio.sleep(0.002)
            await box.uploaded()
        assert county.seqs == list(range(1, 61))

    run(scenario())


def test_no_platform_at_all_and_then_one(county, identity, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    async def scenario():
        async with outbox(tmp_path, f"http://127.0.0.1:{port}", identity) as box:
            await box.record(5)
            await box.until(lambda: box.state.error is not None)
            assert box.state.records_waiting == 5
            async with county.listening(port):
                await box.uploaded()
                assert box.state.error is None
        assert county.seqs == [1, 2, 3, 4, 5]

    run(scenario())


def test_retry_after_is_honoured(county, identity, tmp_path):
    county.before = [only("batches", unavailable)]
    waits = []

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:

            async def wait(why, wish_s, request_id=None):
                waits.append((why, wish_s))

            box.records._wait = wait
            await box.record()
            await box.uploaded()
        assert waits == [("HTTP 503", 1.0)]
        assert longer(0.03, 1.0) == 1.0
        assert longer(0.03, None) == 0.03

    run(scenario())


def test_a_platform_that_fell_back_to_an_older_state_gets_the_rest_again(
    county, identity, tmp_path
):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(10)
            await box.uploaded()
            del county.records[4:], county.digests[4:]
            await box.record()
            await box.until(lambda: len(county.records) == 11)
            await box.uploaded()
        assert county.seqs == list(range(1, 12))

    run(scenario())


def test_a_heartbeat_that_names_an_older_watermark_brings_the_rest_again(
    county, identity, tmp_path
):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(10)
            await box.uploaded()
            del county.records[4:], county.digests[4:]
            box.records.reachable(county.mark())
            await box.until(lambda: len(county.records) == 10)

    run(scenario())


def test_a_gap_is_filled_from_the_number_expected(county, identity, tmp_path):
    async def scenario():
        async with outbox(tmp_path, "http://127.0.0.1:1", identity, run=False) as box:
            await box.record(6)
            store = box.worker.store
            store.move_watermark(4, store.digest_at(4), {})
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            # believe the own watermark first, as a terminal whose platform lost data does
            box.records._in_step = True
            await box.uploaded()
        assert county.seqs == [1, 2, 3, 4, 5, 6]

    run(scenario())


def test_another_history_at_the_platform_stops_the_upload_and_keeps_everything(
    county, identity, tmp_path
):
    async def scenario():
        async with county.listening() as url:
            async with outbox(tmp_path / "one", url, identity) as box:
                await box.record(3)
                await box.uploaded()
            async with outbox(tmp_path / "two", url, identity, run=False) as box:
                await box.record(5, gross_kg=31_000)
            async with outbox(tmp_path / "two", url, identity) as box:
                await box.until(lambda: box.state.diverged is not None)
                assert "another record 3" in box.state.diverged
                batches = county.asked["POST batches"]
                await box.record(2, gross_kg=31_000)
                box.records.reachable(county.mark())
                await asyncio.sleep(0.05)
                assert county.asked["POST batches"] == batches
                assert box.worker.store.watermark()[0] == 0
                assert box.worker.store.check_whole_chain() == 7
        assert [record.gross_kg for record in county.records] == [30_000] * 3

    run(scenario())


def test_a_store_put_back_to_an_older_state_is_noticed(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url:
            async with outbox(tmp_path / "one", url, identity) as box:
                await box.record(3)
                await box.uploaded()
            async with outbox(tmp_path / "two", url, identity) as box:
                await box.until(lambda: box.state.diverged is not None or not county.asked)
                await box.record()
                await box.until(lambda: box.state.diverged is not None)
                assert "never made it" in box.state.diverged

    run(scenario())


def test_a_conflict_that_the_platform_finds_stops_the_upload(county, identity, tmp_path):
    county.before = [only("batches", refuse("conflict"))]

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record()
            await box.until(lambda: box.state.diverged is not None)
            assert box.worker.store.watermark()[0] == 0

    run(scenario())


@pytest.mark.parametrize("code", ["suspended", "unknown_terminal", "bad_record", "malformed"])
def test_a_refusal_is_shown_and_tried_again_later(county, identity, tmp_path, code):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record()
            await box.uploaded()
            county.always = only("batches", refuse(code))
            await box.record()
            await box.until(lambda: box.state.refused is not None)
            assert box.state.refused.startswith(code)
            assert box.state.records_waiting == 1
            county.always = None
            await box.uploaded()
            assert box.state.refused is None
        assert county.seqs == [1, 2]

    run(scenario())


@pytest.mark.parametrize(
    ("code", "event"), [("suspended", "uplink.refused"), ("busy", "uplink.waiting")]
)
def test_the_log_of_the_terminal_has_the_number_of_the_county_s_log(
    county, identity, tmp_path, code, event, monkeypatch
):
    # a logger of its own: commands that other tests ran may have made all loggers quiet
    kept = structlog.testing.LogCapture()
    log = structlog.wrap_logger(None, processors=[kept], wrapper_class=structlog.stdlib.BoundLogger)
    monkeypatch.setattr(records, "log", log)

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            county.before = [only("batches", refuse(code))]
            await box.record()
            await box.until(lambda: any(line["event"] == event for line in kept.entries))

    run(scenario())
    numbers = {line["request_id"] for line in kept.entries if line["event"] == event}
    assert numbers == {REQUEST_ID}


def test_batches_become_smaller_where_they_are_too_large(county, identity, tmp_path):
    async def scenario():
        async with outbox(tmp_path, "http://127.0.0.1:1", identity, run=False) as box:
            await box.record(40)
        county.before = [only("batches", refuse("too_large"))]
        async with (
            county.listening() as url,
            outbox(tmp_path, url, identity, batch_records=40) as box,
        ):
            await box.uploaded()
        assert county.batch_sizes == [20, 20]

    run(scenario())


def test_a_watermark_that_stays_where_it_was_is_no_success(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record()
            await box.uploaded()
            mark = county.mark()
            county.always = only("batches", _stored_nothing(mark))
            await box.record()
            await box.until(lambda: (box.state.error or "").startswith("the watermark stayed"))
            assert box.state.acked_seq == 1
            county.always = None
            await box.uploaded()

    run(scenario())


def _stored_nothing(mark: Watermark):
    async def answer(request):
        from starlette.responses import JSONResponse

        watermark = {"seq": mark.seq, "digest": mark.digest}
        return JSONResponse({"watermark": watermark, "stored": 0})

    return answer


def test_what_arrives_is_the_chain_that_was_made(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(5)
            await box.uploaded()
            _, lines = box.worker.store.lines_from(1, 10, 10**6)
            assert county.digests == extend(identity.suite, identity.genesis, lines)

    run(scenario())


def test_it_measures_how_long_acknowledgements_take(county, identity, tmp_path):
    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(4)
            await box.uploaded()
            timings: Timings = await box.worker.read(timings_of)
            assert len(timings.stored_ms) == 4
            assert timings.verdict_ms == ()

    run(scenario())


def test_a_terminal_whose_clock_is_days_off_signs_by_the_platforms(county, identity, tmp_path):
    county.clock_ahead_ms = 3 * 86_400_000

    async def scenario():
        async with county.listening() as url, outbox(tmp_path, url, identity) as box:
            await box.record(2)
            await box.uploaded()
            assert box.checked.unsynced
            assert box.checked.offset_ms == pytest.approx(-county.clock_ahead_ms, abs=2000)

    run(scenario())
