"""What the database holds of the city, counted in its tables."""

from __future__ import annotations

import psycopg
from psycopg.rows import class_row

from hengyuan.world.city.entered import CityCounts

_COUNTS = """
SELECT (SELECT count(DISTINCT region_id) FROM ledger_sourceunit)::int AS counties,
       (SELECT count(*) FROM ledger_sourceunit)::int AS units,
       (SELECT count(*) FROM accounts_user WHERE is_active)::int AS users,
       count(*) FILTER (WHERE state IN ('published', 'final'))::int AS published_lists,
       count(*) FILTER (WHERE state = 'final')::int AS final_lists,
       count(*) FILTER (WHERE state = 'draft')::int AS draft_lists,
       (SELECT count(*) FROM publication_objection WHERE state = 'open')::int AS open_objections
FROM publication_publicationlist
"""


def count_city(database_url: str) -> CityCounts:
    """The counts of now."""
    with (
        psycopg.connect(database_url, autocommit=True) as connection,
        connection.cursor(row_factory=class_row(CityCounts)) as cursor,
    ):
        counts = cursor.execute(_COUNTS).fetchone()
    assert counts is not None
    return counts
