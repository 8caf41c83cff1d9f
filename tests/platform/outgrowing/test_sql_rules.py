"""The SQL of intake and search keeps to what Citus allows over many shards."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import hengyuan.platform
from tests.conftest import Cast
from tests.platform.outgrowing.sql_rules import names_distributed, offences
from tests.platform.records import enrolled_terminal
from tests.platform.stored import upload_all, weigh_today

PLATFORM = Path(hengyuan.platform.__file__).parent
VERBS = ("select", "insert", "update", "delete", "with", "merge")
# What is done to a whole month at a time, with a month's own table or the server's own functions,
# belongs to sealing, which docs/outgrowing.md says is for tables of one machine.
ONE_MACHINE = {"history", "backup"}


def written_sql() -> Iterator[tuple[str, str]]:
    """Every statement that stands in the platform's code and names a distributed table."""
    for path in sorted(PLATFORM.rglob("*.py")):
        room = path.relative_to(PLATFORM).parts[0]
        if "migrations" in path.parts or room in ONE_MACHINE:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                text = node.value.strip()
                if (
                    text.lower().startswith(VERBS)
                    and "\n\n" not in text
                    and names_distributed(text)
                ):
                    yield f"{path.relative_to(PLATFORM)}:{node.lineno}", text


def as_postgres(text: str) -> str:
    """The statement with a number in the place of each parameter of psycopg."""
    return text.replace("%s", "1").replace("%%", "%").replace("%(", "").replace(")s", "")


def test_statements_written_by_hand_keep_to_the_rules() -> None:
    found = dict(written_sql())
    # intake's own, at least, are among them
    assert len(found) >= 10
    assert any("intake/writer.py" in place for place in found)
    broken = {place: said for place, text in found.items() if (said := offences(as_postgres(text)))}
    assert broken == {}


@pytest.fixture
def weighed(committed_intake: None, cast: Cast) -> str:
    """The code of a terminal that has weighed today, with a correction."""
    terminal = enrolled_terminal(cast.unit, cast.county_clerk)
    for minute in range(3):
        weigh_today(terminal, 60 + minute, plate=f"晋L1000{minute}")
    upload_all(terminal)
    return terminal.code


def test_pages_over_records_keep_to_the_rules(weighed: str, cast: Cast, client: Client) -> None:
    records = reverse("weighing:records")
    over_records = [
        records,
        f"{records}?plate=晋L10001",
        f"{records}?after=1790000000000.1.1",
        reverse("weighing:plate", args=["晋L10001"]),
        reverse("weighing:record", args=[weighed, 2]),
        reverse("board:board", args=["141024"]),
        reverse("board:wall", args=["141024"]),
    ]
    client.force_login(cast.county_clerk)
    for address in over_records:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(address)
        assert answer.status_code == 200, address
        statements = [query["sql"] for query in asked.captured_queries]
        met = [text for text in statements if names_distributed(text)]
        assert met, address
        assert [(said, text) for text in met if (said := offences(text))] == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE intake_chainhead SET last_seq = 1", "changes intake_chainhead without"),
        (
            "UPDATE intake_chainhead SET last_seq = 1 WHERE terminal_id = 1 OR last_seq = 2",
            "changes intake_chainhead without",
        ),
        ("UPDATE weighing SET terminal_id = 2 WHERE terminal_id = 1", "to another terminal"),
        ("DELETE FROM weighing_2026_09 WHERE seq = 1", "changes weighing_2026_09 without"),
        ("INSERT INTO intake_missingfile (digest) VALUES ('a')", "without terminal_id"),
        (
            "INSERT INTO intake_refused (terminal_id, id) VALUES (1, 1)"
            " ON CONFLICT (id) DO NOTHING",
            "is sought without",
        ),
        ("SELECT * FROM weighing WHERE seq = 1 FOR UPDATE", "locks rows"),
        (
            "SELECT 1 FROM weighing w JOIN intake_batch b ON b.last_seq = w.seq",
            "but not along terminal_id",
        ),
        (
            "WITH RECURSIVE r AS (SELECT seq FROM weighing UNION SELECT w.seq FROM weighing w"
            " JOIN r ON w.corrects = r.seq) SELECT * FROM r",
            "recursively",
        ),
        ("SELECT lag(seq) OVER (PARTITION BY plate) FROM weighing", "a window over weighing"),
        ("SELECT count(*) FROM weighing GROUP BY ROLLUP (county, kind)", "grouping sets"),
        (
            "SELECT 1 FROM weighing w WHERE EXISTS"
            " (SELECT 1 FROM weighing x WHERE x.corrects = w.seq)",
            "depends on the row outside",
        ),
    ],
)
def test_a_break_of_the_rules_is_named(statement: str, said: str) -> None:
    assert [text for text in offences(statement) if said in text]


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT w.seq FROM weighing w JOIN terminals_terminal t ON t.id = w.terminal_id",
        "SELECT 1 FROM weighing w JOIN intake_batch b USING (terminal_id)",
        "SELECT last_seq FROM intake_chainhead WHERE terminal_id = 1 FOR UPDATE",
        "DELETE FROM intake_missingfile WHERE terminal_id = 1 AND digest = 'a'",
        "SELECT row_number() OVER (PARTITION BY terminal_id ORDER BY seq) FROM weighing",
        "SELECT 1 FROM weighing w WHERE EXISTS (SELECT 1 FROM weighing x"
        " WHERE x.terminal_id = w.terminal_id AND x.corrects = w.seq)",
        "UPDATE terminals_terminal SET state = 'x'",
    ],
)
def test_what_is_allowed_is_not_named(statement: str) -> None:
    assert offences(statement) == []
