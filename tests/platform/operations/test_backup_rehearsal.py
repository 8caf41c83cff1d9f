"""A platform is backed up while it takes records, lost, and comes back with all that it had said
that it has."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from hengyuan.platform.backup import manifest
from hengyuan.platform.backup.layout import backups_in, whole_backups
from hengyuan.platform.embedded import EmbeddedPostgres, with_database
from hengyuan.platform.home import restore_draft
from tests.platform.intake.test_kill import Platform
from tests.platform.operations.gates import Gates, add_clerk, command, folder, logs_in, running
from tests.platform.records import TestTerminal

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def wait_for_records(gates: Gates, count: int) -> None:
    """Until every weighing gate has so many acknowledged; the test's time limit is the bound."""
    while min(sender.acknowledged for sender in gates.senders) < count:
        time.sleep(0.05)


def verified_chain(home: Path, terminal: TestTerminal, to: Path) -> dict[str, Any]:
    """The terminal's chain as the restored platform exports it, as the verifier reads it."""
    exported = command(home, "chain", "export", terminal.code, "-o", str(to))
    assert exported.returncode == 0, exported.stderr
    verifier = [*Platform(home).command()[:1], "record", "verify", str(to), "--json"]
    done = subprocess.run(verifier, capture_output=True, text=True)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["sound"], report
    assert report["from_genesis"]
    return report


def test_what_was_acknowledged_before_a_backup_is_in_it():
    with folder() as place:
        home, target, new = place / "home", place / "backups", place / "new"
        keys = ("--keys-passphrase", str(place / "passphrase"))
        with running(home) as platform:
            add_clerk(home)
            assert command(home, "signing-key").returncode == 0
            gates = Gates(platform)
            gates.film(8)
            first = command(home, "backup", str(target), *keys)
            assert first.returncode == 0, first.stderr
            gates.film(4)
            wait_for_records(gates, 12)
            must_have = gates.acknowledged()
            second = command(home, "backup", str(target), *keys, "--verify")
            assert second.returncode == 0, second.stderr
            later = gates.acknowledged()
            assert any(later[code] > mark for code, mark in must_have.items()), "it went on"
            gates.stop()
            platform.kill()
            platform.postgres.stop()

            whole = whole_backups(target)
            assert len(whole) == 2
            made = manifest.read(whole[1])
            for code, mark in made.database.watermarks.items():
                assert mark.seq >= must_have[code]
            evidence = {store.name: store for store in made.stores}["evidence"]
            assert (evidence.files, evidence.damaged) == (12, [])
            assert evidence.new_bytes == sum(map(len, list(gates.pictures.values())[8:]))

            restored = command(new, "restore", str(whole[1]), *keys)
            assert restored.returncode == 0, restored.stderr
            assert command(new, "signing-key").stdout == command(home, "signing-key").stdout
            for digest, data in gates.pictures.items():
                kept = new / "evidence" / digest[:2] / digest[2:4] / digest
                assert kept.read_bytes() == data

            reached = {}
            for number, terminal in enumerate(gates.terminals()):
                report = verified_chain(new, terminal, place / f"chain-{number}")
                assert report["last"] >= must_have[terminal.code]
                assert report["head"] == terminal.digests[report["last"]].hex()
                reached[terminal.code] = report["last"]
            with running(new) as again:
                assert logs_in(again)
                ready = httpx.get(f"{again.url}/readyz", timeout=30)
                assert (ready.status_code, ready.json()) == (200, {"ready": True, "problems": []})
                for terminal in gates.terminals():
                    send_the_rest(again, terminal, reached[terminal.code])
                with psycopg.connect(again.postgres.url()) as connection:
                    assert stored(connection) == {
                        terminal.code: len(terminal.lines) for terminal in gates.terminals()
                    }
                figures = httpx.get(f"{again.url}/metrics", timeout=30).text
                sent_again = sum(len(t.lines) - reached[t.code] for t in gates.terminals())
                assert f"hengyuan_intake_records_total {float(sent_again)}" in figures


def send_the_rest(platform: Platform, terminal: TestTerminal, reached: int) -> None:
    """What was acknowledged after the backup is still at the gates, and is taken again."""
    if reached < len(terminal.lines):
        body = terminal.batch(reached + 1)
        answer = httpx.post(f"{platform.url}/api/intake/v1/batches", content=body, timeout=30)
        assert answer.json()["watermark"]["seq"] == len(terminal.lines), answer.text


def stored(connection: psycopg.Connection[Any]) -> dict[str, int]:
    rows = connection.execute(
        "SELECT t.code, count(*) FROM weighing w JOIN terminals_terminal t ON t.id = w.terminal_id"
        " GROUP BY t.code"
    )
    return dict(rows.fetchall())


def test_an_embedded_platform_moves_to_an_outside_server_by_a_dump(postgres_url):
    name = f"hengyuan_moved_{time.time_ns()}"
    url = with_database(postgres_url, name)
    with folder() as place:
        home, target, new = place / "home", place / "backups", place / "new"
        with running(home) as platform:
            add_clerk(home)
            gates = Gates(platform)
            gates.film(3)
            wait_for_records(gates, 10)
            must_have = gates.acknowledged()
            taken = command(home, "backup", str(target), "--without-keys", "--dump")
            assert taken.returncode == 0, taken.stderr
            gates.stop()
        (backup,) = whole_backups(target)
        exact = manifest.read(backup).database
        try:
            moved = command(new, "restore", str(backup), "--without-keys", url=url)
            assert moved.returncode == 0, moved.stderr
            with psycopg.connect(url) as connection:
                found = stored(connection)
                assert sum(found.values()) == exact.records
                assert all(found[code] >= mark for code, mark in must_have.items())
            listed = command(new, "user", "list", url=url)
            assert "clerk" in listed.stdout, listed.stderr
            backups_of_outside(place, new, url)
        finally:
            with psycopg.connect(with_database(url, "postgres"), autocommit=True) as connection:
                names = connection.execute(
                    "SELECT datname FROM pg_database WHERE datname LIKE %s", (f"{name}%",)
                ).fetchall()
                for (each,) in names:
                    connection.execute(f'DROP DATABASE "{each}" WITH (FORCE)')


def backups_of_outside(place: Path, home: Path, url: str) -> None:
    """The same server's platform: backed up by a dump, restored over itself only when forced."""
    target = place / "outside"
    taken = command(home, "backup", str(target), "--without-keys", url=url)
    assert taken.returncode == 0, taken.stderr
    (backup,) = whole_backups(target)
    assert manifest.read(backup).database.method == "dump"
    other = place / "other"
    refused = command(other, "restore", str(backup), "--without-keys", url=url)
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    forced = command(other, "restore", str(backup), "--without-keys", "--force", url=url)
    assert forced.returncode == 0, forced.stderr
    assert "_before_" in forced.stdout


def kill_at(home: Path, stage: str, *arguments: str) -> None:
    """Begin the command and kill it as soon as it says that it is at this stage."""
    platform = Platform(home)
    process = subprocess.Popen(
        platform.command(*arguments), env=platform.environment(), stderr=subprocess.PIPE, text=True,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith(stage):
            process.send_signal(signal.SIGKILL)
            break
    else:
        raise AssertionError(f"{arguments} never came to {stage}")
    assert process.wait() == -signal.SIGKILL
    process.stderr.close()


def test_a_backup_or_restore_that_is_killed_leaves_nothing_that_looks_whole():
    with folder() as place:
        home, target, new = place / "home", place / "backups", place / "new"
        with running(home) as platform:
            gates = Gates(platform)
            gates.film(5)
            gates.stop()
            assert command(home, "backup", str(target), "--without-keys").returncode == 0
            (whole,) = whole_backups(target)
            for stage in ("数据库", "证据文件", "其他文件", "写入磁盘"):
                kill_at(home, stage, "backup", str(target), "--without-keys")
                assert whole_backups(target) == [whole]
                assert [each.state for each in backups_in(target)] == ["whole", "unfinished"]
                assert "未完成" in command(home, "backups", str(target)).stdout
                half = backups_in(target)[1].path
                refused = command(new, "restore", str(half), "--without-keys")
                assert refused.returncode == 1
                assert command(new, "verify-backup", str(half)).returncode == 1
                assert not new.exists()
            gates.film(2)
            after = command(home, "backup", str(target), "--without-keys", "--verify")
            assert after.returncode == 0, after.stderr
            assert [each.state for each in backups_in(target)] == ["whole", "whole"]
        newest = whole_backups(target)[-1]
        for stage in ("证据文件", "数据库", "核对"):
            kill_at(new, stage, "restore", str(newest), "--without-keys")
            assert not new.exists()
            started = command(new, "migrate")
            assert started.returncode == 1
            assert "cut short" in started.stderr
            assert not new.exists()
        assert command(new, "restore", str(newest), "--without-keys").returncode == 0
        assert not restore_draft(new).exists()
        with running(new) as again, psycopg.connect(again.postgres.url()) as connection:
            assert stored(connection)[gates.filming.code] == 7
            running_over = command(new, "restore", str(newest), "--without-keys", "--force")
            assert running_over.returncode == 1
            assert "正在运行" in running_over.stderr
        kill_at(new, "数据库", "restore", str(whole), "--without-keys", "--force")
        with running(new) as untouched, psycopg.connect(untouched.postgres.url()) as connection:
            assert stored(connection)[gates.filming.code] == 7
        forced = command(new, "restore", str(whole), "--without-keys", "--force")
        assert forced.returncode == 0, forced.stderr
        (aside,) = place.glob("new.before-*")
        assert (aside / "postgres").exists()
        with running(new) as older, psycopg.connect(older.postgres.url()) as connection:
            assert stored(connection)[gates.filming.code] == 5
        EmbeddedPostgres(aside).stop()
