"""A whole gate: the world's devices, a county, and a terminal between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hengyuan.terminal.app import Terminal
from hengyuan.terminal.config import Config, read_config
from hengyuan.terminal.enrolment import Identity
from hengyuan.terminal.screen.app import screen_app
from hengyuan.terminal.screen.server import ScreenServer
from hengyuan.world.gate import Gate, GatePlan
from hengyuan.world.motion import FAST, Pace
from tests.terminal.county import CODE


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
    folder: Path, url: str, identity: Identity, gate: Gate, **lane: Any
) -> AsyncIterator[Site]:
    """A terminal at work at a gate. May be left and entered again: a restart."""
    config = read_config(folder / "gate.toml", table(url, gate, **lane))
    terminal = await Terminal.open(config, identity)
    server = ScreenServer(screen_app(terminal), config.screen.host, config.screen.port)
    base_url = f"http://127.0.0.1:{server.port}"
    gate.camera.url = f"{base_url}/camera/front"
    running = asyncio.create_task(terminal.run(server.serve))
    async with httpx.AsyncClient(base_url=base_url, trust_env=False) as http:
        try:
            yield Site(gate, config, identity, terminal, server, http)
        finally:
            terminal.stop()
            await running
            server.close()
