"""Every note (备注) to the limit table, each with its number."""

import pytest

from hengyuan.law.limits import NotInTable, limit_for
from hengyuan.law.vehicles import Combination, Vehicle
from tests.law.strategies import ON

RIGID = Combination.RIGID
ARTICULATED = Combination.ARTICULATED
CENTRE_AXLE = Combination.CENTRE_AXLE
FULL_TRAILER = Combination.FULL_TRAILER


def limit(*args, **facts):
    return limit_for(Vehicle(*args, **facts), ON)


class TestNote1LicensedTotal:
    def test_a_two_axle_truck_never_above_its_licence(self):
        found = limit(2, RIGID, licensed_total_kg=16_000)
        assert found.limit_kg == 16_000
        assert [note[:3] for note in found.notes] == ["备注1"]

    def test_a_licence_above_18_t_raises_nothing(self):
        found = limit(2, RIGID, licensed_total_kg=18_500)
        assert (found.limit_kg, found.notes) == (18_000, ())

    def test_other_rows_do_not_look_at_the_licence(self):
        assert limit(3, RIGID, licensed_total_kg=20_000).limit_kg == 25_000

    def test_the_combination_need_not_be_known(self):
        found = limit(2, licensed_total_kg=12_000)
        assert (found.limit_kg, found.assumed) == (12_000, ("combination",))


class TestNote2MissingTyres:
    @pytest.mark.parametrize(
        ("combination", "axles", "drive", "missing", "limit_kg"),
        [
            (ARTICULATED, 6, 2, 2, 46_000),
            (ARTICULATED, 6, 2, 6, 40_000),
            (ARTICULATED, 6, 1, 6, 37_000),
            (ARTICULATED, 3, 1, 2, 24_000),
            (CENTRE_AXLE, 5, 2, 4, 37_000),
            (FULL_TRAILER, 4, 1, 4, 30_000),
            (RIGID, 3, 1, 2, 22_000),
        ],
    )
    def test_three_tonnes_for_every_two_tyres(self, combination, axles, drive, missing, limit_kg):
        found = limit(axles, combination, drive_axles=drive, missing_tyres=missing)
        assert found.limit_kg == limit_kg
        assert [note[:3] for note in found.notes] == ["备注2"]
        assert f"减少{missing // 2 * 3}吨" in found.notes[0]

    def test_nothing_is_deducted_for_tyres_nobody_looked_at(self):
        assert limit(6, ARTICULATED, drive_axles=2).limit_kg == 49_000

    def test_single_tyres_on_the_drive_axles_are_excepted(self):
        assert limit(6, ARTICULATED, drive_axles=2, dual_tyres=False).limit_kg == 49_000

    def test_a_deduction_that_eats_the_whole_limit_is_no_limit(self):
        with pytest.raises(NotInTable, match="GB 1589-2016"):
            limit(20, ARTICULATED, drive_axles=2, missing_tyres=34)


class TestNote3WideTyres:
    def test_no_deduction_for_a_trailer_on_tyres_of_425_mm(self):
        found = limit(6, ARTICULATED, drive_axles=2, missing_tyres=6, trailer_tyre_width_mm=425)
        assert found.limit_kg == 49_000
        assert [note[:3] for note in found.notes] == ["备注3"]

    def test_424_mm_is_not_wide(self):
        found = limit(6, ARTICULATED, drive_axles=2, missing_tyres=6, trailer_tyre_width_mm=424)
        assert found.limit_kg == 40_000

    @pytest.mark.parametrize(("width_mm", "limit_kg"), [(445, 25_000), (444, 22_000)])
    def test_no_deduction_for_a_truck_with_445_mm_on_its_drive_axle(self, width_mm, limit_kg):
        assert limit(3, RIGID, missing_tyres=2, drive_tyre_width_mm=width_mm).limit_kg == limit_kg

    def test_nor_for_the_train_that_it_draws(self):
        found = limit(5, CENTRE_AXLE, missing_tyres=4, drive_tyre_width_mm=445)
        assert found.limit_kg == 43_000

    def test_without_missing_tyres_the_note_is_not_quoted(self):
        assert limit(5, CENTRE_AXLE, trailer_tyre_width_mm=425).notes == ()


class TestNote4AirSuspension:
    @pytest.mark.parametrize(("axles", "limit_kg"), [(3, 26_000), (4, 32_000)])
    def test_one_tonne_more_for_rigid_trucks(self, axles, limit_kg):
        found = limit(axles, RIGID, dual_tyres=True, air_suspension=True)
        assert found.limit_kg == limit_kg
        assert [note[:3] for note in found.notes] == ["备注4"]

    def test_not_for_two_axles(self):
        assert limit(2, RIGID, dual_tyres=True, air_suspension=True).limit_kg == 18_000

    @pytest.mark.parametrize(
        ("dual", "air"),
        [(True, None), (None, True), (True, False), (False, True), (None, None), (False, False)],
    )
    @pytest.mark.parametrize(("axles", "limit_kg"), [(3, 25_000), (4, 31_000)])
    def test_it_takes_both_facts(self, dual, air, axles, limit_kg):
        found = limit(axles, RIGID, dual_tyres=dual, air_suspension=air)
        assert (found.limit_kg, found.notes, found.assumed) == (limit_kg, (), ())

    @pytest.mark.parametrize(
        ("spacing_mm", "limit_kg"),
        [(1_800, 37_000), (2_400, 37_000), (1_799, 36_000), (None, 36_000)],
    )
    def test_37_t_for_a_four_axle_articulated_train_with_spread_axles(self, spacing_mm, limit_kg):
        found = limit(
            4,
            ARTICULATED,
            dual_tyres=True,
            air_suspension=True,
            trailer_axle_spacing_mm=spacing_mm,
        )
        assert found.limit_kg == limit_kg
        assert [note[:3] for note in found.notes] == (["备注4"] if limit_kg == 37_000 else [])

    @pytest.mark.parametrize(("dual", "air"), [(True, None), (None, True), (False, True)])
    def test_37_t_takes_tyres_and_suspension_too(self, dual, air):
        found = limit(
            4, ARTICULATED, dual_tyres=dual, air_suspension=air, trailer_axle_spacing_mm=1_850
        )
        assert found.limit_kg == 36_000

    @pytest.mark.parametrize(
        ("axles", "combination", "limit_kg"),
        [(3, ARTICULATED, 27_000), (4, FULL_TRAILER, 36_000), (5, CENTRE_AXLE, 43_000)],
    )
    def test_no_other_train_gains(self, axles, combination, limit_kg):
        found = limit(
            axles,
            combination,
            dual_tyres=True,
            air_suspension=True,
            trailer_axle_spacing_mm=1_850,
        )
        assert found.limit_kg == limit_kg

    def test_with_note_2_both_count(self):
        found = limit(
            4,
            ARTICULATED,
            dual_tyres=True,
            air_suspension=True,
            trailer_axle_spacing_mm=1_800,
            missing_tyres=4,
        )
        assert found.limit_kg == 37_000 - 6_000
        assert [note[:3] for note in found.notes] == ["备注4", "备注2"]
