"""The standard questions: the same answer from counts, from DuckDB and from a Spark cluster."""

from __future__ import annotations

import json
from collections import defaultdict

import pytest
from django.db import connection
from typer.testing import CliRunner

from hengyuan.cli.platform import app
from hengyuan.platform.history import engines, sealing
from hengyuan.platform.history.questions import QUESTIONS
from hengyuan.platform.weighing.models import WeighingCount
from tests.platform.history.conftest import FEBRUARY, JANUARY, ms
from tests.platform.stored import upload

GROSSES = (49_000, 49_001, 53_900, 53_905, 58_000, 63_700, 63_703, 75_000, 98_000, 98_006, 120_000)


@pytest.fixture
def years(terminals):
    """January in a file, February sealed, March open; masses on the edges of the bands."""
    own, _, next_door = terminals
    for number, gross_kg in enumerate(GROSSES):
        own.weigh(1, weighed_at=ms(JANUARY, 3601 * number), gross_kg=gross_kg, plate="晋L77777")
        # an hour before midnight of the Chinese clock, and one behind it: another month
        next_door.weigh(
            1,
            weighed_at=ms(FEBRUARY) - (20 + number % 2) * 3_600_000 + 3_599_999,
            gross_kg=gross_kg,
        )
    own.weigh(
        1,
        weighed_at=ms(FEBRUARY, 7),
        axles=None,
        combination=None,
        layout=None,
        drive_axles=None,
        group_kg=(),
        limit_kg=None,
        verdict="unknown",
        rule_pack=None,
        plate=None,
        plate_colour=None,
        flags=("skipped_scale",),
        gross_kg=None,
        raw_kg=None,
    )
    own.weigh(1, weighed_at=ms(FEBRUARY, 9), corrects=1, gross_kg=48_500)
    own.weigh(1, weighed_at=ms(FEBRUARY, 11), kind="entry", gross_kg=15_000, verdict=None)
    for terminal in terminals:
        first = 19
        if len(terminal.lines) >= first:
            upload((terminal, first, len(terminal.lines)))
    sealing.seal(JANUARY)
    sealing.archive(JANUARY, drop=True)
    sealing.seal(FEBRUARY)
    return terminals


def counted(*keys):
    """What the counts of intake say, by these keys."""
    found = defaultdict(lambda: [0, 0, 0, 0])
    for row in WeighingCount.objects.filter(kind=1):
        row.month = row.day.year * 100 + row.day.month
        entry = found[tuple(getattr(row, key) for key in keys)]
        entry[0] += row.trucks
        entry[1] += row.trucks if row.band > 0 else 0
        entry[2] += row.gross_kg
        entry[3] += row.overload_kg
    return {key: tuple(totals) for key, totals in sorted(found.items())}


def answers(records):
    return {name: engines.answer(question, records) for name, question in QUESTIONS.items()}


def as_counts(rows, *keys):
    return {
        tuple(row[key] for key in keys): (
            row["trucks"],
            row["over"],
            row["gross_kg"] or 0,
            row["overload_kg"],
        )
        for row in rows
    }


def test_duckdb_answers_what_intake_has_counted(years, tmp_path):
    files = engines.files_for(tmp_path)
    assert any("2026-01.1" in file.name for file in files), "archived months are among them"
    with engines.duckdb_records(files) as records:
        found = answers(records)
    assert as_counts(found["county-month"], "county", "month") == counted("county", "month")
    assert as_counts(found["hour"], "hour") == counted("hour")
    assert as_counts(found["band"], "band") == counted("band")
    assert len(found["band"]) == 7, "every band has its trucks, and the unknown ones"
    worst = found["plate"][0]
    assert (worst["plate"], worst["trucks"], worst["over"]) == ("晋L77777", 11, 10)
    assert list(counted("hour")), "and there is something to compare"


@pytest.mark.slow
def test_the_command_gives_table_json_and_csv(years):
    def run(*args):
        done = CliRunner().invoke(app, ["history", *args])
        assert done.exit_code == 0, done.output
        return done.stdout

    rows = json.loads(run("county-month", "--json", "--from", "2026-01", "--to", "2026-01"))["rows"]
    assert as_counts(rows, "county", "month") == {
        key: value for key, value in counted("county", "month").items() if key[1] == 202601
    }
    lines = run("hour", "--csv").splitlines()
    assert lines[0] == "hour,trucks,over,gross_kg,overload_kg"
    assert len(lines) == 1 + len(counted("hour"))
    assert "浮山县" in run("county-month") or "县" in run("county-month")
    assert "未超限" in run("band")
    assert run("plate", "--csv", "--limit", "1").count("\n") == 2


def test_a_month_that_is_none_is_named():
    done = CliRunner().invoke(app, ["history", "hour", "--from", "2026-13"])
    assert done.exit_code == 1 and "2026-13" in done.output


@pytest.mark.slow
def test_a_spark_cluster_gives_equal_answers(years, tmp_path):
    from tests.platform.history.spark_cluster import cluster

    files = engines.files_for(tmp_path)
    with engines.duckdb_records(files) as records:
        here = answers(records)
    with cluster(workers=2) as running:
        with engines.spark_records(files, running.master) as records:
            there = answers(records)
        assert running.workers_seen() == 2
    assert there == here
    assert all(rows for rows in here.values())
    connection.close()
