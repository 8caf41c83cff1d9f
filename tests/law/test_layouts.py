"""From spacings and digit codes to layout, combination and missing tyres."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hengyuan.law.axle_limits import AxleLimits, axle_group_limit_kg, axle_limits_sum_kg
from hengyuan.law.layouts import (
    AxleGroup,
    LayoutSettings,
    combination_from_layout,
    groups_from_axle_code,
    groups_from_spacings,
    layout_from_axle_code,
    missing_tyres,
)
from hengyuan.law.vehicles import Combination

RIGID = Combination.RIGID
ARTICULATED = Combination.ARTICULATED
CENTRE_AXLE = Combination.CENTRE_AXLE


@pytest.mark.parametrize(
    ("spacings_mm", "layout"),
    [
        ([5_600], (1, 1)),
        ([3_800, 1_350], (1, 2)),
        ([1_950, 3_200, 1_350], (1, 1, 2)),
        ([1_700, 3_200, 1_350], (2, 2)),
        ([3_790, 6_310, 1_310, 1_310], (1, 1, 3)),
        ([3_300, 1_350, 7_000, 1_310, 1_310], (1, 2, 3)),
        ([3_500, 6_000, 1_799], (1, 1, 2)),
        ([3_500, 6_000, 1_800], (1, 1, 1, 1)),
    ],
)
def test_spacings_make_groups(spacings_mm, layout):
    assert groups_from_spacings(spacings_mm) == layout


def test_the_largest_spacing_of_a_group_is_a_setting():
    assert groups_from_spacings([3_500, 6_000, 1_850], tandem_max_mm=1_900) == (1, 1, 2)


@given(st.lists(st.integers(1, 20_000), min_size=1, max_size=12))
def test_every_axle_is_in_a_group(spacings_mm):
    assert sum(groups_from_spacings(spacings_mm)) == len(spacings_mm) + 1


@pytest.mark.parametrize("spacings_mm", [[], [3_000, 0], [-1]])
def test_impossible_spacings(spacings_mm):
    with pytest.raises(ValueError, match="distance"):
        groups_from_spacings(spacings_mm)


@pytest.mark.parametrize(
    ("layout", "combination"),
    [
        ((1, 1), RIGID),
        ((2,), RIGID),
        ((1, 2), RIGID),
        ((2, 1), RIGID),
        ((2, 2), RIGID),
        ((1, 3), RIGID),
        ((1, 1, 3), ARTICULATED),
        ((1, 2, 3), ARTICULATED),
        ((1, 1, 1), None),
        ((1, 1, 2), None),
        ((1, 2, 1), None),
        ((1, 2, 2), None),
        ((1, 1, 1, 1), None),
        ((1, 2, 1, 2), None),
        ((2, 3), None),
        ((3, 1), None),
    ],
)
def test_what_a_layout_alone_says(layout, combination):
    assert combination_from_layout(layout) is combination


@pytest.mark.parametrize(
    ("spacings_mm", "combination"),
    [
        ([5_600], RIGID),  # two axles
        ([3_800, 1_350], RIGID),  # 6×4 tipper
        ([1_950, 4_000], RIGID),  # twin-steered three-axle truck
        ([1_950, 3_200, 1_350], RIGID),  # 8×4 tipper
        ([3_400, 6_200], ARTICULATED),  # tractor, one-axle semi-trailer
        ([3_500, 6_200, 1_310], ARTICULATED),  # 1+1+2
        ([3_500, 6_000, 1_850], ARTICULATED),  # spread bogie
        ([3_790, 6_310, 1_310, 1_310], ARTICULATED),  # 1+1+3
        ([3_300, 1_350, 7_000, 1_310, 1_310], ARTICULATED),  # 1+2+3
        ([1_900, 2_600, 6_000, 1_310, 1_310], ARTICULATED),  # twin-steered tractor
        ([5_800, 5_200, 1_310], None),  # a long truck with a centre-axle trailer, or a long nose
        ([3_500, 5_000, 5_500], None),  # full trailer
        ([1_950, 3_200, 1_350, 1_350], None),  # five-axle rigid truck: not in the table
    ],
)
def test_what_the_distances_say(spacings_mm, combination):
    layout = groups_from_spacings(spacings_mm)
    assert combination_from_layout(layout, spacings_mm) is combination


def test_an_8x4_tipper_and_a_semi_trailer_train_share_a_layout_but_not_a_limit():
    tipper, train = [1_950, 3_200, 1_350], [3_500, 6_200, 1_310]
    assert groups_from_spacings(tipper) == groups_from_spacings(train) == (1, 1, 2)
    assert combination_from_layout((1, 1, 2), tipper) is RIGID
    assert combination_from_layout((1, 1, 2), train) is ARTICULATED


def test_distances_must_fit_the_layout():
    with pytest.raises(ValueError, match="3 distances"):
        combination_from_layout((1, 1, 2), [3_500, 6_200])


def test_the_thresholds_are_settings():
    long_nose = [5_000, 6_200, 1_310]
    assert combination_from_layout((1, 1, 2), long_nose) is None
    wider = LayoutSettings(tractor_wheelbase_max_mm=5_200)
    assert combination_from_layout((1, 1, 2), long_nose, wider) is ARTICULATED
    with pytest.raises(ValueError, match="cluster_max_mm"):
        LayoutSettings(cluster_max_mm=4_200)


class TestAxleCodes:
    def test_one_train_read_two_ways(self):
        assert layout_from_axle_code("157") == layout_from_axle_code("159") == (1, 2, 3)

    @pytest.mark.parametrize(
        ("digit", "axles", "single"),
        [
            ("1", 1, 1),
            ("2", 1, 0),
            ("3", 2, 2),
            ("4", 2, 1),
            ("5", 2, 0),
            ("6", 3, 3),
            ("7", 3, 0),
            ("8", 3, 1),
            ("9", 3, 0),
        ],
    )
    def test_every_digit(self, digit, axles, single):
        (group,) = groups_from_axle_code(digit)
        assert (group.axles, group.single_tyred_axles) == (axles, single)

    @pytest.mark.parametrize("code", ["", "10", "1a7", "１5", "-1", "1 5"])
    def test_rubbish_is_no_code(self, code):
        with pytest.raises(ValueError, match="axle code"):
            groups_from_axle_code(code)

    @pytest.mark.parametrize(
        ("code", "combination", "missing"),
        [
            ("157", ARTICULATED, 0),
            ("156", ARTICULATED, 6),
            ("126", ARTICULATED, 6),
            ("123", ARTICULATED, 4),
            ("121", ARTICULATED, 2),
            ("1411", ARTICULATED, 6),  # tag axle of the tractor and two trailer axles
            ("15", RIGID, 0),
            ("13", RIGID, 0),  # all single: the drive axles are excepted
            ("14", RIGID, 2),  # dual drive axle, single-tyred tag axle
            ("35", RIGID, 0),  # steering axles never count
            ("1521", CENTRE_AXLE, 2),
        ],
    )
    def test_tyres_that_note_2_counts(self, code, combination, missing):
        assert missing_tyres(groups_from_axle_code(code), combination) == missing

    def test_unknown_tyres_are_not_missing(self):
        groups = [AxleGroup(1), AxleGroup(2), AxleGroup(3)]
        assert missing_tyres(groups, ARTICULATED) == 0

    def test_where_the_trailer_begins_can_be_said(self):
        groups = groups_from_axle_code("1121")
        assert missing_tyres(groups, ARTICULATED, truck_groups=3) == 2


class TestAxleLimits:
    @pytest.mark.parametrize(
        ("group", "limit_kg"),
        [
            (AxleGroup(1), 7_000),
            (AxleGroup(1, single_tyred_axles=1), 7_000),
            (AxleGroup(1, single_tyred_axles=0), 10_000),
            (AxleGroup(1, single_tyred_axles=0, drive=True), 11_500),
            (AxleGroup(2), 11_500),
            (AxleGroup(2, spacing_mm=999), 11_500),
            (AxleGroup(2, spacing_mm=1_000), 16_000),
            (AxleGroup(2, spacing_mm=1_299), 16_000),
            (AxleGroup(2, spacing_mm=1_300), 18_000),
            (AxleGroup(2, 0, spacing_mm=1_350, drive=True, air_suspension=True), 19_000),
            (AxleGroup(2, 0, spacing_mm=1_350, drive=False, air_suspension=True), 18_000),
            (AxleGroup(2, None, spacing_mm=1_350, drive=True, air_suspension=True), 18_000),
            (AxleGroup(3), 21_000),
            (AxleGroup(3, spacing_mm=1_300), 21_000),
            (AxleGroup(3, spacing_mm=1_301), 24_000),
        ],
    )
    def test_each_group(self, group, limit_kg):
        assert axle_group_limit_kg(group) == limit_kg

    def test_the_sum_of_an_eight_by_four(self):
        groups = [
            AxleGroup(1, 1),
            AxleGroup(1, 1),
            AxleGroup(2, 0, spacing_mm=1_350, drive=True),
        ]
        assert axle_limits_sum_kg(groups) == 32_000

    def test_the_figures_are_a_setting(self):
        assert axle_limits_sum_kg([AxleGroup(1)], AxleLimits(single_kg=6_500)) == 6_500

    def test_what_has_no_figure(self):
        with pytest.raises(ValueError, match="4 axles"):
            axle_limits_sum_kg([AxleGroup(4)])
        with pytest.raises(ValueError, match="two single axles"):
            axle_limits_sum_kg([AxleGroup(2, spacing_mm=1_800)])
        with pytest.raises(ValueError, match="no axle groups"):
            axle_limits_sum_kg([])

    def test_groups_check_themselves(self):
        with pytest.raises(ValueError, match="at least one axle"):
            AxleGroup(0)
        with pytest.raises(ValueError, match="single_tyred_axles"):
            AxleGroup(2, single_tyred_axles=3)
