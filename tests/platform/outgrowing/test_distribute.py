"""`hengyuan platform distribute` on a stand-in for Citus: what it asks for, and when it refuses."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from hengyuan.cli.platform_distribute import app as command
from hengyuan.platform.distribution import DISTRIBUTED, REFERENCE
from hengyuan.platform.embedded import URL_VARIABLE
from tests.platform.outgrowing import stand_in

# fresh databases are copies of the test database, which is made only where a test is marked so
pytestmark = pytest.mark.django_db

FreshDatabase = Callable[[], str]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's user can read."""
    with tempfile.TemporaryDirectory(prefix="hengyuan-extension-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def database(fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch) -> str:
    url = fresh_database()
    monkeypatch.setenv(URL_VARIABLE, url)
    return url


@pytest.fixture
def citus(database: str, folder: Path) -> str:
    stand_in.install(database, folder)
    stand_in.add_coordinator(database)
    return database


def distribute(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments])


def rows(url: str, query: str) -> list[Any]:
    with psycopg.connect(url) as connection:
        return connection.execute(query.encode()).fetchall()


def test_records_are_spread_by_terminal_and_small_tables_are_copied(citus: str) -> None:
    done = distribute()
    assert done.exit_code == 0, done.output
    held = rows(
        citus,
        "SELECT logicalrelid::text, partmethod::text, partkey, beside FROM pg_dist_partition"
        " ORDER BY place",
    )
    assert held == [
        *((name, "n", None, None) for name in REFERENCE),
        ("weighing", "h", "terminal_id", "none"),
        *((name, "h", "terminal_id", "weighing") for name in DISTRIBUTED[1:]),
    ]


def test_done_again_it_does_nothing(citus: str) -> None:
    distribute()
    again = distribute()
    assert again.exit_code == 0
    assert "无事可做" in again.output
    assert "SELECT" not in again.output


def test_it_goes_on_where_it_stopped(citus: str) -> None:
    with psycopg.connect(citus) as connection:
        connection.execute("SELECT create_reference_table('regions_region')")
        connection.execute("SELECT create_distributed_table('weighing', 'terminal_id', 'none')")
    done = distribute()
    assert done.exit_code == 0, done.output
    assert "'regions_region'" not in done.output
    assert "('weighing'" not in done.output
    assert rows(citus, "SELECT count(*) FROM pg_dist_partition") == [(10,)]


def test_a_dry_run_prints_the_statements_and_does_nothing(citus: str) -> None:
    planned = distribute("--dry-run")
    assert planned.exit_code == 0
    assert planned.output.splitlines()[0] == "SELECT create_reference_table('regions_region');"
    assert planned.output.splitlines()[5:7] == [
        "SELECT create_distributed_table('weighing', 'terminal_id', colocate_with => 'none');",
        "SELECT create_distributed_table('intake_chainhead', 'terminal_id',"
        " colocate_with => 'weighing');",
    ]
    assert rows(citus, "SELECT count(*) FROM pg_dist_partition") == [(0,)]
    assert distribute().output == planned.output


def test_sealed_months_lose_their_guards_first(citus: str) -> None:
    with psycopg.connect(citus) as connection:
        guards = [("rows", "INSERT OR UPDATE", "ROW"), ("all", "TRUNCATE", "STATEMENT")]
        for name, when, each in guards:
            connection.execute(
                f"CREATE TRIGGER history_{name} BEFORE {when} ON weighing_other FOR EACH {each}"
                " EXECUTE FUNCTION history_guard('2026-09-01')".encode()
            )
    done = distribute()
    assert done.exit_code == 0, done.output
    assert done.output.splitlines()[:2] == [
        'DROP TRIGGER IF EXISTS "history_all" ON "weighing_other";',
        'DROP TRIGGER IF EXISTS "history_rows" ON "weighing_other";',
    ]
    assert rows(citus, "SELECT 1 FROM pg_trigger WHERE tgname LIKE 'history%'") == []
    assert distribute().output.strip() == "所有表都已分布，无事可做"


def refused(said: str) -> None:
    done = distribute()
    assert done.exit_code == 1
    assert said in done.output


def test_without_citus_it_says_what_to_install(database: str) -> None:
    refused("CREATE EXTENSION citus")


def test_an_old_citus_is_refused(database: str, folder: Path) -> None:
    stand_in.install(database, folder, version="11.3-1")
    refused("Citus 11.3-1 is too old; 12 or newer is needed")


def test_the_coordinator_must_be_among_the_nodes(database: str, folder: Path) -> None:
    stand_in.install(database, folder)
    refused("citus_set_coordinator_host")


def test_a_table_that_breaks_the_rules_is_named_before_anything_is_done(citus: str) -> None:
    with psycopg.connect(citus) as connection:
        connection.execute("CREATE UNIQUE INDEX once ON intake_batch (id)")
    refused("the unique index once of intake_batch is without terminal_id")
    assert rows(citus, "SELECT count(*) FROM pg_dist_partition") == [(0,)]


def test_a_table_that_was_made_something_else_is_left_to_its_keeper(citus: str) -> None:
    with psycopg.connect(citus) as connection:
        connection.execute("SELECT create_reference_table('intake_batch')")
    refused("intake_batch is a reference table already")


def test_what_citus_refuses_is_passed_on_and_what_was_done_stays(citus: str) -> None:
    with psycopg.connect(citus) as connection:
        connection.execute("ALTER FUNCTION create_distributed_table RENAME TO gone")
    refused("weighing: function create_distributed_table")
    assert rows(citus, "SELECT count(*) FROM pg_dist_partition") == [(len(REFERENCE),)]


def test_the_embedded_server_is_not_distributed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(URL_VARIABLE)
    refused(URL_VARIABLE)


def test_a_database_without_tables_is_to_be_migrated_first(citus: str) -> None:
    with psycopg.connect(citus) as connection:
        connection.execute("DROP TABLE intake_refused")
    refused("tables are missing (intake_refused); migrate first")
