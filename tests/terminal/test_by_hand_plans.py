"""Weights are written by hand under an emergency plan, or with a reason why none runs."""

import asyncio

import pytest

from hengyuan.terminal.lane.emergency import running_for, weighing_plans
from hengyuan.terminal.lane.orders import ByHand, OrderRefused
from hengyuan.terminal.store import plans
from hengyuan.terminal.store.plans import PlanRun
from hengyuan.terminal.upkeep.settings import PlanTable
from tests.terminal.county import County
from tests.terminal.outbox import identity_for
from tests.terminal.post import GATEKEEPER, SUPERVISOR, lane_table, open_post

WEIGHT = ByHand(gross_kg=20_000, plate="晋L12345", axles=3)
DEVICES = ("scale1", "scale12", "axles1", "front1", "LED1")


@pytest.fixture
def identity():
    return identity_for(County())


def run(scenario):
    asyncio.run(scenario())


def begin(post, cause, by="门卫甲", title="称重设备故障"):
    return post.store.within(lambda db: plans.begin_plan(db, 1, title, cause, ["一"], by))


def by_hand(post, lane=1, **more):
    return post.lanes[lane].orders.weigh_by_hand(WEIGHT, GATEKEEPER, SUPERVISOR, "仪表坏", **more)


def test_without_a_plan_and_without_a_reason_it_is_refused_in_words(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            with pytest.raises(OrderRefused, match="没有正在执行的应急预案"):
                await by_hand(post)
            with pytest.raises(OrderRefused, match="没有正在执行的应急预案"):
                await by_hand(post, without_plan="   ")
            assert post.records() == []
            assert post.journal("manual_unplanned") == []

    run(scenario)


def test_a_reason_why_there_is_none_is_kept_with_the_record(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            record = await by_hand(post, without_plan="轴型仪漏识一辆")
            assert post.journal("manual_unplanned") == [
                {"seq": record.seq, "plate": "晋L12345", "by": "门卫甲", "witness": "班长乙",
                 "reason": "轴型仪漏识一辆"}
            ]  # fmt: skip

    run(scenario)


def test_no_line_is_left_of_a_weight_that_could_not_be_stored(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            db = post.store._db
            db.execute(
                "CREATE TRIGGER torn BEFORE INSERT ON timing"
                " BEGIN SELECT RAISE(ABORT, 'no power'); END"
            )
            with pytest.raises(OrderRefused, match="no power"):
                await by_hand(post, without_plan="x")
            assert post.journal("manual_unplanned") == []

    run(scenario)


def test_while_a_plan_runs_it_needs_no_other_reason_and_after_its_end_it_does(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity) as post:
            number = begin(post, "仪表无显示")
            assert (await by_hand(post)).flags == ("manual_weight", "plate_typed")
            assert post.journal("manual_unplanned") == []
            assert await post.lane.orders.running_plan() == "称重设备故障"
            post.store.within(lambda db: plans.end_plan(db, 2, number, "repaired", "门卫甲"))
            with pytest.raises(OrderRefused):
                await by_hand(post)

    run(scenario)


def test_the_plan_of_one_scale_does_not_serve_the_other(identity, tmp_path):
    async def scenario():
        async with open_post(tmp_path, identity, lane_table(1), lane_table(2)) as post:
            begin(post, "scale2", by="")
            with pytest.raises(OrderRefused):
                await by_hand(post, lane=1)
            assert (await by_hand(post, lane=2)).lane == 2

    run(scenario)


@pytest.mark.parametrize(
    ("cause", "by", "title", "counts"),
    [
        ("scale1", "", "称重", True),
        ("axles1", "", "称重", True),
        ("scale12", "", "称重", False),
        ("front1", "", "相机", False),
        ("store", "", "称重", False),
        ("", "张三", "称重", True),
        ("仪表 scale1 无显示", "张三", "称重", True),
        ("仪表 scale12 无显示", "张三", "称重", False),
        ("scale1 与 scale12", "张三", "称重", True),
        ("看不清", "张三", "相机", False),
        ("scale1", "张三", "不再有的预案", False),
    ],
)
def test_which_plan_counts(cause, by, title, counts):
    runs = [PlanRun(1, 1, title, cause, by, ("一",), None, "", "")]
    titles = frozenset({"称重", "停电"})
    found = running_for(runs, {"scale1", "axles1"}, DEVICES, titles)
    assert found == (runs[0] if counts else None)


def test_plans_for_what_weighs_nobody_do_not_count():
    tables = [
        PlanTable(title="称重", begins_with=["scale"], steps=["一"]),
        PlanTable(title="相机", begins_with=["camera", "display"], steps=["一"]),
        PlanTable(title="轴型", begins_with=["axle", "camera"], steps=["一"]),
        PlanTable(title="停电", steps=["一"]),
    ]
    assert weighing_plans(tables) == {"称重", "轴型", "停电"}
