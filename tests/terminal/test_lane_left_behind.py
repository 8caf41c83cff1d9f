"""A truck that leaves without its plate does not leave the plate to the next one."""

from hengyuan.terminal.lane.sightings import PlateSeen, Sighting
from tests.terminal.lanes import Bench


def weigh(bench: Bench, mass_kg: int) -> None:
    bench.ramp(0, mass_kg)
    bench.hold(mass_kg, 1.2)


def test_the_next_truck_waits_for_its_own_plate():
    bench = Bench(sources=("front",))
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    bench.ramp(20_000, 0)
    bench.hold(0, 0.5)
    assert bench.heard.unweighed
    weigh(bench, 30_000)
    assert bench.heard.completed == []
    bench.camera("晋L00002")
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00002"


def test_a_truck_that_comes_back_gets_its_plate_when_nothing_newer_comes():
    bench = Bench(sources=("front",))
    bench.camera("晋L00001")
    bench.ramp(0, 20_000)
    bench.ramp(20_000, 0)
    bench.hold(0, 0.5)
    weigh(bench, 20_000)
    bench.hold(20_000, 1.6)
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00001"


def test_a_plate_that_is_seen_after_a_truck_has_left_is_waited_for_no_longer():
    bench = Bench(sources=("front",))
    bench.ramp(0, 20_000)
    bench.ramp(20_000, 0)
    bench.hold(0, 0.5)
    bench.camera("晋L00002")
    weigh(bench, 30_000)
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00002"


def restarted(plate: str) -> Bench:
    """A lane whose last run had seen that plate and recorded nothing."""
    bench = Bench(sources=("front",))
    seen = Sighting(1, "front", "plate", bench.now - 1, PlateSeen(plate=plate))
    bench.lane.waiting.resume(seen)
    bench._ids = 1
    return bench


def test_after_a_restart_the_truck_on_the_scale_is_not_taken_for_one_that_may_have_left():
    bench = restarted("晋L00001")
    bench.hold(30_000, 2)
    assert bench.heard.completed == []
    # sent again, and so dated back to before the restart
    bench.camera("晋L00002", ago_s=2.5, late=True)
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00002"


def test_after_a_restart_a_truck_of_which_nothing_new_is_seen_is_the_one_that_was_seen():
    bench = restarted("晋L00001")
    bench.hold(30_000, 7)
    (passage,) = bench.heard.completed
    assert passage.plate == "晋L00001"
