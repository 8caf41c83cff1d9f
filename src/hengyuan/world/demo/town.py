"""A running town: the platform, its terminals, their devices, in one home directory."""

import asyncio
import contextlib
import fcntl
import os
import secrets
import socket
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import httpx
import msgspec

from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.platform.home import HOME_VARIABLE, make_home
from hengyuan.terminal.enrolment import ENROLMENT_FILE
from hengyuan.world.city import PASSWORD_BYTES, EnteredCity, EnteredTerminal
from hengyuan.world.city.keys import FOLDER, KeyGone
from hengyuan.world.city.pulse import Pulse
from hengyuan.world.city.remote import USUAL_PAST, Past, RemoteTerminal, join_all
from hengyuan.world.city.running import PASSWORD_VARIABLE
from hengyuan.world.gate import Gate, GatePlan
from hengyuan.world.installation import Tuning, camera_url, configuration
from hengyuan.world.motion import Pace
from hengyuan.world.processes import Child, hengyuan_command

Teller = Callable[[str], None]
"""Called with each step of the start, in words."""

USUAL_PORT = 8000
DIVISION_KG = 20
PLATFORM_READY_S = 180.0
TERMINAL_READY_S = 60.0
COMMAND_WITHIN_S = 180.0

# What stands at which gate, in turn: each has devices of other makes.
_KITS: tuple[dict[str, Any], ...] = (
    {"family": "f1", "cable": "tcp", "relays": True},
    {"family": "f4", "cable": "tcp", "camera": "dahua", "display": "parking485", "voice": True},
    {"family": "f6", "cable": "serial", "camera": "vzenith"},
)


class TownFailed(RuntimeError):
    """The town cannot be started; the text says what failed, where its log is, what to do."""


@dataclass(frozen=True, slots=True)
class TownPlan:
    """What is to be started. `port` None: the usual one where it is free, else another."""

    home: Path
    terminals: int
    pace: Pace
    tuning: Tuning
    seed: int
    port: int | None = None
    password: str | None = None
    remote: int = 30
    """Terminals of the counties that have no simulated devices, but a past."""
    past: Past = USUAL_PAST
    by_hand: bool = False
    """Terminals are left to whoever sets them up: no devices, no configuration, no enrolment."""


@dataclass(slots=True)
class Station:
    """One terminal with its gate."""

    terminal: EnteredTerminal
    gate: Gate
    folder: Path
    screen_port: int
    child: Child
    down_on_purpose: bool = field(default=False)

    @property
    def config_file(self) -> Path:
        """The terminal's configuration."""
        return self.folder / "terminal.toml"

    @property
    def data_dir(self) -> Path:
        """The terminal's store."""
        return self.folder / "data"

    @property
    def screen_url(self) -> str:
        """The terminal's own pages."""
        return f"http://127.0.0.1:{self.screen_port}"


class Town:
    """Everything that a demo starts. Use as `async with Town(plan, tell) as town`."""

    def __init__(self, plan: TownPlan, tell: Teller) -> None:
        self.plan = plan
        self.home = plan.home.absolute()
        self.stations: list[Station] = []
        self.city = EnteredCity([], [], [])
        self.password = ""
        self._pulse: Pulse | None = None
        self.platform: Child | None = None
        self.platform_down_on_purpose = False
        self.url = ""
        self._tell = tell
        self._lock: IO[str] | None = None
        self._http = httpx.AsyncClient(timeout=5, trust_env=False)

    @property
    def platform_home(self) -> Path:
        """The platform's directory."""
        return self.home / "platform"

    @property
    def postgres(self) -> EmbeddedPostgres:
        """The platform's database server."""
        return EmbeddedPostgres(self.platform_home)

    async def __aenter__(self) -> "Town":
        try:
            await self._start()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self) -> None:
        """Stop everything: terminals first, so that they can hand over; the database last."""
        if self._pulse is not None:
            await asyncio.to_thread(self._pulse.stop)
        await asyncio.gather(*(station.child.stop() for station in self.stations))
        for station in self.stations:
            await station.gate.close()
        if self.platform is not None:
            await self.platform.stop()
            await asyncio.to_thread(self.postgres.stop)
        await self._http.aclose()
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def let_trucks_pass_everywhere(self) -> None:
        """From now on trucks pass the terminals without simulated devices, too."""
        if self._pulse is not None:
            self._pulse.let_trucks_pass()

    def check(self) -> None:
        """Raise ChildDied for a program that ended without having been told to."""
        if self.platform is not None and not self.platform_down_on_purpose:
            self.platform.check()
        for station in self.stations:
            if not station.down_on_purpose:
                station.child.check()

    async def status(self, station: Station) -> dict[str, Any] | None:
        """What the terminal says of itself; None where it does not answer."""
        with contextlib.suppress(httpx.HTTPError, ValueError):
            answer = await self._http.get(f"{station.screen_url}/status.json")
            if answer.status_code == 200:
                found = answer.json()
                return found if isinstance(found, dict) else None
        return None

    async def wait_for_platform(self) -> None:
        """Until it answers. ChildDied or TownFailed otherwise."""
        assert self.platform is not None
        await self._wait_until(
            self._platform_answers, self.platform, PLATFORM_READY_S, "the platform does not answer"
        )

    async def wait_for_terminal(self, station: Station) -> None:
        """Until its pages answer."""

        async def answers() -> bool:
            return await self.status(station) is not None

        await self._wait_until(
            answers, station.child, TERMINAL_READY_S, f"{station.child.name} does not answer"
        )

    # starting

    async def _start(self) -> None:
        make_home(self.home)
        self._lock = _locked(self.home)
        port = _free_port(self.plan.port)
        self.url = f"http://127.0.0.1:{port}"
        self._tell("启动平台和数据库")
        self.platform = Child(
            "platform",
            hengyuan_command("platform", "run", "--port", str(port)),
            self.home / "logs" / "platform.log",
            self._environment(),
        )
        self.platform.start()
        await self.wait_for_platform()
        self._tell("录入各县的源头单位、机构人员和公示名单")
        self.password = kept_password(self.home, self.plan.password)
        self.city = await self._enter_city()
        if self.plan.by_hand:
            return
        self._tell(f"补传 {len(self.city.remote)} 台终端近 {self.plan.past.days} 天的记录")
        remote = await asyncio.to_thread(self._join_remote)
        self._tell(f"安装和登记 {len(self.city.terminals)} 台终端")
        for number, terminal in enumerate(self.city.terminals):
            self.stations.append(await self._install(number, terminal))
        await asyncio.gather(*(self._enrol(station) for station in self.stations))
        self._tell("启动终端")
        for station in self.stations:
            station.child.start()
        for station in self.stations:
            await self.wait_for_terminal(station)
        self._pulse = Pulse(self.url, remote)
        self._pulse.start()

    async def _enter_city(self) -> EnteredCity:
        terminals, remote = str(self.plan.terminals), str(self.plan.remote)
        answer = await self._command(
            ["world", "city", "--terminals", terminals, "--remote", remote, "--json"],
            self._environment() | {PASSWORD_VARIABLE: self.password},
        )
        return msgspec.json.decode(answer.strip().splitlines()[-1], type=EnteredCity)

    def _join_remote(self) -> list[RemoteTerminal]:
        try:
            with httpx.Client(base_url=self.url, timeout=60, trust_env=False) as http:
                return join_all(http, self.city.remote, self.platform_home / FOLDER, self.plan.past)
        except KeyGone as gone:
            raise TownFailed(f"{gone}; remove {self.home} and start again") from gone
        except httpx.HTTPError as error:
            raise TownFailed(
                f"the platform did not take the records of the past: {error}"
            ) from error

    async def _install(self, number: int, terminal: EnteredTerminal) -> Station:
        """Switch on a gate's devices and write its terminal's configuration."""
        folder = self.home / "terminals" / terminal.code
        folder.mkdir(parents=True, exist_ok=True)
        screen_port = _free_port(0)
        gate = Gate(
            GatePlan(
                terminal=terminal.code,
                caption=f"{terminal.unit_name} {terminal.name}",
                camera_url=camera_url(screen_port),
                division_kg=DIVISION_KG,
                seed=self.plan.seed * 1_000 + number,
                **_KITS[number % len(_KITS)],
            ),
            self.plan.pace,
        )
        await gate.open()
        config_file = folder / "terminal.toml"
        station = Station(
            terminal=terminal,
            gate=gate,
            folder=folder,
            screen_port=screen_port,
            child=Child(
                f"terminal {terminal.code}",
                hengyuan_command("terminal", "run", str(config_file)),
                self.home / "logs" / f"terminal-{terminal.code}.log",
                self._environment(),
            ),
        )
        config_file.write_text(
            configuration(gate, self.url, screen_port, station.data_dir, self.plan.tuning), "utf-8"
        )
        return station

    async def _enrol(self, station: Station) -> None:
        terminal = station.terminal
        if terminal.enrolment_code is not None:
            await self._command(
                ["terminal", "enrol", str(station.config_file), "--code", terminal.enrolment_code],
                self._environment(),
            )
        elif not (station.data_dir / ENROLMENT_FILE).is_file():
            raise TownFailed(
                f"{terminal.code} is enrolled, but its key in {station.data_dir} is gone; "
                f"remove {self.home} and start again"
            )

    # small parts

    def _environment(self) -> dict[str, str]:
        """The demo has a database of its own, whatever server the environment names."""
        environment = {name: value for name, value in os.environ.items() if name != URL_VARIABLE}
        environment[HOME_VARIABLE] = str(self.platform_home)
        environment["PYTHONUNBUFFERED"] = "1"
        return environment

    async def _command(self, arguments: list[str], environment: dict[str, str]) -> bytes:
        process = await asyncio.create_subprocess_exec(
            *hengyuan_command(*arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        try:
            out, errors = await asyncio.wait_for(process.communicate(), COMMAND_WITHIN_S)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            raise
        if process.returncode:
            said = (errors or out).decode("utf-8", "replace").strip()
            shown = " ".join(arguments[:2])
            raise TownFailed(f"hengyuan {shown} failed ({process.returncode}):\n{said}")
        return out

    async def _platform_answers(self) -> bool:
        with contextlib.suppress(httpx.HTTPError):
            return (await self._http.get(f"{self.url}/account/login/")).status_code < 500
        return False

    async def _wait_until(
        self, ready: Callable[[], Any], child: Child, within_s: float, problem: str
    ) -> None:
        end = asyncio.get_running_loop().time() + within_s
        while not await ready():
            child.check()
            if asyncio.get_running_loop().time() > end:
                raise TownFailed(
                    f"{problem} within {within_s:g} s; the end of {child.log_file}:\n{child.tail()}"
                )
            await asyncio.sleep(0.1)


def kept_password(home: Path, wanted: str | None) -> str:
    """The password of everybody in the city of this home: the wanted one, else the one of the last
    time, else one of chance. It is kept in a file that only its owner reads."""
    file = home / "password"
    known = file.read_text().strip() if file.is_file() else ""
    password = wanted or known or secrets.token_urlsafe(PASSWORD_BYTES)
    if password != known:
        file.touch(0o600)
        file.write_text(password)
    return password


def _locked(home: Path) -> IO[str]:
    file = (home / "demo.lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise TownFailed(f"another demo is running in {home}; stop it or use --home") from None
    return file


def _free_port(wanted: int | None) -> int:
    """The wanted port; for None the usual one if it is free; else, and for 0, any free one."""
    for port in (USUAL_PORT, 0) if wanted is None else (wanted,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            number: int = probe.getsockname()[1]
            return number
    raise TownFailed(f"port {wanted} is in use; name another with --port")
