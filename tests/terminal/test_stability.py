"""When a weight stands still."""

import random

from hypothesis import given
from hypothesis import strategies as st

from hengyuan.terminal.lane.stability import StabilityRule, StabilityWindow

RULE = StabilityRule(window_s=1.0, tolerance_kg=40, min_frames=5)


def settle(frames, rule=RULE):
    """Index of the frame at which the weight stands, and the weight; None if it never does."""
    window = StabilityWindow(rule)
    for index, (at, mass_kg, *motion) in enumerate(frames):
        if window.push(at, mass_kg, *motion):
            return index, window.mass_kg()
    return None


def test_a_weight_that_is_held_for_the_window_stands():
    assert settle([(n * 0.1, 20_000) for n in range(30)]) == (10, 20_000)


def test_a_weight_that_swings_beyond_the_tolerance_never_stands():
    assert settle([(n * 0.1, 20_000 + 50 * (n % 2)) for n in range(100)]) is None


def test_a_swing_within_the_tolerance_stands_at_a_weight_that_was_shown():
    found = settle([(n * 0.1, 20_000 + 20 * (n % 3)) for n in range(30)])
    assert found is not None
    assert found[1] == 20_020


def test_a_peak_begins_the_run_anew():
    frames = [(n * 0.1, 20_000) for n in range(9)] + [(0.9, 21_000)]
    frames += [(1.0 + n * 0.1, 20_000) for n in range(30)]
    assert settle(frames) == (20, 20_000)


def test_the_run_begins_with_the_oldest_frame_that_agrees():
    frames = [(0.0, 19_950)] + [(0.1 + n * 0.1, 20_000) for n in range(20)]
    assert settle(frames) == (11, 20_000)


def test_a_slow_scale_needs_its_frames_and_not_only_time():
    rule = StabilityRule(window_s=1.0, tolerance_kg=40, min_frames=5)
    assert settle([(n * 0.5, 20_000) for n in range(10)], rule) == (4, 20_000)


def test_a_fast_scale_needs_its_time_and_not_only_frames():
    assert settle([(n * 0.005, 20_000) for n in range(500)]) == (200, 20_000)


def test_a_frame_in_motion_ends_the_run_whatever_its_weight():
    frames = [(n * 0.1, 20_000, False) for n in range(9)] + [(0.9, 20_000, True)]
    frames += [(1.0 + n * 0.1, 20_000, False) for n in range(30)]
    assert settle(frames) == (20, 20_000)


def test_frames_of_one_burst_with_one_time_count_each():
    window = StabilityWindow(RULE)
    for _ in range(20):
        assert not window.push(5.0, 20_000)
    assert not window.push(5.0, 30_000)
    assert not window.push(5.5, 30_000)


@given(st.lists(st.integers(0, 400), min_size=1, max_size=120), st.integers(1, 9))
def test_it_agrees_with_looking_at_every_frame_of_the_window(masses, min_frames):
    rule = StabilityRule(window_s=1.0, tolerance_kg=120, min_frames=min_frames)
    window = StabilityWindow(rule)
    frames = []
    for index, mass_kg in enumerate(masses):
        frames.append((index * 0.125, mass_kg))
        stands = window.push(*frames[-1])
        agreeing = []
        for at, mass in reversed(frames):
            if max([mass, *agreeing]) - min([mass, *agreeing]) > rule.tolerance_kg:
                break
            agreeing.append(mass)
            begun_at = at
        long_enough = frames[-1][0] - begun_at >= rule.window_s
        assert stands == (long_enough and len(agreeing) >= min_frames)


def test_its_memory_is_bounded_by_the_window():
    window = StabilityWindow(RULE)
    chance = random.Random(1)
    for n in range(50_000):
        window.push(n * 0.005, 20_000 + chance.randint(-10, 10))
    assert len(window._frames) <= 1.0 / 0.005 + 2
