"""The recording's files: order, time, what a crash leaves, and what goes first."""

import shutil

import pytest

from hengyuan.terminal.config_video import VideoTable
from hengyuan.terminal.video import limits
from hengyuan.terminal.video.chunks import read_init, segments_of
from hengyuan.terminal.video.limits import GB, make_room
from hengyuan.terminal.video.ring import DAY_MS, Ring

INIT = b"\x00\x00\x00\x10ftypisom\0\0\0\0" + b"\x00\x00\x00\x0cmoov\0\0\0\0"
NOON_MS = 1_780_000_000_000


def recorded(folder, *starts_ms, length=100, **more):
    """A ring with a segment of two seconds at each of these times."""
    ring = Ring(folder, **more).load()
    ring.begin(INIT)
    for start_ms in starts_ms:
        ring.append(start_ms, 2000, bytes([start_ms % 251]) * length)
    return ring


def numbers(ring, from_ms=0, to_ms=2**60):
    return [kept.number for kept in ring.span(from_ms, to_ms)]


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_span_gives_the_segments_that_lie_in_it(tmp_path):
    ring = recorded(tmp_path, *(NOON_MS + at * 2000 for at in range(5)))
    assert [kept.number for kept in ring.span(NOON_MS + 2500, NOON_MS + 6000)] == [2, 3]
    (kept,) = ring.span(NOON_MS, NOON_MS + 1)
    assert kept.read() == bytes([NOON_MS % 251]) * 100
    assert ring.span(NOON_MS + 10_000, NOON_MS + 20_000) == []


def test_numbers_go_on_after_a_restart_whatever_the_clock_says(tmp_path):
    recorded(tmp_path, NOON_MS, NOON_MS + 2000).close()
    ring = recorded(tmp_path, NOON_MS - 3_600_000)
    assert ring.next_number == 4
    assert [(kept.number, kept.start_ms) for kept in Ring(tmp_path).load().span(0, 2**60)] == [
        (1, NOON_MS),
        (2, NOON_MS + 2000),
        (3, NOON_MS - 3_600_000),
    ]


def test_a_file_is_followed_by_another_after_its_time_with_the_same_beginning(tmp_path):
    ring = recorded(tmp_path, NOON_MS, NOON_MS + 4000, NOON_MS + 8000, file_s=5)
    assert files(tmp_path) == [f"000000000001_{NOON_MS}.mp4", f"000000000003_{NOON_MS + 8000}.mp4"]
    assert {read_init(kept.path) for kept in ring.span(0, 2**60)} == {INIT}


@pytest.mark.parametrize("back_ms", [3_600_000, 1])
def test_a_clock_that_steps_back_begins_a_file(tmp_path, back_ms):
    ring = recorded(tmp_path, NOON_MS, NOON_MS - back_ms)
    assert len(files(tmp_path)) == 2
    assert [kept.number for kept in ring.span(NOON_MS - back_ms, NOON_MS)][-1] == 2


@pytest.mark.parametrize("cut", [1, 99, 100, 101, 120])
def test_what_was_torn_off_costs_the_last_segment_only(tmp_path, cut):
    ring = recorded(tmp_path, NOON_MS, NOON_MS + 2000)
    ring.close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-cut])
    again = Ring(tmp_path).load()
    assert numbers(again) == [1]
    assert again.next_number == 2
    again.begin(INIT)
    again.append(NOON_MS + 4000, 2000, b"new")
    assert numbers(again) == [1, 2]


@pytest.mark.parametrize("left", [0, 5, 20, len(INIT), len(INIT) + 10])
def test_a_file_torn_in_its_beginning_holds_nothing_and_harms_nothing(tmp_path, left):
    recorded(tmp_path, NOON_MS).close()
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:left])
    again = Ring(tmp_path).load()
    assert numbers(again) == []
    assert again.next_number == 2, "the name is taken"


def test_zeros_that_a_power_cut_left_are_not_taken_for_pictures(tmp_path):
    recorded(tmp_path, NOON_MS).close()
    (path,) = tmp_path.iterdir()
    data = path.read_bytes()
    path.write_bytes(data[:-50] + bytes(50))
    (kept,) = segments_of(path)
    with pytest.raises(OSError, match="damaged"):
        kept.read()


def test_a_disk_that_takes_half_a_segment_costs_that_segment(tmp_path, monkeypatch):
    ring = recorded(tmp_path, NOON_MS)

    class Full:
        def write(self, data):
            return len(data) // 2

        def close(self):
            pass

    ring._file.close()
    monkeypatch.setattr(ring, "_file", Full())
    with pytest.raises(OSError, match="only a part"):
        ring.append(NOON_MS + 2000, 2000, b"lost")
    ring.append(NOON_MS + 4000, 2000, b"kept")
    assert numbers(ring) == [1, 3]


def room(monkeypatch, *rings, free_gb=100, now_ms=NOON_MS + DAY_MS, folder, **table):
    """Keep to these bounds of a disk that has so much free and gains what is deleted."""
    whole = free_gb * GB + sum(ring.size for ring in rings)

    def usage(_):
        return shutil._ntuple_diskusage(0, 0, whole - sum(ring.size for ring in rings))

    monkeypatch.setattr(limits.shutil, "disk_usage", usage)
    return make_room(rings, VideoTable(**({"min_free_gb": 0} | table)), folder, now_ms)


def hours(folder, *hours, length=1000):
    """A ring with one file for each of these hours."""
    return recorded(
        folder, *(NOON_MS + hour * 3_600_000 for hour in hours), length=length, file_s=60
    )


def test_the_oldest_of_all_cameras_goes_first_when_they_take_too_much(tmp_path, monkeypatch):
    front, rear = hours(tmp_path / "a", 0, 3, 4), hours(tmp_path / "b", 1, 2, 5)
    each = front.size / 3
    room(monkeypatch, front, rear, folder=tmp_path, max_gb=4 * each / GB)
    assert (numbers(front), numbers(rear)) == ([2, 3], [2, 3])
    room(monkeypatch, front, rear, folder=tmp_path, max_gb=3 * each / GB)
    assert (numbers(front), numbers(rear)) == ([2, 3], [3])


def test_the_disk_is_kept_free_and_the_file_being_written_stays(tmp_path, monkeypatch):
    ring = hours(tmp_path, 0, 1, 2)
    found = room(monkeypatch, ring, folder=tmp_path, free_gb=1, min_free_gb=1 + 1500 / GB)
    assert not found.too_little
    assert numbers(ring) == [3]
    found = room(monkeypatch, ring, folder=tmp_path, free_gb=1, min_free_gb=2)
    assert found.too_little
    assert numbers(ring) == [3]


def test_recordings_go_after_their_days_and_only_when_the_time_is_known(tmp_path, monkeypatch):
    ring = hours(tmp_path, 0, 1, 48)
    bounds = {"keep_days": 1, "folder": tmp_path}
    room(monkeypatch, ring, now_ms=None, **bounds)
    assert numbers(ring) == [1, 2, 3]
    room(monkeypatch, ring, now_ms=NOON_MS + 48 * 3_600_000, **bounds)
    assert numbers(ring) == [3]


@pytest.mark.parametrize("astray", [24 * 365 * 20, -24 * 365 * 20])
def test_a_file_dated_by_a_clock_gone_astray_keeps_none_and_takes_none(
    tmp_path, monkeypatch, astray
):
    ring = hours(tmp_path, astray, astray + 1, 1, 24, astray, 47, 48)
    bounds = {"keep_days": 1, "folder": tmp_path}
    room(monkeypatch, ring, now_ms=NOON_MS + 48 * 3_600_000, **bounds)
    assert numbers(ring) == [4, 5, 6, 7]


def test_what_is_left_of_a_camera_that_is_gone_goes_wholly(tmp_path, monkeypatch):
    hours(tmp_path, 0, 1).close()
    ring = Ring(tmp_path).load()
    room(monkeypatch, ring, now_ms=NOON_MS + 10 * DAY_MS, keep_days=1, folder=tmp_path)
    assert files(tmp_path) == []


def test_a_file_that_cannot_be_deleted_now_is_passed_over(tmp_path, monkeypatch):
    one, other = hours(tmp_path / "a", 0, 3), hours(tmp_path / "b", 1, 2)

    def locked():
        raise PermissionError(13, "somebody reads it")

    monkeypatch.setattr(one, "drop_oldest", locked)
    room(monkeypatch, one, other, folder=tmp_path, max_gb=1 / GB)
    assert (numbers(one), numbers(other)) == ([1, 2], [2])
