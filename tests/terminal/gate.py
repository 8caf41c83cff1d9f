"""A whole gate: the world's devices, a county, and a terminal between them."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from hengyuan.record.model import Record
from hengyuan.terminal.app import Terminal
from hengyuan.terminal.config import Config, read_config
from hengyuan.terminal.devices import AxleReading, Picture, PlateEvent
from hengyuan.terminal.drivers.hikvision.codec import build_push
from hengyuan.terminal.drivers.wanji import codec as wanji
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.screen.app import screen_app
from hengyuan.terminal.screen.server import ScreenServer
from hengyuan.world.gate import Gate, GatePlan
from hengyuan.world.motion import FAST, Pace
from tests.terminal.county import CODE

JPEG, JPEG_END = b"\xff\xd8\xff\xe0", b"\xff\xd9"


def table(url: str, gate: Gate, **lane: Any) -> dict[str, Any]:
    """The configuration of a terminal at this gate, with windows for a fast world."""
    tcp = {"kind": "tcp", "host": "127.0.0.1"}
    return {
        "data_dir": "terminal",
        "platform": {
            "url": url,
            "heartbeat_s": 0.5,
            "retry_first_s": 0.02,
            "retry_last_s": 0.2,
            "timeout_s": 5,
        },
        "screen": {"port": 0},
        "lanes": [
            {
                "number": 1,
                "scale": {
                    "driver": gate.plan.family,
                    "name": "scale",
                    "transport": tcp | {"port": gate.scale_wire.port},
                },
                "axles": {
                    "driver": "wanji",
                    "name": "axles",
                    "transport": tcp | {"port": gate.axle_wire.port},
                },
                "cameras": [{"driver": "hikvision", "name": "front"}],
                "displays": [
                    {"driver": "onbon", "name": "led", "transport": tcp | {"port": gate.led.port}}
                ],
                "stability": {"window_ms": 100, "tolerance_kg": 20},
                "texts": {"idle_after_ms": 0, "wait_after_ms": 2000},
            }
            | lane
        ],
    }


@dataclass
class Site:
    """Everything at the gate while it works."""

    gate: Gate
    config: Config
    identity: Identity
    terminal: Terminal
    server: ScreenServer
    http: httpx.AsyncClient

    async def status(self) -> dict[str, Any]:
        answer = await self.http.get("/status.json")
        answer.raise_for_status()
        return answer.json()

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait for something to become true."""
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.005)

    async def shown(self, *texts: str) -> None:
        """Wait until the LED shows a message with all of these texts."""
        led = self.gate.led
        await self.until(lambda: led.now and all(text in led.now.text for text in texts))

    async def push(
        self,
        plate: str | None,
        event_id: str | None = None,
        *,
        camera: str = "front",
        **more: Any,
    ) -> int:
        """A camera event with a picture; the status of the answer."""
        event = PlateEvent(
            event_id=event_id or str(uuid.uuid4()),
            plate=plate,
            colour="yellow",
            confidence=97,
            lane=1,
            camera_at=datetime.now(UTC),
            received_at=datetime.now(UTC),
            direction="forward",
            pictures=(Picture("head", "image/jpeg", JPEG + uuid.uuid4().bytes + JPEG_END),),
            retransmission=False,
            camera=camera,
        )
        content_type, body = build_push(replace(event, **more))
        headers = {"content-type": content_type}
        answer = await self.http.post(f"/camera/{camera}", content=body, headers=headers)
        return answer.status_code

    def roll_on(self, mass_kg: int) -> None:
        """A three-axle truck drives onto the scale."""
        axle = mass_kg // 3
        masses = (axle, axle, mass_kg - 2 * axle)
        self.gate.deck.drive_on(masses, asyncio.get_running_loop().time())

    def roll_off(self) -> None:
        """The truck leaves."""
        self.gate.deck.drive_off(asyncio.get_running_loop().time())

    def axles(self, mass_kg: int = 20_000) -> None:
        """A rigid three-axle truck has rolled over the identifier."""
        reading = AxleReading(3, (mass_kg // 3, mass_kg - mass_kg // 3), (1, 5), (1, 2),
                              (3900, 1350), 50, 0.0, axle_speeds_kmh=(5, 5, 5))  # fmt: skip
        self.gate.axle_wire.send(wanji.encode(reading))

    def records(self) -> list[Record]:
        """What is stored, oldest first."""
        store = self.terminal.worker.store
        return [store.record(seq) for seq in range(1, store.head()[0] + 1)]

    async def uploaded(self) -> dict[str, Any]:
        """Wait until nothing is left to upload."""
        async with asyncio.timeout(20):
            while any((status := await self.status())["queue"].values()):
                await asyncio.sleep(0.02)
        return status


@contextlib.asynccontextmanager
async def open_gate(family: str = "f1", pace: Pace = FAST) -> AsyncIterator[Gate]:
    """The devices alone, as they stand there whatever the terminal does."""
    gate = Gate(GatePlan(CODE, "示例煤矿 1号磅", family, "tcp", "http://unset"), pace)
    await gate.open()
    try:
        yield gate
    finally:
        await gate.close()


@contextlib.asynccontextmanager
async def site(
    folder: Path,
    url: str,
    identity: Identity,
    gate: Gate,
    screen: dict[str, Any] | None = None,
    more: dict[str, Any] | None = None,
    **lane: Any,
) -> AsyncIterator[Site]:
    """A terminal at work at a gate. May be left and entered again: a restart.

    `more`: further tables of the configuration.
    """
    raw = table(url, gate, **lane) | (more or {})
    raw["screen"] |= screen or {}
    config = read_config(folder / "gate.toml", raw)
    terminal = await Terminal.open(config, identity)
    server = ScreenServer(screen_app(terminal), config.screen.host, config.screen.port)
    base_url = f"http://127.0.0.1:{server.port}"
    gate.camera.url = f"{base_url}/camera/front"
    running = asyncio.create_task(terminal.run(server.serve))
    async with httpx.AsyncClient(base_url=base_url, trust_env=False, verify=False) as http:
        try:
            yield Site(gate, config, identity, terminal, server, http)
        finally:
            terminal.stop()
            await running
            server.close()
