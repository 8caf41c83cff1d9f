"""A gate post: real lanes on a real store; scale, cameras and displays are put in by hand.

Time is a clock of ours, so hours pass at once. `Post` may be left and opened again: a restart.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hengyuan.record.model import Record
from hengyuan.terminal.board import Board
from hengyuan.terminal.clock import CheckedClock
from hengyuan.terminal.config import read_config
from hengyuan.terminal.devices import (
    AxleReading,
    DeviceState,
    Message,
    Picture,
    PlateEvent,
    Reading,
    ShowResult,
)
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.lane.recorder import Surroundings
from hengyuan.terminal.lane.service import LaneService
from hengyuan.terminal.messages import Messages
from hengyuan.terminal.panel import Panel
from hengyuan.terminal.people import Person
from hengyuan.terminal.store import EvidenceFiles, StoreWorker
from hengyuan.terminal.words import translations
from tests.terminal.outbox import open_store

GATEKEEPER = Person("门卫甲", "gatekeeper")
SUPERVISOR = Person("班长乙", "supervisor")
OTHER_GATEKEEPER = Person("门卫丙", "gatekeeper")
START_MS = 1_790_000_000_000
FRAME_S = 0.1
_STEPS = 20
"""So often the loop turns at the least before nothing is said to be under way."""


class HandClock:
    """Both clocks, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.offset_ms = START_MS - 1_000_000

    def monotonic(self) -> float:
        return self.seconds

    def now_ms(self) -> int:
        return round(self.seconds * 1000) + self.offset_ms


@dataclass
class Display:
    """Takes everything."""

    name: str = "LED"
    shown: list[Message] = field(default_factory=list)

    async def show(self, message: Message) -> ShowResult:
        self.shown.append(message)
        return ShowResult(True, None, 0)


@dataclass
class SnapshotCamera:
    """Takes a new picture each time, or refuses."""

    name: str
    works: bool = True
    state: DeviceState = DeviceState.OK
    taken: int = 0
    gate: asyncio.Event | None = None
    """Its pictures wait for this."""

    async def snapshot(self) -> Picture:
        if self.gate is not None:
            await self.gate.wait()
        if not self.works:
            raise ConnectionError("no route to host")
        self.taken += 1
        return Picture("panorama", "image/jpeg", b"\xff\xd8\xff" + uuid.uuid4().bytes)


def lane_table(number: int = 1, **more: Any) -> dict[str, Any]:
    """One lane of the configuration, with a front camera."""
    line = {"kind": "tcp", "host": "127.0.0.1", "port": 1}
    return {
        "number": number,
        "scale": {"driver": "f1", "name": f"scale{number}", "transport": line},
        "axles": {"driver": "wanji", "name": f"axles{number}", "transport": line},
        "cameras": [{"driver": "hikvision", "name": f"front{number}"}],
        "displays": [{"driver": "html", "name": f"LED{number}"}],
        "stability": {"window_ms": 500, "min_frames": 3},
        "joining": {"wait_ms": 200},
        "texts": {"idle_after_ms": 0, "unload_after_ms": 1000},
    } | more


class PostLane:
    """One lane, and whoever is on its scale."""

    def __init__(self, service: LaneService, display: Display, clock: HandClock) -> None:
        self.service = service
        self.display = display
        self.orders = service.orders
        self.number = service.config.table.number
        self._clock = clock
        self.slow = 0
        """So many tasks go on for long."""

    async def show(self, mass_kg: int, seconds: float = 0.1) -> None:
        """The scale shows a mass for a while."""
        for _ in range(round(seconds / FRAME_S)):
            self._clock.seconds += FRAME_S
            self.service.reading(Reading(mass_kg, None, self._clock.seconds, b""))
            self.service.tick()
            await self.quiet()

    async def camera(
        self, plate: str | None, direction: str | None = None, picture: bool = True, **more: Any
    ) -> None:
        """The front camera saw a truck."""
        data = b"\xff\xd8\xff" + uuid.uuid4().bytes
        event = PlateEvent(
            event_id=str(uuid.uuid4()),
            plate=plate,
            colour=None if plate is None else "yellow",
            confidence=None,
            lane=None,
            camera_at=None,
            received_at=datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC),
            direction=direction,
            pictures=(Picture("head", "image/jpeg", data),) if picture else (),
            retransmission=False,
            camera=f"front{self.number}",
        )
        await self.service.plate_event(event)
        await self.quiet()

    async def drive_on(
        self, plate: str | None, mass_kg: int, axles: int | None = 3, **camera: Any
    ) -> Record:
        """A truck comes, is weighed and told; its record."""
        if plate is not None or camera:
            await self.camera(plate, **camera)
        if axles is not None:
            layout = {2: (1, 1), 3: (1, 2), 6: (1, 2, 3)}[axles]
            at = self._clock.seconds
            self.service.axles(AxleReading(axles, (), (), layout, (), None, at))
            await self.quiet()
        await self.show(mass_kg, 1.5)
        current = self.service.view.current
        assert current is not None, "no record was made"
        return current.record

    async def drive_off(self) -> None:
        """The scale is free again."""
        await self.show(0, 0.5)

    async def pass_over(self, plate: str | None, mass_kg: int, **more: Any) -> Record:
        """A truck from arrival to the free scale; its record."""
        record = await self.drive_on(plate, mass_kg, **more)
        await self.drive_off()
        return record

    async def quiet(self) -> None:
        """Wait until nothing is under way but what waits for `slow`."""
        turns = 0
        while len(self.service._tasks) > self.slow or turns < _STEPS:
            turns += 1
            await asyncio.sleep(0)
            if turns > _STEPS:
                await asyncio.sleep(0.001)


class Post:
    """The lanes of one terminal and what they share."""

    def __init__(self, folder: Path, identity: Identity, clock: HandClock) -> None:
        store = open_store(folder / "data", identity)
        files = EvidenceFiles(folder / "data" / "evidence", identity.suite)
        self.worker = StoreWorker(store, files)
        self.store = store
        self.clock = clock
        self.checked = CheckedClock(clock, 0)
        self.board = Board()
        self.lanes: dict[int, PostLane] = {}
        self.cameras: dict[int, SnapshotCamera] = {}
        self.cabs: dict[int, SnapshotCamera] = {}
        """Cameras that name no truck, by lane."""

    async def open(self, tables: list[dict[str, Any]], judge: dict[str, Any], free: bool) -> None:
        raw = {
            "data_dir": "data",
            "platform": {"url": "http://127.0.0.1:1"},
            "lanes": tables,
            "judge": judge,
        }
        config = read_config(Path("gate.toml"), raw)
        around = Surroundings(
            terminal=open_terminal_code(self.store),
            store=self.worker,
            clock=self.clock,
            checked=self.checked,
            judge_settings=config.judge_settings,
            judge=config.judge,
            messages=Messages(translations("zh_Hans")),
            board=self.board,
            recorded=lambda seq, at: None,
        )
        for lane in config.lanes:
            number = lane.table.number
            display, camera = Display(), SnapshotCamera(f"front{number}")
            devices: dict[str, Any] = {each.name: object() for each in lane.devices}
            devices[camera.name] = camera
            for each in lane.cameras:
                if getattr(each, "view", "front") in ("cab", "weigh_room"):
                    devices[each.name] = self.cabs[number] = SnapshotCamera(each.name)
            panel = Panel([display], self.clock)  # type: ignore[list-item]
            service = await LaneService.open(lane, panel, around, devices)
            self.lanes[number] = PostLane(service, display, self.clock)
            self.cameras[number] = camera
            if free:
                await self.lanes[number].show(0, 0.3)

    @property
    def lane(self) -> PostLane:
        return self.lanes[1]

    def records(self) -> list[Record]:
        found = (self.store.record(seq) for seq in itertools.count(1))
        return list(itertools.takewhile(lambda record: record is not None, found))  # type: ignore[arg-type]

    def journal(self, what: str) -> list[dict[str, Any]]:
        rows = self.store.within(
            lambda db: db.execute(
                "SELECT detail FROM journal WHERE what = ? ORDER BY id", (what,)
            ).fetchall()
        )
        return [json.loads(detail) for (detail,) in rows]

    async def later(self, hours: float) -> None:
        """Time passes; nothing is on the scales."""
        self.clock.seconds += hours * 3600
        for lane in self.lanes.values():
            await lane.show(0, 0.3)

    async def close(self) -> None:
        for lane in self.lanes.values():
            await lane.service.close()
        self.worker.close()


def open_terminal_code(store: Any) -> str:
    return str(store.within(lambda db: db.execute("SELECT code FROM terminal").fetchone()[0]))


@contextlib.asynccontextmanager
async def open_post(
    folder: Path,
    identity: Identity,
    *tables: dict[str, Any],
    clock: HandClock | None = None,
    judge: dict[str, Any] | None = None,
) -> AsyncIterator[Post]:
    """A post at work; without tables it has one lane for driving out. With the `clock` of an
    earlier one it is a restart, with whatever stands on the scales."""
    post = Post(folder, identity, clock or HandClock())
    try:
        await post.open(list(tables) or [lane_table()], judge or {}, free=clock is None)
        yield post
    finally:
        await post.close()
