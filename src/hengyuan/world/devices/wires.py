"""The channels that simulated devices speak over: a TCP port or a pseudo-terminal."""

import array
import asyncio
import contextlib
import fcntl
import os
import termios
import tty
from collections.abc import Callable
from typing import Protocol

Receiver = Callable[[bytes], None]

# A client that does not read is dropped behind this much, as a serial server's buffer would be.
_MOST_UNREAD = 64 * 1024
# A serial line keeps nothing for a reader that is away; a pseudo-terminal would, so it is emptied.
_MOST_WAITING = 512


class Wire(Protocol):
    """A device's end of a line. `heard` is called with what the terminal sends."""

    heard: Receiver | None

    async def open(self) -> None:
        """Begin to listen."""

    async def close(self) -> None:
        """Hang up and listen no more."""

    def send(self, data: bytes) -> None:
        """Say it to whoever listens now; never waits, and keeps nothing for later."""

    @property
    def listeners(self) -> int:
        """How many terminals are connected; 1 where the line cannot tell."""


class TcpWire:
    """A serial device server: a TCP port, everybody who connects hears the same."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host = host
        self.port = port
        self.heard: Receiver | None = None
        self.joined: Callable[[], None] | None = None
        """Called when somebody has connected."""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        """Listen; a port 0 becomes the port that was free."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is None:
            return
        self._server.close()
        for writer in list(self._writers):
            writer.transport.abort()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), 2)
        self._server = None

    def send(self, data: bytes) -> None:
        """To every connected terminal."""
        for writer in list(self._writers):
            if writer.transport.get_write_buffer_size() > _MOST_UNREAD:
                writer.transport.abort()
            else:
                writer.write(data)

    @property
    def listeners(self) -> int:
        """Connected terminals."""
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        if self.joined is not None:
            self.joined()
        try:
            while data := await reader.read(4096):
                if self.heard is not None:
                    self.heard(data)
        except (ConnectionError, TimeoutError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()


class PtyWire:
    """A serial cable: `path` is the port that the terminal opens."""

    def __init__(self) -> None:
        self.heard: Receiver | None = None
        self.path = ""
        self._device_end = -1
        self._terminal_end = -1

    async def open(self) -> None:
        """Make the pair. The terminal's end stays open here, so that a restart does not end it."""
        self._device_end, self._terminal_end = os.openpty()
        tty.setraw(self._terminal_end)
        os.set_blocking(self._device_end, False)
        self.path = os.ttyname(self._terminal_end)
        asyncio.get_running_loop().add_reader(self._device_end, self._read)

    async def close(self) -> None:
        """Pull the cable."""
        if self._device_end < 0:
            return
        asyncio.get_running_loop().remove_reader(self._device_end)
        os.close(self._device_end)
        os.close(self._terminal_end)
        self._device_end = self._terminal_end = -1

    def send(self, data: bytes) -> None:
        """Onto the cable; what nobody reads within a moment is lost."""
        if self._device_end < 0:
            return
        if self._waiting() > _MOST_WAITING:
            termios.tcflush(self._terminal_end, termios.TCIFLUSH)
        with contextlib.suppress(BlockingIOError):
            os.write(self._device_end, data)

    @property
    def listeners(self) -> int:
        """A cable cannot tell."""
        return 1

    def _waiting(self) -> int:
        count = array.array("i", [0])
        fcntl.ioctl(self._terminal_end, termios.FIONREAD, count)
        return count[0]

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            data = os.read(self._device_end, 4096)
            if self.heard is not None:
                self.heard(data)
