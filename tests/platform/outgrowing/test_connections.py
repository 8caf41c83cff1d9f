"""The address of several servers: how it is read, and which of them is taken."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from hengyuan.platform import connections
from hengyuan.platform.connections import await_writable, connect, django_settings, servers
from hengyuan.platform.embedded import EmbeddedPostgres
from hengyuan.platform.replication import CannotPromote, promote, states
from tests.conftest import _POSTGRES

BOTH = "postgresql://h%40:p%3Aw@a.example:5432,b.example:5433/hengyuan?sslmode=verify-full"


def test_each_server_of_an_address_can_be_reached_by_itself() -> None:
    first, second = servers(BOTH)
    assert (str(first), str(second)) == ("a.example:5432", "b.example:5433")
    alone = conninfo_to_dict(second.conninfo)
    assert (alone["host"], alone["port"], alone["user"]) == ("b.example", "5433", "h@")
    assert (alone["password"], alone["sslmode"]) == ("p:w", "verify-full")


def test_of_several_servers_the_one_that_takes_writes_is_wanted() -> None:
    assert django_settings(BOTH)["OPTIONS"]["target_session_attrs"] == "read-write"
    assert conninfo_to_dict(servers(BOTH)[0].conninfo)["target_session_attrs"] == "read-write"
    asked = servers(BOTH + "&target_session_attrs=any")[0]
    assert conninfo_to_dict(asked.conninfo)["target_session_attrs"] == "any"
    assert "target_session_attrs" not in django_settings("postgresql://a/hengyuan")["OPTIONS"]


def test_django_is_given_all_hosts_and_gives_up_one_that_does_not_greet() -> None:
    database = django_settings(BOTH)
    assert (database["HOST"], database["PORT"]) == ("a.example,b.example", "5432,5433")
    assert (database["NAME"], database["USER"], database["PASSWORD"]) == ("hengyuan", "h@", "p:w")
    assert int(database["OPTIONS"]["connect_timeout"]) == connections.CONNECT_WITHIN_S
    assert "tcp_user_timeout" in database["OPTIONS"]
    assert django_settings(BOTH + "&connect_timeout=9")["OPTIONS"]["connect_timeout"] == "9"


def test_asyncpg_is_given_what_it_knows_and_not_what_it_would_pass_on() -> None:
    url = BOTH + "&connect_timeout=9&keepalives_idle=3&application_name=platform"
    parts = urlsplit(servers(url)[0].dsn)
    assert parse_qs(parts.query).keys() == {"sslmode", "application_name", "target_session_attrs"}
    assert parts.netloc == "h%40:p%3Aw@"
    assert parts.path == "/hengyuan"


def test_as_many_ports_as_hosts_or_one_for_all() -> None:
    one = servers("postgresql://a,b/hengyuan?port=6000")
    assert [server.port for server in one] == ["6000", "6000"]
    with pytest.raises((ValueError, psycopg.Error), match="port"):
        servers("host=a,b,c port=1,2 dbname=hengyuan")


def nobody_then(url: str, tmp_path: Path) -> str:
    """The address of a server that is not there, and behind it the one of this address."""
    place = conninfo_to_dict(url)["host"]
    return f"postgresql://hengyuan@/postgres?host={tmp_path},{place}"


@pytest.fixture
def with_a_dead_one(postgres_url: str, tmp_path: Path) -> str:
    if not str(conninfo_to_dict(postgres_url).get("host") or "").startswith("/"):
        pytest.skip("the server of this run is not the embedded one")
    return nobody_then(postgres_url, tmp_path)


def test_a_dead_server_is_passed_over(with_a_dead_one: str) -> None:
    async def work() -> Any:
        connection = await connect(with_a_dead_one)
        try:
            return await connection.fetchval("SELECT current_setting('synchronous_commit')")
        finally:
            await connection.close()

    assert asyncio.run(work()) == "on"
    assert await_writable(with_a_dead_one, 0) is None


def test_commits_are_waited_for_whatever_the_server_prefers(with_a_dead_one: str) -> None:
    async def work() -> Any:
        connection = await connect(with_a_dead_one + "&options=-csynchronous_commit%3Doff")
        try:
            return await connection.fetchval("SELECT current_setting('synchronous_commit')")
        finally:
            await connection.close()

    assert asyncio.run(work()) == "on"


def test_where_none_will_do_it_is_said_of_each_why(tmp_path: Path) -> None:
    url = f"postgresql://hengyuan@/hengyuan?host={tmp_path}/one,{tmp_path}/two"
    with pytest.raises(ConnectionError, match=r"(?s)one:5432: .*; .*two:5432: "):
        asyncio.run(connect(url))
    assert "two:5432: " in str(await_writable(url, 0))


def test_a_primary_that_answers_is_no_reason_to_promote(with_a_dead_one: str) -> None:
    dead, alive = states(with_a_dead_one)
    assert dead.problem and not dead.is_primary
    assert alive.is_primary and alive.is_durable and not alive.loses_nothing
    with pytest.raises(CannotPromote, match="is the primary and answers"):
        promote(with_a_dead_one, primary_is_dead=True)


def test_nobody_is_promoted_where_nobody_answers(tmp_path: Path) -> None:
    url = f"postgresql://hengyuan@/hengyuan?host={tmp_path}/one,{tmp_path}/two"
    with pytest.raises(CannotPromote, match="no server answers"):
        promote(url, primary_is_dead=True)


def test_the_embedded_server_has_the_programs_that_a_standby_needs() -> None:
    assert isinstance(_POSTGRES, EmbeddedPostgres)
    for name in ("initdb", "pg_basebackup", "pg_rewind", "pg_ctl"):
        assert _POSTGRES.program(name).exists()
