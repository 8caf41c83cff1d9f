"""Unknown facts: the lowest limit that remains possible, and the record that it was assumed."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hengyuan.law.limits import NotInTable, limit_for
from hengyuan.law.vehicles import Combination, Vehicle
from tests.law.strategies import ON, layouts_of, vehicles

ARTICULATED = Combination.ARTICULATED
CENTRE_AXLE = Combination.CENTRE_AXLE


@pytest.mark.parametrize(
    ("facts", "limit_kg", "assumed"),
    [
        ({"axles": 2}, 18_000, ("combination",)),
        ({"axles": 3}, 25_000, ("combination",)),
        ({"axles": 4}, 31_000, ("combination",)),
        ({"axles": 5}, 42_000, ("combination", "layout")),
        ({"axles": 5, "layout": (1, 2, 2)}, 43_000, ("combination",)),
        ({"axles": 5, "layout": (1, 1, 3)}, 42_000, ("combination",)),
        ({"axles": 6}, 46_000, ("combination", "drive_axles")),
        ({"axles": 6, "drive_axles": 2}, 49_000, ("combination",)),
        ({"axles": 8}, 46_000, ("combination", "drive_axles")),
        ({"axles": 5, "combination": ARTICULATED}, 42_000, ("layout",)),
        ({"axles": 4, "combination": CENTRE_AXLE}, 35_000, ("layout",)),
        ({"axles": 6, "combination": ARTICULATED}, 46_000, ("drive_axles",)),
        ({"axles": 6, "combination": CENTRE_AXLE}, 46_000, ("drive_axles",)),
        ({"axles": 6, "combination": Combination.FULL_TRAILER}, 46_000, ("drive_axles",)),
    ],
)
def test_the_lower_limit_applies_and_says_so(facts, limit_kg, assumed):
    limit = limit_for(Vehicle(**facts), ON)
    assert (limit.limit_kg, limit.assumed) == (limit_kg, assumed)


def test_a_layout_that_no_picture_shows_takes_the_lower_one():
    limit = limit_for(Vehicle(4, CENTRE_AXLE, layout=(1, 1, 1, 1)), ON)
    assert (limit.limit_kg, limit.assumed) == (35_000, ("layout",))


def test_with_unknown_combination_the_air_sprung_rigid_truck_is_still_the_lowest():
    limit = limit_for(Vehicle(4, dual_tyres=True, air_suspension=True), ON)
    assert (limit.limit_kg, limit.assumed) == (32_000, ("combination",))


def known_values(vehicle: Vehicle, fact: str):
    """Every value that the fact could turn out to have."""
    match fact:
        case "combination":
            return list(Combination)
        case "layout":
            return layouts_of(vehicle.axles)
        case "drive_axles":
            return list(range(1, vehicle.axles + 1))
        case "dual_tyres" | "air_suspension":
            return [False, True]
        case "trailer_axle_spacing_mm":
            return [900, 1_300, 1_799, 1_800, 3_000]
    raise AssertionError(fact)


@given(
    vehicles(),
    st.sampled_from(
        [
            "combination",
            "layout",
            "drive_axles",
            "dual_tyres",
            "air_suspension",
            "trailer_axle_spacing_mm",
        ]
    ),
    st.data(),
)
def test_not_knowing_a_fact_never_raises_the_limit(vehicle, fact, data):
    value = data.draw(st.sampled_from(known_values(vehicle, fact)))
    unknown = replace(vehicle, **{fact: None})
    try:
        known = limit_for(replace(vehicle, **{fact: value}), ON).limit_kg
    except (NotInTable, ValueError):
        assume(False)
    assert limit_for(unknown, ON).limit_kg <= known


@given(vehicles())
def test_assumed_names_unknown_facts_only_and_the_combination_always(vehicle):
    try:
        limit = limit_for(vehicle, ON)
    except NotInTable:
        assume(False)
    assert ("combination" in limit.assumed) is (vehicle.combination is None)
    if "drive_axles" in limit.assumed:
        assert vehicle.drive_axles is None
    if "layout" in limit.assumed and vehicle.layout is not None:
        assert (vehicle.axles, vehicle.layout) not in {(4, (1, 1, 2)), (4, (1, 2, 1))}
        assert vehicle.axles == 4


@given(vehicles(), st.integers(0, 10))
def test_more_missing_tyres_never_raise_the_limit(vehicle, fewer):
    fewest = max(0, vehicle.missing_tyres - 2 * fewer)
    try:
        limit = limit_for(vehicle, ON)
    except NotInTable:
        assume(False)
    assert limit.limit_kg <= limit_for(replace(vehicle, missing_tyres=fewest), ON).limit_kg


@given(vehicles())
def test_every_limit_is_within_the_table(vehicle):
    try:
        limit = limit_for(vehicle, ON)
    except NotInTable:
        assume(False)
    assert 0 < limit.limit_kg <= 49_000
    assert limit.clause
    assert limit.rule_pack == "cn-2016.1"
