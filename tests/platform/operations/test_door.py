"""/healthz, /readyz and /metrics: what they say, and to whom."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection

from hengyuan.platform.operations.door import Door
from hengyuan.platform.operations.standing import DatabaseStanding, Disk, Standing, standing
from hengyuan.platform.signing_key import FILE_NAME as KEY_FILE
from hengyuan.platform.weighing import partitions
from tests.platform.records import current_database_url

GIB = 2**30
SOUND = DatabaseStanding(
    size_bytes=5 * GIB,
    version="18.1",
    pending=(),
    ahead=(),
    months=frozenset({date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)}),
    terminals=3,
    terminals_online=2,
)
READY = Standing(
    at=datetime(2026, 12, 31, 23, tzinfo=UTC),
    disks=(Disk(Path("/srv/hengyuan"), 50 * GIB, 100 * GIB),),
    database=SOUND,
    today=date(2026, 12, 31),
)


async def _ask(door: Door, path: str, method: str, client: str, headers: dict[str, str]) -> Any:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        sent.append(message)

    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "path": path, "method": method, "headers": pairs}
    await door(scope | {"client": (client, 50_000)}, receive, send)
    return sent[0]["status"], b"".join(message["body"] for message in sent[1:])


def ask(
    door: Door,
    path: str,
    method: str = "GET",
    client: str = "127.0.0.1",
    headers: dict[str, str] | None = None,
) -> tuple[int, bytes]:
    """Status and body of an answer."""
    status, body = asyncio.run(_ask(door, path, method, client, headers or {}))
    return status, body


async def beyond(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b"Django"})


def door_of(found: Standing) -> Door:
    return Door(beyond, lambda: found)


def never() -> Standing:
    raise AssertionError("nobody asked for that")


def test_alive_is_answered_without_the_database_to_anybody():
    assert ask(Door(beyond, never), "/healthz", client="192.0.2.9") == (200, b"ok\n")
    assert ask(Door(beyond, never), "/healthz", method="HEAD") == (200, b"")
    assert ask(Door(beyond, never), "/healthz", method="POST")[0] == 405
    assert ask(Door(beyond, never), "/healthz/") == (418, b"Django")


def test_ready_when_nothing_is_wrong():
    status, body = ask(door_of(READY), "/readyz")
    assert (status, json.loads(body)) == (200, {"ready": True, "problems": []})


@pytest.mark.parametrize(
    ("found", "code", "words"),
    [
        (replace(READY, database=None, database_problem="refused"), "database_away", "refused"),
        (
            replace(READY, database=replace(SOUND, pending=("weighing.0009_new",))),
            "migrations_pending",
            "weighing.0009_new",
        ),
        (
            replace(READY, database=replace(SOUND, ahead=("weighing.0010_newer",))),
            "software_older",
            "weighing.0010_newer",
        ),
        (
            replace(READY, database=replace(SOUND, months=frozenset({date(2026, 12, 1)}))),
            "partition_missing",
            "2027-01",
        ),
        (replace(READY, disks=(Disk(Path("/srv/x"), GIB, 100 * GIB),)), "disk_low", "/srv/x"),
        (replace(READY, key_problem="no usable key"), "key_unreadable", "no usable key"),
    ],
)
def test_what_is_wrong_is_said_in_words(found, code, words):
    status, body = ask(door_of(found), "/readyz")
    answer = json.loads(body)
    assert status == 503
    assert answer["ready"] is False
    assert [problem["code"] for problem in answer["problems"]] == [code]
    assert words in answer["problems"][0]["text"]


@pytest.mark.parametrize(
    ("client", "headers"),
    [
        ("192.0.2.9", {}),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.9"}),
        ("127.0.0.1", {"via": "1"}),
    ],
)
def test_the_world_learns_whether_but_not_why(client, headers):
    low = replace(READY, disks=(Disk(Path("/srv/x"), GIB, 100 * GIB),))
    status, body = ask(door_of(low), "/readyz", client=client, headers=headers)
    assert (status, json.loads(body)) == (503, {"ready": False})


@pytest.mark.parametrize(
    ("token", "client", "headers", "status"),
    [
        ("", "127.0.0.1", {}, 200),
        ("", "::1", {}, 200),
        ("", "192.0.2.9", {}, 403),
        ("", "", {}, 403),
        ("", "127.0.0.1", {"x-forwarded-for": "192.0.2.9"}, 403),
        ("", "127.0.0.1", {"x-real-ip": "192.0.2.9"}, 403),
        ("", "192.0.2.9", {"authorization": "Bearer "}, 403),
        ("let-me-in", "192.0.2.9", {"authorization": "Bearer let-me-in"}, 200),
        ("let-me-in", "192.0.2.9", {"authorization": "Bearer let-me"}, 403),
        ("let-me-in", "127.0.0.1", {}, 403),
    ],
)
def test_figures_are_for_this_machine_or_for_the_token(settings, token, client, headers, status):
    settings.OPERATIONS_METRICS_TOKEN = token
    got, body = ask(door_of(READY), "/metrics", client=client, headers=headers)
    assert got == status
    assert (b"hengyuan_ready 1.0" in body) is (status == 200)


def test_the_figures_say_how_it_stands():
    low = replace(READY, disks=(Disk(Path("/srv/home"), GIB, 100 * GIB),))
    _status, body = ask(door_of(low), "/metrics")
    lines = body.decode().splitlines()
    for line in (
        "hengyuan_ready 0.0",
        'hengyuan_problem{code="disk_low"} 1.0',
        "hengyuan_database_up 1.0",
        "hengyuan_partition_months_ahead 2.0",
        'hengyuan_terminals{state="online"} 2.0',
        'hengyuan_terminals{state="silent"} 1.0',
        'hengyuan_disk_free_bytes{place="home"} 1.073741824e+09',
    ):
        assert line in lines
    assert any(line.startswith("process_resident_memory_bytes ") for line in lines)
    mended = ask(door_of(READY), "/metrics")[1]
    assert b"disk_low" not in mended


def test_however_many_ask_it_is_looked_at_once():
    looks = []

    def look() -> Standing:
        looks.append(1)
        return READY

    door = Door(beyond, look)

    async def many() -> None:
        await asyncio.gather(*(_ask(door, "/readyz", "GET", "192.0.2.9", {}) for _ in range(20)))

    asyncio.run(many())
    assert len(looks) == 1


@pytest.mark.django_db(transaction=True)
def test_the_real_database_is_asked():
    url = current_database_url()
    today = datetime.now(UTC).date()
    with connection.cursor() as cursor:
        for month in partitions.coming_months(today):
            cursor.execute(partitions.create_statement(month))
    found = standing(url)
    assert found.database is not None
    assert (found.database.pending, found.database.ahead) == ((), ())
    assert set(found.months_due) <= found.database.months
    assert found.months_ahead >= 1
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {partitions.partition_name(found.months_due[1])}")
        cursor.execute("DELETE FROM django_migrations WHERE app = 'weighing' AND name LIKE '0001%'")
    try:
        status, body = ask(Door(beyond, lambda: standing(url)), "/readyz")
        codes = {problem["code"] for problem in json.loads(body)["problems"]}
        assert status == 503
        assert codes == {"migrations_pending", "partition_missing"}
    finally:
        with connection.cursor() as cursor:
            cursor.execute(partitions.create_statement(found.months_due[1]))
            cursor.execute(
                "INSERT INTO django_migrations (app, name, applied) "
                "VALUES ('weighing', '0001_initial', now())"
            )


def test_a_database_that_is_away_is_told_and_nothing_else_is_lost(tmp_path):
    found = standing(f"postgresql://nobody@/nothing?host={tmp_path}")
    assert found.database is None
    assert found.database_problem.startswith(psycopg.OperationalError.__name__)
    assert found.disks


def test_a_damaged_key_is_told_without_its_content(settings, tmp_path):
    settings.HENGYUAN_HOME = tmp_path
    (tmp_path / KEY_FILE).write_text('{"suite": "SM2-SM3", "secret": "5ec2e7"}')
    found = standing(f"postgresql://nobody@/nothing?host={tmp_path}")
    assert KEY_FILE in found.key_problem
    assert "5ec2e7" not in found.key_problem
