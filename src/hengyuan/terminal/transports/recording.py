"""What went over a device's line, as a file that can be played again.

One JSON object a line: `{"ms": 1250, "in": "02 2B …"}` for bytes that came, `"out"` for bytes that
were sent, `"event"` for what happened to the line. `ms` counts from the opening of the line. A file
that begins otherwise is taken for the bare bytes that a device sent.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import structlog

from hengyuan.terminal.transports.connection import Connection

BARE_PIECE = 64
"""Bare bytes are played in pieces of so many bytes, as a serial line would deliver them."""
BARE_PACE_MS = 60
MAX_FILE = 256 * 1024 * 1024

log = structlog.get_logger(__name__)

Clock = Callable[[], float]


class _Line(msgspec.Struct, omit_defaults=True, rename={"in_": "in"}):
    ms: int
    in_: str | None = None
    out: str | None = None
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """Bytes that went over a line at once, `ms` after it was opened."""

    ms: int
    way: Literal["in", "out"]
    data: bytes


class NoRecording(ValueError):
    """A file that is none; the message names the line and what is wrong with it."""


def read_recording(data: bytes) -> list[Piece]:
    """All pieces of a recording, or of a file of bare bytes, in order.

    Where a line was opened several times, its later times are put behind the earlier ones. A last
    line that breaks off (the power went) is left out. Raises `NoRecording`.
    """
    if not data.lstrip().startswith(b"{"):
        return [
            Piece(number * BARE_PACE_MS, "in", data[at : at + BARE_PIECE])
            for number, at in enumerate(range(0, len(data), BARE_PIECE))
        ]
    pieces: list[Piece] = []
    base = last = 0
    lines = data.splitlines(keepends=True)
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = msgspec.json.decode(text, type=_Line)
            raw = bytes.fromhex(line.in_ or line.out or "")
        except (msgspec.DecodeError, ValueError) as error:
            if number == len(lines) and not text.endswith(b"\n"):
                break
            raise NoRecording(f"line {number}: {error}") from error
        if line.ms + base < last:
            base = last
        last = line.ms + base
        if raw:
            pieces.append(Piece(last, "out" if line.in_ is None else "in", raw))
    return pieces


class Recorder:
    """Appends to a recording until it is full. Never raises: a full disk must not stop a scale."""

    def __init__(self, path: Path, limit: int, *, clock: Clock = time.monotonic) -> None:
        self._path = path
        self._limit = limit
        self._clock = clock
        self._opened_at = clock()
        self.stopped: str | None = None
        """Why it records no more."""
        self.note("opened")

    def came(self, data: bytes) -> None:
        """These bytes arrived."""
        self._append(_Line(self._ms(), in_=data.hex(" ").upper()))

    def went(self, data: bytes) -> None:
        """These bytes were sent."""
        self._append(_Line(self._ms(), out=data.hex(" ").upper()))

    def note(self, event: str) -> None:
        """Something happened to the line."""
        self._append(_Line(self._ms(), event=event))

    def _ms(self) -> int:
        return max(0, round((self._clock() - self._opened_at) * 1000))

    def _append(self, line: _Line) -> None:
        if self.stopped:
            return
        text = msgspec.json.encode(line) + b"\n"
        try:
            with self._path.open("ab") as file:
                if file.tell() + len(text) > self._limit:
                    self._stop(f"full at {file.tell()} bytes")
                    return
                file.write(text)
        except OSError as error:
            self._stop(str(error))

    def _stop(self, why: str) -> None:
        self.stopped = why
        log.warning("recording stopped", file=self._path.name, why=why)


class RecordedConnection(Connection):
    """A connection whose bytes are recorded on their way."""

    def __init__(self, inner: Connection, recorder: Recorder) -> None:
        self._inner = inner
        self._recorder = recorder

    async def read(self, timeout_s: float) -> bytes:
        try:
            data = await self._inner.read(timeout_s)
        except TimeoutError:
            raise
        except OSError as error:
            self._recorder.note(f"broken: {error}")
            raise
        self._recorder.came(data)
        return data

    async def write(self, data: bytes) -> None:
        await self._inner.write(data)
        self._recorder.went(data)

    def abort(self) -> None:
        self._inner.abort()

    async def close(self) -> None:
        self._recorder.note("closed")
        await self._inner.close()
