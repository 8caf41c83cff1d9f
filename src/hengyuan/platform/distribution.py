"""The record table over many machines: Citus, distributed by terminal.

What grows with the records is spread by terminal, and a terminal's head, batches and records lie on
one machine. The small tables that records are read with are copied to every machine. All else
stays with the coordinator.

What Citus allows of such tables is written down in `problems` and looked up in the catalogue of the
database, so that a migration that breaks it is noticed without a Citus at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from hengyuan.platform.connections import said

COLUMN = "terminal_id"
DISTRIBUTED = (
    "weighing",
    "intake_chainhead",
    "intake_batch",
    "intake_refused",
    "intake_missingfile",
)
"""The first is the one that the others lie beside."""
REFERENCE = (
    "regions_region",
    "ledger_sourceunit",
    "ledger_gate",
    "terminals_terminal",
    "weighing_rule_pack",
)
"""In this order: a table's foreign keys lead to those before it."""
LEAST_VERSION = 12
"""Older ones refuse identity columns."""


class CannotDistribute(RuntimeError):
    """Why the tables cannot be distributed here, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Step:
    """A table that is not what it should be yet, and the statement that makes it so."""

    table: str
    statement: str


def steps(connection: psycopg.Connection[Any]) -> list[Step]:
    """What is left to do, in order; nothing where all is done.

    CannotDistribute where Citus is missing, too old or without its coordinator, where the tables
    are not there, or where they break a rule of Citus.
    """
    _check_citus(connection)
    missing = [name for name in (*DISTRIBUTED, *REFERENCE) if not _exists(connection, name)]
    if missing:
        raise CannotDistribute(f"tables are missing ({', '.join(missing)}); migrate first")
    held = _held(connection)
    left = [
        *(_guards(connection) if held.get(DISTRIBUTED[0]) != "distributed" else ()),
        *(_reference(name) for name in REFERENCE if held.get(name) != "reference"),
        *(_distributed(name) for name in DISTRIBUTED if held.get(name) != "distributed"),
    ]
    for step in left:
        if held.get(step.table) not in (None, "local"):
            raise CannotDistribute(f"{step.table} is a {held[step.table]} table already; undo that")
    if left and (broken := problems(connection)):
        raise CannotDistribute("Citus would refuse these tables: " + "; ".join(broken))
    return left


def distribute(connection: psycopg.Connection[Any], step: Step) -> None:
    """Take one step. It moves the table's rows and locks it meanwhile. CannotDistribute if refused.

    Each step is a transaction of its own: after a failure the next call goes on behind it.
    """
    try:
        connection.execute(step.statement.encode())
    except psycopg.Error as error:
        raise CannotDistribute(f"{step.table}: {said(error)}") from error


def problems(connection: psycopg.Connection[Any]) -> list[str]:
    """What in the schema Citus does not allow, in words; empty where the tables keep to it.

    - Every unique key of a distributed table, and of each of its partitions, includes the terminal.
    - No foreign key leads from a distributed table to another, or from anywhere to it.
    - A reference table's foreign keys lead to reference tables before it, and change nothing there.
    - No triggers on either kind, but for the guards of sealed months, which `steps` removes.
    - Partitions are of one level, and the terminal is of one type everywhere.
    """
    parameters = {"distributed": list(DISTRIBUTED), "reference": list(REFERENCE), "column": COLUMN}
    return [
        str(text).strip()
        for query in (_TYPES, _LEVELS, _UNIQUE, _FOREIGN_KEYS, _REFERENCE_KEYS, _TRIGGERS)
        for (text,) in connection.execute((_OURS + query).encode(), parameters)
    ]


_OURS = """
WITH ours AS (
    SELECT name::regclass AS oid, 0 AS level FROM unnest(%(distributed)s::text[]) AS name
    UNION
    SELECT part.relid, part.level
    FROM unnest(%(distributed)s::text[]) AS name, pg_partition_tree(name::regclass) AS part
), copied AS (
    SELECT name::regclass AS oid, name, place
    FROM unnest(%(reference)s::text[]) WITH ORDINALITY AS list(name, place)
)
"""
_TYPES = """
SELECT o.oid::regclass || ' has no integer column ' || %(column)s || ' that is never null'
FROM ours o LEFT JOIN pg_attribute a ON a.attrelid = o.oid AND a.attname = %(column)s
WHERE a.atttypid IS DISTINCT FROM 'integer'::regtype OR NOT a.attnotnull
"""
_LEVELS = """
SELECT o.oid::regclass || ' is a partition that is partitioned itself'
FROM ours o JOIN pg_class c USING (oid) WHERE o.level > 0 AND c.relkind = 'p'
"""
_UNIQUE = """
SELECT 'the unique index ' || i.indexrelid::regclass || ' of ' || o.oid::regclass
       || ' is without ' || %(column)s
FROM ours o JOIN pg_index i ON i.indrelid = o.oid
WHERE (i.indisunique OR i.indisexclusion) AND NOT EXISTS (
    SELECT 1 FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) AS number
    JOIN pg_attribute a ON a.attrelid = o.oid AND a.attnum = number
    WHERE a.attname = %(column)s)
"""
_FOREIGN_KEYS = """
SELECT 'the foreign key ' || c.conname || ' leads from ' || c.conrelid::regclass || ' to '
       || c.confrelid::regclass
FROM pg_constraint c
WHERE c.contype = 'f'
  AND (c.conrelid IN (SELECT oid FROM ours) OR c.confrelid IN (SELECT oid FROM ours))
"""
_REFERENCE_KEYS = """
SELECT 'the foreign key ' || c.conname || ' of ' || s.name || ' leads to '
       || c.confrelid::regclass || ', or changes its rows'
FROM copied s JOIN pg_constraint c ON c.conrelid = s.oid AND c.contype = 'f'
LEFT JOIN copied t ON t.oid = c.confrelid
WHERE t.place IS NULL OR t.place > s.place
   OR c.confdeltype NOT IN ('a', 'r') OR c.confupdtype NOT IN ('a', 'r')
"""
_TRIGGERS = """
SELECT 'the trigger ' || t.tgname || ' stands on ' || t.tgrelid::regclass
FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgfoid IS DISTINCT FROM to_regproc('history_guard')
  AND t.tgrelid IN (SELECT oid FROM ours UNION ALL SELECT oid FROM copied)
"""


def _check_citus(connection: psycopg.Connection[Any]) -> None:
    found = connection.execute(
        "SELECT split_part(extversion, '.', 1)::int, extversion FROM pg_extension"
        " WHERE extname = 'citus'"
    ).fetchone()
    if found is None:
        raise CannotDistribute(
            "this database has no Citus; install it on every node, put it into"
            " shared_preload_libraries, and run CREATE EXTENSION citus in this database"
        )
    major, version = found
    if major < LEAST_VERSION:
        raise CannotDistribute(f"Citus {version} is too old; {LEAST_VERSION} or newer is needed")
    if connection.execute("SELECT 1 FROM pg_dist_node WHERE groupid = 0").fetchone() is None:
        raise CannotDistribute(
            "the coordinator is not among Citus's nodes, so its tables could not refer to those"
            " that are copied to all: SELECT citus_set_coordinator_host('its name', its port)"
        )


def _exists(connection: psycopg.Connection[Any], table: str) -> bool:
    row = connection.execute("SELECT to_regclass(%s)", [table]).fetchone()
    return row is not None and row[0] is not None


def _held(connection: psycopg.Connection[Any]) -> dict[str, str]:
    """What Citus takes its tables for: distributed, reference or local."""
    rows = connection.execute(
        "SELECT logicalrelid::text, partmethod, repmodel FROM pg_dist_partition"
    )
    kinds = {("n", "t"): "reference", ("n", "s"): "local"}
    return {
        name: "distributed" if method == "h" else kinds.get((method, model), "unknown")
        for name, method, model in rows
    }


def _guards(connection: psycopg.Connection[Any]) -> list[Step]:
    """Sealed months lose their guards: from then on the check finds what was changed in them."""
    rows = connection.execute(
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger"
        " WHERE tgfoid = to_regproc('history_guard') ORDER BY 2, 1"
    ).fetchall()
    drop = sql.SQL("DROP TRIGGER IF EXISTS {} ON {}")
    return [
        Step(table, drop.format(sql.Identifier(name), sql.Identifier(table)).as_string())
        for name, table in rows
    ]


def _reference(table: str) -> Step:
    statement = sql.SQL("SELECT create_reference_table({})").format(sql.Literal(table))
    return Step(table, statement.as_string())


def _distributed(table: str) -> Step:
    beside = "none" if table == DISTRIBUTED[0] else DISTRIBUTED[0]
    statement = sql.SQL("SELECT create_distributed_table({}, {}, colocate_with => {})").format(
        sql.Literal(table), sql.Literal(COLUMN), sql.Literal(beside)
    )
    return Step(table, statement.as_string())
