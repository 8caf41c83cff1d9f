"""What is told apart from what only flickers."""

from datetime import date

import pytest

from hengyuan.terminal.upkeep.verification import validity, warning_due
from hengyuan.terminal.upkeep.watches import ClockWatch, DeviceWatch, ZeroWatch


def devices(down=()):
    return DeviceWatch(failed_after_s=30, sound_after_s=20, down=frozenset(down))


def changes(watch, story):
    """`story`: time and state of the LED; what was told, and when."""
    told = []
    for now, state in story:
        told += [(now, change) for change in watch.look({"LED": state}, now)]
    return told


def test_a_device_that_flickers_has_not_failed():
    assert changes(devices(), [(t, "offline" if t % 25 else "ok") for t in range(300)]) == []


def test_a_device_fails_after_a_while_dated_when_it_began():
    story = [(0, "ok"), (10, "offline"), (25, "fault"), (39, "fault"), (40, "fault"), (90, "fault")]
    [(told_at, change)] = changes(devices(), story)
    assert told_at == 40
    assert (change.device, change.failed, change.state, change.since) == ("LED", True, "fault", 10)


def test_it_is_sound_again_after_a_while_and_the_outage_s_length_is_known():
    watch = devices()
    down = [(0, "offline"), (30, "offline")]
    up = [(100, "ok"), (110, "offline"), (111, "ok"), (120, "ok"), (131, "ok")]
    (_, failed), (told_at, sound) = changes(watch, down + up)
    assert (failed.failed, sound.failed) == (True, False)
    assert (told_at, sound.since) == (131, 111)
    assert watch.outage_s(sound) == 111


def test_a_device_nobody_has_heard_of_yet_is_neither():
    assert changes(devices(), [(t, "unknown") for t in range(0, 3_000, 50)]) == []


def test_a_device_that_had_failed_before_the_restart_does_not_fail_again_and_recovers():
    watch = devices(down=["LED"])
    [(told_at, change)] = changes(watch, [(0, "offline"), (60, "offline"), (70, "ok"), (90, "ok")])
    assert (told_at, change.failed) == (90, False)
    assert watch.outage_s(change) is None


def test_a_trouble_that_is_told_no_more_is_over():
    watch = devices()
    assert watch.look({"uplink": "fault"}, 0) == []
    assert [change.failed for change in watch.look({"uplink": "fault"}, 30)] == [True]
    assert watch.look({}, 40) == []
    assert [change.failed for change in watch.look({}, 60)] == [False]


def test_how_long_a_device_is_down_counts_from_its_beginning():
    watch = devices()
    for now in (0, 30, 700):
        watch.look({"LED": "offline"}, now)
    assert watch.down_for_s("LED", 700) == 700
    watch.look({"LED": "ok"}, 701)
    assert watch.down_for_s("LED", 702) == 0


def zeros(**more):
    return ZeroWatch(**{"bound_kg": 60, "free_s": 60, "every_s": 3600} | more)


def kept(watch, story):
    told = []
    for now, kg in story:
        zero = watch.look(kg is not None, kg, now)
        if zero is not None:
            told.append((now, zero.kg, zero.why))
    return told


def test_a_free_scale_is_written_down_once_an_hour():
    assert kept(zeros(), [(t, 4) for t in range(7_300)]) == [
        (60, 4, "hourly"), (3660, 4, "hourly"), (7260, 4, "hourly"),
    ]  # fmt: skip


def test_a_scale_that_is_never_free_for_long_is_not_written_down():
    assert kept(zeros(), [(t, None if t % 50 == 0 else 4) for t in range(4_000)]) == []


def test_a_person_on_the_scale_is_no_drift():
    story = [(t, 80 if 100 <= t < 105 else 0) for t in range(200)]
    assert [why for _, _, why in kept(zeros(), story)] == ["hourly"]


@pytest.mark.parametrize("sign", [1, -1])
def test_a_zero_that_drifts_is_told_at_once_and_when_it_is_back(sign):
    story = [(t, sign * (0 if t < 100 or t >= 400 else 80)) for t in range(600)]
    told = kept(zeros(), story)
    assert [(kg, why) for _, kg, why in told] == [
        (0, "hourly"), (sign * 80, "drifted"), (0, "returned"),
    ]  # fmt: skip
    assert 100 < told[1][0] < 120
    assert 400 < told[2][0] < 420


def test_a_zero_at_the_edge_does_not_come_and_go():
    story = [(t, 80) for t in range(200)] + [(t, 55 + t % 8) for t in range(200, 3_000)]
    assert [why for _, _, why in kept(zeros(), story)] == ["drifted"]


def test_a_clock_that_is_off_is_told_once_and_when_it_is_right():
    watch = ClockWatch(after_s=10)
    told = [(t, said) for t in range(100)
            if (said := watch.look(20 <= t < 60 and t != 25, t)) is not None]  # fmt: skip
    assert told == [(36, True), (70, False)]


def test_a_clock_that_was_off_before_the_restart_is_told_only_when_it_is_right():
    watch = ClockWatch(after_s=10, off=True)
    assert [watch.look(True, t) for t in range(30)] == [None] * 30
    assert [watch.look(False, t) for t in (30, 40)] == [None, False]


@pytest.mark.parametrize(
    ("until", "standing", "days"),
    [
        (None, "none", 0),
        ("2026-12-24", "valid", 31),
        ("2026-12-23", "due", 30),
        ("2026-11-23", "due", 0),
        ("2026-11-22", "expired", -1),
    ],
)
def test_a_certificate_holds_on_its_last_day_and_is_warned_of_thirty_days_before(
    until, standing, days
):
    stands = validity(until, date(2026, 11, 23))
    assert (stands.standing, stands.days) == (standing, days)


def test_each_warning_is_given_once():
    assert warning_due("due", "") == "due"
    assert warning_due("due", "due") is None
    assert warning_due("expired", "due") == "expired"
    assert warning_due("expired", "expired") is None
    assert warning_due("valid", "") is None
