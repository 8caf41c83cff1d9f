"""The migrated database keeps to what Citus allows of tables distributed by terminal."""

from __future__ import annotations

from datetime import date
from typing import Any

import psycopg
import pytest
from django.db import connection

from hengyuan.platform.distribution import COLUMN, DISTRIBUTED, REFERENCE, problems
from hengyuan.platform.weighing import partitions

pytestmark = pytest.mark.django_db


def broken_by(*statements: str) -> list[str]:
    """What the rules say of the test's database after these statements; they are taken back."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    held: psycopg.Connection[Any] = connection.connection
    return problems(held)


def test_the_tables_keep_to_the_rules() -> None:
    # a month as intake makes it, beside the partition for broken clocks
    assert broken_by(partitions.create_statement(date(2026, 9, 1))) == []


def test_every_table_that_grows_with_the_records_is_distributed() -> None:
    # what names a terminal by number without a foreign key to the ledger was made for this
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE a.attname = %s AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND c.relnamespace = 'public'::regnamespace AND NOT EXISTS (SELECT 1"
            " FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'f'"
            " AND k.confrelid = 'terminals_terminal'::regclass)"
            " AND c.relname NOT LIKE '%%historical%%'",
            [COLUMN],
        )
        assert {name for (name,) in cursor.fetchall()} == set(DISTRIBUTED)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE UNIQUE INDEX once ON intake_batch (id)", "unique index once of intake_batch"),
        (
            "CREATE UNIQUE INDEX once ON intake_batch (id) INCLUDE (terminal_id)",
            "unique index once of intake_batch",
        ),
        (
            "CREATE UNIQUE INDEX once ON weighing_other (seq)",
            "unique index once of weighing_other",
        ),
        (
            "ALTER TABLE intake_missingfile ADD CONSTRAINT leads FOREIGN KEY (terminal_id)"
            " REFERENCES terminals_terminal (id)",
            "leads from intake_missingfile to terminals_terminal",
        ),
        (
            "ALTER TABLE ledger_lane ADD CONSTRAINT leads FOREIGN KEY (id)"
            " REFERENCES intake_chainhead (terminal_id)",
            "leads from ledger_lane to intake_chainhead",
        ),
        (
            "ALTER TABLE regions_region ADD COLUMN mayor bigint REFERENCES accounts_user (id)",
            "of regions_region leads to accounts_user",
        ),
        (
            "ALTER TABLE intake_refused ALTER terminal_id TYPE bigint",
            "intake_refused has no integer column terminal_id",
        ),
        (
            "CREATE TRIGGER noticed BEFORE INSERT ON weighing_other FOR EACH ROW"
            " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            "trigger noticed stands on weighing_other",
        ),
        (
            "CREATE TABLE weighing_deep PARTITION OF weighing FOR VALUES"
            " FROM ('1990-01-01') TO ('1990-02-01') PARTITION BY LIST (county)",
            "weighing_deep is a partition that is partitioned itself",
        ),
    ],
)
def test_a_break_of_the_rules_is_named(statement: str, said: str) -> None:
    assert [text for text in broken_by(statement) if said in text]


def test_small_tables_are_copied_in_an_order_in_which_their_keys_lead_back() -> None:
    assert REFERENCE.index("regions_region") < REFERENCE.index("ledger_sourceunit")
    assert REFERENCE.index("ledger_gate") < REFERENCE.index("terminals_terminal")
