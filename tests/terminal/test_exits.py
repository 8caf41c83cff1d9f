"""A camera behind the scale: who was weighed leaves, who was not has skipped the scale."""

import asyncio
import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from hengyuan.terminal.config_tables import ExitTable
from hengyuan.terminal.lane.exits import Leaver, match
from hengyuan.terminal.store import Store
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

RULE = ExitTable(within_s=1800, wait_s=30)
CAMERAS = [
    {"driver": "hikvision", "name": "front"},
    {"driver": "hikvision", "name": "exit", "view": "exit"},
]
NOWHERE = "http://127.0.0.1:1"


@pytest.fixture
def county():
    return County()


@pytest.fixture
def identity(county):
    return identity_for(county)


def journal(at):
    """The lines about trucks that left."""
    rows = at.terminal.worker.store._db.execute(
        "SELECT what, detail FROM journal"
        " WHERE what LIKE 'exit%' OR what = 'skipped_scale' ORDER BY id"
    )
    return [(what, json.loads(detail)) for what, detail in rows]


def undecided(at):
    store = at.terminal.worker.store
    return [kept for kept in store.open_sightings(1) if kept.device == "exit"]


async def weigh(at, plate):
    """A truck over the scale."""
    await at.until(lambda: at.gate.axle_wire.listeners)
    if plate is not None:
        await at.push(plate)
    at.roll_on(20_000)
    at.axles()
    await at.shown(plate or "车牌未识别", "总重 20.00 吨")
    at.roll_off()
    await at.shown("欢迎光临")


# which weighing it is


def leaver(seq, plate, before_s=60.0, claimed=False):
    return Leaver(seq, plate, before_s, claimed)


@pytest.mark.parametrize(
    ("plate", "leavers", "found"),
    [
        ("晋L12345", [leaver(1, "晋L12345")], (1, "plate")),
        ("晋L12345", [leaver(1, "晋L12345", claimed=True)], (1, "plate")),
        ("晋L12345", [leaver(1, "晋L12345", 1801)], None),
        ("晋L12345", [leaver(1, "晋L12345", -29)], (1, "plate")),
        ("晋L12345", [leaver(1, "晋L12345", -31)], None),
        ("晋L12345", [leaver(1, "晋L12346")], (1, "misread")),
        ("晋L12345", [leaver(1, "晋L12346", claimed=True)], None),
        ("晋L12345", [leaver(1, "晋L12356")], None),
        ("晋L12345", [leaver(1, "晋L1234")], None),
        ("晋L12345", [leaver(1, None)], (1, "unread")),
        ("晋L12345", [leaver(1, None, claimed=True)], None),
        ("晋L12345", [leaver(1, None, 50), leaver(2, "晋L12346", 40)], (2, "misread")),
        ("晋L12345", [leaver(2, None, 40), leaver(1, None, 90)], (1, "unread")),
        (None, [leaver(2, "晋L00002", 40), leaver(1, "晋L00001", 90)], (1, "unread")),
        (None, [leaver(2, "晋L00002", 40), leaver(1, "晋L1", 90, claimed=True)], (2, "unread")),
        (None, [], None),
    ],
)
def test_which_weighing_a_truck_that_leaves_had(plate, leavers, found):
    got = match(plate, leavers, RULE)
    assert (got and (got[0].first_seq, got[1])) == found


# at a gate


def test_one_that_was_never_weighed_is_a_record_without_a_weight(county, identity, tmp_path):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate, cameras=CAMERAS, exits={"wait_s": 0.1}) as at,
        ):
            assert await at.push("晋L12345", camera="exit") == 200
            await at.until(at.records)
            await at.uploaded()
            await at.until(lambda: journal(at))
            assert journal(at) == [("skipped_scale", {"seq": 1, "plate": "晋L12345"})]
            assert undecided(at) == []
        (record,) = county.records
        assert (record.kind, record.verdict, record.flags) == (
            "exit",
            "unknown",
            ("skipped_scale",),
        )
        assert (record.plate, record.plate_colour) == ("晋L12345", "yellow")
        assert (record.gross_kg, record.limit_kg, record.raw_kg) == (None, None, None)
        assert [file.kind for file in record.files] == ["head"]
        assert {file.digest for file in record.files} == set(county.files)

    asyncio.run(scenario())


def test_who_was_weighed_has_not_skipped_the_scale(identity, tmp_path):
    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, cameras=CAMERAS, exits={"wait_s": 0.1}) as at,
        ):
            await weigh(at, "晋L12345")
            await at.push("晋L12345", camera="exit")
            await at.push("晋L12345", camera="exit")
            await at.until(lambda: undecided(at) == [])
            # one that comes after them is decided after them
            await at.push("晋L99999", camera="exit")
            await at.until(lambda: journal(at))
            assert [r.plate for r in at.records()] == ["晋L12345", "晋L99999"]
            assert [what for what, _ in journal(at)] == ["skipped_scale"]

    asyncio.run(scenario())


def test_a_weighing_without_a_plate_answers_for_one_truck_that_leaves(identity, tmp_path):
    async def scenario():
        async with (
            open_gate() as gate,
            site(
                tmp_path, NOWHERE, identity, gate,
                cameras=CAMERAS, exits={"wait_s": 0.1}, joining={"wait_ms": 100},
            ) as at,
        ):  # fmt: skip
            await weigh(at, None)
            await at.push("晋L12345", camera="exit")
            await at.until(lambda: journal(at))
            await at.push("晋L99999", camera="exit")
            await at.until(lambda: len(at.records()) == 2)
            await at.until(lambda: len(journal(at)) == 2)
            assert journal(at) == [
                ("exit_unread", {"seq": 1, "weighed": None, "left": "晋L12345"}),
                ("skipped_scale", {"seq": 2, "plate": "晋L99999"}),
            ]

    asyncio.run(scenario())


def test_a_camera_that_fires_twice_writes_one_record(identity, tmp_path):
    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, cameras=CAMERAS, exits={"wait_s": 0.1}) as at,
        ):
            for plate in ("晋L12345", "晋L12345", None, None):
                await at.push(plate, camera="exit")
            await at.until(lambda: undecided(at) == [])
            assert sorted((r.plate or "", r.flags) for r in at.records()) == [
                ("", ("plate_unread", "skipped_scale")),
                ("晋L12345", ("skipped_scale",)),
            ]

    asyncio.run(scenario())


def test_who_comes_in_or_needs_no_weighing_is_not_written_down(identity, tmp_path):
    exits = {"wait_s": 0, "ignore_plates": ["晋L·00007"], "ignore_colours": ["blue"]}

    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, cameras=CAMERAS, exits=exits) as at,
        ):
            await at.push("晋L12345", camera="exit", direction="reverse")
            await at.push("晋L00007", camera="exit")
            await at.push("晋L00008", camera="exit", colour="blue")
            await at.push("晋L99999", camera="exit")
            await at.until(at.records)
            await at.until(lambda: len(journal(at)) == 1)
            assert [r.plate for r in at.records()] == ["晋L99999"]
            assert at.terminal.lanes[1].lane.waiting.kept == []

    asyncio.run(scenario())


def test_what_was_not_decided_is_decided_after_a_restart(identity, tmp_path):
    async def scenario():
        async with open_gate() as gate:
            async with site(tmp_path, NOWHERE, identity, gate, cameras=CAMERAS) as at:
                await weigh(at, "晋L12345")
                await at.push("晋L12345", camera="exit")
                await at.push("晋L99999", camera="exit")
                await at.until(lambda: len(undecided(at)) == 1)
                assert len(at.records()) == 1
            async with site(
                tmp_path, NOWHERE, identity, gate, cameras=CAMERAS, exits={"wait_s": 0.1}
            ) as at:
                await at.until(lambda: len(at.records()) == 2)
                await at.push("晋L12345", camera="exit")
                await at.until(lambda: undecided(at) == [])
                assert [r.plate for r in at.records()] == ["晋L12345", "晋L99999"]

    asyncio.run(scenario())


def test_an_event_sent_again_is_dated_back_or_let_go(identity, tmp_path):
    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, cameras=CAMERAS, exits={"wait_s": 0.1}) as at,
        ):
            await at.push("晋L00001", camera="exit", retransmission=True, camera_at=None)
            long_ago = datetime.now(UTC) - timedelta(hours=3)
            await at.push("晋L12345", camera="exit", retransmission=True, camera_at=long_ago)
            await at.until(lambda: len(journal(at)) == 2)
            assert journal(at)[0] == ("exit_undated", {"plate": "晋L00001"})
            (record,) = at.records()
            assert record.plate == "晋L12345"
            assert record.weighed_at == pytest.approx(long_ago.timestamp() * 1000, abs=60_000)

    asyncio.run(scenario())


def test_what_the_store_refuses_is_decided_later(identity, tmp_path, monkeypatch):
    monkeypatch.setattr("hengyuan.terminal.lane.exits.RETRY_S", 0.05)
    within, refused = Store.within, []

    def refuse(store, work):
        if len(refused) < 3:
            refused.append(work)
            raise sqlite3.OperationalError("database or disk is full")
        return within(store, work)

    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, cameras=CAMERAS, exits={"wait_s": 0.1}) as at,
        ):
            await weigh(at, "晋L12345")
            with monkeypatch.context() as full:
                full.setattr(Store, "within", refuse)
                await at.push("晋L12345", camera="exit")
                await at.until(lambda: undecided(at) == [])
            assert len(refused) == 3
            assert len(at.records()) == 1

    asyncio.run(scenario())
