"""The embedded PostgreSQL outlives whoever started it, and is found again."""

import asyncio
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest

from hengyuan.platform import embedded
from hengyuan.platform.embedded import EmbeddedPostgres, PostgresFailed, with_database

START = """
import sys, time
from pathlib import Path
from hengyuan.platform.embedded import EmbeddedPostgres
print(EmbeddedPostgres(Path(sys.argv[1])).start(), flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A home that the server's user can reach; pytest's own folders are closed to others."""
    path = Path(tempfile.mkdtemp(prefix="hy-"))
    path.chmod(0o711)
    yield path / "home"
    _remove(path / "home")
    shutil.rmtree(path)


def _remove(home: Path) -> None:
    EmbeddedPostgres(home).stop()
    base = home / "postgres"
    if base.is_symlink():
        shutil.rmtree(base.resolve())


@pytest.fixture
def server(home: Path) -> EmbeddedPostgres:
    running = EmbeddedPostgres(home)
    running.start()
    return running


def starter(home: Path, stay_s: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START, str(home), str(stay_s)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def write(url: str, text: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (what text)")
        connection.execute("INSERT INTO kept VALUES (%s)", (text,))


def read(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [row[0] for row in connection.execute("SELECT what FROM kept ORDER BY what")]


def test_both_drivers_understand_its_address(server):
    write(server.url(), "重")

    async def by_asyncpg() -> list[str]:
        connection = await asyncpg.connect(server.url())
        try:
            return [row["what"] for row in await connection.fetch("SELECT what FROM kept")]
        finally:
            await connection.close()

    assert read(server.url()) == asyncio.run(by_asyncpg()) == ["重"]


def test_stopping_keeps_what_was_written(server):
    write(server.url(), "before")
    server.stop()
    assert not server.is_running()
    with pytest.raises(psycopg.OperationalError):
        read(server.url())
    server.start()
    assert read(server.url()) == ["before"]


def test_it_outlives_a_process_that_was_killed(home):
    first = starter(home, 600)
    assert said(first) == "True"
    server = EmbeddedPostgres(home)
    pid = server.pid()
    write(server.url(), "before")
    first.kill()
    first.wait()
    assert read(server.url()) == ["before"]
    assert server.start() is True, "whoever started it is dead, so it is ours to stop"
    assert server.pid() == pid


def test_a_second_process_uses_it_and_leaves_stopping_to_the_first(server, home):
    second = starter(home, 0)
    assert said(second) == "False"
    second.wait()
    assert server.is_running()
    assert server.start() is True


def test_when_its_main_process_is_killed_nothing_committed_is_lost(server):
    write(server.url(), "before")
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    server.start()
    assert server.pid() != pid
    assert read(server.url()) == ["before"]


def test_another_process_takes_up_after_both_were_killed(home):
    first = starter(home, 600)
    said(first)
    server = EmbeddedPostgres(home)
    write(server.url(), "before")
    pid = server.pid()
    assert pid is not None
    first.kill()
    first.wait()
    os.kill(pid, signal.SIGKILL)
    second = starter(home, 0)
    assert said(second) == "True"
    second.wait()
    assert read(server.url()) == ["before"]


def test_of_processes_that_start_together_one_has_it(home):
    starters = [starter(home, 5) for _ in range(3)]
    assert sorted(said(each) for each in starters) == ["False", "False", "True"]
    for each in starters:
        each.kill()
        each.wait()


def test_a_note_left_by_a_dead_server_whose_number_is_taken_by_another_program(server, home):
    write(server.url(), "before")
    server.stop()
    note = home / "postgres" / "data" / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{home}/postgres/data\n0\n5432\n\n\n0 0\nready\n")
    assert EmbeddedPostgres(home).start() is True
    assert read(server.url()) == ["before"]


def test_a_first_start_that_was_cut_short_is_begun_again(home):
    draft = home / "postgres" / "data.new"
    EmbeddedPostgres(home).start()
    EmbeddedPostgres(home).stop()
    shutil.rmtree(home / "postgres" / "data")
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    server = EmbeddedPostgres(home)
    assert server.start() is True
    write(server.url(), "works")


def test_two_homes_have_two_servers(server, home):
    other = EmbeddedPostgres(home.parent / "other")
    try:
        other.start()
        write(server.url(), "one")
        write(other.url(), "two")
        assert (read(server.url()), read(other.url())) == (["one"], ["two"])
        assert server.pid() != other.pid()
    finally:
        _remove(other.home)
    assert server.is_running()


def test_a_home_deep_down_in_the_tree(home):
    deep = home.joinpath(*["一个很长的目录名称"] * 5)
    deep.mkdir(parents=True)
    deep.chmod(0o711)
    server = EmbeddedPostgres(deep)
    try:
        server.start()
        write(server.url(), "deep")
        assert read(server.url()) == ["deep"]
    finally:
        socket_dir = server._socket_dir()
        _remove(deep)
        shutil.rmtree(socket_dir, ignore_errors=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_a_home_inside_a_closed_directory_works_and_stays_closed(home):
    closed = home.parent / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "home")
    try:
        server.start()
        write(server.url(), "inside")
        assert read(server.url()) == ["inside"]
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    finally:
        _remove(server.home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's server runs as another user")
def test_programs_inside_a_closed_directory_are_copied_out(home, monkeypatch, tmp_path):
    monkeypatch.setattr(embedded, "_SYSTEM_DIR", home.parent / "system")
    reaches = embedded._server_user_reaches
    monkeypatch.setattr(
        embedded,
        "_server_user_reaches",
        lambda directory: "site-packages" not in str(directory) and reaches(directory),
    )
    server = EmbeddedPostgres(home)
    server.start()
    command = Path(f"/proc/{server.pid()}/exe").resolve()
    assert command.is_relative_to(home.parent / "system")
    write(server.url(), "copied")
    assert read(server.url()) == ["copied"]


def test_only_its_owner_may_speak_to_it(server):
    assert stat.S_IMODE((server._socket_dir()).stat().st_mode) == 0o700
    assert stat.S_IMODE((server._socket_dir() / ".s.PGSQL.5432").stat().st_mode) == 0o700
    with psycopg.connect(server.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)


def test_durability_cannot_be_switched_off_by_its_file(server, home):
    server.stop()
    with (home / "postgres" / "data" / "postgresql.conf").open("a") as file:
        file.write("fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n")
    server.start()
    with psycopg.connect(server.url()) as connection:
        for name in ("fsync", "synchronous_commit", "full_page_writes"):
            assert connection.execute(f"SHOW {name}").fetchone() == ("on",)


def test_a_server_that_cannot_start_says_why(server, home):
    server.stop()
    with (home / "postgres" / "data" / "postgresql.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(PostgresFailed, match="no_such_setting"):
        server.start()


def test_one_that_does_not_answer_is_waited_for_until_the_bound_and_no_longer(server):
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(PostgresFailed, match="does not answer yet"):
            server.start(timeout_s=1)
    finally:
        os.kill(pid, signal.SIGCONT)
    server.start()
    assert server.pid() == pid


def test_reading_the_settings_starts_nothing(home):
    environment = os.environ | {"HENGYUAN_HOME": str(home), "HENGYUAN_DATABASE_URL": ""}
    subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"], check=True, env=environment
    )
    assert not (home / "postgres").exists()
    assert stat.S_IMODE((home / "secret_key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://u@/one?host=%2Frun%2Fpg", "postgresql://u@/two?host=%2Frun%2Fpg"),
        ("postgresql://u:p@db:5433/one", "postgresql://u:p@db:5433/two"),
    ],
)
def test_the_same_server_another_database(url, expected):
    assert with_database(url, "two") == expected


def test_stopping_what_never_ran_is_no_error(home):
    EmbeddedPostgres(home).stop()
    assert not (home / "postgres").exists()
