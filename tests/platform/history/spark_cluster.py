"""A Spark cluster of this machine's own: a master and workers, each a process, on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_START_S = 90


@dataclass
class Cluster:
    master: str
    page: str

    def workers_seen(self) -> int:
        """How many workers the master counts as alive."""
        with urllib.request.urlopen(f"{self.page}/json/", timeout=10) as answer:
            return json.load(answer)["aliveworkers"]


@contextmanager
def cluster(workers: int) -> Iterator[Cluster]:
    """Start it on free ports, and end every process of it."""
    import pyspark

    home = Path(pyspark.__file__).parent
    assert shutil.which("java"), "Spark runs on Java: python -m scripts.system_packages openjdk-…"
    folder = Path(tempfile.mkdtemp(prefix="hengyuan-spark-"))
    started: list[subprocess.Popen[bytes]] = []
    environment = os.environ | {
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_LOCAL_DIRS": str(folder),
    }

    def start(name: str, *args: str) -> Path:
        log = folder / f"{name}.log"
        command = [str(home / "bin" / "spark-class"), *args]
        with log.open("wb") as out:
            started.append(
                subprocess.Popen(
                    command, env=environment, stdout=out, stderr=out, start_new_session=True
                )
            )
        return log

    before = os.environ.get("SPARK_LOCAL_IP")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    try:
        ports = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
        log = start("master", "org.apache.spark.deploy.master.Master", *ports)
        master = _wait_for(log, r"Starting Spark master at (spark://127\.0\.0\.1:\d+)")
        port = _wait_for(log, r"'MasterUI' on port (\d+)|MasterUI.*?:(\d+)")
        for number in range(workers):
            log = start(
                f"worker{number}",
                "org.apache.spark.deploy.worker.Worker",
                *ports,
                "--cores",
                "1",
                "--memory",
                "1g",
                "--work-dir",
                str(folder / f"work{number}"),
                master,
            )
            _wait_for(log, r"Successfully registered with master (\S+)")
        yield Cluster(master, f"http://127.0.0.1:{port}")
    finally:
        for process in reversed(started):
            _end(process)
        if before is None:
            del os.environ["SPARK_LOCAL_IP"]
        shutil.rmtree(folder, ignore_errors=True)


def _wait_for(log: Path, pattern: str) -> str:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        found = re.search(pattern, log.read_text(errors="replace"))
        if found:
            return next(group for group in found.groups() if group)
        time.sleep(0.2)
    raise AssertionError(f"{log.name} never said {pattern}:\n{log.read_text()[-3000:]}")


def _end(process: Any) -> None:
    """The process and what it has started: a worker's executors are its children."""
    try:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    except ProcessLookupError:
        pass
