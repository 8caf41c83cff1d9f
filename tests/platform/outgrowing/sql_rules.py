"""What Citus refuses in the SQL that meets a table distributed by terminal.

By the limits that its manual names for queries over several shards: no lock of rows, no recursive
query, no window beyond a terminal, no correlated subquery but along the terminal, no join but along
it, no change of a row without its terminal, and never a change of the terminal itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp

from hengyuan.platform.distribution import COLUMN, DISTRIBUTED

_MONTH = re.compile(r"^weighing_(\d{4}_\d{2}|other)$")
_VOLATILE = {"random", "nextval", "clock_timestamp", "gen_random_uuid"}


def names_distributed(text: str) -> bool:
    """Whether SQL in this text could meet a distributed table."""
    return any(re.search(rf"\b{name}(_\d{{4}}_\d{{2}})?\b", text) for name in DISTRIBUTED)


def offences(statement: str) -> list[str]:
    """What Citus would refuse in a statement, in words."""
    return [
        text for tree in sqlglot.parse(statement, read="postgres") if tree for text in _of(tree)
    ]


def _of(tree: Any) -> Iterator[str]:
    for select in tree.find_all(exp.Select):
        yield from _of_select(select)
    for change in tree.find_all(exp.Update, exp.Delete):
        yield from _of_change(change)
    for insert in tree.find_all(exp.Insert):
        yield from _of_insert(insert)
    if tree.find(exp.Merge):
        yield "MERGE"


def _of_select(select: exp.Select) -> Iterator[str]:
    tables = _distributed_in(select)
    if not tables:
        return
    one_terminal = _names_terminal(select)
    if len(tables) > 1 and not one_terminal:
        yield f"joins {', '.join(tables)} but not along {COLUMN}"
    if select.args.get("locks") and not one_terminal:
        yield f"locks rows of {tables[0]} on many shards"
    recursive = select.find_ancestor(exp.With)
    if recursive is not None and recursive.recursive and not one_terminal:
        yield f"walks {tables[0]} recursively over many shards"
    for window in select.find_all(exp.Window):
        along = {column.name for part in window.args.get("partition_by") or []
                 for column in part.find_all(exp.Column)}  # fmt: skip
        if COLUMN not in along and not one_terminal:
            yield f"a window over {tables[0]} beyond a terminal"
    if select.find(exp.GroupingSets, exp.Cube, exp.Rollup) and not one_terminal:
        yield f"grouping sets over {tables[0]}"
    if _is_correlated(select, tables) and not one_terminal:
        yield f"a subquery of {tables[0]} that depends on the row outside"


def _of_change(change: Any) -> Iterator[str]:
    table = change.this.name if isinstance(change.this, exp.Table) else ""
    if not _is_distributed(table):
        return
    if not _names_terminal(change):
        yield f"changes {table} without {COLUMN}"
    for assignment in change.expressions:
        if isinstance(assignment, exp.EQ) and assignment.this.name == COLUMN:
            yield f"gives rows of {table} to another terminal"
    for function in change.find_all(exp.Func):
        if function.sql_name().lower() in _VOLATILE or function.name.lower() in _VOLATILE:
            yield f"changes {table} by {function.sql('postgres')}"


def _of_insert(insert: exp.Insert) -> Iterator[str]:
    target = insert.this
    table = target.find(exp.Table).name
    if not _is_distributed(table):
        return
    columns = [column.name for column in target.expressions] if target.expressions else None
    if columns is not None and COLUMN not in columns:
        yield f"inserts into {table} without {COLUMN}"
    conflict = insert.args.get("conflict")
    keys = [key.name for key in (conflict.args.get("conflict_keys") or [])] if conflict else []
    if keys and COLUMN not in keys:
        yield f"a conflict in {table} is sought without {COLUMN}"


def _is_distributed(name: str) -> bool:
    return name in DISTRIBUTED or _MONTH.match(name) is not None


def _distributed_in(select: exp.Select) -> list[str]:
    """The distributed tables that stand in this SELECT's own FROM and JOINs."""
    # the key of FROM has another name in newer versions of the parser
    sources = [
        select.args.get("from") or select.args.get("from_"),
        *(select.args.get("joins") or []),
    ]
    tables = [source.this for source in sources if source is not None]
    return [t.name for t in tables if isinstance(t, exp.Table) and _is_distributed(t.name)]


def _names_terminal(scope: exp.Expression) -> bool:
    """Whether the statement's own conditions bind the terminal by equality, outside of any OR."""
    conditions = [scope.args.get("where")]
    conditions += [join.args.get("on") for join in scope.args.get("joins") or []]
    if any(COLUMN in {i.name for i in join.args.get("using") or []}
           for join in scope.args.get("joins") or []):  # fmt: skip
        return True
    return any(
        isinstance(part, exp.EQ)
        and COLUMN in {part.this.name, part.expression.name}
        and isinstance(part.this, exp.Column)
        for condition in conditions
        if condition is not None
        for part in _parts(condition.this if isinstance(condition, exp.Where) else condition)
    )


def _parts(condition: Any) -> Iterator[Any]:
    if isinstance(condition, exp.Paren):
        yield from _parts(condition.this)
    elif isinstance(condition, exp.And):
        yield from _parts(condition.left)
        yield from _parts(condition.right)
    else:
        yield condition


def _is_correlated(select: exp.Select, tables: list[str]) -> bool:
    outer = select.find_ancestor(exp.Select)
    if outer is None or not _distributed_in(outer) or select.find_ancestor(exp.CTE):
        return False
    own = {t.alias_or_name for t in select.find_all(exp.Table)}
    outside = {t.alias_or_name for t in outer.find_all(exp.Table)} - own
    return any(column.table in outside for column in select.find_all(exp.Column) if column.table)
