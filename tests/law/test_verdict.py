"""Overload, overload rate, bands, tolerance, lists, fines, dimensions."""

from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hengyuan.law.bands import MONTHLY_REPORT_BOUNDS_BP
from hengyuan.law.limits import NotInTable
from hengyuan.law.penalties import (
    FineSettings,
    OuterLimits,
    dimension_overruns,
    fine_information,
    outer_limits,
)
from hengyuan.law.vehicles import Combination, Vehicle
from hengyuan.law.verdict import (
    DEFAULT_BANDS,
    JudgeSettings,
    bands_of,
    heavy_list,
    judge,
    overload_rate_bp,
)
from tests.law.strategies import ON, masses_kg, vehicles

RIGID_4 = Vehicle(4, Combination.RIGID)


def test_a_mine_truck_of_36_t():
    judgement = judge(RIGID_4, 36_000, ON)
    assert judgement.limit_kg == 31_000
    assert judgement.overload_kg == 5_000
    assert judgement.overload_rate_bp == 1_613
    assert judgement.overload_rate == "16.13"
    assert judgement.band == "10-30"
    assert judgement.over is True
    assert judgement.verdict == "over"
    assert judgement.clause == judgement.limit.clause
    assert judgement.assumed is False
    assert judgement.assumed_facts == ()


def test_exactly_at_the_limit_passes():
    judgement = judge(RIGID_4, 31_000, ON)
    assert (judgement.overload_kg, judgement.overload_rate) == (0, "0.00")
    assert (judgement.band, judgement.verdict) == ("none", "pass")


def test_one_kilogram_above_is_over_and_in_a_band_though_its_rate_reads_nought():
    judgement = judge(RIGID_4, 31_001, ON)
    assert (judgement.overload_kg, judgement.overload_rate) == (1, "0.00")
    assert (judgement.band, judgement.verdict) == ("0-10", "over")


def test_an_assumed_limit_is_said_to_be_assumed():
    judgement = judge(Vehicle(4), 36_000, ON)
    assert judgement.assumed is True
    assert judgement.assumed_facts == ("combination",)


@pytest.mark.parametrize(
    ("gross_kg", "rate", "band"),
    [
        (34_100, "10.00", "0-10"),
        (34_104, "10.01", "10-30"),
        (40_300, "30.00", "10-30"),
        (40_304, "30.01", "30-50"),
        (46_500, "50.00", "30-50"),
        (46_504, "50.01", "50-100"),
        (62_000, "100.00", "50-100"),
        (62_004, "100.01", "100+"),
        (124_000, "300.00", "100+"),
    ],
)
def test_band_edges_belong_to_the_lighter_band(gross_kg, rate, band):
    judgement = judge(RIGID_4, gross_kg, ON)
    assert (judgement.overload_rate, judgement.band) == (rate, band)


def test_the_rate_is_rounded_half_up():
    assert overload_rate_bp(1, 20_000) == 1  # 0.5 of 0.01 %
    assert overload_rate_bp(1, 20_001) == 0
    assert overload_rate_bp(3, 20_000) == 2  # 1.5 of 0.01 %


@given(st.integers(0, 200_000), st.integers(1, 49_000))
def test_the_rate_is_the_nearest_hundredth_of_a_per_cent(overload_kg, limit_kg):
    exact = Fraction(10_000 * overload_kg, limit_kg)
    assert abs(overload_rate_bp(overload_kg, limit_kg) - exact) <= Fraction(1, 2)


def band_rank(band):
    return [each.id for each in DEFAULT_BANDS].index(band)


@given(vehicles(), masses_kg, masses_kg)
def test_more_mass_never_means_a_lighter_verdict(vehicle, one_kg, other_kg):
    lighter_kg, heavier_kg = sorted((one_kg, other_kg))
    try:
        lighter, heavier = judge(vehicle, lighter_kg, ON), judge(vehicle, heavier_kg, ON)
    except NotInTable:
        assume(False)
    assert lighter.overload_kg <= heavier.overload_kg
    assert lighter.overload_rate_bp <= heavier.overload_rate_bp
    assert band_rank(lighter.band) <= band_rank(heavier.band)
    assert lighter.over <= heavier.over


@given(vehicles(), masses_kg)
def test_over_band_and_overload_agree(vehicle, gross_kg):
    try:
        judgement = judge(vehicle, gross_kg, ON)
    except NotInTable:
        assume(False)
    assert judgement.over == (judgement.band != "none") == (gross_kg > judgement.limit_kg)
    assert judgement.overload_kg == max(0, gross_kg - judgement.limit_kg)


@pytest.mark.parametrize("gross_kg", [-1, 31.5, "31000", True, None])
def test_rubbish_is_no_mass(gross_kg):
    with pytest.raises(ValueError, match="gross_kg"):
        judge(RIGID_4, gross_kg, ON)


class TestTolerance:
    BASIS = "某县治超办〔2024〕1号(虚构)"

    def test_it_needs_a_basis(self):
        for tolerance in ({"tolerance_kg": 60}, {"tolerance_bp": 100}):
            with pytest.raises(ValueError, match="tolerance_basis"):
                JudgeSettings(**tolerance)
            with pytest.raises(ValueError, match="tolerance_basis"):
                JudgeSettings(**tolerance, tolerance_basis="  ")

    @pytest.mark.parametrize(("gross_kg", "over"), [(31_060, False), (31_061, True)])
    def test_a_mass(self, gross_kg, over):
        settings = JudgeSettings(tolerance_kg=60, tolerance_basis=self.BASIS)
        assert judge(RIGID_4, gross_kg, ON, settings).over is over

    @pytest.mark.parametrize(("gross_kg", "over"), [(32_550, False), (32_551, True)])
    def test_a_share_of_the_limit(self, gross_kg, over):
        settings = JudgeSettings(tolerance_bp=500, tolerance_basis=self.BASIS)
        assert judge(RIGID_4, gross_kg, ON, settings).over is over

    def test_the_larger_of_both_counts(self):
        settings = JudgeSettings(tolerance_kg=60, tolerance_bp=500, tolerance_basis=self.BASIS)
        assert settings.tolerance_at_kg(31_000) == 1_550
        assert settings.tolerance_at_kg(1_000) == 60

    def test_it_changes_the_verdict_and_nothing_else(self):
        settings = JudgeSettings(tolerance_kg=60, tolerance_basis=self.BASIS)
        judgement = judge(RIGID_4, 31_050, ON, settings)
        assert judgement.verdict == "pass"
        assert (judgement.overload_kg, judgement.overload_rate) == (50, "0.16")
        assert judgement.band == "0-10"

    @pytest.mark.parametrize("field", ["tolerance_kg", "tolerance_bp"])
    def test_it_is_not_negative(self, field):
        with pytest.raises(ValueError, match=field):
            JudgeSettings(**{field: -1}, tolerance_basis=self.BASIS)


class TestBands:
    def test_the_default_ids(self):
        assert [band.id for band in DEFAULT_BANDS] == [
            "none",
            "0-10",
            "10-30",
            "30-50",
            "50-100",
            "100+",
        ]
        assert DEFAULT_BANDS[2].zh == "超限10%~30%"

    def test_bands_are_a_setting(self):
        settings = JudgeSettings(bands=MONTHLY_REPORT_BOUNDS_BP)
        assert judge(RIGID_4, 40_000, ON, settings).band == "20-50"
        assert judge(RIGID_4, 180_000, ON, settings).band == "450+"

    def test_half_per_cents_are_written_out(self):
        assert [band.id for band in bands_of((1_550,))] == ["none", "0-15.5", "15.5+"]

    @pytest.mark.parametrize("bounds", [(), (0, 1_000), (3_000, 1_000), (1_000, 1_000), (10.0,)])
    def test_bounds_out_of_order_are_refused(self, bounds):
        with pytest.raises(ValueError, match="bound"):
            JudgeSettings(bands=bounds)


@pytest.mark.parametrize(
    ("gross_kg", "listed"),
    [
        (79_999, None),
        (80_000, "80t"),
        (89_999, "80t"),
        (90_000, "90t"),
        (99_999, "90t"),
        (100_000, "100t"),
        (143_200, "100t"),
    ],
)
def test_heavy_lists_are_kept_apart(gross_kg, listed):
    assert heavy_list(gross_kg) == listed


def test_heavy_lists_are_a_setting():
    assert heavy_list(75_000, lists_kg=(70_000,)) == "70t"


class TestFineInformation:
    @pytest.mark.parametrize(
        ("overload_kg", "kind", "yuan"),
        [
            (0, "none", 0),
            (1, "warning", 0),
            (1_000, "warning", 0),
            (1_001, "fine", 500),
            (1_999, "fine", 500),
            (2_000, "fine", 1_000),
            (59_999, "fine", 29_500),
            (60_000, "fine", 30_000),
            (90_000, "fine", 30_000),
        ],
    )
    def test_article_43(self, overload_kg, kind, yuan):
        fine = fine_information(overload_kg)
        assert (fine.kind, fine.yuan) == (kind, yuan)
        assert "第四十三条" in fine.clause

    def test_a_begun_thousand_is_a_setting(self):
        settings = FineSettings(partial_step="count")
        assert fine_information(1_001, settings).yuan == 1_000
        assert fine_information(2_000, settings).yuan == 1_000
        with pytest.raises(ValueError, match="partial_step"):
            FineSettings(partial_step="round")


class TestOuterDimensions:
    def test_within_the_limits(self):
        assert dimension_overruns(4_000, 2_550, 18_100) == ()
        assert dimension_overruns() == ()

    def test_each_dimension_above_its_limit(self):
        overruns = dimension_overruns(4_400, 2_551, 18_200)
        assert [(each.dimension, each.over_mm) for each in overruns] == [
            ("height", 400),
            ("width", 1),
            ("length", 100),
        ]
        assert overruns[0].over_rate_bp == 1_000
        assert "第三条" in overruns[0].clause

    def test_what_gb_1589_widens(self):
        train = outer_limits(Combination.CENTRE_AXLE)
        assert dimension_overruns(length_mm=20_000, limits=train) == ()
        assert dimension_overruns(length_mm=20_001, limits=train)[0].limit_mm == 20_000
        assert outer_limits(Combination.FULL_TRAILER).length_mm == 20_000
        assert outer_limits(Combination.ARTICULATED).length_mm == 18_100
        assert outer_limits(refrigerated=True).width_mm == 2_600
        assert outer_limits() == OuterLimits(4_000, 2_550, 18_100)
