"""What the gatekeeper orders becomes a record that corrects another, or is refused in words."""

import asyncio
import contextlib
import sqlite3

import pytest

from hengyuan.terminal.lane.orders import ByHand, Loading, OrderRefused
from hengyuan.terminal.store import search
from tests.terminal.county import County
from tests.terminal.outbox import identity_for
from tests.terminal.post import (
    GATEKEEPER,
    OTHER_GATEKEEPER,
    SUPERVISOR,
    lane_table,
    open_post,
)

PLATE = "晋L12345"
OVER_KG = 31_500
"""Above the 25 t of a three-axle truck."""


@pytest.fixture
def identity():
    return identity_for(County())


def run(scenario):
    asyncio.run(scenario())


async def refused(order):
    with pytest.raises(OrderRefused) as told:
        await order
    return str(told.value)


# override


def test_a_truck_that_is_over_is_let_out_by_two_people_with_a_reason(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            held = await lane.drive_on(PLATE, OVER_KG)
            assert lane.service.view.hold == "over"
            released = await lane.orders.override(1, GATEKEEPER, SUPERVISOR, " 抢险 物资 ")
            await lane.quiet()
            assert released.corrects == held.seq == 1
            assert released.kind == "exit"
            assert released.flags == ("override",)
            assert (released.operator, released.witness) == ("门卫甲", "班长乙")
            assert released.reason == "抢险 物资"
            assert (released.gross_kg, released.verdict) == (OVER_KG, "over")
            assert released.files == held.files
            assert post.records() == [held, released]
            assert lane.display.shown[-1].lines[-1] == "已放行 请通行"
            await lane.show(OVER_KG)
            assert lane.service.view.hold is None
            (line,) = post.journal("override")
            assert line["seq"] == 2
            assert line["witness"] == "班长乙"

    run(scenario)


def test_an_override_without_what_it_needs_is_refused(identity, tmp_path):
    lacking = [
        (GATEKEEPER, GATEKEEPER, "抢险", "另一个人"),
        (SUPERVISOR, SUPERVISOR, "抢险", "另一个人"),
        (GATEKEEPER, OTHER_GATEKEEPER, "抢险", "负责人"),
        (None, SUPERVISOR, "抢险", "配置"),
        (GATEKEEPER, None, "抢险", "配置"),
        (GATEKEEPER, SUPERVISOR, "  ", "原因"),
        (GATEKEEPER, SUPERVISOR, "长" * 201, "200"),
    ]

    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(PLATE, OVER_KG)
            for operator, witness, reason, text in lacking:
                assert text in await refused(
                    post.lane.orders.override(1, operator, witness, reason)
                )
            assert len(post.records()) == 1
            assert post.lane.service.view.hold == "over"

    run(scenario)


def test_only_the_newest_record_of_a_truck_that_is_held_may_be_overridden(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane, override = post.lane, post.lane.orders.override
            await lane.pass_over("晋L00001", 20_000)
            assert "未超限" in await refused(override(1, GATEKEEPER, SUPERVISOR, "x"))
            assert "9" in await refused(override(9, GATEKEEPER, SUPERVISOR, "x"))
            await lane.drive_on(PLATE, OVER_KG)
            await lane.orders.loading(2, Loading(cargo="0100"), GATEKEEPER)
            assert "3" in await refused(override(2, GATEKEEPER, SUPERVISOR, "x"))
            await override(3, GATEKEEPER, SUPERVISOR, "x")
            assert "已放行" in await refused(override(4, GATEKEEPER, SUPERVISOR, "x"))
            assert len(post.records()) == 4

    run(scenario)


def test_a_truck_that_left_is_released_while_it_may_come_back_and_not_later(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.pass_over(PLATE, OVER_KG)
            await post.lane.pass_over("晋L00002", OVER_KG)
            released = await post.lane.orders.override(1, GATEKEEPER, SUPERVISOR, "x")
            assert released.corrects == 1
            await post.later(hours=5)
            order = post.lane.orders.override(2, GATEKEEPER, SUPERVISOR, "x")
            assert "太久" in await refused(order)

    run(scenario)


def test_an_order_that_cannot_be_stored_is_refused_and_nothing_is_half_done(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(PLATE, OVER_KG)
            db = post.store._db
            db.execute(
                "CREATE TRIGGER full BEFORE INSERT ON timing"
                " BEGIN SELECT RAISE(ABORT, 'disk is full'); END"
            )
            order = post.lane.orders.override(1, GATEKEEPER, SUPERVISOR, "x")
            assert "disk is full" in await refused(order)
            assert len(post.records()) == 1
            assert db.execute("SELECT count(*) FROM hold WHERE ended IS NULL").fetchone() == (1,)
            db.execute("DROP TRIGGER full")
            assert (await post.lane.orders.override(1, GATEKEEPER, SUPERVISOR, "x")).seq == 2

    run(scenario)


def test_two_orders_about_one_record_do_not_branch(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(PLATE, OVER_KG)
            results = await asyncio.gather(
                post.lane.orders.override(1, GATEKEEPER, SUPERVISOR, "x"),
                post.lane.orders.loading(1, Loading(note_no="7"), GATEKEEPER),
                return_exceptions=True,
            )
            assert sum(isinstance(result, OrderRefused) for result in results) == 1
            assert len(post.records()) == 2

    run(scenario)


# plates


def test_a_plate_is_typed_with_a_picture_taken_now(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            before = await lane.drive_on(None, 20_000)
            assert before.flags == ("camera_missing",)
            typed = await lane.orders.type_plate(None, "黄晋L·12345", None, GATEKEEPER)
            await lane.quiet()
            assert (typed.plate, typed.plate_colour) == (PLATE, "yellow")
            assert typed.flags == ("camera_missing", "plate_typed")
            (picture,) = typed.files
            assert picture.kind == "plate"
            assert post.cameras[1].taken == 1
            assert post.store.files_waiting() == 1
            assert lane.display.shown[-1].lines[0] == PLATE

    run(scenario)


def test_without_a_picture_no_plate_is_typed(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            post.cameras[1].works = False
            await post.lane.drive_on(None, 20_000)
            order = post.lane.orders.type_plate(None, PLATE, "yellow", GATEKEEPER)
            assert "照片" in await refused(order)
            await post.lane.drive_off()
            order = post.lane.orders.type_plate(1, PLATE, "yellow", GATEKEEPER)
            assert "照片" in await refused(order)
            assert len(post.records()) == 1

    run(scenario)


def test_the_picture_of_an_unread_plate_serves_after_the_truck_has_left(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            before = await post.lane.pass_over(None, 20_000, picture=True)
            assert before.flags == ("plate_unread",)
            typed = await post.lane.orders.type_plate(1, PLATE, "yellow", GATEKEEPER)
            assert typed.files == before.files
            assert post.cameras[1].taken == 0

    run(scenario)


def test_a_text_that_is_no_trucks_plate_is_refused(identity, tmp_path):
    wrong = [
        ("12345", None, "12345"),
        ("晋L1234挂", "yellow", "挂"),
        ("晋L12345", "green", "绿"),
        ("晋L12345D", "yellow", "黄"),
        ("晋L12345", "mauve", "mauve"),
    ]

    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(None, 20_000)
            for plate, colour, text in wrong:
                order = post.lane.orders.type_plate(1, plate, colour, GATEKEEPER)
                assert text in await refused(order)
            assert len(post.records()) == 1

    run(scenario)


def test_a_typed_plate_stays_when_more_weight_comes_onto_the_scale(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(None, 15_000)
            await post.lane.orders.type_plate(None, PLATE, "yellow", GATEKEEPER)
            await post.lane.show(20_000, 1.5)
            again = post.records()[-1]
            assert (again.kind, again.corrects, again.gross_kg) == ("reweigh", 2, 20_000)
            assert again.plate == PLATE
            assert "plate_typed" in again.flags

    run(scenario)


def test_nothing_is_typed_for_an_empty_scale(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            order = post.lane.orders.type_plate(None, PLATE, None, GATEKEEPER)
            assert "磅" in await refused(order)

    run(scenario)


# by hand, loading, void, barrier


def test_a_weight_by_hand_is_judged_and_says_who_read_it(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            weight = ByHand(
                gross_kg=50_000, plate=PLATE, colour="yellow", layout="1+2+3", tare_kg=15_000,
                loading=Loading(cargo="0100"),
            )  # fmt: skip
            record = await post.lane.orders.weigh_by_hand(
                weight, GATEKEEPER, SUPERVISOR, "仪表坏", without_plan="演练"
            )
            assert record.flags == ("manual_weight", "plate_typed")
            assert (record.verdict, record.limit_kg, record.axles) == ("over", 46_000, 6)
            assert (record.net_kg, record.cargo) == (35_000, "0100")
            assert (record.operator, record.witness) == ("门卫甲", "班长乙")
            assert record.reason == "仪表坏"
            assert record.raw_kg is None
            assert len(record.files) == 1

    run(scenario)


def test_a_weight_that_cannot_be_is_refused(identity, tmp_path):
    wrong = [
        ({"gross_kg": 0}, "200000"),
        ({"gross_kg": 200_001}, "200000"),
        ({"tare_kg": 50_000}, "皮重"),
        ({"axles": 5}, "轴"),
        ({"axles": 1, "layout": None}, "2"),
        ({"layout": "1-2-3"}, "1-2-3"),
        ({"kind": "entry"}, "方向"),
        ({"loading": Loading(cargo="9999")}, "9999"),
        ({"loading": Loading(carrier="长" * 65)}, "64"),
    ]

    async def scenario():
        async with open_post(tmp_path, identity) as post:
            for values, text in wrong:
                weight = ByHand(
                    **({"gross_kg": 50_000, "plate": PLATE, "layout": "1+2+3"} | values)
                )
                order = post.lane.orders.weigh_by_hand(
                    weight, GATEKEEPER, SUPERVISOR, "仪表坏", without_plan="演练"
                )
                assert text in await refused(order)
            assert post.records() == []

    run(scenario)


def test_by_hand_without_axles_there_is_no_verdict_and_without_camera_no_picture(
    identity, tmp_path
):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            post.cameras[1].works = False
            weight = ByHand(gross_kg=50_000, plate=PLATE)
            record = await post.lane.orders.weigh_by_hand(
                weight, GATEKEEPER, SUPERVISOR, "停电", without_plan="演练"
            )
            assert record.flags == ("axles_unknown", "camera_missing", "manual_weight")
            assert record.verdict == "unknown"

    run(scenario)


def test_loading_is_written_down_and_stays_with_the_truck(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            lane = post.lane
            await lane.drive_on(PLATE, 20_000)
            loading = Loading(
                cargo="0100", note_no="N-7", destination="示例电厂", carrier="示例运输"
            )
            loaded = await lane.orders.loading(1, loading, GATEKEEPER)
            assert (loaded.cargo, loaded.note_no, loaded.operator) == ("0100", "N-7", "门卫甲")
            assert loaded.gross_kg == 20_000
            await lane.show(21_000, 1.5)
            again = post.records()[-1]
            assert (again.corrects, again.cargo, again.carrier) == (2, "0100", "示例运输")
            assert "新内容" in await refused(lane.orders.loading(3, loading, SUPERVISOR))

    run(scenario)


def test_a_void_takes_the_passage_out_and_what_came_late_does_not_bring_it_back(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(None, 20_000)
            assert "负责人" in await refused(
                post.lane.orders.void(1, "试磅", GATEKEEPER, OTHER_GATEKEEPER)
            )
            voided = await post.lane.orders.void(1, "试磅", GATEKEEPER, SUPERVISOR)
            assert (voided.kind, voided.corrects, voided.reason) == ("void", 1, "试磅")
            await post.lane.camera(PLATE)
            passage = post.store.within(lambda db: search.passage_of(db, 1))
            assert passage.kind == "void"
            assert "作废" in await refused(post.lane.orders.loading(2, Loading(), GATEKEEPER))

    run(scenario)


def test_the_barrier_is_opened_by_hand_with_a_reason_but_not_for_who_is_held(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            opened = []

            class Barrier:
                error = None

                async def open_exit(self, truck):
                    opened.append(truck)
                    return self.error

            post.lane.orders._barrier = barrier = Barrier()
            assert "原因" in await refused(post.lane.orders.open_barrier("", GATEKEEPER))
            await post.lane.orders.open_barrier("消防车", GATEKEEPER)
            await post.lane.drive_on(PLATE, OVER_KG)
            assert "放行" in await refused(post.lane.orders.open_barrier("急", GATEKEEPER))
            await post.lane.drive_off()
            barrier.error = "locked"
            assert "locked" in await refused(post.lane.orders.open_barrier("急", None))
            await post.lane.quiet()
            assert opened == [False, False]
            assert [line["reason"] for line in post.journal("barrier_opened")] == ["消防车", "急"]

    run(scenario)


def test_a_record_of_another_lane_is_left_to_that_lane(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(1), lane_table(2)) as post:
            await post.lanes[2].pass_over(PLATE, 20_000)
            order = post.lanes[1].orders.loading(1, Loading(note_no="7"), GATEKEEPER)
            assert "2" in await refused(order)

    run(scenario)


def test_who_is_at_the_gate_stands_in_every_record(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            post.lane.service.recorder.at_the_gate = lambda: "门卫甲"
            assert (await post.lane.pass_over(PLATE, 20_000)).operator == "门卫甲"

    run(scenario)


# restarts


def test_an_overridden_truck_is_let_out_after_a_restart_too(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(PLATE, OVER_KG)
            await post.lane.orders.override(1, GATEKEEPER, SUPERVISOR, "x")
            clock = post.clock
        async with open_post(tmp_path, identity, clock=clock) as post:
            await post.lane.show(OVER_KG, 1.5)
            assert post.lane.service.view.hold is None
            assert post.lane.service.view.current.record.seq == 2
            assert post.lane.display.shown[-1].lines[-1] == "已放行 请通行"
            assert len(post.records()) == 2

    run(scenario)


def test_a_plate_typed_before_a_restart_is_still_known_after_it(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(None, 15_000)
            await post.lane.orders.type_plate(None, PLATE, "yellow", GATEKEEPER)
            clock = post.clock
        async with open_post(tmp_path, identity, clock=clock) as post:
            await post.lane.show(15_000, 1.5)
            await post.lane.show(20_000, 7)
            assert post.records()[-1].plate == PLATE
            assert post.records()[-1].corrects == 2

    run(scenario)


class Killed:
    """The store's connection, gone at one statement: the disk is copied as a kill leaves it."""

    def __init__(self, connection, folder, copy, at):
        self._connection = connection
        self._folder = folder
        self._copy = copy
        self._left = at

    def _die(self):
        self._left -= 1
        if self._left == 0:
            for name in ("terminal.db", "terminal.db-wal"):
                (self._copy / name).write_bytes((self._folder / name).read_bytes())
            raise sqlite3.OperationalError("killed")

    def execute(self, sql, *values):
        if sql != "ROLLBACK":
            self._die()
        return self._connection.execute(sql, *values)

    def __getattr__(self, name):
        return getattr(self._connection, name)

    def executemany(self, sql, values):
        self._die()
        return self._connection.executemany(sql, values)


def test_a_kill_at_any_statement_of_an_order_leaves_all_of_it_or_nothing(identity, tmp_path):
    def left_by(copy):
        found = sqlite3.connect(copy / "terminal.db")
        records = found.execute("SELECT count(*) FROM record").fetchone()[0]
        passage = found.execute("SELECT seq FROM passage").fetchone()[0]
        hold = found.execute("SELECT ended FROM hold").fetchone()[0]
        standing = found.execute("SELECT seq FROM lane").fetchone()[0]
        found.close()
        return records, passage, hold, standing

    async def scenario():
        async with open_post(tmp_path, identity) as post:
            await post.lane.drive_on(PLATE, OVER_KG)
            real, at, order = post.store._db, 0, None
            while order is None:
                at += 1
                copy = tmp_path / f"killed-{at}"
                copy.mkdir()
                post.store._db = Killed(real, tmp_path / "data", copy, at)
                with contextlib.suppress(OrderRefused):
                    order = await post.lane.orders.override(1, GATEKEEPER, SUPERVISOR, "x")
                    await post.lane.quiet()
                post.store._db = real
                if (copy / "terminal.db").exists():
                    assert left_by(copy) in [(1, 1, None, 1), (2, 2, "override", 2)]
            assert at > 12
            assert len(post.records()) == 2

    run(scenario)
