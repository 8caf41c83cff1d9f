"""In with the tare, out with the gross: what a truck weighed when it came in makes its net."""

import asyncio
from dataclasses import replace

import pytest

from hengyuan.terminal.lane.orders import ByHand, OrderRefused
from hengyuan.terminal.store import tares
from tests.terminal.county import County
from tests.terminal.outbox import identity_for
from tests.terminal.post import GATEKEEPER, SUPERVISOR, lane_table, open_post

PLATE = "晋L12345"
OTHER = "晋L54321"
IN, OUT = lane_table(1, kind="entry"), lane_table(2)
OVER_KG = 31_500


@pytest.fixture
def identity():
    return identity_for(County())


def run(scenario):
    asyncio.run(scenario())


def weights(record):
    return record.gross_kg, record.tare_kg, record.net_kg


def source(post, seq):
    return post.store.within(lambda db: tares.source_of(db, seq))


def inside(post):
    rule = tares.TareRule(24 * 3_600_000)
    found = post.store.within(lambda db: tares.still_inside(db, post.clock.now_ms(), rule))
    return {tare.plate: tare.tare_kg for tare in found}


def test_a_truck_that_came_in_by_one_lane_drives_out_by_another_with_its_net(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            came = await post.lanes[1].pass_over(PLATE, 9_000)
            assert (came.kind, came.verdict) == ("entry", None)
            assert inside(post) == {PLATE: 9_000}
            left = await post.lanes[2].pass_over(PLATE, 24_000)
            assert weights(left) == (24_000, 9_000, 15_000)
            assert (left.kind, left.verdict) == ("exit", "pass")
            assert source(post, left.seq) == "visit"
            assert inside(post) == {}

    run(scenario)


def test_a_tare_serves_once_and_the_newest_counts(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(PLATE, 9_000)
            await post.lanes[1].pass_over(PLATE, 9_400)
            assert (await post.lanes[2].pass_over(PLATE, 24_000)).tare_kg == 9_400
            assert weights(await post.lanes[2].pass_over(PLATE, 24_000)) == (24_000, None, None)

    run(scenario)


def test_a_tare_is_forgotten_after_its_time_unless_it_is_to_be_remembered(identity, tmp_path):
    async def scenario():
        keeping = lane_table(3, tares={"valid_h": 2, "keep_days": 30})
        short = lane_table(2, tares={"valid_h": 2})
        async with open_post(tmp_path, identity, IN, short, keeping) as post:
            await post.lanes[1].pass_over(PLATE, 9_000)
            await post.later(hours=3)
            assert (await post.lanes[2].pass_over(PLATE, 24_000)).tare_kg is None
            assert post.journal("tare_remembered") == []
            kept = await post.lanes[3].pass_over(PLATE, 23_000)
            assert weights(kept) == (23_000, 9_000, 14_000)
            assert source(post, kept.seq) == "remembered"
            (line,) = post.journal("tare_remembered")
            assert (line["seq"], line["tare_kg"], line["tare_seq"]) == (kept.seq, 9_000, 1)
            await post.later(hours=31 * 24)
            assert (await post.lanes[3].pass_over(PLATE, 23_000)).tare_kg is None

    run(scenario)


def test_a_tare_that_is_not_below_the_gross_is_left_out_and_written_down(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(PLATE, 24_000)
            left = await post.lanes[2].pass_over(PLATE, 9_000)
            assert weights(left) == (9_000, None, None)
            (line,) = post.journal("tare_implausible")
            assert (line["seq"], line["tare_kg"], line["gross_kg"]) == (2, 24_000, 9_000)

    run(scenario)


# one lane for both


def test_a_lane_for_both_knows_by_the_tare_book_which_way_a_truck_drives(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(kind="both")) as post:
            lane = post.lane
            came = await lane.drive_on(PLATE, 9_000)
            assert (came.kind, came.verdict, came.limit_kg) == ("entry", None, None)
            assert lane.display.shown[-1].lines[-1] == "已称重 请通行"
            assert lane.service.view.hold is None
            await lane.drive_off()
            again = await lane.pass_over(PLATE, 9_100)
            assert again.kind == "entry"
            left = await lane.pass_over(PLATE, 24_000)
            assert (left.kind, left.verdict) == ("exit", "pass")
            assert weights(left) == (24_000, 9_100, 14_900)
            assert (await lane.pass_over(PLATE, 9_000)).kind == "entry"

    run(scenario)


def test_in_a_lane_for_both_who_may_be_driving_out_is_judged(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(kind="both")) as post:
            unread = await post.lane.pass_over(None, 20_000, picture=True)
            assert (unread.kind, unread.verdict) == ("exit", "pass")
            over = await post.lane.pass_over(OTHER, OVER_KG)
            assert (over.kind, over.verdict) == ("exit", "over")
            back = await post.lane.pass_over(OTHER, 24_000)
            assert (back.kind, back.corrects, back.verdict) == ("reweigh", over.seq, "pass")
            typed = await post.lane.orders.type_plate(1, PLATE, "yellow", GATEKEEPER)
            assert (typed.kind, typed.verdict) == ("entry", None)
            assert inside(post) == {PLATE: 20_000}

    run(scenario)


def test_where_cameras_say_which_way_a_truck_drives_they_are_believed(identity, tmp_path):
    async def scenario():
        table = lane_table(kind="both", drives_out="reverse")
        async with open_post(tmp_path, identity, table) as post:
            lane = post.lane
            out = await lane.pass_over(PLATE, 9_000, direction="reverse")
            assert (out.kind, out.verdict) == ("exit", "pass")
            loaded = await lane.pass_over(OTHER, OVER_KG, direction="forward")
            assert (loaded.kind, loaded.verdict) == ("entry", None)
            assert (await lane.pass_over(OTHER, 9_000)).kind == "entry"

    run(scenario)


# plates that are learned late, voids


def test_a_plate_typed_before_the_truck_drives_out_gives_it_its_tare(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(None, 9_000, picture=True)
            typed = await post.lanes[1].orders.type_plate(1, PLATE, "yellow", GATEKEEPER)
            assert typed.kind == "entry"
            assert weights(await post.lanes[2].pass_over(PLATE, 24_000)) == (24_000, 9_000, 15_000)

    run(scenario)


def test_a_plate_typed_after_the_truck_drove_out_corrects_that_record_too(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(None, 9_000, picture=True)
            left = await post.lanes[2].pass_over(PLATE, 24_000)
            assert left.tare_kg is None
            await post.lanes[1].orders.type_plate(1, PLATE, "yellow", GATEKEEPER)
            corrected = post.records()[-1]
            assert corrected.corrects == left.seq
            assert weights(corrected) == (24_000, 9_000, 15_000)
            assert source(post, left.seq) == "visit"
            assert inside(post) == {}
            assert (await post.lanes[2].pass_over(PLATE, 24_000)).tare_kg is None

    run(scenario)


def test_a_corrected_plate_takes_its_own_tare_and_gives_the_other_back(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(PLATE, 9_000)
            await post.lanes[1].pass_over(OTHER, 8_000)
            misread = await post.lanes[2].pass_over(PLATE, 24_000)
            assert misread.tare_kg == 9_000
            right = await post.lanes[2].orders.type_plate(misread.seq, OTHER, "yellow", GATEKEEPER)
            assert weights(right) == (24_000, 8_000, 16_000)
            assert inside(post) == {PLATE: 9_000}

    run(scenario)


def test_voids_take_a_tare_out_of_the_book_and_give_it_back(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(PLATE, 9_000)
            await post.lanes[2].pass_over(PLATE, 24_000)
            await post.lanes[2].orders.void(2, "试磅", GATEKEEPER, SUPERVISOR)
            assert inside(post) == {PLATE: 9_000}
            await post.lanes[1].orders.void(1, "试磅", GATEKEEPER, SUPERVISOR)
            assert inside(post) == {}
            assert (await post.lanes[2].pass_over(PLATE, 24_000)).tare_kg is None

    run(scenario)


def test_an_entry_that_is_weighed_anew_on_the_scale_stays_an_entry(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN) as post:
            await post.lane.drive_on(PLATE, 6_000)
            await post.lane.show(9_000, 1.5)
            again = post.records()[-1]
            assert (again.kind, again.corrects, again.gross_kg) == ("entry", 1, 9_000)
            assert inside(post) == {PLATE: 9_000}

    run(scenario)


def test_the_tare_stays_with_a_truck_that_unloads_and_comes_back(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(PLATE, 9_000)
            over = await post.lanes[2].pass_over(PLATE, OVER_KG)
            assert weights(over) == (OVER_KG, 9_000, 22_500)
            back = await post.lanes[2].pass_over(PLATE, 24_000)
            assert (back.kind, weights(back)) == ("reweigh", (24_000, 9_000, 15_000))

    run(scenario)


def test_a_weight_by_hand_takes_the_tare_that_the_book_has(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(PLATE, 9_000)
            weight = ByHand(gross_kg=24_000, plate=PLATE, axles=3)
            by_hand = post.lanes[2].orders.weigh_by_hand
            record = await by_hand(weight, GATEKEEPER, SUPERVISOR, "仪表故障", "演练")
            assert weights(record) == (24_000, 9_000, 15_000)
            assert inside(post) == {}

    run(scenario)


def test_in_a_lane_for_both_people_say_which_way_a_truck_drives(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(kind="both")) as post:
            by_hand = post.lane.orders.weigh_by_hand
            weight = ByHand(gross_kg=9_000, plate=PLATE, axles=3)
            with pytest.raises(OrderRefused, match="进场还是出场"):
                await by_hand(weight, GATEKEEPER, SUPERVISOR, "仪表故障", "演练")
            out = await by_hand(
                replace(weight, kind="exit"), GATEKEEPER, SUPERVISOR, "仪表故障", "演练"
            )
            assert (out.kind, out.verdict) == ("exit", "pass")
            heavy = replace(weight, kind="entry", gross_kg=OVER_KG)
            came = await by_hand(heavy, GATEKEEPER, SUPERVISOR, "仪表故障", "演练")
            assert (came.kind, came.verdict) == ("entry", None)
            assert inside(post) == {PLATE: OVER_KG}

    run(scenario)


# out of order in a lane for both


def test_a_truck_that_drives_out_and_never_came_in_is_judged_and_said_to(identity, tmp_path):
    async def scenario():
        table = lane_table(kind="both", drives_out="forward")
        async with open_post(tmp_path, identity, table) as post:
            left = await post.lane.pass_over(PLATE, 24_000, direction="forward")
            assert (left.kind, left.verdict) == ("exit", "pass")
            assert weights(left) == (24_000, None, None)
            assert post.journal("left_unentered") == [
                {"seq": 1, "plate": PLATE, "gross_kg": 24_000}
            ]
            await post.lane.pass_over(OTHER, 9_000, direction="reverse")
            await post.lane.pass_over(OTHER, 24_000, direction="forward")
            again = await post.lane.pass_over(OTHER, 24_500, direction="forward")
            assert weights(again) == (24_500, None, None)
            assert [line["seq"] for line in post.journal("left_unentered")] == [1, 4]

    run(scenario)


def test_a_truck_that_comes_in_twice_has_its_newest_tare_and_a_line(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(kind="both")) as post:
            await post.lane.pass_over(PLATE, 9_000)
            assert post.journal("entered_twice") == []
            twice = await post.lane.pass_over(PLATE, 9_200)
            assert (twice.kind, twice.verdict) == ("entry", None)
            assert post.journal("entered_twice") == [
                {"seq": 2, "plate": PLATE, "gross_kg": 9_200, "tare_kg": 9_000, "tare_seq": 1}
            ]
            left = await post.lane.pass_over(PLATE, 24_000)
            assert weights(left) == (24_000, 9_200, 14_800)
            assert post.journal("left_unentered") == []
            await post.lane.pass_over(PLATE, 9_000)
            assert len(post.journal("entered_twice")) == 1

    run(scenario)


def test_a_known_truck_that_comes_by_loaded_without_having_come_in_is_judged(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(kind="both")) as post:
            await post.lane.pass_over(PLATE, 9_000)
            await post.lane.pass_over(PLATE, 24_000)
            await post.later(hours=100)
            left = await post.lane.pass_over(PLATE, 23_000)
            assert (left.kind, left.verdict) == ("exit", "pass")
            assert weights(left) == (23_000, None, None)
            assert [line["seq"] for line in post.journal("left_unentered")] == [3]
            assert inside(post) == {}

    run(scenario)


def test_an_unknown_truck_that_seems_loaded_is_taken_in_with_a_line(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(kind="both")) as post:
            came = await post.lane.pass_over(PLATE, 20_000)
            assert (came.kind, came.verdict) == ("entry", None)
            assert post.journal("entered_loaded") == [
                {"seq": 1, "plate": PLATE, "gross_kg": 20_000, "limit_kg": 25_000}
            ]
            await post.lane.pass_over(OTHER, 12_500)
            assert len(post.journal("entered_loaded")) == 1

    run(scenario)


def test_a_plate_that_is_typed_later_is_looked_at_in_its_order_too(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(kind="both")) as post:
            await post.lane.pass_over(PLATE, 9_000)
            back = await post.lane.pass_over(None, 9_100, picture=True)
            assert back.kind == "exit"
            assert post.journal("left_unentered") == []
            await post.lane.orders.type_plate(back.seq, PLATE, "yellow", GATEKEEPER)
            (line,) = post.journal("entered_twice")
            assert (line["seq"], line["tare_kg"]) == (3, 9_000)
            assert inside(post) == {PLATE: 9_100}

    run(scenario)


def test_in_lanes_for_one_way_there_is_no_order(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[2].pass_over(PLATE, 24_000)
            await post.lanes[1].pass_over(OTHER, 20_000)
            await post.lanes[1].pass_over(OTHER, 20_000)
            for what in ("left_unentered", "entered_twice", "entered_loaded"):
                assert post.journal(what) == []

    run(scenario)


# restarts


def test_the_tare_is_there_after_a_restart_and_never_without_its_record(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, IN, OUT) as post:
            await post.lanes[1].pass_over(PLATE, 9_000)
            db = post.store._db
            db.execute(
                "CREATE TRIGGER torn BEFORE INSERT ON timing"
                " BEGIN SELECT RAISE(ABORT, 'no power'); END"
            )
            weight = ByHand(gross_kg=8_000, plate=OTHER)
            order = post.lanes[1].orders.weigh_by_hand(
                weight, GATEKEEPER, SUPERVISOR, "x", without_plan="演练"
            )
            with pytest.raises(Exception, match="no power"):
                await order
            db.execute("DROP TRIGGER torn")
            assert inside(post) == {PLATE: 9_000}
            clock = post.clock
        async with open_post(tmp_path, identity, IN, OUT, clock=clock) as post:
            assert len(post.records()) == 1
            await post.lanes[2].show(0, 0.3)
            assert (await post.lanes[2].pass_over(PLATE, 24_000)).tare_kg == 9_000

    run(scenario)
