"""Every cell of the limit table, each with its number and the words of its row."""

import datetime

import pytest

from hengyuan.law.limits import RULE_PACK, NotInForce, NotInTable, limit_for, pack_for
from hengyuan.law.vehicles import Combination, Vehicle
from tests.law.strategies import ON

RIGID = Combination.RIGID
ARTICULATED = Combination.ARTICULATED
CENTRE_AXLE = Combination.CENTRE_AXLE
FULL_TRAILER = Combination.FULL_TRAILER

CELLS = [
    # axles, combination, layout, drive axles, limit, words of the row
    (2, RIGID, None, None, 18_000, "二轴载货汽车"),
    (3, RIGID, None, None, 25_000, "三轴载货汽车"),
    (3, ARTICULATED, None, None, 27_000, "三轴铰接列车"),
    (3, CENTRE_AXLE, None, None, 27_000, "三轴中置轴挂车列车"),
    (4, RIGID, None, None, 31_000, "四轴载货汽车"),
    (4, ARTICULATED, None, None, 36_000, "四轴铰接列车"),
    (4, CENTRE_AXLE, (1, 1, 2), None, 36_000, "四轴中置轴挂车列车（轴组1+1+2）"),
    (4, CENTRE_AXLE, (1, 2, 1), None, 35_000, "四轴中置轴挂车列车（轴组1+2+1）"),
    (4, FULL_TRAILER, None, None, 36_000, "四轴全挂汽车列车"),
    (5, ARTICULATED, (1, 2, 2), None, 43_000, "五轴铰接列车，"),
    (5, ARTICULATED, (1, 1, 3), None, 42_000, "五轴铰接列车（轴组1+1+3）"),
    (5, CENTRE_AXLE, None, None, 43_000, "五轴中置轴挂车列车"),
    (5, FULL_TRAILER, None, None, 43_000, "五轴全挂汽车列车"),
    (6, ARTICULATED, None, 2, 49_000, "六轴及以上铰接列车（牵引车驱动轴为双轴）"),
    (6, ARTICULATED, None, 1, 46_000, "六轴及以上铰接列车（牵引车驱动轴为单轴）"),
    (6, CENTRE_AXLE, None, 2, 49_000, "六轴及以上中置轴挂车列车（牵引车驱动轴为双轴）"),
    (6, CENTRE_AXLE, None, 1, 46_000, "六轴及以上中置轴挂车列车（牵引车驱动轴为单轴）"),
    (6, FULL_TRAILER, None, 2, 49_000, "六轴及以上全挂汽车列车（牵引车驱动轴为双轴）"),
    (6, FULL_TRAILER, None, 1, 46_000, "六轴及以上全挂汽车列车（牵引车驱动轴为单轴）"),
    (7, ARTICULATED, None, 2, 49_000, "六轴及以上铰接列车"),
    (7, ARTICULATED, None, 1, 46_000, "六轴及以上铰接列车"),
    (9, FULL_TRAILER, None, 2, 49_000, "六轴及以上全挂汽车列车"),
]


@pytest.mark.parametrize(("axles", "combination", "layout", "drive", "limit_kg", "words"), CELLS)
def test_cell(axles, combination, layout, drive, limit_kg, words):
    limit = limit_for(Vehicle(axles, combination, layout=layout, drive_axles=drive), ON)
    assert limit.limit_kg == limit_kg
    assert "交公路发〔2016〕124号" in limit.clause
    assert words in limit.clause
    assert f"{limit_kg // 1000}吨" in limit.clause
    assert limit.assumed == ()
    assert limit.notes == ()
    assert limit.rule_pack == "cn-2016.1" == RULE_PACK


@pytest.mark.parametrize(
    ("axles", "combination"),
    [
        (2, ARTICULATED),
        (2, CENTRE_AXLE),
        (2, FULL_TRAILER),
        (3, FULL_TRAILER),
        (5, RIGID),
        (6, RIGID),
        (9, RIGID),
    ],
)
def test_empty_cells_refer_to_gb_1589(axles, combination):
    with pytest.raises(NotInTable, match="GB 1589-2016") as refusal:
        limit_for(Vehicle(axles, combination), ON)
    assert isinstance(refusal.value, LookupError)
    assert combination.zh in refusal.value.zh


def test_every_place_of_the_table_is_either_tested_or_empty():
    filled = {(axles, combination) for axles, combination, *_ in CELLS}
    for axles in range(2, 7):
        for combination in Combination:
            try:
                limit_for(Vehicle(axles, combination), ON)
            except NotInTable:
                assert (axles, combination) not in filled
            else:
                assert (axles, combination) in filled


def test_an_odd_layout_leaves_a_rigid_truck_its_limit():
    for layout in [(1, 3), (2, 2), (1, 1, 1, 1), (4,)]:
        limit = limit_for(Vehicle(4, RIGID, layout=layout), ON)
        assert (limit.limit_kg, limit.assumed) == (31_000, ())


def test_the_commonest_mistake_is_not_made():
    """Axle count alone would give 27 t and 36 t to the trucks that leave a mine."""
    assert limit_for(Vehicle(3, RIGID), ON).limit_kg == 27_000 - 2_000
    assert limit_for(Vehicle(4, RIGID), ON).limit_kg == 36_000 - 5_000


def test_in_force_from_its_first_day():
    assert limit_for(Vehicle(3, RIGID), datetime.date(2016, 9, 21)).limit_kg == 25_000


def test_no_table_before_its_first_day():
    with pytest.raises(NotInForce, match="2016-09-21"):
        limit_for(Vehicle(3, RIGID), datetime.date(2016, 9, 20))


def test_an_instant_is_not_a_day():
    noon = datetime.datetime(2024, 9, 15, 12, tzinfo=datetime.UTC)
    with pytest.raises(TypeError, match="calendar date"):
        limit_for(Vehicle(3, RIGID), noon)


def test_a_new_law_is_new_data():
    from dataclasses import replace

    from hengyuan.law.rule_packs import CN_2016_1, Cell

    later = replace(
        CN_2016_1,
        version="cn-2030.1",
        effective_from=datetime.date(2030, 1, 1),
        cells=(Cell(3, RIGID, 26_500, ""),),
    )
    packs = (later, CN_2016_1)
    assert pack_for(datetime.date(2029, 12, 31), packs) is CN_2016_1
    limit = limit_for(Vehicle(3, RIGID), datetime.date(2030, 1, 1), packs)
    assert (limit.limit_kg, limit.rule_pack) == (26_500, "cn-2030.1")
    assert "26.5吨" in limit.clause
