"""The programs that a demo starts: each with its own log, its own process group, its own end."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

log = structlog.get_logger(__name__)

TAIL_LINES = 20
STOP_WITHIN_S = 30.0


class ChildDied(RuntimeError):
    """A program ended that should run; the text holds the end of its log."""


def hengyuan_command(*arguments: str) -> list[str]:
    """The `hengyuan` command of this very installation."""
    return [sys.executable, "-c", "from hengyuan.cli import main; main()", *arguments]


class Child:
    """One program that is to run until it is stopped, and may be killed and started again."""

    def __init__(
        self, name: str, command: Sequence[str], log_file: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log_file = log_file
        self.environment = dict(environment)
        self.kills = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._pid_file = log_file.with_suffix(".pid")

    @property
    def running(self) -> bool:
        """Whether it runs now."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self.running else None

    def start(self) -> None:
        """Start it in a session of its own, so that Ctrl-C reaches it only through us."""
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        self._end_leftover()
        with self.log_file.open("ab") as out:
            out.write(f"--- {time.strftime('%Y-%m-%d %H:%M:%S')} {self.name}\n".encode())
            out.flush()
            self._process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        self._pid_file.write_text(str(self._process.pid))

    def check(self) -> None:
        """Raise ChildDied, with the end of its log, unless it runs."""
        if self._process is None:
            raise ChildDied(f"{self.name} was not started")
        code = self._process.poll()
        if code is not None:
            raise ChildDied(
                f"{self.name} ended ({_how(code)}); the end of {self.log_file}:\n{self.tail()}"
            )

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The end of its log."""
        with contextlib.suppress(OSError):
            with self.log_file.open("rb") as file:
                file.seek(0, os.SEEK_END)
                file.seek(max(0, file.tell() - 16_384))
                text = file.read().decode("utf-8", "replace")
            return "\n".join(text.splitlines()[-lines:])
        return ""

    def kill(self) -> None:
        """SIGKILL to all of its group: the power goes, nothing is tidied up."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        self.kills += 1
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    async def stop(self, within_s: float = STOP_WITHIN_S) -> None:
        """Ask it to end; what does not end within the bound is killed, and that is logged."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                await asyncio.to_thread(process.wait, within_s)
            except subprocess.TimeoutExpired:
                log.warning("child.killed", child=self.name, waited_s=within_s)
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self._pid_file.unlink(missing_ok=True)

    def _end_leftover(self) -> None:
        """Kill what an earlier run left behind when it was itself killed."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self._pid_file.read_text())
            if _command_of(pid) == self.command:
                log.warning("child.leftover", child=self.name, pid=pid)
                os.killpg(pid, signal.SIGKILL)


def _command_of(pid: int) -> list[str]:
    raw = Path(f"/proc/{pid}/cmdline").read_bytes()
    return [part.decode("utf-8", "replace") for part in raw.split(b"\0")[:-1]]


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
