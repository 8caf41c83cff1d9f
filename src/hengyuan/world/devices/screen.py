"""What stands before the driver's eyes at a lane: displays that remember what they showed."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

MOST_REMEMBERED = 256


@dataclass(frozen=True, slots=True)
class Shown:
    """What stood on the display from a moment on."""

    lines: tuple[str, ...]
    colours: tuple[str | None, ...]
    at: float
    """Seconds of this process's monotonic clock."""
    shown_at: datetime
    """The same moment, wall clock, UTC."""

    @property
    def text(self) -> str:
        """All lines, one below the other."""
        return "\n".join(self.lines)


class Screen:
    """A display that a terminal connects to, and all that stood on it. `serve` is its make's."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.history: deque[Shown] = deque(maxlen=MOST_REMEMBERED)
        self.refused = 0
        """Frames whose checksum was wrong."""
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def connected(self) -> bool:
        """Whether a terminal holds a connection."""
        return bool(self._writers)

    @property
    def now(self) -> Shown | None:
        """What it shows."""
        return self.history[-1] if self.history else None

    async def open(self) -> None:
        """Listen; a port 0 becomes the port that was free."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Hang up."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 2)
        self._server = None

    async def wait_for(
        self, wanted: Callable[[Shown], bool], since: float, timeout_s: float
    ) -> Shown | None:
        """The first thing shown since then (monotonic seconds) that is `wanted`; None too late."""
        loop = asyncio.get_running_loop()
        end = loop.time() + timeout_s
        while True:
            self._changed.clear()
            for shown in self.history:
                if shown.at >= since and wanted(shown):
                    return shown
            left_s = end - loop.time()
            if left_s <= 0:
                return None
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), left_s)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        hear = self.begin()
        try:
            while data := await reader.read(4096):
                answer = hear(data)
                if answer:
                    writer.write(answer)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()

    def begin(self) -> Callable[[bytes], bytes]:
        """What takes the bytes of one new connection and gives the answer to them."""
        raise NotImplementedError

    def show(self, lines: tuple[str, ...], colours: tuple[str | None, ...]) -> None:
        """From now on this stands on it."""
        # the same text sent anew (after a power cut of the display) changes nothing on it
        if self.now is None or (self.now.lines, self.now.colours) != (lines, colours):
            at = asyncio.get_running_loop().time()
            self.history.append(Shown(lines, colours, at, datetime.now(UTC)))
            self._changed.set()
