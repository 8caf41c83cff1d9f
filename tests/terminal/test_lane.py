"""Which truck is on the scale, and what becomes of it."""

import pytest

from hengyuan.terminal.lane.phases import TRANSITIONS, Phase
from tests.terminal.lanes import RULE, Bench


@pytest.fixture
def bench():
    bench = Bench()
    bench.hold(0, 1.0)
    return bench


def test_a_truck_goes_through_every_phase(bench):
    seen = [bench.phase]

    def note():
        if bench.phase is not seen[-1]:
            seen.append(bench.phase)

    bench.heard.changed = note
    bench.camera("晋L12345")
    bench.ramp(0, 30_000)
    bench.hold(30_000, 1.5)
    bench.axles()
    bench.finish()
    bench.drive_off(30_000)
    assert list(dict.fromkeys(seen)) == list(Phase)
    assert bench.phase is Phase.EMPTY


def test_a_passage_knows_weight_plate_and_axles(bench):
    bench.drive_on(30_000, "晋L12345", axles=4)
    bench.hold(30_000, 1.5)
    (passage,) = bench.heard.completed
    assert passage.mass_kg == 30_000
    assert passage.plate == "晋L12345"
    assert passage.axles.axles == 4
    assert not passage.resumed
    assert passage.corrects is None


def test_the_weight_is_settled_when_the_frame_arrives_that_completes_the_window(bench):
    bench.drive_on(30_000)
    bench.show(30_000)
    first = bench.now
    bench.hold(30_000, 1.4)
    # the last frame of rolling on already showed the full weight
    assert bench.heard.completed[0].settled_at == pytest.approx(first - 0.1 + 1.0)


def test_what_is_lighter_than_a_truck_is_none(bench):
    bench.hold(900, 5.0)
    assert bench.phase is Phase.EMPTY
    assert not bench.heard.completed


def test_one_that_leaves_before_its_weight_stands_leaves_a_reason_and_no_record(bench):
    bench.camera("晋L12345")
    bench.ramp(0, 30_000)
    bench.ramp(30_000, 0)
    assert bench.heard.unweighed == ["left before its weight stood still"]
    assert not bench.heard.completed
    assert bench.phase is Phase.EMPTY


def test_two_equal_weights_in_a_row_are_two_passages(bench):
    first = bench.whole_passage(30_000)
    second = bench.whole_passage(30_000)
    assert first is not second
    assert len(bench.heard.completed) == 2
    assert second.corrects is None


def test_the_same_plate_twice_is_two_passages(bench):
    bench.whole_passage(30_000, "晋L12345")
    bench.whole_passage(31_000, "晋L12345")
    assert [p.plate for p in bench.heard.completed] == ["晋L12345", "晋L12345"]
    assert len({s.id for p in bench.heard.completed for s in p.sightings.values()}) == 4


# joining


def test_it_waits_for_a_camera_that_is_slower_than_the_scale(bench):
    bench.drive_on(30_000, plate=None)
    bench.hold(30_000, 1.5)
    assert bench.phase is Phase.WEIGHED
    bench.camera("晋L12345")
    assert bench.heard.completed[0].plate == "晋L12345"


def test_it_does_not_wait_for_ever(bench):
    bench.drive_on(30_000, plate=None, axles=None)
    bench.hold(30_000, 3.0)
    (passage,) = bench.heard.completed
    assert passage.plate is None
    assert passage.axles is None


def test_time_alone_ends_the_waiting_when_the_scale_falls_silent(bench):
    bench.drive_on(30_000, plate=None)
    bench.hold(30_000, 1.2)
    assert bench.phase is Phase.WEIGHED
    bench.silence(2.0)
    assert len(bench.heard.completed) == 1


def test_a_lane_without_camera_and_identifier_waits_for_neither():
    bench = Bench(sources=())
    bench.hold(0, 1.0)
    bench.ramp(0, 20_000)
    bench.hold(20_000, 1.2)
    assert len(bench.heard.completed) == 1


def test_an_event_is_used_once(bench):
    bench.whole_passage(30_000, "晋L12345")
    bench.drive_on(31_000, plate=None)
    bench.hold(31_000, 3.0)
    assert bench.heard.completed[1].plate is None


def test_a_truck_that_turned_away_does_not_shift_the_plates_of_all_that_follow(bench):
    turned_away = bench.camera("晋L00009")
    bench.hold(0, 5.0)
    bench.drive_on(30_000, "晋L00001")
    bench.hold(30_000, 1.5)
    assert bench.heard.completed[0].plate == "晋L00001"
    assert bench.lane.waiting.take_passed() == (turned_away.id,)


def test_an_event_that_is_too_old_belongs_to_nobody_here(bench):
    bench.camera("晋L00009")
    bench.hold(0, 90.0)
    bench.drive_on(30_000, plate=None)
    bench.hold(30_000, 3.0)
    assert bench.heard.completed[0].plate is None


def test_a_camera_that_sees_the_same_truck_twice_does_not_serve_the_next_one(bench):
    bench.drive_on(30_000, "晋L00001")
    bench.hold(30_000, 1.5)
    bench.finish()
    bench.camera("晋L00001")
    bench.drive_off(30_000)
    bench.drive_on(31_000, plate=None)
    bench.hold(31_000, 3.0)
    assert bench.heard.completed[1].plate is None


def test_the_next_truck_may_be_seen_while_this_one_leaves(bench):
    bench.drive_on(30_000, "晋L00001")
    bench.hold(30_000, 1.5)
    bench.finish()
    bench.show(20_000)
    bench.camera("晋L00002")
    bench.drive_off(20_000)
    bench.drive_on(31_000, plate=None)
    bench.hold(31_000, 1.5)
    assert [p.plate for p in bench.heard.completed] == ["晋L00001", "晋L00002"]
    assert not bench.heard.late


def test_a_plate_that_comes_after_the_verdict_is_recorded_late(bench):
    bench.drive_on(30_000, plate=None)
    bench.hold(30_000, 3.0)
    passage = bench.finish()
    sighting = bench.camera("晋L12345")
    assert bench.heard.late == [(passage, sighting)]
    assert passage.plate == "晋L12345"
    bench.drive_off(30_000)
    bench.drive_on(31_000, plate=None)
    bench.hold(31_000, 3.0)
    assert bench.heard.completed[1].plate is None


def test_a_plate_that_comes_while_the_record_is_being_stored_is_recorded_late_too(bench):
    bench.drive_on(30_000, plate=None)
    bench.hold(30_000, 3.0)
    assert bench.phase is Phase.JUDGED
    sighting = bench.camera("晋L12345")
    assert not bench.heard.late
    passage = bench.finish()
    assert bench.heard.late == [(passage, sighting)]


def test_an_event_sent_again_after_an_outage_finds_the_truck_it_was_of(bench):
    bench.drive_on(30_000, plate=None)
    seen = bench.now
    bench.hold(30_000, 3.0)
    passage = bench.finish()
    bench.drive_off(30_000)
    sighting = bench.camera("晋L12345", ago_s=bench.now - seen, late=True)
    assert bench.heard.late == [(passage, sighting)]


def test_an_event_sent_again_of_a_truck_long_gone_is_nobodys(bench):
    bench.whole_passage(30_000, "晋L00001")
    bench.camera("晋L00009", ago_s=500, late=True)
    bench.drive_on(31_000, plate=None)
    bench.hold(31_000, 3.0)
    assert bench.heard.completed[1].plate is None
    assert not bench.heard.late


def test_a_vehicle_that_backs_off_takes_its_axles_along(bench):
    bench.axles(6)
    bench.lane.reversed("axles")
    bench.drive_on(30_000, "晋L00001", axles=None)
    bench.hold(30_000, 3.0)
    assert bench.heard.completed[0].axles is None


def test_several_cameras_each_give_their_event():
    bench = Bench(sources=("front", "rear", "axles"))
    bench.hold(0, 1.0)
    bench.camera("晋L00001")
    bench.camera("晋L0001挂", device="rear", rear=True)
    bench.drive_on(30_000, plate=None)
    bench.hold(30_000, 1.5)
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00001"
    assert [body.plate for body in passage.plates] == ["晋L00001", "晋L0001挂"]


# the weight changes under a truck


def test_a_truck_that_was_not_wholly_on_the_scale_is_weighed_anew(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 12_000)
    bench.axles()
    bench.hold(12_000, 1.5)
    first = bench.finish()
    bench.ramp(12_000, 36_000)
    bench.hold(36_000, 1.5)
    second = bench.heard.completed[1]
    assert second.corrects == first.seq
    assert second.mass_kg == 36_000
    assert second.plate == "晋L00001"


def test_one_that_rolls_on_while_its_plate_is_awaited_is_weighed_once(bench):
    bench.ramp(0, 12_000)
    bench.hold(12_000, 1.2)
    assert bench.phase is Phase.WEIGHED
    bench.ramp(12_000, 36_000)
    bench.camera("晋L00001")
    bench.axles()
    bench.hold(36_000, 1.5)
    assert [p.mass_kg for p in bench.heard.completed] == [36_000]


def test_a_driver_who_steps_out_is_no_second_weighing(bench):
    bench.drive_on(30_000)
    bench.hold(30_000, 1.5)
    bench.finish()
    bench.hold(29_920, 3.0)
    bench.hold(30_000, 3.0)
    assert bench.phase is Phase.TOLD
    assert len(bench.heard.completed) == 1


def test_one_that_rolls_off_halfway_and_back_is_shown_again_and_not_weighed_again(bench):
    bench.drive_on(30_000)
    bench.hold(30_000, 1.5)
    passage = bench.finish()
    bench.ramp(30_000, 20_000)
    bench.ramp(20_000, 30_000)
    bench.hold(30_000, 1.5)
    assert bench.heard.again_ == [passage]
    assert bench.phase is Phase.TOLD
    assert len(bench.heard.completed) == 1


def test_one_that_stops_half_off_is_not_weighed_again(bench):
    bench.drive_on(30_000)
    bench.hold(30_000, 1.5)
    bench.finish()
    bench.ramp(30_000, 20_000)
    bench.hold(20_000, 5.0)
    assert bench.phase is Phase.LEAVING
    bench.drive_off(20_000)
    assert len(bench.heard.completed) == 1


def test_a_truck_close_behind_is_weighed_although_the_scale_was_never_free(bench):
    bench.drive_on(30_000, "晋L00001")
    bench.hold(30_000, 1.5)
    bench.finish()
    bench.ramp(30_000, 5_000)
    bench.camera("晋L00002")
    bench.axles(4)
    bench.ramp(5_000, 24_000)
    bench.hold(24_000, 1.5)
    assert [p.plate for p in bench.heard.completed] == ["晋L00001", "晋L00002"]
    assert bench.heard.completed[1].corrects is None


def test_one_that_leaves_while_its_record_is_being_stored_frees_the_lane(bench):
    bench.drive_on(30_000)
    bench.hold(30_000, 1.1)
    assert bench.phase is Phase.JUDGED
    bench.drive_off(30_000)
    assert bench.phase is Phase.EMPTY
    passage = bench.finish()
    assert bench.phase is Phase.EMPTY
    assert passage.gone_at is not None


def test_no_step_is_taken_that_the_table_does_not_know(bench):
    bench.lane.phase = Phase.TOLD
    with pytest.raises(AssertionError, match="is no step"):
        bench.lane._enter(Phase.WEIGHED)


def test_every_phase_can_be_left_and_reached():
    assert set(TRANSITIONS) == set(Phase)
    assert {phase for following in TRANSITIONS.values() for phase in following} == set(Phase)


def test_what_a_camera_saw_and_nobody_weighed_is_not_kept_for_ever(bench):
    for _ in range(50):
        bench.camera("晋L00009")
        bench.hold(0, 60.0)
    assert len(bench.lane.waiting.kept) <= RULE.resume_before_s / 60 + 1
    assert len(bench.lane.waiting.take_passed()) >= 39
