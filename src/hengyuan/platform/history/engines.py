"""Where questions about history are answered: DuckDB on this machine, or a Spark cluster.

Both read the same Parquet files: the archived months as they lie, and a snapshot of the months that
are still in the database, made for the occasion. The workers of a cluster must see those folders.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from hengyuan.platform.history import folder, partition_rows, partitions, queries
from hengyuan.platform.history.models import SealState
from hengyuan.platform.history.questions import COLUMNS, Question, weighed_out

_SNAPSHOT_GROUP_ROWS = 200_000


def files_for(work: Path) -> list[Path]:
    """All records as files: the archived ones, and a snapshot of the others, put into `work`.

    One state of the database decides which is which, so that no record is counted twice.
    """
    with partitions.one_state() as cursor:
        archived = queries.readable_files([SealState.ARCHIVED])
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits"
            " WHERE inhparent = 'weighing'::regclass ORDER BY 1"
        )
        tables = [name for (name,) in cursor.fetchall()]
        taken = [_snapshot(cursor, table, work) for table in tables]
    return [
        *(folder.folder() / file.name for file in archived),
        *(path for path in taken if path is not None),
    ]


def _snapshot(cursor: Any, table: str, work: Path) -> Path | None:
    """The columns that questions need of one partition; None where it is empty."""
    path = work / f"{table}.parquet"
    writer: pq.ParquetWriter | None = None
    waiting: list[pa.Table] = []

    def flush() -> None:
        nonlocal writer
        if not waiting:
            return
        rows = pa.concat_tables(waiting)
        waiting.clear()
        writer = writer or pq.ParquetWriter(path, rows.schema, compression="zstd")
        writer.write_table(rows)

    for piece in partition_rows.pieces(cursor, table, COLUMNS):
        waiting.append(piece.rows)
        if sum(rows.num_rows for rows in waiting) >= _SNAPSHOT_GROUP_ROWS:
            flush()
    flush()
    if writer is None:
        return None
    writer.close()
    return path


@contextmanager
def duckdb_records(files: list[Path]) -> Iterator[Any]:
    """The records as an Ibis table in DuckDB."""
    import ibis

    engine = ibis.duckdb.connect()
    try:
        engine.raw_sql("SET TimeZone = 'UTC'")
        paths = [str(path) for path in files]
        yield engine.read_parquet(paths, table_name="weighing", union_by_name=True).select(*COLUMNS)
    finally:
        engine.disconnect()


@contextmanager
def spark_records(files: list[Path], master: str) -> Iterator[Any]:
    """The records as an Ibis table on the cluster whose master has this address."""
    import ibis
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.appName("hengyuan history")
        .master(master)
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    try:
        # each file for itself: they need not have the same columns but for those asked for
        parts = [session.read.parquet(str(path)).select(*COLUMNS) for path in files]
        whole = parts[0]
        for part in parts[1:]:
            whole = whole.unionByName(part)
        whole.createOrReplaceTempView("weighing")
        yield ibis.pyspark.connect(session).table("weighing")
    finally:
        session.stop()


def answer(
    question: Question,
    records: Any,
    first_month: int | None = None,
    last_month: int | None = None,
    limit: int = 100,
) -> list[dict[str, Any]]:
    """The rows of an answer, in their order; the same from every engine."""
    trucks = weighed_out(records, first_month, last_month)
    found = question.ask(trucks, limit).to_pyarrow()
    return [{name: row[name] for name, _ in question.columns} for row in found.to_pylist()]
