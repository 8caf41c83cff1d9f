"""A picture of the cab that comes after the verdict."""

import asyncio
import sqlite3

import pytest

from hengyuan.terminal.lane import late_pictures
from tests.terminal.county import County
from tests.terminal.outbox import identity_for
from tests.terminal.post import GATEKEEPER, SUPERVISOR, lane_table, open_post

PLATE = "晋L12345"
TABLE = lane_table(
    cameras=[
        {"driver": "hikvision", "name": "front1"},
        {"driver": "hikvision_stream", "name": "cab1", "view": "cab",
         "address": "http://127.0.0.1:1", "login": {"username": "a", "password": "b"}},
    ]
)  # fmt: skip


@pytest.fixture
def identity():
    return identity_for(County())


def run(scenario):
    asyncio.run(scenario())


def kinds(record):
    return [file.kind for file in record.files]


async def weighed_without(post):
    """A truck stands there, recorded without the picture that is under way."""
    post.cabs[1].gate = asyncio.Event()
    post.lane.slow = 1
    record = await post.lane.drive_on(PLATE, 24_000)
    assert kinds(record) == ["head"]
    return record


async def comes(post):
    post.lane.slow = 0
    post.cabs[1].gate.set()
    await post.lane.quiet()


def open_sightings(post):
    return [each.device for each in post.store.open_sightings(1)]


def test_in_time_it_is_in_the_first_record(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, TABLE) as post:
            record = await post.lane.drive_on(PLATE, 24_000)
            assert kinds(record) == ["cab", "head"]
            assert len(post.records()) == 1

    run(scenario)


def test_late_it_comes_with_a_record_that_corrects(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, TABLE) as post:
            first = await weighed_without(post)
            await comes(post)
            _, second = post.records()
            assert (second.corrects, second.kind) == (first.seq, first.kind)
            assert kinds(second) == ["cab", "head"]
            assert (second.gross_kg, second.verdict, second.plate) == (24_000, "pass", PLATE)
            assert second.flags == first.flags
            assert open_sightings(post) == []
            assert post.store.files_waiting() == 2
            await post.lane.drive_off()
            assert len(post.records()) == 2

    run(scenario)


def test_it_goes_to_the_newest_record_whatever_came_between(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, TABLE) as post:
            post.cabs[1].gate = asyncio.Event()
            post.lane.slow = 1
            await post.lane.drive_on(PLATE, 34_000)
            await post.lane.orders.override(1, GATEKEEPER, SUPERVISOR, "抢险")
            await comes(post)
            newest = post.records()[-1]
            assert (newest.corrects, newest.reason) == (2, "抢险")
            assert "override" in newest.flags
            assert kinds(newest)[0] == "cab"

    run(scenario)


def test_after_the_truck_has_gone_it_is_noted_and_given_to_nobody(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, TABLE) as post:
            await weighed_without(post)
            await post.lane.drive_off()
            await comes(post)
            assert len(post.records()) == 1
            assert post.journal("picture_late") == [{"seq": 1, "camera": "cab1"}]
            assert open_sightings(post) == []
            clock = post.clock
        async with open_post(tmp_path, identity, TABLE, clock=clock) as post:
            await post.lane.show(0, 0.5)
            post.cabs[1].works = False
            record = await post.lane.drive_on("晋L00002", 20_000)
            assert "cab" not in kinds(record)

    run(scenario)


def test_a_weighing_that_was_made_void_gets_no_picture(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, TABLE) as post:
            await weighed_without(post)
            await post.lane.orders.void(1, "误称", GATEKEEPER, SUPERVISOR)
            await comes(post)
            assert [each.kind for each in post.records()] == ["exit", "void"]
            (line,) = post.journal("picture_late")
            assert line["camera"] == "cab1"

    run(scenario)


def test_a_power_cut_between_picture_and_record_adds_it_once(identity, tmp_path, monkeypatch):
    async def scenario():
        monkeypatch.setattr(late_pictures, "RETRY_S", 3600)
        async with open_post(tmp_path, identity, TABLE) as post:
            await weighed_without(post)

            def refuse(draft):
                raise sqlite3.OperationalError("no power")

            monkeypatch.setattr(post.store, "append", refuse)
            post.cabs[1].gate.set()
            while open_sightings(post) != ["cab1"]:
                await asyncio.sleep(0.005)
            clock = post.clock
            for task in post.lane.service._tasks:
                task.cancel()
        for _ in range(3):
            async with open_post(tmp_path, identity, TABLE, clock=clock) as post:
                await post.lane.show(24_000, 2.0)
                assert [kinds(each) for each in post.records()] == [["head"], ["cab", "head"]]
                assert open_sightings(post) == []

    run(scenario)


def test_a_disk_that_refuses_is_tried_again(identity, tmp_path, monkeypatch):
    async def scenario():
        monkeypatch.setattr(late_pictures, "RETRY_S", 0.01)
        async with open_post(tmp_path, identity, TABLE) as post:
            await weighed_without(post)
            whole, refused = post.store.append, []

            def sometimes(draft):
                if len(refused) < 3:
                    refused.append(draft)
                    raise sqlite3.OperationalError("database or disk is full")
                return whole(draft)

            monkeypatch.setattr(post.store, "append", sometimes)
            await comes(post)
            assert len(refused) == 3
            assert [kinds(each) for each in post.records()] == [["head"], ["cab", "head"]]

    run(scenario)
