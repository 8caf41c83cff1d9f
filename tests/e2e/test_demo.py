"""The whole way of a truck with real programs: platform, terminals, devices, and their deaths."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hengyuan.platform.embedded import EmbeddedPostgres
from hengyuan.world.processes import hengyuan_command

PATIENCE_S = 120


@pytest.fixture
def home() -> Iterator[Path]:
    """A demo's directory that the database's own user can reach; nothing is left behind."""
    directory = Path(tempfile.mkdtemp(prefix="hengyuan-demo-"))
    directory.chmod(0o711 if os.geteuid() == 0 else 0o700)
    yield directory
    EmbeddedPostgres(directory / "platform").stop()
    shutil.rmtree(directory, ignore_errors=True)


def command(home: Path, *options: str) -> list[str]:
    return hengyuan_command("demo", "--home", str(home), "--port", "0", *options)


def counted(home: Path, *options: str) -> dict[str, Any]:
    """Run a counted demo to its end; its figures."""
    ended = subprocess.run(
        command(home, "--exit", "--json", *options), capture_output=True, text=True
    )
    said = f"{ended.stdout}\n{ended.stderr}"
    assert ended.stdout.count("\n") == 1, said
    figures: dict[str, Any] = json.loads(ended.stdout)
    assert ended.returncode == 0, said
    return figures


def assert_all_right(figures: dict[str, Any], trucks: int) -> None:
    assert figures["problems"] == []
    assert figures["all_right"]
    assert figures["trucks"] == figures["stored"] == trucks
    for fault in (
        "lost",
        "duplicated",
        "strangers",
        "out_of_order",
        "wrong_weights",
        "wrong_verdicts",
        "wrong_second_verdicts",
        "wrong_on_display",
        "gate_problems",
    ):
        assert figures[fault] == 0, fault
    # cameras of three makes: one of them has no picture of the load
    assert 2 * trucks < figures["pictures_due"] < 3 * trucks
    assert figures["pictures_stored"] == figures["pictures_due"]
    assert figures["chain_sound"]
    assert figures["chains"] == figures["chains_sound"] == 3
    # the city that the trucks pass through
    assert figures["counties"] == 18
    assert figures["units"] >= 120
    assert figures["users"] >= 100
    assert figures["published_lists"] >= 2
    assert figures["final_lists"] >= 1
    assert figures["draft_lists"] >= 1
    assert figures["open_objections"] >= 1
    for measure in ("verdict_ms", "stored_ms", "display_ms"):
        assert 0 < figures[f"{measure}_p50"] <= figures[f"{measure}_p99"]


def programs_of(home: Path) -> list[str]:
    """Command lines of all processes that name this directory."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if str(home) in line:
            found.append(line)
    return found


def test_300_trucks_arrive_though_the_platform_and_every_terminal_are_killed(home: Path) -> None:
    figures = counted(home, "--trucks", "300", "--kill-platform", "1", "--kill-terminals")
    assert_all_right(figures, 300)
    assert (figures["platform_kills"], figures["terminal_kills"]) == (1, 3)
    assert figures["over_limit"] > 5
    assert figures["made_overloads"] > 0
    assert programs_of(home) == []


@pytest.mark.slow
def test_2000_real_trucks_arrive_through_three_kills_of_the_platform(home: Path) -> None:
    figures = counted(
        home,
        *("--trucks", "2000", "--made-share", "0"),
        *("--kill-platform", "3", "--kill-terminals"),
    )
    assert_all_right(figures, 2_000)
    assert (figures["platform_kills"], figures["database_kills"]) == (3, 1)
    assert figures["terminal_kills"] == 3
    assert figures["made_overloads"] == 0
    assert programs_of(home) == []


@contextmanager
def running_demo(home: Path) -> Iterator["subprocess.Popen[str]"]:
    demo = subprocess.Popen(
        command(home, "--password", "trucks-on-the-scale"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200", "PYTHONUNBUFFERED": "1"},
        start_new_session=True,
    )
    try:
        yield demo
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGKILL)
        demo.wait()
        assert demo.stdout is not None
        demo.stdout.close()


def read_until(demo: "subprocess.Popen[str]", pattern: str, times: int = 1) -> list[str]:
    """Lines until the pattern was found so often."""
    assert demo.stdout is not None
    lines: list[str] = []
    end = time.monotonic() + PATIENCE_S
    while sum(bool(re.search(pattern, line)) for line in lines) < times:
        line = demo.stdout.readline()
        assert line, "the demo ended:\n" + "".join(lines)
        assert time.monotonic() < end, "".join(lines)
        lines.append(line)
    return lines


def logged_in(url: str, username: str) -> httpx.Client:
    client = httpx.Client(base_url=url, follow_redirects=True, trust_env=False)
    client.get("/account/login/")
    answer = client.post(
        "/account/login/",
        data={
            "username": username,
            "password": "trucks-on-the-scale",
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        },
        headers={"referer": url},
    )
    assert answer.status_code == 200
    assert "/account/login/" not in str(answer.url), answer.text
    return client


def test_the_demo_shows_a_city_at_work_and_ctrl_c_stops_all_of_it(home: Path) -> None:
    with running_demo(home) as demo:
        start = "".join(read_until(demo, "Ctrl-C"))
        url = re.search(r"http://127\.0\.0\.1:\d+", start)
        assert url is not None
        for username in ("hongtong", "xiangfen", "linfen", "gate1"):
            assert username in start
            logged_in(url[0], username).close()
        passed = read_until(demo, "合格|超限", times=3)
        assert any("HY" in line for line in passed)
        assert len(programs_of(home)) >= 4

        second = subprocess.run(command(home), capture_output=True, text=True)
        assert second.returncode == 2
        assert "another demo is running" in second.stderr

        demo.send_signal(signal.SIGINT)
        assert demo.stdout is not None
        rest = demo.stdout.read()
        assert demo.wait(PATIENCE_S) == 0
        assert "Traceback" not in rest
    assert programs_of(home) == []

    # the same home goes on where it ended
    figures = counted(home, "--trucks", "3")
    assert_all_right(figures, 3)


def test_a_port_that_is_taken_is_said_at_once(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = subprocess.run(
            hengyuan_command("demo", "--home", str(home), "--port", port),
            capture_output=True,
            text=True,
        )
    assert ended.returncode == 2
    assert port in ended.stderr
    assert "--port" in ended.stderr
    assert programs_of(home) == []
