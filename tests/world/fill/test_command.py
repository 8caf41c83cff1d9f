"""`hengyuan world fill` as a person types it, in processes of its own."""

import json
import multiprocessing
import os
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hengyuan.platform.embedded import URL_VARIABLE, EmbeddedPostgres
from hengyuan.world.city.running import PASSWORD, PASSWORD_VARIABLE
from hengyuan.world.processes import hengyuan_command

SMALL = ("--days", "4", "--units", "20", "--until", "2026-06-20", "--workers", "2")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home with an embedded database, which its user reaches through folders that let it pass."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    yield tmp_path
    EmbeddedPostgres(tmp_path).stop()


def environment(home: Path) -> dict[str, str]:
    left_out = {URL_VARIABLE, "DJANGO_SETTINGS_MODULE", "HENGYUAN_HOME"}
    kept = {name: value for name, value in os.environ.items() if name not in left_out}
    return kept | {PASSWORD_VARIABLE: PASSWORD, "HENGYUAN_HOME": str(home)}


def hengyuan(home: Path, *arguments: str, asked: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        hengyuan_command(*arguments),
        env=environment(home),
        input=asked,
        capture_output=True,
        check=False,
        timeout=600,
    )


def fill(home: Path, *more: str) -> dict[str, Any]:
    done = hengyuan(home, "world", "fill", *SMALL, "--json", *more)
    assert done.returncode == 0, done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def stored(home: Path) -> int:
    with psycopg.connect(EmbeddedPostgres(home).url()) as connection:
        row = connection.execute("SELECT count(*) FROM weighing").fetchone()
    assert row is not None
    return int(row[0])


def terminals(home: Path) -> list[str]:
    with psycopg.connect(EmbeddedPostgres(home).url()) as connection:
        rows = connection.execute(
            "SELECT t.code FROM intake_chainhead c JOIN terminals_terminal t"
            " ON t.id = c.terminal_id WHERE c.last_seq > 0 ORDER BY t.code"
        ).fetchall()
    return [row[0] for row in rows]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_it_can_be_killed_and_goes_on_and_every_chain_is_sound(home: Path) -> None:
    EmbeddedPostgres(home).start()
    killed = subprocess.Popen(
        hengyuan_command("world", "fill", *SMALL, "--json"),
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 200
    while not _has_records(home) and killed.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    makers = _makers(killed.pid)
    killed.kill()
    killed.wait()
    assert len(makers) == 2
    while any(Path(f"/proc/{pid}").exists() for pid in makers) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in makers if Path(f"/proc/{pid}").exists()]
    before = stored(home)
    assert before > 0

    figures = fill(home, "--shares")
    assert figures["total_records"] == before + figures["records"] == stored(home)
    assert {"county", "month", "hour", "band", "layout"} == set(figures["shares"])
    assert sum(row[1] for row in figures["shares"]["hour"][1:]) > 0.95 * figures["total_records"]
    again = fill(home)
    assert again["records"] == 0

    codes = terminals(home)
    assert len(codes) == figures["terminals"] >= 20
    for code in codes[:: len(codes) // 4]:
        exported = hengyuan(home, "platform", "chain", "export", code, "-o", "-")
        assert exported.returncode == 0, exported.stderr.decode()
        said = hengyuan(home, "record", "verify", "-", asked=exported.stdout)
        assert said.returncode == 0, said.stdout.decode()

    other = hengyuan(home, "world", "fill", *SMALL, "--seed", "9")
    assert other.returncode == 2
    assert "--home" in other.stderr.decode()
    assert stored(home) == figures["total_records"]


def _makers(pid: int) -> list[str]:
    """The processes that make records for that one."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [
        child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()
    ]


def _has_records(home: Path) -> bool:
    try:
        return stored(home) > 0
    except psycopg.Error:
        return False


@pytest.mark.slow
def test_when_one_process_fails_the_others_end_and_the_reason_is_told(postgres_url: str) -> None:
    from hengyuan.world.fill.filling import FillFailed, run
    from hengyuan.world.fill.units import chosen_units, habits_of
    from hengyuan.world.fill.worker import Task

    planned, _ = chosen_units(2)
    day = date(2026, 6, 20)
    nowhere = "postgresql://nobody@/nothing?host=/nonexistent"
    task = Task(nowhere, 1, day, day, 1, habits_of(planned, 1, 1.0), [])
    with pytest.raises(FillFailed, match=r"nonexistent|FileNotFound|Connection"):
        run([task, task], postgres_url, lambda text: None)
    assert not multiprocessing.active_children()
    with pytest.raises(FillFailed, match=r"nonexistent|FileNotFound|Connection"):
        run([task], nowhere, lambda text: None)
    assert not multiprocessing.active_children()


@pytest.mark.parametrize(
    ("arguments", "word"),
    [(["--until", "gestern"], "--until"), (["--until", "2999-01-01"], "--until")],
)
def test_a_last_day_that_cannot_be_is_refused(arguments: list[str], word: str) -> None:
    from typer.testing import CliRunner

    from hengyuan.cli import app

    said = CliRunner().invoke(app, ["world", "fill", *arguments])
    assert said.exit_code == 2
    assert word in said.stderr
