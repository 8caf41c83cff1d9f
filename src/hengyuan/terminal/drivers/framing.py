"""Cutting a byte stream into frames: resynchronisation, bounds, counting; once for all codecs."""

from __future__ import annotations

import re
from typing import Generic, TypeVar

from hengyuan.terminal.devices import Counters, Notice, Refused

T = TypeVar("T")


class Bad(Exception):
    """These bytes are no frame. `reason` is a short code, `detail` the explanation."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


class FrameDecoder(Generic[T]):
    """Base of the incremental decoders.

    A subclass names the bytes that a frame starts with, says how long a frame is as soon as that
    can be known, and reads one whole frame. A frame that proves bad is given up only as far as the
    next possible start inside it, so the sound frame behind a torn one is never lost.
    """

    start: bytes
    """What every frame begins with."""
    starts: tuple[bytes, ...] = ()
    """All the ways to begin, for a family that has more than one; `start` is among them."""
    longest = 4096
    """More bytes than any frame has: the bound of the buffer."""
    noise_run = 256
    """Noise is reported in pieces of at most this many bytes."""

    def __init__(self, counters: Counters | None = None) -> None:
        self.counters = counters if counters is not None else Counters()
        self._buffer = bytearray()
        self._noise = bytearray()
        self._any_start = re.compile(b"|".join(map(re.escape, self.starts or (self.start,))))
        self.final = False
        """The line has fallen silent: nothing follows what is in the buffer."""

    def length(self, buffer: bytes) -> int | None:
        """Length of the frame at the start of `buffer`; None while more bytes are needed to say.

        Raises `Bad` where no frame can begin like this.
        """
        raise NotImplementedError

    def lead(self, buffer: bytes) -> int:
        """How many bytes at the start of `buffer` the next frame cannot begin at."""
        return 1

    def read(self, frame: bytes, at: float) -> T | Notice:
        """What `frame` says. Raises `Bad`."""
        raise NotImplementedError

    def feed(self, data: bytes, at: float = 0.0) -> list[T | Notice | Refused]:
        """Take what arrived at `at` and return all that it completes, in order."""
        self.counters.octets += len(data)
        self._buffer += data
        return self._drain(at, final=False)

    def flush(self, at: float = 0.0) -> list[T | Notice | Refused]:
        """The line fell silent: what is still incomplete will not become a frame any more."""
        out = self._drain(at, final=True)
        self._end_noise(at, out)
        return out

    @property
    def pending(self) -> int:
        """Bytes held back, waiting for the rest of a frame."""
        return len(self._buffer)

    def _drain(self, at: float, *, final: bool) -> list[T | Notice | Refused]:
        out: list[T | Notice | Refused] = []
        self.final = final
        data = bytes(self._buffer)
        position = 0
        while position < len(data):
            begin = self._find_start(data, position)
            if begin > position:
                self._take_noise(data[position:begin], at, out)
                position = begin
                continue
            rest = data[position : position + self.longest]
            step = self._step(rest, at, out, final=final)
            if step == 0:
                break
            position += step
        self._buffer = bytearray(data[position:])
        return out

    def _step(self, rest: bytes, at: float, out: list[T | Notice | Refused], *, final: bool) -> int:
        """Deal with the candidate at the start of `rest`; 0 where it has to wait."""
        try:
            size = self._size(rest)
            if size is None:
                if len(rest) >= self.longest:
                    raise Bad("length", f"no end within {self.longest} bytes")
                if not final:
                    return 0
                raise Bad("half_frame", "the frame breaks off")
            item = self.read(rest[:size], at)
        except Bad as bad:
            size = self._give_up(rest)
            self._end_noise(at, out)
            self._refuse(Refused(bad.reason, rest[:size], at, bad.detail), out)
            return size
        self._end_noise(at, out)
        if isinstance(item, Notice):
            self.counters.notices += 1
        else:
            self.counters.frames += 1
        out.append(item)
        return size

    def _size(self, rest: bytes) -> int | None:
        if len(rest) < min(map(len, self.starts or (self.start,))):
            return None
        size = self.length(rest)
        return None if size is None or len(rest) < size else size

    def _give_up(self, rest: bytes) -> int:
        """How much of a bad candidate goes: up to the next possible start, or its whole length."""
        try:
            size = self._size(rest) or len(rest)
        except Bad:
            size = len(rest)
        begin = self._find_start(rest, self.lead(rest))
        return max(1, min(size, begin))

    def _find_start(self, data: bytes, position: int) -> int:
        """Index of the next whole start, or of a start cut off by the end of `data`."""
        found = self._any_start.search(data, position)
        if found is not None:
            return found.start()
        starts = self.starts or (self.start,)
        return min(_cut_off(start, data, position) for start in starts)

    def _take_noise(self, noise: bytes, at: float, out: list[T | Notice | Refused]) -> None:
        self._noise += noise
        while len(self._noise) >= self.noise_run:
            piece = bytes(self._noise[: self.noise_run])
            del self._noise[: self.noise_run]
            self._refuse(Refused("noise", piece, at), out)

    def _end_noise(self, at: float, out: list[T | Notice | Refused]) -> None:
        if self._noise:
            piece = bytes(self._noise)
            self._noise.clear()
            self._refuse(Refused("noise", piece, at), out)

    def _refuse(self, refused: Refused, out: list[T | Notice | Refused]) -> None:
        self.counters.refused[refused.reason] += 1
        out.append(refused)


def _cut_off(start: bytes, data: bytes, position: int) -> int:
    for size in range(min(len(start) - 1, len(data) - position), 0, -1):
        if data.endswith(start[:size]):
            return len(data) - size
    return len(data)
