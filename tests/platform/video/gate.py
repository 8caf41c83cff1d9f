"""A terminal's part in pictures, for a real lane: its commands and uploads, made-up cameras."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from hengyuan.record.commands import Camera
from hengyuan.record.suites import SM2_SM3
from hengyuan.terminal.clock import CheckedClock, SystemClock
from hengyuan.terminal.config_tables import PlatformTable
from hengyuan.terminal.enrolment import Enrolment, Identity
from hengyuan.terminal.store import EvidenceFiles, Store, StoreWorker
from hengyuan.terminal.uplink.client import PlatformClient
from hengyuan.terminal.uplink.commands import Commands
from hengyuan.terminal.uplink.footage import Footage
from hengyuan.terminal.video.asked import LiveSegment, NoVideo
from tests.platform.records import TestTerminal
from tests.platform.video.footage import CLIP, INIT, segment


class FakeVideo:
    """Two cameras: `front` sends a segment every few ms, `rear` is dark. Remembers who reads."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reading = 0
        self.begins_anew_at = {5}
        self.left_out: set[int] = set()
        self.exported: list[tuple[str, int, int]] = []

    @property
    def cameras(self) -> list[str]:
        return ["front", "rear"]

    async def live(self, camera: str) -> AsyncIterator[LiveSegment]:
        self.reading += 1
        try:
            for number in itertools.count():
                if camera == "rear":
                    await asyncio.sleep(3600)
                await asyncio.sleep(0.02)
                if number in self.left_out:
                    continue
                is_new = number == 0 or number in self.begins_anew_at
                yield LiveSegment(number, INIT if is_new else None, segment(number), 2000)
        finally:
            self.reading -= 1

    async def export(self, camera: str, from_ms: int, to_ms: int) -> Path:
        self.exported.append((camera, from_ms, to_ms))
        if camera == "rear":
            raise NoVideo("nothing is recorded")
        path = self.folder / "clip.mp4"
        path.write_bytes(CLIP)
        return path


@contextlib.asynccontextmanager
async def gate_at(
    terminal: TestTerminal, http: httpx.AsyncClient, folder: Path
) -> AsyncIterator[FakeVideo]:
    """A terminal that fetches its commands from that platform until the end."""
    enrolment = Enrolment(terminal.code, SM2_SM3.name, "", "", 0, asked_ms=0, answered_ms=0)
    identity = Identity(enrolment, terminal.suite, terminal.key)
    clock = SystemClock()
    checked = CheckedClock(clock, 0)
    settings = PlatformTable(
        url="http://platform", retry_first_s=0.02, retry_last_s=0.1, file_part_kb=16
    )
    folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder, identity.terminal, identity.suite, identity.genesis)
    worker = StoreWorker(store, EvidenceFiles(folder / "evidence", identity.suite))
    client = PlatformClient(http, identity, clock, checked)
    video = FakeVideo(folder)
    places = [Camera(name="front", lane=1, place="front"), Camera(name="rear", lane=1)]
    footage = Footage(settings, client, identity.suite, clock, video, places)
    commands = Commands(settings, client, worker, clock, footage.cameras)
    footage.register(commands)
    running = asyncio.create_task(commands.run())
    try:
        yield video
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        worker.close()
