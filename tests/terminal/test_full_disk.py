"""What a terminal does on a disk that takes nothing: it says so, and writes it down afterwards."""

import asyncio
import contextlib
import json
import sqlite3

import pytest

from hengyuan.terminal.lane import recorder
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

NOWHERE = "http://127.0.0.1:1"
FULL = "database or disk is full"


@pytest.fixture
def identity():
    return identity_for(County())


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(recorder, "STORE_RETRY_S", 0.05)


def scenario(tmp_path, identity, work):
    async def run():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate) as at,
        ):
            await at.shown("欢迎光临")
            await work(at)

    asyncio.run(run())


@contextlib.contextmanager
def full_disk(at):
    """As SQLite says it: whatever is committed is refused."""
    store = at.terminal.worker.store
    committed = store._transaction

    @contextlib.contextmanager
    def refused():
        raise sqlite3.OperationalError(FULL)
        yield

    store._transaction = refused
    try:
        yield
    finally:
        store._transaction = committed


def journal(at):
    connection = sqlite3.connect(at.terminal.worker.store.path)
    try:
        rows = connection.execute("SELECT what, detail FROM journal ORDER BY id").fetchall()
    finally:
        connection.close()
    return [(what, json.loads(detail)) for what, detail in rows]


def test_its_status_can_be_read_all_the_same(identity, tmp_path):
    async def work(at):
        await at.push("晋L12345")
        at.roll_on(20_000)
        at.axles()
        await at.shown("晋L12345", "未超限")
        with full_disk(at):
            status = await at.status()
        assert status["seq"] == 1
        assert (await at.status())["timings"]["told"] == 1

    scenario(tmp_path, identity, work)


def test_why_a_truck_left_no_record_is_written_once_there_is_room(identity, tmp_path):
    async def work(at):
        with full_disk(at):
            for kg in (20_000, 30_000):
                at.roll_on(kg)
                await at.until(lambda: at.terminal.lanes[1].lane.passage is not None)
                at.roll_off()
                await at.until(lambda: at.terminal.lanes[1].lane.passage is None)
            await asyncio.sleep(0.1)
            assert journal(at) == []
        await at.until(lambda: len(journal(at)) >= 2)
        left = [detail["highest_kg"] for what, detail in journal(at) if what == "left_unweighed"]
        assert [round(highest_kg, -4) for highest_kg in left] == [20_000, 30_000]

    scenario(tmp_path, identity, work)


def test_that_a_record_had_to_wait_stands_in_the_journal(identity, tmp_path):
    async def work(at):
        with full_disk(at):
            at.roll_on(20_000)
            at.axles()
            await at.shown("系统故障")
        await at.shown("总重 20.00 吨")
        await at.until(lambda: journal(at))
        what, detail = journal(at)[0]
        assert (what, detail["why"]) == ("store_refused", FULL)

    scenario(tmp_path, identity, work)
