"""A recorded file in place of a device."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hengyuan.terminal.transports.connection import CHUNK, Connection
from hengyuan.terminal.transports.recording import MAX_FILE, NoRecording, Piece, read_recording
from hengyuan.terminal.transports.settings import Replay


class ReplayConnection(Connection):
    """Gives out what came, at the times at which it came; what is sent goes nowhere."""

    def __init__(self, pieces: list[Piece], settings: Replay) -> None:
        self._pieces = [piece for piece in pieces if piece.way == "in"]
        self._settings = settings
        self._begun_at: float | None = None
        self._rest = b""
        self._closed = False

    async def read(self, timeout_s: float) -> bytes:
        loop = asyncio.get_running_loop()
        if self._begun_at is None:
            self._begun_at = loop.time()
        if self._closed:
            raise ConnectionResetError("closed")
        if not self._rest:
            await self._next(timeout_s, loop.time() - self._begun_at)
        data, self._rest = self._rest[:CHUNK], self._rest[CHUNK:]
        return data

    async def _next(self, timeout_s: float, passed_s: float) -> None:
        if not self._pieces:
            if self._settings.again:
                raise ConnectionResetError("end of the recording")
            await asyncio.sleep(timeout_s)
            raise TimeoutError
        wait_s = self._pieces[0].ms / 1000 / self._settings.speed - passed_s
        if wait_s > timeout_s:
            await asyncio.sleep(timeout_s)
            raise TimeoutError
        await asyncio.sleep(max(0.0, wait_s))
        self._rest = self._pieces.pop(0).data

    async def write(self, data: bytes) -> None:
        if self._closed:
            raise ConnectionResetError("closed")

    def abort(self) -> None:
        self._closed = True

    async def close(self) -> None:
        self._closed = True


async def open_replay(settings: Replay) -> Connection:
    """Raises `OSError` where the file cannot be read, or is no recording."""
    path = Path(settings.path)

    def load() -> list[Piece]:
        if path.stat().st_size > MAX_FILE:
            raise OSError(f"{path.name} is over {MAX_FILE} bytes")
        try:
            return read_recording(path.read_bytes())
        except NoRecording as error:
            raise OSError(f"{path.name}: {error}") from error

    return ReplayConnection(await asyncio.to_thread(load), settings)
