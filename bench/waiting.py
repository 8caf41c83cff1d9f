"""Terminals that wait for commands: what that costs the platform, how soon a command is there.

    python -m bench.waiting --terminals 2000 --seconds 60 --json

Every terminal keeps one signed long poll open, as the real one does. Commands are sent by
`terminals.services.send_command` in this process, one after the other, to terminals by chance.

What is printed: `polls_per_s`; the platform's processor time for a poll, `platform_us`, and of one
core for all the waiting, `core_percent`; `memory_kb` of the platform for each waiting terminal; and
the time from the commit of a command to its arrival, `arrival_ms_p50` and `arrival_ms_p99`.
"""

import argparse
import asyncio
import json
import random
import resource
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from bench.platform import RunningPlatform
from bench.sealing import BenchTerminal
from hengyuan.record.commands import Poll, PollAnswer
from hengyuan.record.requests import sign_request
from hengyuan.record.suites import SM2_SM3

HOST = "127.0.0.1"
PATH = "/api/intake/v1/commands"
WAIT_S = 25


class Waiting:
    """All terminals, and what arrived when."""

    def __init__(self, port: int, terminals: list[BenchTerminal]) -> None:
        self._port = port
        self._terminals = terminals
        self.polls = 0
        self.arrived: dict[str, float] = {}
        self.open = 0

    async def run(self, until: asyncio.Event) -> None:
        """Poll with every terminal until the event."""
        tasks = [asyncio.create_task(self._poll(terminal)) for terminal in self._terminals]
        await until.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _poll(self, terminal: BenchTerminal) -> None:
        # not all in the same moment: terminals are not started by one switch
        await asyncio.sleep(random.uniform(0, 5))
        reader, writer = await asyncio.open_connection(HOST, self._port)
        self.open += 1
        have: list[str] = []
        while True:
            body = msgspec.json.encode(Poll(wait_s=WAIT_S, have=tuple(have[-32:])))
            ms = time.time_ns() // 1_000_000
            headers = sign_request(SM2_SM3, terminal.key, terminal.code, "POST", PATH, ms, body)
            lines = [f"POST {PATH} HTTP/1.1", "host: bench", f"content-length: {len(body)}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 200"), head
            size = int(head.split(b"content-length: ")[1].split(b"\r\n")[0])
            answer = msgspec.json.decode(await reader.readexactly(size), type=PollAnswer)
            self.polls += 1
            for command in answer.commands:
                self.arrived[command.id] = time.monotonic()
                have.append(command.id)


def memory_kb(pid: int) -> int:
    """Resident memory of a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0])


async def measure(
    platform: RunningPlatform, terminals: list[BenchTerminal], seconds: int, commands: int
) -> dict[str, Any]:
    """Wait, send commands meanwhile, and look at what it took."""
    assert platform._server is not None
    pid = platform._server.pid
    empty_kb = memory_kb(pid)
    waiting, over = Waiting(platform.port, terminals), asyncio.Event()
    running = asyncio.create_task(waiting.run(over))
    while waiting.open < len(terminals):
        await asyncio.sleep(0.1)
    await asyncio.sleep(2)
    held_kb = memory_kb(pid)
    before, polls, begun = platform.cpu_seconds(), waiting.polls, time.monotonic()
    await asyncio.sleep(seconds)
    spent = platform.cpu_seconds()["platform"] - before["platform"]
    polls, lasted = waiting.polls - polls, time.monotonic() - begun
    sent = await asyncio.to_thread(send, terminals, commands)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and len(waiting.arrived) < len(sent):
        await asyncio.sleep(0.05)
    over.set()
    await running
    took = sorted(1000 * (waiting.arrived[key] - at) for key, at in sent.items())
    return {
        "terminals": len(terminals),
        "polls_per_s": round(polls / lasted, 1),
        "platform_us": round(1e6 * spent / max(1, polls)),
        "core_percent": round(100 * spent / lasted, 1),
        "memory_kb": round((held_kb - empty_kb) / len(terminals), 1),
        "commands": len(sent),
        "arrived": len(took),
        "arrival_ms_p50": round(statistics.median(took), 1),
        "arrival_ms_p99": round(took[max(0, -(-len(took) * 99 // 100) - 1)], 1),
    }


def send(terminals: list[BenchTerminal], count: int) -> dict[str, float]:
    """Ask terminals by chance; when each command was committed, by its id."""
    from django.db import connections

    from hengyuan.platform.terminals.models import Terminal
    from hengyuan.platform.terminals.services import send_command

    sent = {}
    for _ in range(count):
        terminal = Terminal.objects.get(code=random.choice(terminals).code)
        command = send_command(terminal, "update", {}, None)
        sent[str(command.pk)] = time.monotonic()
        time.sleep(0.05)
    connections.close_all()
    return sent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--terminals", type=int, default=2_000)
    parser.add_argument("--seconds", type=int, default=50)
    parser.add_argument("--commands", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 65_536)), hard))
    with RunningPlatform() as platform:
        print("enrolling …", file=sys.stderr)
        terminals = platform.make_terminals(arguments.terminals, 0, 1)
        print("waiting …", file=sys.stderr)
        found = asyncio.run(measure(platform, terminals, arguments.seconds, arguments.commands))
    print(json.dumps(found) if arguments.json else json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
