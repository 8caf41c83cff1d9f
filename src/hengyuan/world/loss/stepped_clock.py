"""A wall clock that somebody else may step, as a dead battery or a hand does.

The offset lies in a file of eight bytes, so that it outlives the terminal's process as the clock
of a PC does. The monotonic clock is the machine's own: no step moves it.
"""

import mmap
import struct
from pathlib import Path

from hengyuan.terminal.clock import SystemClock

_FORMAT = struct.Struct("<q")


class SteppedClock(SystemClock):
    """This machine's time plus the offset in `file`, read anew each time it is asked."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_FORMAT.pack(0))
        with file.open("r+b") as opened:
            self._shared = mmap.mmap(opened.fileno(), _FORMAT.size)

    @property
    def offset_ms(self) -> int:
        """How far this clock is ahead of the machine's."""
        (offset_ms,) = _FORMAT.unpack(self._shared[:])
        return int(offset_ms)

    def set_offset(self, offset_ms: int) -> None:
        """Step the clock, for every process that reads this file."""
        self._shared[:] = _FORMAT.pack(offset_ms)

    def now_ms(self) -> int:
        return super().now_ms() + self.offset_ms
