"""Keeps the current version running, and goes back where a new one is not healthy.

It is the one part that an update does not replace; it does little, and is to stay that way.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import httpx
import structlog

from hengyuan.terminal.update.versions import BASE, Versions

log = structlog.get_logger(__name__)

NOTE_VARIABLE = "HENGYUAN_UPDATE_NOTE"
"""What the terminal is to write into its journal, as `what detail`."""
LOOK_EVERY_S = 1.0
HEALTHY_WITHIN_S = 180.0
STEADY_S = 60.0
"""A new version that has answered for so long without a break works."""
STOP_WITHIN_S = 30.0
AGAIN_AFTER_S = 2.0

Healthy = Callable[[], bool]


class Launcher:
    """Runs `hengyuan terminal run CONFIG` of the version that is current."""

    def __init__(self, versions: Versions, config: Path, healthy: Healthy) -> None:
        self._versions = versions
        self._config = config
        self._healthy = healthy
        self._stop = threading.Event()
        self._note = ""

    def stop(self, *_: object) -> None:
        """End, the child first."""
        self._stop.set()

    def run(self) -> None:
        """Until it is stopped."""
        while not self._stop.is_set():
            name = self._versions.current
            child = self._start(name)
            try:
                self._watch(child, name)
            finally:
                _end(child)
            if not self._stop.is_set() and name == self._versions.current:
                self._stop.wait(AGAIN_AFTER_S)

    def command(self, name: str) -> list[str]:
        """How a version is started."""
        python = sys.executable if name == BASE else str(self._versions.python(name))
        return [python, "-m", "hengyuan.cli", "terminal", "run", str(self._config)]

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        environment = dict(os.environ)
        if not self._note and name != BASE and self._versions.state.state == "trial":
            self._note = f"software_updated {self._versions.previous} -> {name}"
        if self._note:
            environment[NOTE_VARIABLE] = self._note
            self._note = ""
        log.info("launcher.starting", version=name)
        flags = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        return subprocess.Popen(self.command(name), env=environment, creationflags=flags)

    def _watch(self, child: subprocess.Popen[bytes], name: str) -> None:
        """Until the child has ended or another version is current."""
        trial = self._versions.state.state == "trial" and name != BASE
        began = time.monotonic()
        healthy_since: float | None = None
        while not self._stop.is_set() and self._versions.current == name:
            ended = child.poll() is not None
            if trial:
                answers = self._healthy() and not ended
                healthy_since = (healthy_since or time.monotonic()) if answers else None
            if healthy_since is not None and time.monotonic() - healthy_since >= STEADY_S:
                trial, healthy_since = False, None
                self._versions.keep()
                log.info("launcher.kept", version=name)
            late = time.monotonic() - began > HEALTHY_WITHIN_S
            if trial and (ended or late):
                self._go_back(name, f"ended with {child.poll()}" if ended else "not healthy")
                return
            if ended:
                log.warning("launcher.ended", version=name, code=child.poll())
                return
            self._stop.wait(LOOK_EVERY_S)

    def _go_back(self, name: str, why: str) -> None:
        back_to = self._versions.back(why)
        self._note = f"update_failed {name} -> {back_to}: {why}"
        log.error("launcher.rolled_back", version=name, to=back_to, why=why)


def answering(url: Callable[[], str]) -> Healthy:
    """Whether a terminal's status page answers at an address that may change."""

    def healthy() -> bool:
        with contextlib.suppress(httpx.HTTPError, OSError, ValueError):
            answer = httpx.get(url(), timeout=2.0, trust_env=False)
            return answer.status_code == 200 and "lanes" in answer.json()
        return False

    return healthy


def stop_on_signals(launcher: Launcher) -> None:
    """Ctrl-C and a service manager's stop."""

    def stop(number: int, frame: FrameType | None) -> None:
        launcher.stop()

    for name in ("SIGINT", "SIGTERM", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    if os.name == "nt":
        child.send_signal(getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM))
    else:
        child.terminate()
    try:
        child.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
