"""The outage: a source that sends until it is acknowledged, kills, and a receiver that is away.

Equal for everybody: so many numbered messages, one after the other, each sent again until it is
answered with 200, as a camera does; the program killed with SIGKILL after the same messages; the
receiver away for the middle third. At the end everything is up, and there is time to catch up.
"""

import asyncio
import contextlib
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx

READY_WITHIN_S = 120.0
RESTART_AFTER_S = 0.5
AFTER_MESSAGE_S = 0.05
"""A kill comes within so long after the message that calls it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much happens. `quiet_s`: nothing arriving for so long, all up, is the end."""

    messages: int
    kills: int
    seed: int
    rate_hz: float
    quiet_s: float
    outage: bool = True

    @property
    def kills_after(self) -> list[int]:
        """After which messages the program is killed: by chance, one in each part of the run."""
        chance, part = random.Random(self.seed), self.messages / max(1, self.kills)
        return [round((n + chance.uniform(0.2, 0.9)) * part) for n in range(self.kills)]

    @property
    def away(self) -> range:
        """During which messages the receiver is away."""
        if not self.outage:
            return range(0)
        return range(self.messages // 3, self.messages * 2 // 3)


@dataclass(slots=True)
class Arrivals:
    """What the receiver was given, in order, by number."""

    numbers: list[int] = field(default_factory=list)
    newest_at: float = 0.0

    def take(self, number: int) -> None:
        """One arrived."""
        self.numbers.append(number)
        self.newest_at = time.monotonic()

    def figures(self, acknowledged: Sequence[int]) -> dict[str, Any]:
        """Compare with what the source was told is taken."""
        first: list[int] = list(dict.fromkeys(self.numbers))
        highest, behind = 0, 0
        for number in first:
            behind += number < highest
            highest = max(highest, number)
        return {
            "sent": len(acknowledged),
            "arrived": len(first),
            "lost": len(set(acknowledged) - set(first)),
            "doubled": len(self.numbers) - len(first),
            "out_of_order": behind,
        }


class Receiver(Protocol):
    """Where messages are to arrive."""

    arrivals: Arrivals
    port: int

    async def open(self) -> None:
        """Be there."""

    async def close(self) -> None:
        """Be away: the port is closed, connections are cut."""


class Program:
    """A program under test: a command in its own process group; `port` is where it listens."""

    def __init__(self, command: list[str], folder: Path, port: int, env: dict[str, str]) -> None:
        self.port = port
        self._command = command
        self._folder = folder
        self._env = os.environ | env
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Until it listens. RuntimeError with the end of its log if it does not."""
        with (self._folder / "program.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, cwd=self._folder, env=self._env, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return
            await asyncio.sleep(0.1)
        tail = (self._folder / "program.log").read_text(errors="replace")[-2000:]
        raise RuntimeError(f"{self._command[0]} does not listen on {self.port}:\n{tail}")

    def kill(self) -> None:
        """SIGKILL to all of it."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


async def run_outage(
    plan: Plan, program: Program, receiver: Receiver, url: str, message: Callable[[int], Any]
) -> dict[str, Any]:
    """Let it happen to one program; what was sent and what became of it."""
    await receiver.open()
    await program.start()
    kills = set(plan.kills_after)
    chance = random.Random(plan.seed)
    killing: asyncio.Task[None] | None = None
    acknowledged = []
    try:
        async with httpx.AsyncClient(timeout=5, trust_env=False) as http:
            for number in range(1, plan.messages + 1):
                if number == plan.away.start:
                    await receiver.close()
                if number == plan.away.stop:
                    await receiver.open()
                await _send(http, url, message(number))
                acknowledged.append(number)
                if number in kills:
                    if killing is not None:
                        await killing
                    killing = asyncio.create_task(
                        _kill(program, chance.uniform(0, AFTER_MESSAGE_S))
                    )
                await asyncio.sleep(1 / plan.rate_hz)
        if killing is not None:
            await killing
        await _quiet(receiver.arrivals, plan, len(acknowledged))
    finally:
        program.kill()
        await receiver.close()
    return receiver.arrivals.figures(acknowledged)


async def _kill(program: Program, after_s: float) -> None:
    await asyncio.sleep(after_s)
    program.kill()
    await asyncio.sleep(RESTART_AFTER_S)
    await program.start()


async def _send(http: httpx.AsyncClient, url: str, message: Any) -> None:
    while True:
        with contextlib.suppress(httpx.HTTPError):
            if (await http.post(url, json=message)).status_code == 200:
                return
        await asyncio.sleep(0.2)


async def _quiet(arrivals: Arrivals, plan: Plan, sent: int) -> None:
    begun = time.monotonic()
    while len(set(arrivals.numbers)) < sent:
        if time.monotonic() - max(arrivals.newest_at, begun) > plan.quiet_s:
            return
        await asyncio.sleep(0.2)
    # what is sent twice may still come
    await asyncio.sleep(3)
