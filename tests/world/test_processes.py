"""Programs that a demo starts: their end is noticed, told with their log, and brought about."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hengyuan.world.processes import Child, ChildDied, hengyuan_command

PATIENCE_S = 20
SLEEPS = "import time; print('ready', flush=True); time.sleep(600)"
SHRUGS = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    "print('ready', flush=True); time.sleep(600)"
)
HAS_A_CHILD = (
    "import subprocess, sys, time; "
    "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)']); "
    "print('ready', inner.pid, flush=True); time.sleep(600)"
)


@pytest.fixture
def children() -> Iterator[list[Child]]:
    made: list[Child] = []
    yield made
    for child in made:
        child.kill()


def child_of(tmp_path: Path, children: list[Child], code: str) -> Child:
    child = Child("part", [sys.executable, "-c", code], tmp_path / "log" / "part.log", os.environ)
    children.append(child)
    return child


def wait_for(said: str, child: Child) -> str:
    end = time.monotonic() + PATIENCE_S
    while said not in child.tail():
        assert time.monotonic() < end, child.tail()
        time.sleep(0.01)
    return child.tail()


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int) -> None:
    end = time.monotonic() + PATIENCE_S
    while lives(pid):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_program_that_ends_is_reported_with_the_end_of_its_log(
    tmp_path: Path, children: list[Child]
) -> None:
    child = child_of(tmp_path, children, "print('the port is taken'); raise SystemExit(3)")
    child.start()
    while child.running:
        time.sleep(0.01)
    with pytest.raises(ChildDied) as caught:
        child.check()
    assert "exit code 3" in str(caught.value)
    assert "the port is taken" in str(caught.value)
    assert str(child.log_file) in str(caught.value)


def test_a_program_that_was_killed_is_named_by_its_signal_and_can_start_again(
    tmp_path: Path, children: list[Child]
) -> None:
    child = child_of(tmp_path, children, SLEEPS)
    child.start()
    wait_for("ready", child)
    child.check()
    first = child.pid
    child.kill()
    assert child.kills == 1
    with pytest.raises(ChildDied, match="SIGKILL"):
        child.check()
    child.start()
    child.check()
    assert child.pid != first


def test_a_kill_takes_what_the_program_had_started_too(
    tmp_path: Path, children: list[Child]
) -> None:
    child = child_of(tmp_path, children, HAS_A_CHILD)
    child.start()
    inner = int(wait_for("ready", child).split()[-1])
    assert lives(inner)
    child.kill()
    wait_until_gone(inner)


@pytest.mark.parametrize(("code", "within_s"), [(SLEEPS, 20), (SHRUGS, 0.2)])
def test_stopping_ends_a_program_that_listens_and_one_that_does_not(
    tmp_path: Path, children: list[Child], code: str, within_s: float
) -> None:
    child = child_of(tmp_path, children, code)
    child.start()
    wait_for("ready", child)
    pid = child.pid
    assert pid is not None
    asyncio.run(child.stop(within_s))
    assert not child.running
    assert not lives(pid)
    asyncio.run(child.stop())


def test_what_an_earlier_run_left_behind_is_ended_before_a_new_start(
    tmp_path: Path, children: list[Child]
) -> None:
    first = child_of(tmp_path, children, SLEEPS)
    first.start()
    wait_for("ready", first)
    left = first.pid
    assert left is not None
    second = child_of(tmp_path, children, SLEEPS)
    second.start()
    wait_until_gone(left)
    second.check()


def test_a_stranger_with_the_noted_process_id_is_left_alone(
    tmp_path: Path, children: list[Child]
) -> None:
    stranger = subprocess.Popen(["sleep", "600"], start_new_session=True)
    try:
        child = child_of(tmp_path, children, SLEEPS)
        child.log_file.parent.mkdir()
        child.log_file.with_suffix(".pid").write_text(str(stranger.pid))
        child.start()
        wait_for("ready", child)
        assert stranger.poll() is None
    finally:
        stranger.send_signal(signal.SIGKILL)
        stranger.wait()


def test_the_hengyuan_command_is_this_installations(tmp_path: Path) -> None:
    said = subprocess.run(
        hengyuan_command("world", "trucks", "--count", "1"), capture_output=True, text=True
    )
    assert said.returncode == 0, said.stderr
    assert "HY" in said.stdout
