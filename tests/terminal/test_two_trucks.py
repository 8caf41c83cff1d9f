"""Two trucks on a scale of a whole post: what is stored, shown and written down."""

import asyncio

import pytest

from hengyuan.terminal.devices import AxleReading
from hengyuan.terminal.lane.orders import OrderRefused
from tests.terminal.county import County
from tests.terminal.gate import open_gate, site
from tests.terminal.outbox import identity_for
from tests.terminal.post import open_post

FIRST, SECOND = "晋L00001", "晋L22222"


@pytest.fixture
def identity():
    return identity_for(County())


def run(scenario):
    asyncio.run(scenario())


async def follow(post, both_kg):
    """A second truck comes onto the scale behind the first."""
    await post.lane.camera(SECOND)
    await post.lane.show(both_kg, 1.5)


def test_the_first_keeps_its_record_and_nobody_gets_the_weight_of_both(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            await lane.drive_on(FIRST, 24_000)
            await follow(post, 38_000)
            assert lane.display.shown[-1].lines == ("两车同时上磅", "后车请退出")
            assert lane.service.view.next_step == "two_trucks"
            (line,) = post.journal("two_trucks")
            assert line == {"why": "plates", "both_kg": 38_000, "first_kg": 24_000, "seq": 1,
                            "plates": [SECOND]}  # fmt: skip
            await lane.show(24_000, 1.5)
            assert lane.display.shown[-1].lines[0] == FIRST
            assert lane.service.view.current.record.seq == 1
            assert post.journal("two_trucks_over") == [{"stands": "first", "by": None}]
            assert [each.gross_kg for each in post.records()] == [24_000]

    run(scenario)


def test_the_second_gets_a_record_of_its_own_when_the_first_has_gone(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            await lane.drive_on(FIRST, 24_000)
            await follow(post, 44_000)
            axles = AxleReading(3, (), (), (1, 2), (), None, post.clock.seconds)
            lane.service.axles(axles)
            await lane.quiet()
            await lane.show(20_000, 1.5)
            second = post.records()[-1]
            assert (second.plate, second.gross_kg, second.kind) == (SECOND, 20_000, "exit")
            assert (second.corrects, second.verdict) == (None, "pass")
            assert len(post.records()) == 2

    run(scenario)


def test_both_leave_and_a_reason_stays(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            await lane.camera(FIRST)
            await lane.show(15_000)
            await follow(post, 44_000)
            await lane.drive_off()
            assert post.records() == []
            (line,) = post.journal("left_unweighed")
            assert line["reason"] == "two trucks stood on the scale"
            assert line["highest_kg"] == 44_000
            assert post.journal("two_trucks_over") == [{"stands": "none", "by": None}]

    run(scenario)


@pytest.mark.parametrize("first_recorded", [True, False])
def test_a_power_cut_does_not_make_one_truck_of_the_two(identity, tmp_path, first_recorded):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            if first_recorded:
                await post.lane.drive_on(FIRST, 24_000)
            else:
                await post.lane.camera(FIRST)
                await post.lane.show(15_000)
            await follow(post, 44_000)
            before = len(post.records())
            clock = post.clock
        async with open_post(tmp_path, identity, clock=clock) as post:
            lane = post.lane
            await lane.show(44_000, 8.0)
            assert len(post.records()) == before
            assert lane.service.view.next_step == "two_trucks"
            if first_recorded:
                await lane.show(24_000, 1.5)
                assert lane.service.view.current.record.seq == 1
                assert post.journal("two_trucks_over")[-1]["stands"] == "first"
            await lane.drive_off()
            assert len(post.records()) == before
            assert len(post.journal("two_trucks_over")) == 1
        async with open_post(tmp_path, identity, clock=clock) as post:
            assert post.lane.service.lane.pairs.together is None

    run(scenario)


def test_the_gatekeeper_may_say_that_there_is_one_only(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            with pytest.raises(OrderRefused, match="一辆车"):
                lane.orders.one_truck_only()
            await lane.camera(FIRST)
            await lane.show(15_000)
            await follow(post, 44_000)
            lane.service.recorder.at_the_gate = lambda: "门卫甲"
            lane.orders.one_truck_only()
            await lane.show(44_000, 1.5)
            assert post.journal("two_trucks_over") == [{"stands": "order", "by": "门卫甲"}]
            assert post.records()[-1].gross_kg == 44_000

    run(scenario)


# with bytes of real devices


class Stage:
    """Puts any weight onto the deck of a simulated gate: its scale sends the frames of it."""

    def __init__(self, gate):
        self.kg = 0
        gate.deck.indicated_kg = lambda at: self.kg
        gate.deck.moving = lambda at: False


def sum_of(at, sum_kg):
    """A three-axle truck rolls over the identifier, which weighs it."""
    at.axles(sum_kg)


@pytest.mark.parametrize("family", ["f1", "f4"])
def test_over_the_wire_two_trucks_get_two_weights_and_none_gets_both(identity, tmp_path, family):
    async def scenario():
        county = County()
        async with (
            county.listening() as url,
            open_gate(family) as gate,
            site(tmp_path, url, identity_for(county), gate) as at,
        ):
            stage, view = Stage(gate), at.terminal.board.lanes[1]
            await at.push(FIRST)
            stage.kg = 24_000
            sum_of(at, 24_000)
            await at.shown(FIRST, "未超限")
            await at.push(SECOND)
            stage.kg = 44_000
            await at.shown("两车同时上磅", "后车请退出")
            assert view.next_step == "two_trucks"
            stage.kg = 24_000
            await at.shown(FIRST, "未超限")
            sum_of(at, 20_000)
            await at.push(SECOND)
            stage.kg = 44_000
            await at.shown("两车同时上磅")
            stage.kg = 20_000
            await at.shown(SECOND, "未超限")
            stage.kg = 0
            await at.until(lambda: view.phase.value == "empty")
            await at.uploaded()
            assert [(each.plate, each.gross_kg) for each in county.records] == [
                (FIRST, 24_000), (SECOND, 20_000)
            ]  # fmt: skip
            whats = [entry["what"] for entry in at_journal(at)]
            assert whats.count("two_trucks") == whats.count("two_trucks_over") == 2

    run(scenario)


def at_journal(at):
    rows = at.terminal.worker.store.within(
        lambda db: db.execute("SELECT what, detail FROM journal ORDER BY id").fetchall()
    )
    return [{"what": what, "detail": detail} for what, detail in rows]
