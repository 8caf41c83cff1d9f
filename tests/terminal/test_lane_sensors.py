"""Wholly on the scale, as beams at its edges see it: half a truck is never weighed."""

import pytest

from hengyuan.terminal.lane.change import meaning
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.phases import Phase
from tests.terminal.lanes import RULE, Bench

EDGES = ("front_edge", "rear_edge")


@pytest.fixture
def bench():
    bench = Bench(places=EDGES)
    bench.hold(0, 1.0)
    return bench


def drive_on(bench, mass_kg, plate="晋L00001"):
    """A truck is seen and rolls wholly onto the scale."""
    bench.camera(plate)
    bench.beams(rear_edge=True)
    bench.ramp(0, mass_kg)
    bench.axles()
    bench.beams(rear_edge=False)


def drive_off(bench, mass_kg):
    bench.beams(front_edge=True)
    bench.ramp(mass_kg, 0)
    bench.beams(front_edge=False)
    bench.hold(0, 0.5)


# a covered edge


def test_a_truck_is_weighed_once_both_edges_are_clear(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 1.5)
    (passage,) = bench.heard.completed
    assert passage.mass_kg == 30_000
    assert passage.whole


@pytest.mark.parametrize("edge", EDGES)
def test_half_a_truck_is_not_weighed_however_still_it_stands(bench, edge):
    bench.camera("晋L00001")
    bench.beams(**{edge: True})
    bench.ramp(0, 12_000)
    bench.axles()
    bench.hold(12_000, 60.0)
    assert not bench.heard.completed
    assert bench.phase is Phase.ARRIVED
    assert bench.lane.held_by == (edge,)


def test_what_stood_while_an_edge_was_covered_does_not_count_for_the_window(bench):
    bench.camera("晋L00001")
    bench.beams(rear_edge=True)
    bench.ramp(0, 30_000)
    bench.axles()
    bench.hold(30_000, 5.0)
    bench.beams(rear_edge=False)
    bench.hold(30_000, 0.9)
    assert not bench.heard.completed
    bench.hold(30_000, 0.3)
    assert len(bench.heard.completed) == 1
    assert bench.lane.held_by == ()


def test_someone_who_walks_through_a_beam_only_delays_the_weight(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 0.5)
    bench.beams(front_edge=True)
    bench.hold(30_000, 0.5)
    bench.beams(front_edge=False)
    bench.hold(30_000, 1.2)
    assert [p.mass_kg for p in bench.heard.completed] == [30_000]


def test_a_held_truck_that_goes_away_leaves_a_reason(bench):
    bench.beams(rear_edge=True)
    bench.ramp(0, 12_000)
    bench.hold(12_000, 5.0)
    bench.ramp(12_000, 0)
    bench.beams(rear_edge=False)
    assert bench.heard.unweighed == ["left before its weight stood still"]
    assert bench.phase is Phase.EMPTY


def test_one_that_drives_through_without_stopping_is_said_to_have_done_so(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 0.3)
    drive_off(bench, 30_000)
    assert bench.heard.unweighed == ["drove over without stopping"]


# a beam that is not believed


def test_a_beam_that_is_not_heard_of_holds_for_a_moment_and_then_no_more(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 30_000)
    bench.axles()
    bench.beams(rear_edge=None)
    bench.hold(30_000, 4.5)
    assert not bench.heard.completed
    bench.hold(30_000, 2.0)
    (passage,) = bench.heard.completed
    assert not passage.whole
    assert bench.lane.edges.dead == ("rear_edge",)


def test_sensors_that_were_never_heard_of_do_not_stop_the_gate():
    bench = Bench(places=EDGES)
    bench.beams(front_edge=None, rear_edge=None)
    bench.hold(0, 6.0)
    assert bench.lane.edges.dead == EDGES
    bench.whole_passage(30_000)
    assert len(bench.heard.completed) == 1


def test_a_covered_beam_that_falls_silent_does_not_let_half_a_truck_through_at_once(bench):
    bench.camera("晋L00001")
    bench.beams(rear_edge=True)
    bench.ramp(0, 12_000)
    bench.axles()
    bench.beams(rear_edge=None)
    bench.hold(12_000, 3.0)
    bench.beams(rear_edge=True)
    bench.hold(12_000, 10.0)
    assert not bench.heard.completed


def test_a_beam_that_comes_back_holds_again(bench):
    bench.beams(rear_edge=None)
    bench.hold(0, 6.0)
    assert bench.lane.edges.dead == ("rear_edge",)
    bench.beams(rear_edge=False)
    assert bench.lane.edges.dead == ()
    bench.beams(rear_edge=True)
    bench.ramp(0, 12_000)
    bench.hold(12_000, 5.0)
    assert not bench.heard.completed


def test_a_beam_covered_for_long_over_a_free_scale_is_faulty_and_holds_nobody(bench):
    bench.beams(front_edge=True)
    bench.hold(0, 299)
    assert bench.lane.edges.dead == ()
    bench.hold(0, 2)
    assert bench.lane.edges.dead == ("front_edge",)
    bench.whole_passage(30_000)
    assert len(bench.heard.completed) == 1
    bench.beams(front_edge=False)
    assert bench.lane.edges.dead == ()


def test_a_truck_that_covers_an_edge_for_long_does_not_make_the_beam_faulty(bench):
    bench.beams(rear_edge=True)
    bench.ramp(0, 12_000)
    bench.hold(12_000, 400)
    assert bench.lane.edges.dead == ()
    assert not bench.heard.completed


def test_one_edge_alone_is_watched_where_the_lane_has_but_one():
    bench = Bench(places=("rear_edge",))
    bench.hold(0, 1.0)
    bench.camera("晋L00001")
    bench.beams(rear_edge=True)
    bench.ramp(0, 12_000)
    bench.axles()
    bench.hold(12_000, 5.0)
    assert not bench.heard.completed
    bench.beams(rear_edge=False)
    bench.hold(12_000, 1.2)
    assert not bench.heard.completed[0].whole


# two trucks close together


def test_the_next_truck_that_comes_too_close_changes_nothing_of_the_weight_that_stood(bench):
    bench.camera("晋L00001")
    bench.beams(rear_edge=True)
    bench.ramp(0, 30_000)
    bench.beams(rear_edge=False)
    bench.hold(30_000, 1.1)
    assert bench.phase is Phase.WEIGHED
    bench.beams(rear_edge=True)
    bench.ramp(30_000, 37_000)
    bench.hold(37_000, 2.0)
    (passage,) = bench.heard.completed
    assert passage.mass_kg == 30_000


def test_more_weight_alone_with_nothing_seen_of_a_second_truck_is_the_first_rolling_on():
    bench = Bench(places=())
    bench.hold(0, 1.0)
    bench.camera("晋L00001")
    bench.ramp(0, 30_000)
    bench.hold(30_000, 1.1)
    bench.ramp(30_000, 37_000)
    bench.axles()
    bench.hold(37_000, 2.0)
    assert [p.mass_kg for p in bench.heard.completed] == [37_000]


def test_the_next_truck_on_the_heels_of_a_weighed_one_is_weighed_when_it_stands_alone(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 1.5)
    first = bench.finish()
    # the second comes on while the first goes off; the scale is never free
    bench.camera("晋L00002")
    bench.beams(front_edge=True, rear_edge=True)
    bench.ramp(30_000, 45_000)
    bench.axles()
    bench.ramp(45_000, 28_000)
    bench.beams(front_edge=False, rear_edge=False)
    bench.hold(28_000, 3.0)
    assert [p.plate for p in bench.heard.completed] == ["晋L00001", "晋L00002"]
    second = bench.heard.completed[1]
    assert (second.mass_kg, second.corrects) == (28_000, None)
    assert bench.heard.gone == [first]


def test_the_same_without_a_camera_event_is_a_truck_without_a_plate_and_no_second_weighing(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 1.5)
    first = bench.finish()
    bench.beams(front_edge=True, rear_edge=True)
    bench.ramp(30_000, 45_000)
    bench.ramp(45_000, 36_000)
    bench.beams(front_edge=False, rear_edge=False)
    bench.hold(36_000, 4.0)
    second = bench.heard.completed[1]
    assert (second.plate, second.corrects) == (None, None)
    assert bench.heard.gone == [first]


def test_one_that_follows_over_the_scale_without_stopping_leaves_a_reason(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 1.5)
    bench.finish()
    bench.beams(rear_edge=True, front_edge=True)
    bench.ramp(30_000, 50_000)
    bench.ramp(50_000, 0)
    bench.beams(rear_edge=False, front_edge=False)
    bench.hold(0, 0.5)
    assert bench.heard.unweighed == ["drove over behind another truck"]
    assert bench.phase is Phase.EMPTY


def test_one_that_rolls_back_and_forth_is_the_same_truck(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 1.5)
    passage = bench.finish()
    bench.beams(front_edge=True)
    bench.ramp(30_000, 24_000)
    bench.beams(front_edge=False, rear_edge=True)
    bench.ramp(24_000, 26_000)
    bench.beams(rear_edge=False)
    bench.ramp(26_000, 30_000)
    bench.hold(30_000, 1.5)
    assert len(bench.heard.completed) == 1
    assert bench.heard.again_ == [passage]
    assert bench.phase is Phase.TOLD


# loaded and unloaded there


def test_one_that_is_unloaded_on_the_scale_is_weighed_again(bench):
    drive_on(bench, 33_000)
    bench.hold(33_000, 1.5)
    first = bench.finish()
    bench.ramp(33_000, 30_000, 30)
    bench.hold(30_000, 3.0)
    second = bench.heard.completed[1]
    assert (second.mass_kg, second.corrects, second.plate) == (30_000, first.seq, "晋L00001")
    assert not bench.heard.gone


def test_one_half_off_the_scale_is_not_taken_for_unloaded(bench):
    drive_on(bench, 33_000)
    bench.hold(33_000, 1.5)
    bench.finish()
    bench.beams(front_edge=True)
    bench.ramp(33_000, 26_000)
    bench.hold(26_000, 10.0)
    assert len(bench.heard.completed) == 1
    assert bench.phase is Phase.LEAVING


# the rule itself


def found(change_kg, after_gap=False, another=False, crossed=False, whole=False, seq=7):
    before = Passage(0.0, settled_at=1.0, mass_kg=30_000, seq=seq)
    passage = Passage(5.0, after_gap=after_gap, mass_kg=30_000 + change_kg, whole=whole)
    return meaning(passage, before, RULE, another, crossed)


@pytest.mark.parametrize(
    ("said", "is_"),
    [
        ({"change_kg": 400}, "same"),
        ({"change_kg": -400, "crossed": True}, "same"),
        ({"change_kg": 0, "another": True}, "same"),
        ({"change_kg": 0, "another": True, "crossed": True}, "another"),
        ({"change_kg": 600}, "reweigh"),
        ({"change_kg": 600, "another": True}, "another"),
        ({"change_kg": 600, "crossed": True}, "another"),
        ({"change_kg": 600, "seq": None}, "part"),
        ({"change_kg": -600}, "part"),
        ({"change_kg": -600, "whole": True}, "reweigh"),
        ({"change_kg": 80, "after_gap": True}, "same"),
        ({"change_kg": 80, "after_gap": True, "another": True}, "another"),
        ({"change_kg": 120, "after_gap": True}, "another"),
    ],
)
def test_what_a_changed_weight_means(said, is_):
    assert found(**said) == is_


# a truck that backs off, and its plate


def test_one_that_backs_off_and_comes_again_keeps_its_plate(bench):
    bench.camera("晋L00001")
    bench.ramp(0, 12_000)
    bench.ramp(12_000, 0)
    bench.hold(0, 10.0)
    bench.ramp(0, 30_000)
    bench.axles()
    bench.hold(30_000, 3.0)
    assert bench.heard.completed[0].plate == "晋L00001"


def test_one_that_backs_off_for_good_does_not_give_its_plate_to_the_next(bench):
    seen = bench.camera("晋L00001")
    bench.ramp(0, 12_000)
    bench.ramp(12_000, 0)
    bench.hold(0, 25.0)
    bench.ramp(0, 30_000)
    bench.axles()
    bench.hold(30_000, 3.0)
    assert bench.heard.completed[0].plate is None
    assert seen.id in bench.lane.waiting.take_passed()


# cameras that give pictures only


def test_a_passage_waits_for_a_picture_that_was_asked_for_and_no_longer_than_for_a_plate():
    bench = Bench(cameras=("cab",))
    bench.heard.settling = lambda passage: bench.lane.expect(passage, "cab")
    bench.hold(0, 1.0)
    bench.drive_on(30_000)
    bench.hold(30_000, 1.5)
    assert bench.phase is Phase.WEIGHED
    picture = bench.picture("cab")
    bench.lane.pictured(bench.lane.passage, "cab", picture)
    (passage,) = bench.heard.completed
    assert passage.sightings["cab"] is picture
    bench.finish()
    bench.drive_off(30_000)
    bench.drive_on(31_000)
    bench.hold(31_000, 3.0)
    assert "cab" not in bench.heard.completed[1].sightings


def test_a_camera_that_gives_no_picture_is_not_waited_for():
    bench = Bench(cameras=("cab",))
    bench.heard.settling = lambda passage: bench.lane.expect(passage, "cab")
    bench.hold(0, 1.0)
    bench.drive_on(30_000)
    bench.hold(30_000, 0.7)
    bench.lane.pictured(bench.lane.passage, "cab", None)
    bench.hold(30_000, 0.5)
    assert len(bench.heard.completed) == 1


def test_a_picture_that_comes_late_belongs_to_the_truck_that_it_was_asked_for():
    bench = Bench(cameras=("cab",))
    bench.hold(0, 1.0)
    bench.drive_on(30_000)
    bench.hold(30_000, 1.5)
    passage = bench.finish()
    picture = bench.picture("cab")
    bench.lane.pictured(passage, "cab", picture)
    assert bench.lane.waiting.kept == []
    assert bench.heard.pictured == [(passage, picture, True)]
    assert not bench.heard.late


def test_a_picture_that_comes_when_its_truck_has_gone_is_said_to_have():
    bench = Bench(cameras=("cab",))
    bench.hold(0, 1.0)
    passage = bench.whole_passage(30_000)
    picture = bench.picture("cab")
    bench.drive_on(31_000)
    bench.lane.pictured(passage, "cab", picture)
    assert bench.heard.pictured == [(passage, picture, False)]
    bench.hold(31_000, 3.0)
    assert "cab" not in bench.heard.completed[1].sightings


def test_a_picture_that_comes_while_the_record_is_stored_waits_for_it():
    bench = Bench(cameras=("cab",))
    bench.hold(0, 1.0)
    bench.drive_on(30_000)
    bench.hold(30_000, 1.5)
    assert bench.phase is Phase.JUDGED
    picture = bench.picture("cab")
    bench.lane.sighted(picture)
    assert not bench.heard.pictured
    passage = bench.finish()
    assert bench.heard.pictured == [(passage, picture, True)]


def test_a_picture_of_a_truck_that_left_unweighed_belongs_to_nobody():
    bench = Bench(cameras=("cab",))
    bench.hold(0, 1.0)
    bench.ramp(0, 30_000)
    passage = bench.lane.passage
    bench.ramp(30_000, 0)
    picture = bench.picture("cab")
    bench.lane.pictured(passage, "cab", picture)
    assert not bench.heard.pictured
    assert picture.id in bench.lane.waiting.take_passed()


def test_a_picture_that_the_last_run_left_is_not_of_the_next_truck():
    bench = Bench(cameras=("cab",))
    picture = bench.picture("cab")
    bench.lane.waiting.resume(picture)
    bench.hold(0, 1.0)
    bench.drive_on(30_000)
    bench.hold(30_000, 3.0)
    assert "cab" not in bench.heard.completed[0].sightings
    assert picture.id in bench.lane.waiting.take_passed()


def test_a_picture_names_no_truck_and_is_no_sign_of_another_one():
    bench = Bench(cameras=("cab",))
    bench.hold(0, 1.0)
    bench.drive_on(30_000)
    bench.lane.waiting.add(bench.picture("cab"))
    bench.hold(30_000, 1.5)
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00001"
    assert [body.only_pictures for body in passage.pictured] == [False, True]
    assert len(passage.plates) == 1


# its own rules fail


def test_a_lane_whose_rules_failed_goes_on_as_after_a_restart(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 0.5)
    bench.lane.recover()
    assert bench.phase is Phase.EMPTY
    bench.hold(30_000, 1.5)
    (passage,) = bench.heard.completed
    assert passage.resumed


def test_one_that_was_recorded_is_not_weighed_again_after_such_a_failure(bench):
    drive_on(bench, 30_000)
    bench.hold(30_000, 1.5)
    passage = bench.finish()
    bench.lane.recover()
    bench.hold(30_000, 1.5)
    assert bench.heard.again_ == [passage]
    assert len(bench.heard.completed) == 1
    drive_off(bench, 30_000)
    assert bench.phase is Phase.EMPTY
    assert bench.heard.gone == [passage]


# restarts, and what comes late, with sensors


def on_scale(mass_kg=30_000, seq=7):
    """The recorded truck that stood on the scale when the last run ended."""
    before = Bench()
    before.drive_on(mass_kg)
    before.hold(mass_kg, 1.5)
    seen = before.heard.completed[0].sightings
    return Passage(1000.0, settled_at=1000.0, mass_kg=mass_kg, seq=seq, sightings=dict(seen))


def test_half_a_truck_found_after_a_restart_is_not_weighed():
    bench = Bench(places=EDGES)
    bench.beams(front_edge=None, rear_edge=None)
    bench.camera("晋L00001", ago_s=60)
    bench.axles()
    bench.hold(12_000, 1.0)
    bench.beams(front_edge=False, rear_edge=True)
    bench.hold(12_000, 20.0)
    assert not bench.heard.completed
    bench.beams(rear_edge=False)
    bench.hold(30_000, 1.5)
    (passage,) = bench.heard.completed
    assert (passage.mass_kg, passage.plate, passage.resumed) == (30_000, "晋L00001", True)


def test_a_recorded_truck_that_covers_an_edge_after_a_restart_is_known_once_it_is_clear():
    passage = on_scale()
    bench = Bench(places=EDGES, on_scale=passage)
    bench.beams(front_edge=True)
    bench.hold(26_000, 5.0)
    assert not bench.heard.completed
    bench.beams(front_edge=False)
    bench.hold(30_000, 1.5)
    assert bench.heard.again_ == [passage]
    assert not bench.heard.completed


def test_a_recorded_truck_that_drives_off_over_its_edge_after_a_restart_is_not_weighed_in_half():
    passage = on_scale()
    bench = Bench(places=EDGES, on_scale=passage)
    bench.hold(30_000, 0.3)
    bench.beams(front_edge=True)
    bench.ramp(30_000, 14_000)
    bench.hold(14_000, 5.0)
    bench.ramp(14_000, 0)
    bench.beams(front_edge=False)
    bench.hold(0, 0.5)
    assert not bench.heard.completed
    assert bench.heard.gone == [passage]
    assert bench.phase is Phase.EMPTY


def test_one_that_backs_off_after_its_verdict_has_left_and_its_record_stands(bench):
    drive_on(bench, 33_000)
    bench.hold(33_000, 1.5)
    passage = bench.finish()
    bench.beams(rear_edge=True)
    bench.ramp(33_000, 0)
    bench.beams(rear_edge=False)
    bench.hold(0, 0.5)
    assert bench.heard.gone == [passage]
    assert len(bench.heard.completed) == 1
    drive_on(bench, 30_000)
    bench.hold(30_000, 1.5)
    assert bench.heard.completed[1].corrects is None


def test_a_plate_that_comes_late_finds_its_truck_though_an_edge_is_covered_by_then(bench):
    bench.beams(rear_edge=True)
    bench.ramp(0, 30_000)
    bench.axles()
    bench.beams(rear_edge=False)
    bench.hold(30_000, 3.0)
    passage = bench.finish()
    bench.beams(front_edge=True)
    sighting = bench.camera("晋L00001")
    assert bench.heard.late == [(passage, sighting)]


def test_a_scale_that_falls_silent_while_an_edge_is_covered_goes_on_when_both_are_well(bench):
    bench.camera("晋L00001")
    bench.beams(rear_edge=True)
    bench.ramp(0, 12_000)
    bench.silence(5.0)
    bench.axles()
    bench.beams(rear_edge=False)
    bench.hold(30_000, 1.5)
    assert [p.mass_kg for p in bench.heard.completed] == [30_000]


def test_one_that_leaves_while_the_scale_is_silent_leaves_a_reason(bench):
    bench.ramp(0, 12_000)
    bench.silence(5.0)
    bench.hold(0, 0.5)
    assert bench.heard.unweighed == ["left while the scale gave no weight"]
