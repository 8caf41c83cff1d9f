"""A platform in its own process, real Chromium before it, and terminals that upload over HTTP."""

from __future__ import annotations

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import wraps
from inspect import Parameter, Signature, signature
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect, sync_playwright

from scripts.chromium import launch_options
from tests.conftest import Cast
from tests.platform.records import (
    TestTerminal,
    current_database_url,
    enrolled_terminal,
    file_ref,
)
from tests.platform.stored import weigh_today

# A guard against waiting for ever; nothing is measured by it.
PATIENCE_S = 60


def drawn_truck(plate: str) -> bytes:
    """A small JPEG that is a real picture, 320 pixels wide."""
    image = Image.new("RGB", (320, 180), "#9fb4c8")
    draw = ImageDraw.Draw(image)
    draw.rectangle((40, 60, 280, 130), fill="#5a6a7a")
    for x in (80, 200, 240):
        draw.ellipse((x - 14, 118, x + 14, 146), fill="#222222")
    draw.text((110, 84), plate, fill="white")
    file = io.BytesIO()
    image.save(file, "JPEG")
    return file.getvalue()


@dataclass
class Gate:
    """A terminal and its way to the platform."""

    terminal: TestTerminal
    address: str

    @property
    def code(self) -> str:
        return self.terminal.code

    def pass_truck(self, second: float, picture: bytes | None = None, **fields: Any) -> str:
        """Weigh a truck, upload its record and then its picture; its key on a board."""
        suite = self.terminal.suite
        if picture is not None:
            file = file_ref(suite, picture, "head")
            fields["files"] = [{"digest": file.digest, "kind": file.kind}]
        weigh_today(self.terminal, second, **fields)
        seq = len(self.terminal.lines)
        self._send("POST", "batches", self.terminal.batch(seq, seq))
        if picture is not None:
            path = f"files/{suite.digest(picture).hex()}"
            self._send("PUT", path, picture, {"hengyuan-seq": str(seq)})
        return f"{self.code}/{seq}"

    def beat(self) -> None:
        """A sign of life."""
        body = (
            b'{"clock_ms":%d,"devices":{"scale":"ok"},"disk_free_mb":1000,"queue":0,'
            b'"rule_pack":"cn-2016.1","seq":%d,"software":"test"}'
        ) % (time.time_ns() // 1_000_000, len(self.terminal.lines))
        self._send("POST", "heartbeat", body)

    def _send(
        self, method: str, path: str, body: bytes, more: dict[str, str] | None = None
    ) -> None:
        path = f"/api/intake/v1/{path}"
        headers = self.terminal.headers(method, path, body) | (more or {})
        answer = httpx.request(
            method, self.address + path, content=body, headers=headers, timeout=PATIENCE_S
        )
        assert answer.status_code == 200, answer.text


@dataclass
class Town:
    """The running platform and the gates of the cast's units."""

    home: Path
    database: str
    port: int
    usernames: dict[str, str]
    process: subprocess.Popen[str] | None = None
    gates: dict[str, Gate] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Run the platform until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from hengyuan.cli import main; main()",
             "platform", "run", "--port", str(self.port)],
            env=os.environ
            | {"HENGYUAN_HOME": str(self.home), "HENGYUAN_DATABASE_URL": self.database},
            stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert "http://" in self.process.stdout.readline(), "the platform did not start"

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Send the signal; the exit code once the platform is gone."""
        assert self.process is not None
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE_S)
        self._forget()
        return code

    def end(self) -> None:
        """Whatever state it is in, nothing of it is left."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self._forget()
        shutil.rmtree(self.home, ignore_errors=True)

    def _forget(self) -> None:
        if self.process is not None and self.process.stdout is not None:
            self.process.stdout.close()
        self.process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _hash_passwords_as_a_platform_does() -> None:
    """The test run's own hasher is not one that a real platform takes."""
    from django.contrib.auth.hashers import PBKDF2PasswordHasher

    from hengyuan.platform.accounts.models import User

    hashed = PBKDF2PasswordHasher().encode(Cast.PASSWORD, "salt", iterations=1000)
    User.objects.update(password=hashed)


@pytest.fixture
def town(committed_intake: None, cast: Cast) -> Iterator[Town]:
    """A platform on this test's database, with enrolled terminals at three units."""
    from scripts.build import main as build

    build()
    _hash_passwords_as_a_platform_does()
    usernames = {name: user.username for name, user in cast.people().items()}
    home = Path(tempfile.mkdtemp(prefix="hengyuan-browser-"))
    made = Town(home, current_database_url(), _free_port(), usernames)
    for name, unit, by in (
        ("own", cast.unit, cast.county_clerk),
        ("other", cast.other_unit, cast.county_clerk),
        ("neighbour", cast.neighbour_unit, cast.neighbour_clerk),
    ):
        made.gates[name] = Gate(enrolled_terminal(unit, by), made.address)
    try:
        made.start()
        yield made
    finally:
        made.end()


@dataclass
class People:
    """Opens a browser window for each person, logged in; notes what the consoles complain of."""

    browser: Any
    town: Town
    complaints: list[str] = field(default_factory=list)

    def log_in(self, who: str) -> Page:
        context = self.browser.new_context(viewport={"width": 1366, "height": 768})
        page: Page = context.new_page()
        page.set_default_timeout(PATIENCE_S * 1000)
        page.on("console", lambda said: said.type == "error" and self._note(said.text))
        page.on("pageerror", lambda error: self._note(str(error)))
        page.goto(f"{self.town.address}/account/login/")
        page.get_by_label("用户名").fill(self.town.usernames[who])
        page.get_by_label("密码").fill(Cast.PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"{self.town.address}/")
        return page

    def _note(self, text: str) -> None:
        # a server that is down on purpose
        if "ERR_CONNECTION_REFUSED" not in text and "ERR_INCOMPLETE" not in text:
            self.complaints.append(text)


@contextmanager
def _people_of(town: Town) -> Iterator[People]:
    expect.set_options(timeout=PATIENCE_S * 1000)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_options())
        try:
            yield People(browser, town)
        finally:
            browser.close()


def in_browser(test: Callable[..., None]) -> Callable[..., None]:
    """Gives the test `people` of its `town`, and runs it in a thread of its own.

    Playwright keeps an event loop running in its thread, in which neither Django's database nor
    another loop would work: the fixtures around the test stay in theirs.
    """
    wanted = [name for name in signature(test).parameters if name != "people"]

    @wraps(test)
    def run(**fixtures: Any) -> None:
        def work() -> None:
            with _people_of(fixtures["town"]) as people:
                test(people=people, **fixtures)

        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(work).result()

    del run.__wrapped__  # type: ignore[attr-defined]  # pytest asks for the fixtures named here
    run.__signature__ = Signature(  # type: ignore[attr-defined]
        [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in wanted]
    )
    return run
