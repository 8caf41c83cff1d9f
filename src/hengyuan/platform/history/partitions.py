"""The partitions of the record table as they are: which months there are, how many records, and
the guard of the sealed ones."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection, transaction

from hengyuan.platform.weighing.partitions import (
    coming_months,
    create_statement,
    month_named,
    next_month,
    partition_name,
)

# Intake waits behind whoever waits for a lock on its table: so briefly that it does not matter.
LOCK_TIMEOUT_MS = 500
_WORK_LOCK = 0x48595348


class AtWork(Exception):
    """Another process seals or archives at this moment."""


@dataclass(frozen=True, slots=True)
class Partition:
    """A month in the database. `estimate` is the number of records that PostgreSQL believes in."""

    month: date
    table: str
    bytes: int
    estimate: int


def partitions() -> list[Partition]:
    """The months that have a partition, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, pg_total_relation_size(c.oid),"
            " greatest(c.reltuples, pg_stat_get_live_tuples(c.oid))::bigint"
            " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = 'weighing'::regclass"
        )
        rows = cursor.fetchall()
    found = [
        Partition(month, name, size, max(0, estimate))
        for name, size, estimate in rows
        if (month := month_named(name)) is not None
    ]
    return sorted(found, key=lambda part: part.month, reverse=True)


def has_partition(month: date) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [partition_name(month)])
        return cursor.fetchone()[0] is not None


def filled_months(among: list[Partition]) -> set[date]:
    """Which of these months hold a record, in one query."""
    if not among:
        return set()
    each = " UNION ALL ".join(
        f"SELECT '{part.month:%Y-%m-%d}'::date WHERE EXISTS (SELECT FROM {part.table})"  # noqa: S608
        for part in among
    )
    with connection.cursor() as cursor:
        cursor.execute(each)
        return {month for (month,) in cursor.fetchall()}


def is_empty(month: date) -> bool:
    """True where the month's partition holds no record, or there is none."""
    if not has_partition(month):
        return True
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS (SELECT FROM {partition_name(month)})")  # noqa: S608
        return not cursor.fetchone()[0]


def make_coming() -> list[date]:
    """Make the partitions of the coming months that are missing; those that were made."""
    missing = missing_months()
    for month in missing:
        with connection.cursor() as cursor:
            cursor.execute(create_statement(month))
    return missing


def missing_months() -> list[date]:
    """The coming months without a partition: none while the platform is as it should be."""
    there = {partition.month for partition in partitions()}
    return [month for month in coming_months(datetime.now(UTC).date()) if month not in there]


def has_ended(month: date) -> bool:
    """A month ends by the clock of its partition, UTC."""
    return next_month(month) <= datetime.now(UTC).date()


def put_guard(month: date) -> None:
    """From the commit on, a record that comes late breaks the seal, and a change is refused.

    Citus takes no triggers on distributed tables: there a sealed month is only looked after by
    the check that compares it with its seal.
    """
    if is_distributed():
        return
    table = partition_name(month)
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE OR REPLACE TRIGGER history_rows BEFORE INSERT OR UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION history_guard('{month:%Y-%m-%d}');"
            f"CREATE OR REPLACE TRIGGER history_all BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION history_guard('{month:%Y-%m-%d}')"
        )


def is_distributed() -> bool:
    """True where the record table is spread over a Citus cluster."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('pg_dist_partition')")
        if cursor.fetchone()[0] is None:
            return False
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_dist_partition"
            " WHERE logicalrelid = 'weighing'::regclass)"
        )
        return bool(cursor.fetchone()[0])


def replace_by_empty(month: date) -> None:
    """Drop the month's partition and make a new one for records that come late.

    Within the caller's transaction, which holds `lock_out`.
    """
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {partition_name(month)}")
        cursor.execute(create_statement(month))


def lock_out(month: date) -> None:
    """Nobody reads or writes records until the transaction ends; OperationalError if somebody
    is busy with them just now. The order is intake's, so that the two never wait crosswise."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        cursor.execute("LOCK TABLE ONLY weighing IN ACCESS EXCLUSIVE MODE")
        cursor.execute(f"LOCK TABLE {partition_name(month)} IN ACCESS EXCLUSIVE MODE")


@contextmanager
def alone() -> Iterator[None]:
    """One process at a time seals and archives; AtWork for the others. Ends with the process."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_WORK_LOCK])
        if not cursor.fetchone()[0]:
            raise AtWork
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_WORK_LOCK])


@contextmanager
def one_state() -> Iterator[Any]:
    """psycopg's own cursor in a transaction that sees one state of the database."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with connection.connection.cursor() as raw:
            yield raw
