"""What the time is, and whether it may be believed."""

from hengyuan.record.model import MAX_TIME_MS, MIN_TIME_MS
from hengyuan.terminal.clock import MAX_OFFSET_MS, CheckedClock

NOW_MS = 1_790_000_000_000


class Clock:
    """Both clocks, set by hand."""

    def __init__(self):
        self.ms = NOW_MS
        self.seconds = 100.0

    def monotonic(self):
        return self.seconds

    def now_ms(self):
        return self.ms

    def pass_by(self, seconds):
        self.seconds += seconds
        self.ms += round(seconds * 1000)


def test_a_clock_that_was_never_checked_flags_its_records():
    checked = CheckedClock(Clock())
    assert checked.offset_ms is None
    assert checked.record_ms(None) == (NOW_MS, True)


def test_a_check_that_an_earlier_run_made_counts_until_the_next():
    clock = Clock()
    assert CheckedClock(clock, 200).record_ms(None) == (NOW_MS, False)
    assert CheckedClock(clock, MAX_OFFSET_MS + 1).unsynced


def test_half_of_the_way_there_and_back_is_taken_off():
    clock = Clock()
    checked = CheckedClock(clock)
    asked_at = clock.monotonic()
    clock.pass_by(2.0)
    checked.checked(NOW_MS + 1000, asked_at, clock.monotonic())
    assert checked.offset_ms == 0
    clock.pass_by(3600)
    assert checked.offset_ms == 0
    assert not checked.unsynced


def test_a_step_of_the_clock_shows_before_the_next_check():
    clock = Clock()
    checked = CheckedClock(clock)
    checked.checked(NOW_MS, 100.0, 100.0)
    for step_ms in (3_600_000, -7_200_000):
        clock.ms += step_ms
        assert checked.unsynced
        # the record keeps this machine's time, and says that it is wrong
        assert checked.record_ms(None) == (clock.ms, True)
        assert checked.request_ms() == NOW_MS
    clock.ms += 3_600_000
    assert not checked.unsynced


def test_a_clock_without_battery_dates_nothing():
    clock = Clock()
    clock.ms = 12_345
    checked = CheckedClock(clock)
    assert checked.record_ms(None) == (MIN_TIME_MS, True)
    assert checked.record_ms(NOW_MS) == (NOW_MS + 1, True)
    checked.checked(NOW_MS, 100.0, 100.0)
    assert checked.record_ms(None) == (NOW_MS, True)
    clock.ms = MAX_TIME_MS + 1
    assert checked.record_ms(None) == (NOW_MS, True)
