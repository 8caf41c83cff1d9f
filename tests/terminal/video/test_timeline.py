"""A frame is dated by when it was seen, however late and in whatever bursts its packets come."""

import pytest

from hengyuan.terminal.video.timeline import Timeline

PICTURE_S = 0.04


def seen(timeline, arrivals):
    """Feed packets (time in the stream, arrival); what the last one is dated to."""
    for stream_s, now_s in arrivals:
        timeline.arrived(stream_s, now_s)
    return timeline.seen_s(arrivals[-1][0])


def steady(begin_s, seconds, zero_s=1000.0):
    """Packets that come at once."""
    count = round(seconds / PICTURE_S)
    return [(begin_s + n * PICTURE_S, zero_s + begin_s + n * PICTURE_S) for n in range(count)]


def test_a_burst_at_the_beginning_is_dated_to_when_it_was_seen():
    # a camera sends the two seconds since its last key frame at once, the newest just now
    burst = [(n * PICTURE_S, 1002.0) for n in range(51)]
    assert seen(Timeline(), burst) == pytest.approx(1002.0)
    timeline = Timeline()
    seen(timeline, burst)
    assert timeline.seen_s(0.0) == pytest.approx(1000.0)


def test_packets_that_were_held_up_are_not_dated_later():
    timeline = Timeline()
    seen(timeline, steady(0, 10))
    held_up = [(10 + n * PICTURE_S, 1018.0) for n in range(200)]
    assert seen(timeline, held_up) == pytest.approx(1000 + held_up[-1][0])


def test_a_camera_whose_clock_drifts_is_followed():
    # 500 millionths slow, for an hour: its own time would be 1.8 s behind
    arrivals = [(at * 0.9995, 1000.0 + at) for at in range(3600)]
    assert seen(Timeline(), arrivals) == pytest.approx(1000 + 3599, abs=0.05)


def test_a_camera_that_stalled_is_dated_rightly_after_a_minute():
    timeline = Timeline()
    seen(timeline, steady(0, 10))
    stalled = steady(10, 70, zero_s=1005.0)
    assert seen(timeline, stalled) == pytest.approx(stalled[-1][1])
