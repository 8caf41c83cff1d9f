"""Cameras of the tests: an RTSP server of its own process, and what stands around a recording."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from hengyuan.terminal.config_video import VideoStreamTable

SERVER = Path(__file__).parent / "rtsp_server.py"
PYTHON = "/usr/bin/python3"
"""The system's own: GStreamer's bindings are Debian packages."""


class Cameras:
    """A running server; `url` names a camera of it."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.port = port

    def url(self, name: str) -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}"

    def tell(self, *words: object) -> None:
        """`use NAME FILE`, `hold NAME`, `go NAME`."""
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "done\n"

    def kill(self) -> None:
        """As if their power failed."""
        self.process.kill()
        self.process.wait(10)


@contextlib.contextmanager
def cameras(
    files: dict[str, Path], *, port: int = 0, login: str = "", sound: bool = False
) -> Iterator[Cameras]:
    """A server whose cameras loop these files."""
    assert shutil.which(PYTHON)
    more = [*(["--login", login] if login else []), *(["--sound"] if sound else [])]
    names = [f"{name}={path}" for name, path in files.items()]
    process = subprocess.Popen(
        [PYTHON, str(SERVER), "--port", str(port), *more, *names],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Cameras(process, int(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate(timeout=10)


def stream(url: str, name: str = "front", **more: object) -> VideoStreamTable:
    """The settings of a stream."""
    return VideoStreamTable(name=name, url=url, **({"view": "front"} | more))


def until(condition: Callable[[], object], at_most_s: float = 30) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + at_most_s
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)
