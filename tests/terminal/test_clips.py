"""Clips of trucks that someone will ask about: asked for once they have gone, or accounted for."""

import asyncio
import json
from datetime import UTC, datetime

import pytest

from hengyuan.record.model import FileRef
from hengyuan.terminal import app
from hengyuan.terminal.lane import clip_keeper
from hengyuan.terminal.lane.recorder import Surroundings
from hengyuan.terminal.lane.sightings import StoredFile
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for

NOWHERE = "http://127.0.0.1:1"
CLIPS = {"look_back_s": 3, "after_s": 0.1, "most_s": 60}


class Video:
    """Keeps clips as the terminal's video would."""

    def __init__(self):
        self.asked = []
        self.fails = []
        self.store = None

    def keeps(self, lane):
        return lane == 1

    async def clip(self, lane, from_ms, to_ms):
        self.asked.append((lane, from_ms, to_ms))
        if self.fails:
            failure = self.fails.pop(0)
            if failure is not None:
                raise failure
            return []
        data = f"clip {from_ms} {to_ms}".encode()
        digest = await self.store.put_file(data)
        return [StoredFile(FileRef(digest=digest, kind="head_clip"), len(data))]


@pytest.fixture
def video(monkeypatch):
    """Video at every terminal that is opened, with waits for a fast world."""
    video = Video()

    def around(**more):
        video.store = more["store"]
        return Surroundings(**(more | {"clips": video}))

    monkeypatch.setattr(app, "Surroundings", around)
    monkeypatch.setattr(clip_keeper, "SETTLE_S", 0.0)
    monkeypatch.setattr(clip_keeper, "RETRY_S", 0.02)
    return video


@pytest.fixture
def county():
    return County()


@pytest.fixture
def identity(county):
    return identity_for(county)


def journal(at):
    """The lines about clips."""
    rows = at.terminal.worker.store._db.execute(
        "SELECT what, detail FROM journal WHERE what LIKE 'clips%' ORDER BY id"
    )
    return [(what, json.loads(detail)) for what, detail in rows]


def states(at):
    return at.terminal.worker.store._db.execute(
        "SELECT seq, state FROM clip_due ORDER BY seq"
    ).fetchall()


async def weigh(at, plate, mass_kg):
    await at.push(plate)
    at.roll_on(mass_kg)
    at.axles(mass_kg)
    await at.shown(plate, "总重")
    await at.until(lambda: at.terminal.board.lanes[1].phase.value == "told")


async def leave(at):
    at.roll_off()
    await at.shown("欢迎光临")


@pytest.mark.parametrize(
    ("to_ms", "asked"),
    [
        (61_000, [(1_000, 61_000)]),
        (61_001, [(1_000, 31_000), (31_001, 61_001)]),
        (3_601_000, [(1_000, 31_000), (3_571_000, 3_601_000)]),
    ],
)
def test_of_a_long_stay_its_begin_and_its_end_are_kept(to_ms, asked):
    assert clip_keeper.spans(1_000, to_ms, 60_000) == asked


def test_clips_of_an_overloaded_truck_join_its_newest_record_once_it_has_gone(
    county, identity, tmp_path, video
):
    async def scenario():
        async with (
            county.listening() as url,
            open_gate() as gate,
            site(tmp_path, url, identity, gate, clips=CLIPS) as at,
        ):
            await weigh(at, "晋L12345", 31_500)
            await at.until(lambda: states(at) == [(1, "standing")])
            assert video.asked == []
            await leave(at)
            await at.until(lambda: len(at.records()) == 2)
            await at.until(lambda: states(at) == [(1, "kept")])
            await at.uploaded()
        first, second = county.records
        ((lane, from_ms, to_ms),) = video.asked
        assert lane == 1
        assert from_ms == first.weighed_at - 3000
        assert to_ms > first.weighed_at
        assert (second.kind, second.corrects, second.gross_kg) == ("exit", 1, 31_500)
        assert (second.verdict, second.plate) == (first.verdict, first.plate)
        assert sorted(f.kind for f in second.files) == ["head", "head_clip"]
        assert {file.digest for file in second.files} == set(county.files)

    asyncio.run(scenario())


def test_of_a_truck_within_its_limit_no_clip_is_kept(identity, tmp_path, video):
    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at,
        ):
            await weigh(at, "晋L12345", 20_000)
            await leave(at)
            await weigh(at, "晋L12346", 31_500)
            await leave(at)
            await at.until(lambda: states(at) == [(2, "kept")])
            assert len(video.asked) == 1

    asyncio.run(scenario())


def test_one_that_skipped_the_scale_is_on_its_clip(identity, tmp_path, video):
    cameras = [{"driver": "hikvision", "name": "exit", "view": "exit"}]

    async def scenario():
        async with (
            open_gate() as gate,
            site(
                tmp_path, NOWHERE, identity, gate,
                clips=CLIPS, cameras=cameras, exits={"wait_s": 0.1},
            ) as at,
        ):  # fmt: skip
            await at.push("晋L12345", camera="exit")
            await at.until(lambda: states(at) == [(1, "kept")])
            _, second = at.records()
            assert (second.corrects, second.flags, second.gross_kg) == (1, ("skipped_scale",), None)
            assert sorted(f.kind for f in second.files) == ["head", "head_clip"]

    asyncio.run(scenario())


def test_clips_are_asked_for_again_and_what_cannot_be_had_is_written_down(
    identity, tmp_path, video
):
    video.fails = [OSError("disk full"), None, None, None]

    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at,
        ):
            await weigh(at, "晋L12345", 31_500)
            await leave(at)
            await at.until(lambda: states(at) == [(1, "missing")])
            await at.until(lambda: journal(at))
            ((what, detail),) = journal(at)
            assert what == "clips_missing"
            assert (detail["seq"], detail["why"]) == (1, "no camera has anything of that time")
            assert len(video.asked) == 4
            assert len(at.records()) == 1

    asyncio.run(scenario())


def test_clips_that_are_still_owed_survive_a_restart(identity, tmp_path, video, monkeypatch):
    async def scenario():
        async with open_gate() as gate:
            with monkeypatch.context() as slow:
                slow.setattr(clip_keeper, "SETTLE_S", 600.0)
                async with site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at:
                    await weigh(at, "晋L12345", 31_500)
                    await leave(at)
                    await at.until(lambda: states(at) == [(1, "due")])
                    await weigh(at, "晋L12346", 31_500)
                    await at.until(lambda: states(at) == [(1, "due"), (2, "standing")])
            async with site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at:
                await at.until(lambda: states(at) == [(1, "kept"), (2, "standing")])
                await leave(at)
                await at.until(lambda: states(at) == [(1, "kept"), (2, "kept")])
                assert [(r.corrects, r.plate) for r in at.records()] == [
                    (None, "晋L12345"),
                    (None, "晋L12346"),
                    (1, "晋L12345"),
                    (2, "晋L12346"),
                ]

    asyncio.run(scenario())


def test_a_truck_that_left_during_the_restart_has_left(identity, tmp_path, video):
    async def scenario():
        async with open_gate() as gate:
            async with site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at:
                await weigh(at, "晋L12345", 31_500)
                await at.until(lambda: states(at) == [(1, "standing")])
            at.roll_off()
            await asyncio.sleep(0.3)
            async with site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at:
                await at.until(lambda: states(at) == [(1, "kept")])

    asyncio.run(scenario())


def test_a_record_whose_clip_was_not_noted_before_the_power_went_is_found_again(
    identity, tmp_path, video, monkeypatch
):
    async def scenario():
        async with open_gate() as gate:
            with monkeypatch.context() as cut:
                cut.setattr(clip_keeper, "is_wanted", lambda record: False)
                async with site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at:
                    await weigh(at, "晋L12345", 31_500)
                    await leave(at)
                    assert states(at) == []
            for _ in range(2):
                async with site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at:
                    await at.until(lambda: states(at) == [(1, "kept")])
                    await at.until(lambda: at.terminal.lanes[1].clips._looked_at == 2)
                    assert [r.corrects for r in at.records()] == [None, 1]

    asyncio.run(scenario())


def test_without_video_any_more_what_is_owed_is_written_down(
    identity, tmp_path, video, monkeypatch
):
    async def scenario():
        async with open_gate() as gate:
            with monkeypatch.context() as slow:
                slow.setattr(clip_keeper, "SETTLE_S", 600.0)
                async with site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at:
                    await weigh(at, "晋L12345", 31_500)
                    await leave(at)
                    await at.until(lambda: states(at) == [(1, "due")])
            monkeypatch.setattr(app, "Surroundings", Surroundings)
            async with site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at:
                await at.until(lambda: journal(at))
                assert journal(at)[0][1]["why"] == "the lane has no video any more"

    asyncio.run(scenario())


def test_a_plate_that_comes_after_the_clips_keeps_them(identity, tmp_path, video):
    async def scenario():
        async with (
            open_gate() as gate,
            site(
                tmp_path, NOWHERE, identity, gate, clips=CLIPS, joining={"wait_ms": 100}
            ) as at,
        ):  # fmt: skip
            await at.until(lambda: gate.axle_wire.listeners)
            at.roll_on(31_500)
            at.axles(31_500)
            await at.shown("车牌未识别")
            taken = datetime.now(UTC)
            await leave(at)
            await at.until(lambda: states(at) == [(1, "kept")])
            await at.push("晋L12345", retransmission=True, camera_at=taken)
            await at.until(lambda: len(at.records()) == 3)
            newest = at.records()[2]
            assert (newest.corrects, newest.plate) == (2, "晋L12345")
            assert sorted(f.kind for f in newest.files) == ["head", "head_clip"]

    asyncio.run(scenario())


def test_a_held_truck_that_comes_back_has_clips_of_both_weighings(identity, tmp_path, video):
    async def scenario():
        async with (
            open_gate() as gate,
            site(tmp_path, NOWHERE, identity, gate, clips=CLIPS) as at,
        ):
            await weigh(at, "晋L12345", 31_500)
            await leave(at)
            await at.until(lambda: states(at) == [(1, "kept")])
            await weigh(at, "晋L12345", 29_000)
            await at.until(lambda: states(at) == [(1, "kept"), (3, "standing")])
            await leave(at)
            await at.until(lambda: states(at) == [(1, "kept"), (3, "kept")])
            kinds = [(r.kind, r.corrects, r.gross_kg) for r in at.records()]
            assert kinds == [
                ("exit", None, 31_500),
                ("exit", 1, 31_500),
                ("reweigh", 2, 29_000),
                ("reweigh", 3, 29_000),
            ]
            (first, second) = video.asked
            assert second[1] > first[2] - 4000

    asyncio.run(scenario())
