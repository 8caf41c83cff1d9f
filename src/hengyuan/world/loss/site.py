"""Everything that a loss test starts: a platform, the bad line, a terminal and its lanes.

The terminal runs under a keeper that starts it again whenever it has ended, as a service manager
does; where it cannot begin (on a full disk, say), it is tried again.
"""

import asyncio
import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.platform.home import HOME_VARIABLE, make_home
from hengyuan.terminal.clock import SystemClock
from hengyuan.terminal.config import load_config
from hengyuan.terminal.enrolment import enrol
from hengyuan.terminal.store.store import FILE_NAME
from hengyuan.world.devices.wires import PtyWire
from hengyuan.world.loss.disk import Disk
from hengyuan.world.loss.lane import DIVISION_KG, LossLane
from hengyuan.world.loss.line import Line, Odds
from hengyuan.world.loss.stepped_clock import SteppedClock
from hengyuan.world.processes import Child, ChildDied, hengyuan_command

READY_WITHIN_S = 180.0
AWAY_S = (0.0, 0.4)
"""How long after its end the terminal is started again."""
WINDOW_MS = 150
JOIN_WAIT_MS = 3_000

Teller = Callable[[str], None]


class SiteFailed(RuntimeError):
    """Something did not start or answer within its bound; the text says what, and its log."""


@dataclass(slots=True)
class Absence:
    """A time without a working terminal, monotonic seconds: from its end until it served again."""

    since: float
    until: float = float("inf")


class Site:
    """One terminal and all around it. Use as `async with Site(...) as site`."""

    def __init__(
        self, home: Path, lanes: int, seed: int, disk_mb: int | None, tell: Teller
    ) -> None:
        self.home = home.absolute()
        self.lanes = [LossLane(number, seed * 100 + number) for number in range(1, lanes + 1)]
        self.disk = Disk(self.home / "terminal", disk_mb)
        self.data_dir = self.disk.folder / "data"
        self.config_file = self.home / "terminal.toml"
        self.clock = SteppedClock(self._clock_file())
        self.platform_port = _free_port()
        self.screen_port = _free_port()
        self.line = Line(self.platform_port, Odds(), seed)
        self.platform = self._child("platform", self._platform_command())
        self.terminal = self._child("terminal", self._terminal_command())
        self.code = ""
        self.kills = 0
        self.refused_starts = 0
        """How often the terminal said that it cannot begin."""
        self.absences: list[Absence] = []
        self._tell = tell
        self._chance = random.Random(seed)
        self._stopping = False
        self._keeper: asyncio.Task[None] | None = None
        self._http = httpx.AsyncClient(timeout=5, trust_env=False)

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The platform's database server."""
        return EmbeddedPostgres(self.home / "platform")

    @property
    def store(self) -> Path:
        """The terminal's database."""
        return self.data_dir / FILE_NAME

    async def __aenter__(self) -> "Site":
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _start(self) -> None:
        make_home(self.home)
        self.disk.open()
        self._tell("starting the platform and its database")
        self.platform.start()
        await self.wait_for_platform()
        await self.line.open()
        for lane in self.lanes:
            await lane.open(self.screen_port)
        self.config_file.write_text(self.configuration(), "utf-8")
        self._tell("entering and enrolling the terminal")
        self.code, enrolment = (await asyncio.to_thread(self._enter)).split()
        config = load_config(self.config_file)
        odds, self.line.odds = self.line.odds, Odds(**dict.fromkeys(Odds.__slots__, 0.0))
        await asyncio.to_thread(enrol, config, enrolment, "SM2-SM3", SystemClock())
        self.line.odds = odds
        await self.enrolled()
        self.absences.append(Absence(time.monotonic()))
        self._keeper = asyncio.create_task(self._keep())
        await self.wait_for_terminal()

    async def enrolled(self) -> None:
        """For who wants to do something before the terminal starts for the first time."""

    async def stop(self) -> None:
        """Stop everything, the database last."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self.terminal.stop()
        for lane in self.lanes:
            with contextlib.suppress(AttributeError):
                await lane.close()
        await self.line.shut()
        await self.platform.stop()
        await asyncio.to_thread(self.postgres.stop)
        self.disk.close()
        await self._http.aclose()

    # the terminal

    def kill_terminal(self) -> None:
        """SIGKILL, and the keeper will start it again."""
        if self.terminal.running:
            self.terminal.kill()
            self.kills += 1

    async def stop_terminal(self) -> None:
        """Stop it in order, for good."""
        self._stopping = True
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
        await self.terminal.stop()

    async def _keep(self) -> None:
        while not self._stopping:
            if not self.terminal.running:
                if self.absences[-1].until != float("inf"):
                    self.absences.append(Absence(time.monotonic()))
                await asyncio.sleep(self._chance.uniform(*AWAY_S))
                self.terminal.start()
                await self._until_it_serves()
            await asyncio.sleep(0.02)

    async def _until_it_serves(self) -> None:
        while self.terminal.running:
            if await self.status() is not None:
                self.absences[-1].until = time.monotonic()
                return
            await asyncio.sleep(0.05)
        if "SIGKILL" not in _ending(self.terminal):
            self.refused_starts += 1

    def was_away(self, since: float, until: float) -> bool:
        """Whether the terminal was not at work at some moment of that time."""
        return any(each.since <= until and each.until >= since for each in self.absences)

    async def status(self) -> dict[str, Any] | None:
        """What the terminal says of itself; None where it does not answer."""
        with contextlib.suppress(httpx.HTTPError, ValueError):
            answer = await self._http.get(f"http://127.0.0.1:{self.screen_port}/status.json")
            if answer.status_code == 200:
                found = answer.json()
                return found if isinstance(found, dict) else None
        return None

    async def wait_for_terminal(self) -> None:
        """Until its pages answer."""

        async def answers() -> bool:
            return await self.status() is not None

        await self._until(answers, "the terminal does not answer", self.terminal)

    # the platform

    async def kill_platform(self, with_database: bool, away_s: float) -> None:
        """SIGKILL the platform, and its database too; start it again after a while."""
        self.platform.kill()
        pid = self.postgres.pid() if with_database else None
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(away_s)
        self.platform.start()
        await self.wait_for_platform()

    async def wait_for_platform(self) -> None:
        """Until it answers."""

        async def answers() -> bool:
            with contextlib.suppress(httpx.HTTPError):
                url = f"http://127.0.0.1:{self.platform_port}/account/login/"
                return (await self._http.get(url)).status_code < 500
            return False

        await self._until(answers, "the platform does not answer", self.platform)

    async def _until(self, ready: Callable[[], Any], problem: str, child: Child) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not await ready():
            if time.monotonic() > deadline:
                raise SiteFailed(f"{problem}; the end of {child.log_file}:\n{child.tail()}")
            if child is self.platform:
                child.check()
            await asyncio.sleep(0.05)

    # how it is set up

    def _child(self, name: str, command: list[str]) -> Child:
        environment = {key: value for key, value in os.environ.items() if key != URL_VARIABLE}
        environment[HOME_VARIABLE] = str(self.home / "platform")
        return Child(name, command, self.home / "logs" / f"{name}.log", environment)

    def _clock_file(self) -> Path:
        self.home.mkdir(parents=True, exist_ok=True)
        return self.home / "clock"

    def _platform_command(self) -> list[str]:
        return hengyuan_command("platform", "run", "--port", str(self.platform_port))

    def _terminal_command(self) -> list[str]:
        module = "hengyuan.world.loss.terminal_process"
        return [sys.executable, "-m", module, str(self.config_file), str(self._clock_file())]

    def _enter(self) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "hengyuan.world.loss.enter"],
            env=self.platform.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise SiteFailed(f"the terminal could not be entered:\n{done.stderr}")
        return done.stdout.strip().splitlines()[-1]

    def configuration(self) -> str:
        """The terminal's configuration file, once everything listens."""
        platform = {
            "url": f"http://127.0.0.1:{self.line.port}",
            "heartbeat_s": 1.0,
            "timeout_s": 5.0,
            "retry_first_s": 0.1,
            "retry_last_s": 1.0,
        }
        tables: list[tuple[str, dict[str, Any]]] = [
            ("", {"data_dir": str(self.data_dir)}),
            ("platform", platform),
            ("screen", {"host": "127.0.0.1", "port": self.screen_port}),
        ]
        for lane in self.lanes:
            tables += lane_tables(lane)
        return "\n".join(table_text(name, values) for name, values in tables)


def lane_tables(lane: LossLane) -> list[tuple[str, dict[str, Any]]]:
    """The tables of one lane and its devices."""
    number = lane.number
    # the weight of a truck that stands is one value here: a swing is not to be taken for it
    stability = {
        "window_ms": WINDOW_MS,
        "min_frames": 4,
        "tolerance_kg": DIVISION_KG // 2,
        "arrive_kg": 400,
        "leave_kg": 200,
    }
    camera = {"driver": "hikvision", "name": lane.camera_name, "host": "127.0.0.1"}
    wire = lane.scale_wire
    scale: dict[str, Any] = tcp(0 if isinstance(wire, PtyWire) else wire.port)
    if isinstance(wire, PtyWire):
        scale = {"kind": "serial", "port": wire.path, "baudrate": 9600}
    return [
        ("[lanes]", {"number": number, "name": f"{number}号磅"}),
        ("lanes.scale", {"driver": lane.family, "name": f"scale-{number}"}),
        ("lanes.scale.transport", scale),
        ("lanes.axles", {"driver": "wanji", "name": f"axles-{number}"}),
        ("lanes.axles.transport", tcp(lane.axle_wire.port)),
        ("[lanes.cameras]", camera),
        ("[lanes.displays]", {"driver": "onbon", "name": f"led-{number}"}),
        ("lanes.displays.transport", tcp(lane.led.port)),
        ("lanes.stability", stability),
        ("lanes.joining", {"wait_ms": JOIN_WAIT_MS, "resume_wait_ms": JOIN_WAIT_MS}),
        ("lanes.texts", {"idle_after_ms": 20}),
    ]


def tcp(port: int) -> dict[str, Any]:
    """Where a device listens, as a transport of the configuration."""
    return {"kind": "tcp", "host": "127.0.0.1", "port": port}


def table_text(name: str, values: dict[str, Any]) -> str:
    """One table of a configuration file."""
    # what JSON writes of texts, numbers and truth values, TOML reads the same
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items()]
    return "\n".join(([f"[{name}]"] if name else []) + lines) + "\n"


def _ending(child: Child) -> str:
    try:
        child.check()
    except ChildDied as died:
        return str(died).partition(";")[0]
    return ""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
