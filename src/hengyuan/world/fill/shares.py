"""The distributions of a filled database: counted in its tables, for people to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import asyncpg

from hengyuan.law.regions import REGIONS

_OVER = """round(100.0 * sum(trucks) FILTER (WHERE kind = 1 AND band > 0)
             / sum(trucks) FILTER (WHERE kind = 1), 2)"""
# Title, names of the columns, query. Kind 1 drives out and is judged; entries and voids are not.
_TABLES = (
    (
        "county",
        ("county", "records", "driving out", "over %", "mean t"),
        """
        SELECT county, sum(trucks), sum(trucks) FILTER (WHERE kind = 1), {over},
               round(sum(gross_kg) FILTER (WHERE kind = 1) / 1000.0
                     / sum(trucks) FILTER (WHERE kind = 1), 1)
        FROM weighing_count GROUP BY 1 ORDER BY 1
        """,
    ),
    (
        "month",
        ("month", "records", "over %"),
        """
        SELECT to_char(day, 'YYYY-MM'), sum(trucks), {over}
        FROM weighing_count GROUP BY 1 ORDER BY 1
        """,
    ),
    (
        "hour",
        ("hour", "records", "over %"),
        "SELECT hour, sum(trucks), {over} FROM weighing_count GROUP BY 1 ORDER BY 1",
    ),
    (
        "band",
        ("band", "driving out", "%"),
        """
        SELECT band, sum(trucks), round(100.0 * sum(trucks) / sum(sum(trucks)) OVER (), 3)
        FROM weighing_count WHERE kind = 1 GROUP BY 1 ORDER BY 1
        """,
    ),
    (
        "layout",
        ("layout", "combination", "limit kg", "%"),
        """
        SELECT coalesce(layout, '-'), combination, platform_limit_kg,
               round(100.0 * count(*) / sum(count(*)) OVER (), 2)
        FROM {newest} WHERE kind = 1 GROUP BY 1, 2, 3 ORDER BY 4 DESC LIMIT 20
        """,
    ),
)
_NEWEST = """
SELECT relid::regclass::text FROM pg_partition_tree('weighing')
WHERE isleaf AND pg_relation_size(relid) > 0 ORDER BY relid::regclass::text DESC LIMIT 1
"""


async def shares(database_url: str) -> dict[str, list[list[Any]]]:
    """The tables by name, each beginning with the names of its columns.

    Layouts are counted in the newest month that has records, all else over everything.
    """
    connection = await asyncpg.connect(database_url)
    try:
        newest = await connection.fetchval(_NEWEST) or "weighing"
        found: dict[str, list[list[Any]]] = {}
        for name, columns, query in _TABLES:
            rows = await connection.fetch(query.format(newest=newest, over=_OVER))
            found[name] = [list(columns), *([_plain(value) for value in row] for row in rows)]
    finally:
        await connection.close()
    for row in found["county"][1:]:
        region = REGIONS.get(f"{row[0]:06d}")
        row[0] = f"{row[0]} {region.name}" if region else str(row[0])
    return found


def as_text(tables: dict[str, list[list[Any]]]) -> Iterator[str]:
    """The tables as lines, their columns separated by tabs."""
    for rows in tables.values():
        for row in rows:
            yield "\t".join("" if value is None else str(value) for value in row)
        yield ""


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (int, str)):
        return value
    return int(value) if value == int(value) and value.as_tuple().exponent >= 0 else float(value)
