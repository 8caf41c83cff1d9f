"""The window of a live session: a playlist that a player can follow, and a bounded folder."""

import re
from pathlib import Path

import pytest

from hengyuan.platform import footage_files
from hengyuan.platform.footage_files import KEPT, LISTED, PLAYLIST, NeedsInit, Window
from tests.platform.video.footage import INIT, segment


@pytest.fixture
def window(tmp_path: Path) -> Window:
    return Window(tmp_path)


def playlist(folder: Path) -> list[str]:
    return (folder / PLAYLIST).read_text().splitlines()


def tag(folder: Path, name: str) -> int:
    (found,) = (line for line in playlist(folder) if line.startswith(f"#EXT-X-{name}:"))
    return int(found.partition(":")[2])


def numbers(folder: Path) -> list[int]:
    return [int(line[1:-4]) for line in playlist(folder) if re.fullmatch(r"s\d+\.mp4", line)]


def test_the_newest_segments_are_listed_and_older_ones_go(window: Window, tmp_path: Path) -> None:
    window.add_init(100, INIT)
    for number in range(100, 130):
        window.add(number, 1990, segment(number))
    assert numbers(tmp_path) == list(range(130 - LISTED, 130))
    assert tag(tmp_path, "MEDIA-SEQUENCE") == 130 - LISTED
    assert tag(tmp_path, "TARGETDURATION") == 2
    assert len(list(tmp_path.glob("s*.mp4"))) == KEPT
    assert (tmp_path / "s129.mp4").read_bytes() == segment(129)
    assert '#EXT-X-MAP:URI="i100.mp4"' in playlist(tmp_path)
    assert "#EXT-X-ENDLIST" not in playlist(tmp_path)
    window.end()
    assert playlist(tmp_path)[-1] == "#EXT-X-ENDLIST"
    window.remove()
    assert not tmp_path.exists()


def test_a_player_counts_without_gaps_whatever_is_left_out(window: Window, tmp_path: Path) -> None:
    """The numbers that a player gives by itself never change their segment."""
    window.add_init(0, INIT)
    seen: dict[int, bytes] = {}
    left_out = {7, 8, 20}
    for sequence in range(40):
        if sequence in left_out:
            continue
        window.add(sequence, 2000, segment(sequence))
        first = tag(tmp_path, "MEDIA-SEQUENCE")
        names = [line for line in playlist(tmp_path) if line.startswith("s")]
        for number, name in enumerate(names, start=first):
            content = (tmp_path / name).read_bytes()
            assert seen.setdefault(number, content) == content
    assert len(seen) == 40 - len(left_out)


def test_each_discontinuity_is_counted_once_for_ever(window: Window, tmp_path: Path) -> None:
    """Shown or gone, a segment's count of discontinuities stays the same."""
    counts: dict[int, int] = {}
    for sequence in range(60):
        if sequence in (0, 5, 6, 31):
            window.add_init(sequence, INIT)
        if sequence == 17:
            continue
        window.add(sequence, 2000, segment(sequence))
        count = tag(tmp_path, "DISCONTINUITY-SEQUENCE")
        number = tag(tmp_path, "MEDIA-SEQUENCE")
        for line in playlist(tmp_path):
            if line == "#EXT-X-DISCONTINUITY":
                count += 1
            elif line.startswith("s"):
                assert counts.setdefault(number, count) == count
                number += 1
    assert counts[max(counts)] == 4


def test_the_same_segment_twice_is_one(window: Window, tmp_path: Path) -> None:
    window.add_init(3, INIT)
    for sequence in (3, 4, 4, 3, 5):
        window.add(sequence, 2000, segment(sequence))
    assert numbers(tmp_path) == [3, 4, 5]


def test_without_a_beginning_nothing_can_be_played(window: Window) -> None:
    with pytest.raises(NeedsInit):
        window.add(3, 2000, segment(3))


def test_after_a_restart_numbers_go_on_rising(tmp_path: Path) -> None:
    before = Window(tmp_path)
    before.add_init(10, INIT)
    for sequence in (10, 11, 15, 16):
        before.add(sequence, 2000, segment(sequence))
    last = numbers(tmp_path)[-1]
    before.remove()
    after = Window(tmp_path)
    after.add_init(17, INIT)
    after.add(17, 2000, segment(17))
    assert numbers(tmp_path)[0] > last


def test_a_camera_that_sends_much_keeps_less(
    window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(footage_files, "KEPT_BYTES", 5000)
    window.add_init(0, INIT)
    for sequence in range(20):
        window.add(sequence, 2000, segment(sequence, size=1500))
        assert sum(path.stat().st_size for path in tmp_path.glob("s*.mp4")) <= 5000
    # what is listed is there
    assert all((tmp_path / f"s{number}.mp4").exists() for number in numbers(tmp_path))


@pytest.mark.parametrize("name", ["../x", "s1.mp4/..", "s1", "i.mp4", "live.m3u8.new", "s1.mp4\n"])
def test_only_parts_of_a_window_have_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("HENGYUAN_HOME", str(tmp_path))
    folder = footage_files.live_root() / "session"
    folder.mkdir(parents=True)
    (folder / "live.m3u8.new").write_text("x")
    assert footage_files.part_of("session", name) is None
