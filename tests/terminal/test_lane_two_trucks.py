"""Two trucks on the scale at once, without sensors: no record has the weight of both."""

import pytest

from hengyuan.terminal.lane.phases import Phase
from hengyuan.terminal.lane.together import Together, behind, differ, fits, since_empty
from tests.terminal.lanes import Bench

FIRST_KG, SECOND_KG = 30_000, 24_000
BOTH_KG = FIRST_KG + SECOND_KG


@pytest.fixture
def bench():
    bench = Bench()
    bench.hold(0, 1.0)
    return bench


def weigh_first(bench, sum_kg=None):
    """A truck is weighed, recorded and told, and stays."""
    bench.camera("晋L00001")
    bench.ramp(0, FIRST_KG)
    bench.axles(3, sum_kg)
    bench.hold(FIRST_KG, 1.5)
    return bench.finish()


def creep_on(bench, from_kg, to_kg, sum_kg=None, whole=True):
    """A second one follows it onto the scale."""
    bench.camera("晋L22222")
    bench.ramp(from_kg, to_kg)
    if whole:
        bench.axles(4, sum_kg)
    bench.hold(to_kg, 3.0)


def weights(bench):
    return [passage.mass_kg for passage in bench.heard.completed]


# the second one comes before the first one's weight stands


def test_two_that_roll_on_together_are_not_weighed(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    bench.axles(3, FIRST_KG)
    creep_on(bench, 20_000, BOTH_KG, SECOND_KG)
    assert bench.heard.two == ["axles"]
    assert not bench.heard.completed
    assert bench.phase is Phase.SETTLING
    bench.hold(BOTH_KG, 600)
    assert not bench.heard.completed
    assert bench.heard.two == ["axles"]


def test_when_the_second_backs_off_the_first_is_weighed_with_its_own_plate_and_axles(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    bench.axles(3, FIRST_KG)
    creep_on(bench, 20_000, BOTH_KG, SECOND_KG)
    bench.ramp(BOTH_KG, FIRST_KG)
    bench.hold(FIRST_KG, 3.0)
    (passage,) = bench.heard.completed
    assert (passage.mass_kg, passage.plate, passage.axles.axles) == (FIRST_KG, "晋L00001", 3)
    assert bench.heard.left == ["first"]
    bench.finish()
    bench.drive_off(FIRST_KG)
    bench.ramp(0, SECOND_KG)
    bench.hold(SECOND_KG, 4.0)
    second = bench.heard.completed[1]
    assert (second.mass_kg, second.plate, second.axles.axles) == (SECOND_KG, "晋L22222", 4)


def test_when_the_first_leaves_unweighed_the_second_is_weighed_and_the_reason_stays(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    bench.axles(3, FIRST_KG)
    creep_on(bench, 20_000, BOTH_KG, SECOND_KG)
    bench.ramp(BOTH_KG, SECOND_KG)
    bench.hold(SECOND_KG, 3.0)
    (passage,) = bench.heard.completed
    assert (passage.mass_kg, passage.plate, passage.axles.axles) == (SECOND_KG, "晋L22222", 4)
    assert bench.heard.unweighed == ["left while two trucks stood on the scale"]


def test_when_both_leave_there_is_a_reason_and_no_plate_is_left_for_whoever_comes(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    creep_on(bench, 20_000, BOTH_KG)
    assert bench.heard.two == ["plates"]
    bench.drive_off(BOTH_KG)
    assert bench.heard.unweighed == ["two trucks stood on the scale"]
    assert bench.heard.left == ["none"]
    assert bench.phase is Phase.EMPTY
    bench.ramp(0, FIRST_KG)
    bench.hold(FIRST_KG, 3.0)
    assert bench.heard.completed[0].plate is None


def test_half_of_the_second_backing_off_is_not_the_first_alone(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    bench.axles(3, FIRST_KG)
    creep_on(bench, 20_000, BOTH_KG, SECOND_KG)
    bench.ramp(BOTH_KG, 38_000)
    bench.hold(38_000, 10.0)
    assert not bench.heard.completed
    bench.ramp(38_000, FIRST_KG)
    bench.hold(FIRST_KG, 3.0)
    assert weights(bench) == [FIRST_KG]


def test_without_masses_of_axles_nobody_is_guessed_to_be_alone(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    creep_on(bench, 20_000, BOTH_KG)
    bench.ramp(BOTH_KG, FIRST_KG)
    bench.hold(FIRST_KG, 30.0)
    assert not bench.heard.completed


# after the first one's weight stood, while its plate or axles are waited for


def test_one_that_follows_while_axles_are_waited_for_is_not_added(bench):
    bench.camera("晋L00001")
    bench.ramp(0, FIRST_KG)
    bench.hold(FIRST_KG, 1.2)
    assert bench.phase is Phase.WEIGHED
    creep_on(bench, FIRST_KG, 37_000, whole=False)
    assert bench.heard.two == ["plates"]
    assert not bench.heard.completed
    bench.ramp(37_000, FIRST_KG)
    bench.hold(FIRST_KG, 3.0)
    (passage,) = bench.heard.completed
    assert (passage.mass_kg, passage.plate) == (FIRST_KG, "晋L00001")


# after the first one's verdict


@pytest.mark.parametrize("sum_kg", [None, FIRST_KG])
def test_the_first_ones_record_stands_when_the_second_comes_and_backs_off(bench, sum_kg):
    first = weigh_first(bench, sum_kg)
    creep_on(bench, FIRST_KG, 37_000, whole=False)
    assert len(bench.heard.two) == 1
    bench.ramp(37_000, FIRST_KG)
    bench.hold(FIRST_KG, 3.0)
    assert weights(bench) == [FIRST_KG]
    assert bench.heard.again_ == [first]
    assert bench.phase is Phase.TOLD
    assert bench.heard.left == ["first"]


def test_the_second_is_weighed_once_the_first_has_driven_off(bench):
    first = weigh_first(bench, FIRST_KG)
    creep_on(bench, FIRST_KG, BOTH_KG, SECOND_KG)
    bench.ramp(BOTH_KG, SECOND_KG)
    bench.hold(SECOND_KG, 3.0)
    assert weights(bench) == [FIRST_KG, SECOND_KG]
    second = bench.heard.completed[1]
    assert (second.plate, second.corrects, second.axles.axles) == ("晋L22222", None, 4)
    assert bench.heard.gone == [first]
    assert bench.heard.left == ["second"]


def test_a_second_that_was_half_on_is_weighed_when_it_has_rolled_on_behind_the_first(bench):
    weigh_first(bench)
    creep_on(bench, FIRST_KG, 37_000, whole=False)
    bench.ramp(37_000, 7_000)
    bench.ramp(7_000, SECOND_KG)
    bench.axles(4)
    bench.hold(SECOND_KG, 3.0)
    assert weights(bench) == [FIRST_KG, SECOND_KG]
    assert bench.heard.completed[1].plate == "晋L22222"


def test_more_weight_under_a_truck_whose_axles_bore_all_of_it_is_another_one(bench):
    """Its camera is blind: the axles of the first alone say so."""
    weigh_first(bench, FIRST_KG)
    bench.ramp(FIRST_KG, 37_000)
    bench.hold(37_000, 5.0)
    assert bench.heard.two == ["axle_mass"]
    assert weights(bench) == [FIRST_KG]


def test_a_truck_that_was_half_on_is_weighed_anew_though_the_next_one_was_seen(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 12_000)
    bench.axles(6, 36_000)
    bench.hold(12_000, 1.5)
    first = bench.finish()
    bench.camera("晋L22222")
    bench.ramp(12_000, 36_000)
    bench.hold(36_000, 3.0)
    assert not bench.heard.two
    assert weights(bench) == [12_000, 36_000]
    assert bench.heard.completed[1].corrects == first.seq
    assert bench.heard.completed[1].plate == "晋L00001"


def test_two_of_one_weight_cannot_be_told_apart_and_are_not(bench):
    weigh_first(bench)
    creep_on(bench, FIRST_KG, 2 * FIRST_KG)
    bench.ramp(2 * FIRST_KG, FIRST_KG)
    bench.hold(FIRST_KG, 10.0)
    assert weights(bench) == [FIRST_KG]
    assert not bench.heard.again_
    bench.drive_off(FIRST_KG)
    assert bench.heard.unweighed == ["two trucks stood on the scale"]


def test_one_that_follows_before_the_first_is_half_off_does_not_get_the_rest_of_it(bench):
    weigh_first(bench)
    bench.ramp(FIRST_KG, 20_000)
    bench.hold(20_000, 0.5)
    creep_on(bench, 20_000, 27_000)
    assert len(bench.heard.two) == 1
    assert weights(bench) == [FIRST_KG]


def test_one_that_was_taken_for_the_first_rolling_on_is_not_recorded_as_its_correction():
    bench = Bench(sources=("front", "rear", "axles"))
    bench.hold(0, 1.0)
    bench.camera("晋L00001")
    bench.ramp(0, 12_000)
    bench.axles()
    bench.hold(12_000, 3.0)
    first = bench.finish()
    bench.ramp(12_000, 40_000)
    bench.hold(40_000, 1.2)
    assert bench.phase is Phase.WEIGHED
    bench.ramp(40_000, 54_000)
    bench.camera("晋L22222")
    bench.camera("晋L2222挂", device="rear", rear=True)
    bench.axles(6, 54_000)
    bench.hold(54_000, 3.0)
    second = bench.heard.completed[-1]
    assert (second.mass_kg, second.plate, second.corrects) == (54_000, "晋L22222", None)
    assert second.axles.axles == 6
    assert bench.heard.gone == [first]


# with beams


def test_beams_tell_that_a_second_one_has_come_wholly_on_behind_the_first():
    bench = Bench(places=("front_edge", "rear_edge"))
    bench.hold(0, 1.0)
    weigh_first(bench)
    bench.beams(rear_edge=True)
    bench.ramp(FIRST_KG, BOTH_KG)
    bench.beams(rear_edge=False)
    bench.hold(BOTH_KG, 5.0)
    assert bench.heard.two == ["rear_edge"]
    assert weights(bench) == [FIRST_KG]


def test_one_that_is_loaded_on_the_scale_is_still_weighed_again():
    bench = Bench(places=("front_edge", "rear_edge"))
    bench.hold(0, 1.0)
    first = weigh_first(bench)
    bench.ramp(FIRST_KG, 33_000, 40)
    bench.hold(33_000, 3.0)
    assert not bench.heard.two
    assert bench.heard.completed[1].corrects == first.seq


# no false alarm


def test_what_is_seen_of_the_queue_is_no_second_truck_where_the_axles_bore_the_weight(bench):
    bench.camera("晋L00001")
    bench.ramp(0, FIRST_KG)
    bench.axles(3, FIRST_KG + 1_500)
    bench.camera("晋L22222")
    bench.hold(FIRST_KG, 3.0)
    assert not bench.heard.two
    assert weights(bench) == [FIRST_KG]


def test_a_plate_read_again_with_one_other_character_is_no_second_truck(bench):
    bench.camera("晋L00001")
    bench.ramp(0, FIRST_KG)
    bench.camera("晋L0000I")
    bench.axles()
    bench.hold(FIRST_KG, 3.0)
    assert not bench.heard.two
    assert weights(bench) == [FIRST_KG]


def test_one_that_turned_away_on_the_scale_does_not_make_two_of_the_next(bench):
    bench.camera("晋L00009")
    bench.ramp(0, 9_000)
    bench.ramp(9_000, 0)
    bench.hold(0, 1.0)
    bench.ramp(0, FIRST_KG)
    bench.camera("晋L00001")
    bench.axles()
    bench.hold(FIRST_KG, 3.0)
    assert not bench.heard.two
    assert bench.heard.completed[0].plate == "晋L00001"


def test_the_gatekeeper_has_the_last_word(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    creep_on(bench, 20_000, BOTH_KG)
    assert bench.lane.one_only()
    bench.hold(BOTH_KG, 3.0)
    assert weights(bench) == [BOTH_KG]
    assert bench.heard.left == ["order"]
    assert not bench.lane.one_only()


# the rules themselves


@pytest.mark.parametrize(
    ("first_kg", "sums", "masses", "who"),
    [
        (30_000, (None, None), (54_000,), None),
        (30_000, (None, None), (30_200,), "first"),
        (30_000, (None, None), (24_300,), "second"),
        (30_000, (None, None), (27_000,), None),
        (30_000, (None, None), (60_000, 30_000), None),
        (30_000, (None, None), (60_000, 58_000), None),
        (None, (None, None), (30_000,), None),
        (None, (30_000, 24_000), (30_000,), "first"),
        (None, (30_000, 24_000), (24_000,), "second"),
        (None, (30_000, 29_000), (29_500,), None),
        (None, (30_000, None), (31_000,), "first"),
        (45_000, (None, None), (46_000, 20_000), None),
    ],
)
def test_who_is_alone(first_kg, sums, masses, who):
    two = Together("plates", 54_000, first_kg)
    for mass_kg in masses[:-1]:
        two.course(mass_kg, 500)
        two.alone(mass_kg, 500, sums)
    assert two.alone(masses[-1], 500, sums) == who


def test_who_is_alone_follows_from_the_course_too():
    two = Together("plates", 37_000, 30_000)
    two.course(7_300, 500)
    assert two.alone(24_000, 500, (None, None)) == "second"


@pytest.mark.parametrize(
    ("one", "other", "two"),
    [
        ("晋L00001", "晋L00001", False),
        ("晋L00001", "晋L00007", False),
        ("晋L00001", "晋L12301", True),
        ("晋L00001", "晋L0000", False),
        ("晋L00001", "晋LD12345", True),
        ("晋L00001", None, False),
    ],
)
def test_when_plates_are_two(one, other, two):
    assert differ(one, other) is two


def test_axles_fit_a_weight_within_a_tenth():
    assert fits(33_000, 30_000)
    assert not fits(33_001, 30_000)


def test_nothing_seen_is_no_second_truck(bench):
    assert since_empty(54_000, [], 0.0) is None
    passage = weigh_first(bench)
    assert behind(passage, BOTH_KG, [], rear_covered=True) is None
