"""A vehicle refuses facts that cannot be, and says which and why, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.law.vehicles import (
    Combination,
    InvalidVehicle,
    Vehicle,
    format_layout,
    parse_layout,
)

RIGID = Combination.RIGID


@pytest.mark.parametrize(
    ("facts", "says", "zh"),
    [
        ({"axles": 0}, "axles must be 2 to 40, got 0", "轴数应为 2 至 40"),
        ({"axles": 1}, "axles must be 2 to 40, got 1", "轴数"),
        ({"axles": -3}, "axles must be", "轴数"),
        ({"axles": 41}, "axles must be", "轴数"),
        ({"axles": 2.0}, "axles must be a whole number", "轴数应为整数"),
        ({"axles": True}, "axles must be a whole number", "轴数应为整数"),
        ({"axles": "4"}, "axles must be a whole number", "轴数应为整数"),
        ({"axles": 5, "layout": (1, 1, 2)}, "4 axles, but 5 axles", "合计 4 轴"),
        ({"axles": 3, "layout": (1, 0, 2)}, "group without axles", "轴数为 0"),
        ({"axles": 3, "layout": ()}, "0 axles, but 3", "合计 0 轴"),
        ({"axles": 3, "layout": ("1", 2)}, "layout must be a whole number", "轴组布置"),
        ({"axles": 3, "drive_axles": 0}, "drive_axles must be 1 to 3", "驱动轴数"),
        ({"axles": 3, "drive_axles": 4}, "drive_axles must be 1 to 3", "驱动轴数"),
        ({"axles": 3, "missing_tyres": -2}, "missing_tyres must be 0 to 2", "轮胎数"),
        ({"axles": 3, "missing_tyres": 4}, "missing_tyres must be 0 to 2", "轮胎数"),
        ({"axles": 4, "missing_tyres": 3}, "missing_tyres must be even", "偶数"),
        ({"axles": 2, "licensed_total_kg": 0}, "licensed_total_kg must be above 0", "行驶证"),
        ({"axles": 4, "drive_tyre_width_mm": -1}, "drive_tyre_width_mm must be", "驱动轴轮胎"),
        (
            {"axles": 4, "combination": RIGID, "trailer_axle_spacing_mm": 1_800},
            "rigid truck has no trailer",
            "没有挂车",
        ),
        (
            {"axles": 4, "combination": RIGID, "trailer_tyre_width_mm": 425},
            "rigid truck has no trailer",
            "没有挂车",
        ),
    ],
)
def test_impossible_facts(facts, says, zh):
    with pytest.raises(InvalidVehicle, match=says) as refusal:
        Vehicle(**facts)
    assert isinstance(refusal.value, ValueError)
    assert zh in refusal.value.zh


def test_plain_values_from_a_record_become_what_they_mean():
    vehicle = Vehicle(5, "articulated", layout=[1, 1, 3])
    assert vehicle.combination is Combination.ARTICULATED
    assert vehicle.layout == (1, 1, 3)
    assert vehicle == Vehicle(5, Combination.ARTICULATED, layout=(1, 1, 3))


def test_an_unknown_combination_is_none_not_a_new_word():
    with pytest.raises(ValueError, match="lorry"):
        Vehicle(4, "lorry")


@pytest.mark.parametrize(
    ("text", "layout"),
    [("1+1+3", (1, 1, 3)), (" 1 + 2 + 3 ", (1, 2, 3)), ("1＋2", (1, 2)), ("2", (2,))],
)
def test_layouts_are_read(text, layout):
    assert parse_layout(text) == layout


@pytest.mark.parametrize(
    "text", ["", "+", "1+", "1++2", "1-2", "1+0", "1+x", "1+-2", "1+²", "1+１", "1+100", "a" * 500]
)
def test_rubbish_is_no_layout(text):
    with pytest.raises(InvalidVehicle, match=r"like 1\+1\+3") as refusal:
        parse_layout(text)
    assert len(str(refusal.value)) < 200


@given(st.lists(st.integers(1, 9), min_size=1, max_size=8).map(tuple))
def test_layouts_make_the_round_trip(layout):
    assert parse_layout(format_layout(layout)) == layout
