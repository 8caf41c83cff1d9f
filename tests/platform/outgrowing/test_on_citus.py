"""Intake and search on a Citus cluster, when there is one: HENGYUAN_TEST_CITUS_URL.

It names a database on the coordinator, made for this and for nothing else, with the extension and
the nodes added (docs/outgrowing.md). The tables are made, distributed, and the suites of intake,
records and boards are run against them in a process of their own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from hengyuan.platform.distribution import DISTRIBUTED, REFERENCE
from hengyuan.platform.embedded import URL_VARIABLE
from tests.platform.outgrowing import stand_in

URL = os.environ.get("HENGYUAN_TEST_CITUS_URL", "")
ROOT = Path(__file__).parents[3]
SUITES = (
    "tests/platform/intake",
    "tests/platform/weighing",
    "tests/platform/board",
    "tests/platform/upkeep",
)
# what starts servers, or migrates back and forth, has databases of its own
NOT_THERE = ("test_kill.py", "test_commands_killed.py", "test_narrow_rows.py")

on_citus = pytest.mark.skipif(not URL, reason="HENGYUAN_TEST_CITUS_URL names no Citus coordinator")


def run_there(url: str, *suites: str) -> subprocess.CompletedProcess[str]:
    """Run suites on the database of this address, distributed."""
    environment = os.environ | {URL_VARIABLE: url, "HENGYUAN_TEST_ON_CITUS": "1"}
    # the run there has a home of its own
    for name in ("HENGYUAN_HOME", "DJANGO_SETTINGS_MODULE"):
        environment.pop(name, None)
    ignored = [f"--ignore-glob=*/{name}" for name in NOT_THERE]
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--reuse-db", *ignored, *suites],
        cwd=ROOT, env=environment, capture_output=True, text=True,
    )  # fmt: skip


def distributed_tables(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT logicalrelid::text FROM pg_dist_partition").fetchall()
    return {name for (name,) in rows}


@on_citus
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_intake_and_search_pass_on_a_citus_cluster() -> None:
    done = run_there(URL, *SUITES)
    assert done.returncode == 0, done.stdout[-10_000:]
    assert set(DISTRIBUTED) | set(REFERENCE) <= distributed_tables(URL)


@on_citus
@pytest.mark.slow
def test_records_lie_on_workers_beside_their_heads_and_batches() -> None:
    with psycopg.connect(URL) as connection:
        rows = connection.execute(
            "SELECT table_name::text, citus_table_type, colocation_id FROM citus_tables"
        ).fetchall()
    kinds = {name: kind for name, kind, _ in rows}
    assert {name for name, kind in kinds.items() if kind == "distributed"} >= set(DISTRIBUTED)
    assert {name for name, kind in kinds.items() if kind == "reference"} >= set(REFERENCE)
    assert len({group for name, _, group in rows if name in DISTRIBUTED}) == 1


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.django_db
def test_the_run_on_a_cluster_uses_the_named_database_and_distributes_it(
    fresh_database: Callable[[], str],
) -> None:
    # on a stand-in: whether such a run would work at all is known before a cluster is at hand
    url = fresh_database()
    with tempfile.TemporaryDirectory(prefix="hengyuan-extension-") as folder:
        stand_in.install(url, Path(folder))
        stand_in.add_coordinator(url)
        done = run_there(url, "tests/platform/intake/test_batches.py")
    assert done.returncode == 0, done.stdout[-5_000:]
    assert "passed" in done.stdout
    assert set(DISTRIBUTED) | set(REFERENCE) == distributed_tables(url)
