"""One camera's recording on disk: files of some minutes, the oldest let go of as whole files.

Order is the number in a file's name, which grows over restarts; times only date what lies there.
What was written survives the process whenever it is killed; it is not flushed at every segment, so
a power cut may take the last half minute. Clips are flushed, like all evidence.
"""

from __future__ import annotations

import contextlib
import errno
import re
import threading
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from hengyuan.terminal.video.chunks import HEAD_BYTES, Kept, head_of, segments_of

FILE_S = 600
"""A file is closed after so long, and its place can be freed then."""
DAY_MS = 86_400_000
_LONGEST_MS = 2 * FILE_S * 1000
"""No file spans more by its own count of time."""
_NAME = re.compile(r"^(\d{12})_(-?\d+)\.mp4$")


class Ring:
    """The files of one camera. `load` and `append` are for its recorder's thread, the rest for any.

    A ring is empty until it is loaded, which takes a while for a year on a cold disk.
    """

    def __init__(self, folder: Path, file_s: float = FILE_S) -> None:
        self._folder = folder
        self._file_ms = round(file_s * 1000)
        self._lock = threading.Lock()
        self._numbers = array("q")
        self._starts = array("q")
        self._sizes = array("q")
        self._file: BinaryIO | None = None
        self._init = b""
        self.loaded = False
        self.next_number = 1

    def load(self) -> Ring:
        """Find what was recorded; itself. OSError if the disk cannot be had."""
        self._folder.mkdir(parents=True, exist_ok=True)
        found = [
            (int(name[1]), int(name[2]), path.stat().st_size)
            for path in self._folder.iterdir()
            if (name := _NAME.match(path.name))
        ]
        with self._lock:
            for column in (self._numbers, self._starts, self._sizes):
                del column[:]
            for number, start_ms, size in sorted(found):
                self._remember(number, start_ms, size)
        self.next_number = self._next_number()
        self.loaded = True
        return self

    def _remember(self, number: int, start_ms: int, size: int) -> None:
        self._numbers.append(number)
        self._starts.append(start_ms)
        self._sizes.append(size)

    def _next_number(self) -> int:
        if not self._numbers:
            return 1
        number, path = self._numbers[-1], self._path(len(self._numbers) - 1)
        return max([number, *(kept.number for kept in segments_of(path))]) + 1

    def _path(self, index: int) -> Path:
        return self._folder / f"{self._numbers[index]:012d}_{self._starts[index]}.mp4"

    # writing

    def begin(self, init: bytes) -> None:
        """The next segment belongs to another initialisation segment: to another file."""
        self._close()
        self._init = init

    def append(self, start_ms: int, duration_ms: int, data: bytes) -> Kept:
        """Write a segment. OSError if the disk refuses: then it is lost, and its number too."""
        number, self.next_number = self.next_number, self.next_number + 1
        try:
            file = self._open(number, start_ms)
            # the file being written is the last one, whatever is let go of before it
            offset = self._sizes[-1] + HEAD_BYTES
            kept = Kept(
                number,
                start_ms,
                duration_ms,
                self._path(-1),
                offset,
                len(data),
                zlib.crc32(data),
            )
            if file.write(head_of(kept) + data) != HEAD_BYTES + len(data):
                raise OSError(errno.ENOSPC, "the disk took only a part")
        except OSError:
            # what came behind half a segment could not be found again
            self._close()
            raise
        with self._lock:
            self._sizes[-1] = offset + len(data)
        return kept

    def _open(self, number: int, start_ms: int) -> BinaryIO:
        if self._file is not None:
            begun_ms = self._starts[-1]
            if begun_ms <= start_ms < begun_ms + self._file_ms:
                return self._file
            self._close()
        path = self._folder / f"{number:012d}_{start_ms}.mp4"
        file = path.open("xb", buffering=0)
        self._file = file
        if file.write(self._init) != len(self._init):
            raise OSError(errno.ENOSPC, "the disk took only a part")
        with self._lock:
            self._remember(number, start_ms, len(self._init))
        return file

    def _close(self) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            self._file = None

    def close(self) -> None:
        """Let go of the file."""
        self._close()

    # reading

    def span(self, from_ms: int, to_ms: int) -> list[Kept]:
        """The segments of a span, oldest first."""
        with self._lock:
            near = [
                self._path(index)
                for index, start_ms in enumerate(self._starts)
                if from_ms - _LONGEST_MS < start_ms < to_ms
            ]
        return [
            kept
            for path in near
            for kept in _segments(path)
            if kept.start_ms < to_ms and kept.end_ms > from_ms
        ]

    # what it takes, and letting go

    @property
    def size(self) -> int:
        """Bytes on disk."""
        with self._lock:
            return sum(self._sizes)

    def oldest_ms(self, now_ms: int | None) -> int | None:
        """When the file begins that would be let go of next; None if there is none.

        One that claims to be of tomorrow was dated by a clock gone astray, and counts as old as the
        one after it. One that claims to be of long ago goes for that when its turn has come; it
        takes none along that was written before it.
        """
        with self._lock:
            if len(self._starts) < 2 and not self._idle:
                return None
            latest_ms = self._starts[0] if now_ms is None else now_ms + DAY_MS
            return next((start for start in self._starts if start <= latest_ms), latest_ms)

    @property
    def _idle(self) -> bool:
        return bool(self._starts) and self._file is None

    def drop_oldest(self) -> int:
        """Free the place of the oldest file; the bytes freed. OSError if it cannot be deleted."""
        with self._lock:
            if len(self._numbers) < 2 and not self._idle:
                return 0
            path, size = self._path(0), self._sizes[0]
            path.unlink(missing_ok=True)
            for column in (self._numbers, self._starts, self._sizes):
                del column[0]
            return size


def _segments(path: Path) -> Iterator[Kept]:
    with contextlib.suppress(FileNotFoundError):
        yield from segments_of(path)
