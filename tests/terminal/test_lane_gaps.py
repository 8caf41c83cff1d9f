"""The lane when the scale cannot be believed, and after a restart."""

import pytest

from hengyuan.terminal.devices import DeviceState
from hengyuan.terminal.lane.passage import Passage
from hengyuan.terminal.lane.phases import Phase
from tests.terminal.lanes import Bench


@pytest.fixture
def bench():
    bench = Bench()
    bench.hold(0, 1.0)
    return bench


# the scale cannot be believed


def test_no_frame_for_two_seconds_is_unknown_and_never_the_last_weight(bench):
    bench.drive_on(30_000)
    bench.silence(1.9)
    assert bench.lane.scale is DeviceState.OK
    bench.silence(0.3)
    assert bench.lane.scale is DeviceState.STALE
    assert bench.lane.mass_kg is None


def test_frames_before_a_silence_do_not_count_for_the_window_after_it(bench):
    bench.drive_on(30_000)
    bench.hold(30_000, 0.8)
    bench.silence(2.5)
    bench.hold(30_000, 0.9)
    assert not bench.heard.completed
    bench.hold(30_000, 0.3)
    assert len(bench.heard.completed) == 1


@pytest.mark.parametrize("fault", ["over_range", "under_range", "not_zeroed"])
def test_a_scale_that_reports_a_fault_gives_no_weight(bench, fault):
    bench.drive_on(30_000)
    for _ in range(30):
        bench.show(None, fault=fault)
    assert bench.lane.scale is DeviceState.FAULT
    assert bench.lane.scale_fault == fault
    assert not bench.heard.completed


def test_a_mass_that_no_truck_has_is_a_fault(bench):
    bench.hold(999_999, 2.0)
    assert bench.lane.scale is DeviceState.FAULT
    assert bench.phase is Phase.EMPTY


def test_motion_that_the_scale_reports_keeps_the_weight_from_standing(bench):
    bench.drive_on(30_000)
    bench.hold(30_000, 5.0, stable=False)
    assert not bench.heard.completed
    bench.hold(30_000, 1.2, stable=True)
    assert len(bench.heard.completed) == 1


def test_after_a_silence_the_same_weight_is_the_same_truck(bench):
    bench.drive_on(30_000)
    bench.hold(30_000, 1.5)
    passage = bench.finish()
    bench.silence(60)
    bench.hold(30_020, 1.5)
    assert bench.heard.again_ == [passage]
    assert len(bench.heard.completed) == 1


def test_after_a_silence_another_weight_is_another_truck(bench):
    bench.drive_on(30_000, "晋L00001")
    bench.hold(30_000, 1.5)
    bench.finish()
    bench.silence(60)
    bench.camera("晋L00002")
    bench.axles()
    bench.hold(29_000, 1.5)
    assert [p.plate for p in bench.heard.completed] == ["晋L00001", "晋L00002"]
    assert bench.heard.completed[1].corrects is None


# after a restart


def standing(mass_kg=30_000, plate="晋L00001", seq=7):
    """The recorded truck that stood on the scale when the last run ended."""
    before = Bench()
    before.drive_on(mass_kg, plate)
    before.hold(mass_kg, 1.5)
    passage = before.heard.completed[0]
    return Passage(
        1000.0, settled_at=1000.0, mass_kg=mass_kg, seq=seq, sightings=dict(passage.sightings)
    )


def test_the_truck_that_was_recorded_before_the_restart_is_told_and_not_weighed_again():
    bench = Bench(on_scale=standing())
    bench.hold(30_000, 3.0)
    assert [p.seq for p in bench.heard.again_] == [7]
    assert not bench.heard.completed
    assert bench.phase is Phase.TOLD
    bench.drive_off(30_000)
    bench.whole_passage(30_000)
    assert len(bench.heard.completed) == 1


def test_a_scale_that_became_free_during_the_restart_is_free():
    bench = Bench(on_scale=standing())
    bench.hold(0, 1.0)
    assert bench.phase is Phase.EMPTY
    assert bench.heard.clearings == 1


def test_another_truck_that_came_during_the_restart_is_weighed():
    bench = Bench(on_scale=standing())
    bench.camera("晋L00002")
    bench.axles()
    bench.hold(24_000, 1.5)
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00002"
    assert passage.resumed
    assert passage.corrects is None


def test_another_truck_of_the_same_weight_is_known_by_its_plate_and_axles():
    bench = Bench(on_scale=standing())
    bench.camera("晋L00002")
    bench.axles()
    bench.hold(30_000, 1.5)
    assert [p.plate for p in bench.heard.completed] == ["晋L00002"]


def test_the_plate_of_the_next_in_the_queue_is_no_second_weighing():
    bench = Bench(on_scale=standing())
    bench.camera("晋L00002")
    bench.hold(30_000, 3.0)
    assert not bench.heard.completed
    assert len(bench.heard.again_) == 1


def test_a_truck_found_on_the_scale_unweighed_is_weighed_with_its_waiting_event():
    bench = Bench()
    bench.camera("晋L00001", ago_s=300)
    bench.axles()
    bench.hold(30_000, 1.5)
    (passage,) = bench.heard.completed
    assert passage.resumed
    assert passage.plate == "晋L00001"


def test_a_camera_gets_time_to_send_again_after_a_restart():
    bench = Bench()
    bench.axles()
    bench.hold(30_000, 4.0)
    assert bench.phase is Phase.WEIGHED
    bench.camera("晋L00001", ago_s=20, late=True)
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00001"


def test_a_truck_that_left_and_another_that_came_is_not_resumed(bench):
    bench.whole_passage(30_000)
    assert not bench.heard.completed[0].resumed
