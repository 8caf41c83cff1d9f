"""A command outlives the platform and its database, killed while the terminal waits for it."""

from __future__ import annotations

import subprocess
import threading
import time
from typing import Any

import httpx
import msgspec
import pytest

from hengyuan.record.suites import SM2_SM3
from tests.platform.intake.test_kill import Platform, platform
from tests.platform.records import TestTerminal

__all__ = ["platform"]

pytestmark = pytest.mark.slow

POLL = "/api/intake/v1/commands"
PATIENCE_S = 60
SEND = """
from hengyuan.platform.terminals.models import Terminal
from hengyuan.platform.terminals.services import send_command
print("ID", send_command(Terminal.objects.get(code=CODE), "update", {"version": "2"}, None).pk)
"""


def send(on: Platform, code: str) -> str:
    """Ask as another process of the platform does; the command's id."""
    done = subprocess.run(
        on.command("manage", "shell", "-c", f"CODE = {code!r}\n{SEND}"),
        env=on.environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return next(line.split()[1] for line in done.stdout.splitlines() if line.startswith("ID"))


def signed(on: Platform, terminal: TestTerminal, path: str, asked: Any) -> httpx.Response:
    body = msgspec.json.encode(asked)
    headers = terminal.headers("POST", path, body)
    return httpx.post(on.url + path, content=body, headers=headers, timeout=PATIENCE_S)


def poll(on: Platform, terminal: TestTerminal, have: list[str]) -> list[str]:
    """Ask until there is a command; a platform that is away is asked again, as terminals do."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            answer = signed(on, terminal, POLL, {"wait_s": 25, "have": have})
        except httpx.TransportError:
            time.sleep(0.1)
            continue
        if answer.status_code == 200 and answer.json()["commands"]:
            return [command["id"] for command in answer.json()["commands"]]
    raise AssertionError("no command came")


@pytest.mark.timeout(300)
def test_a_command_comes_after_a_kill_while_the_terminal_waits_and_until_it_is_answered(
    platform: Platform,
) -> None:
    key = SM2_SM3.generate()
    (code,) = platform.enrol([key.public_bytes().hex()])
    terminal = TestTerminal(code, SM2_SM3, key)
    got: list[str] = []
    waiting = threading.Thread(target=lambda: got.extend(poll(platform, terminal, [])))
    waiting.start()
    time.sleep(1)
    platform.kill_postgres()
    platform.kill()
    platform.start()
    platform.wait()
    first = send(platform, code)
    waiting.join(PATIENCE_S)
    assert got == [first]

    # handed over, and killed before the answer: it comes again
    platform.kill()
    platform.start()
    platform.wait()
    assert poll(platform, terminal, []) == [first]
    told = signed(platform, terminal, f"{POLL}/{first}", {"state": "done", "text": "2"})
    assert told.json() == {"state": "done"}
    second = send(platform, code)
    assert poll(platform, terminal, []) == [second]
