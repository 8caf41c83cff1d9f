"""Footage on disk that is no evidence: the windows of live sessions, and clips of the past.

The intake lane writes both, the pages of the `video` app read them. A window is what a browser
needs to follow a camera and no more: the last seconds, gone when the session ends. A clip lies
under its digest until its days are over.
"""

from __future__ import annotations

import math
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from hengyuan.platform.home import home_dir
from hengyuan.platform.weighing.evidence import EvidenceStore

LISTED = 8
"""Segments that a playlist names, some 16 s."""
KEPT = 14
"""Segments that are kept: a player may still be fetching what the playlist has just dropped."""
KEPT_BYTES = 48 * 1024 * 1024
"""Of one session at most; with fewer segments where a camera sends more than that."""
PLAYLIST = "live.m3u8"
PLAYLIST_TYPE = "application/vnd.apple.mpegurl"
SEGMENT_TYPE = "video/mp4"
_PART = re.compile(r"[is]\d{1,19}\.mp4")


class NeedsInit(LookupError):
    """A segment came whose initialisation segment is not here: after a restart of the platform."""


@dataclass(frozen=True, slots=True)
class _Segment:
    number: int
    duration_ms: int
    size: int
    init: str
    begins_anew: bool

    @property
    def name(self) -> str:
        return f"s{self.number}.mp4"


class Window:
    """The newest segments of one live session, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segments: list[_Segment] = []
        self._init: str | None = None
        self._last_sequence = -1
        self._dropped_discontinuities = 0
        folder.mkdir(parents=True, exist_ok=True)

    def add_init(self, sequence: int, data: bytes) -> None:
        """Keep an initialisation segment; it holds for the segments from `sequence` on."""
        name = f"i{sequence}.mp4"
        (self._folder / name).write_bytes(data)
        self._init = name

    def add(self, sequence: int, duration_ms: int, data: bytes) -> None:
        """Keep a segment; one that came before is passed over. NeedsInit without a beginning."""
        if sequence <= self._last_sequence:
            return
        if self._init is None:
            raise NeedsInit(sequence)
        last = self._segments[-1] if self._segments else None
        # a player counts the segments by itself: these numbers have no gaps, sequences may
        number = last.number + 1 if last else sequence
        jumped = last is not None and sequence != self._last_sequence + 1
        segment = _Segment(
            number=number,
            duration_ms=duration_ms,
            size=len(data),
            init=self._init,
            begins_anew=last is not None and (jumped or last.init != self._init),
        )
        (self._folder / segment.name).write_bytes(data)
        self._segments.append(segment)
        self._last_sequence = sequence
        self._drop()
        self._write_playlist(is_over=False)

    def end(self) -> None:
        """Let players come to their end instead of asking on."""
        if self._segments:
            self._write_playlist(is_over=True)

    def remove(self) -> None:
        """Nothing of it stays on disk."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _drop(self) -> None:
        while len(self._segments) > KEPT or (
            len(self._segments) > 2 and sum(one.size for one in self._segments) > KEPT_BYTES
        ):
            dropped = self._segments.pop(0)
            self._dropped_discontinuities += dropped.begins_anew
            (self._folder / dropped.name).unlink(missing_ok=True)
        needed = {one.init for one in self._segments}
        for path in self._folder.glob("i*.mp4"):
            if path.name not in needed and path.name != self._init:
                path.unlink(missing_ok=True)

    def _write_playlist(self, *, is_over: bool) -> None:
        listed = self._segments[-LISTED:]
        earlier = self._segments[: -len(listed)]
        lines = [
            "#EXTM3U",
            "#EXT-X-VERSION:7",
            f"#EXT-X-TARGETDURATION:{max(1, math.ceil(max(s.duration_ms for s in listed) / 1000))}",
            f"#EXT-X-MEDIA-SEQUENCE:{listed[0].number}",
        ]
        # what a first entry begins anew is counted with those that are gone
        gone = self._dropped_discontinuities + sum(one.begins_anew for one in earlier)
        lines.append(f"#EXT-X-DISCONTINUITY-SEQUENCE:{gone + listed[0].begins_anew}")
        init = ""
        for place, segment in enumerate(listed):
            if place and segment.begins_anew:
                lines.append("#EXT-X-DISCONTINUITY")
            if segment.init != init:
                init = segment.init
                lines.append(f'#EXT-X-MAP:URI="{init}"')
            lines += [f"#EXTINF:{segment.duration_ms / 1000:.3f},", segment.name]
        if is_over:
            lines.append("#EXT-X-ENDLIST")
        draft = self._folder / f"{PLAYLIST}.new"
        draft.write_text("\n".join(lines) + "\n", encoding="ascii")
        draft.replace(self._folder / PLAYLIST)


def live_root() -> Path:
    """Where the windows lie; emptied when the platform starts."""
    return home_dir() / "live"


def part_of(session: str, name: str) -> bytes | None:
    """The playlist or a segment of a session's window; None for what is not there (any more)."""
    if name != PLAYLIST and not _PART.fullmatch(name):
        return None
    try:
        return (live_root() / session / name).read_bytes()
    except FileNotFoundError:
        return None


def clip_store() -> EvidenceStore:
    """Clips that were asked for, by their digest; apart from the evidence of records."""
    return EvidenceStore(home_dir() / "clips")
