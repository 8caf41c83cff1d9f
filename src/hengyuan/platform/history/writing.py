"""Writing a sealed month to a Parquet file, with everything that its records need to prove it.

Beside the records the file says, in its own metadata, which keys the terminals were enrolled with,
what the numbers of rule packs mean, and from which digest each stretch of a chain goes on. The
batches with their signatures are a second file beside it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from hengyuan.platform.history import partition_rows
from hengyuan.platform.history.digest import MonthDigest, numbers
from hengyuan.platform.history.partition_rows import SORTED_BY, Piece

FORM = 1
"""The form of the files; a reader refuses one that it does not know."""
METADATA = b"hengyuan"
# a unit of a busy city weighs some 20,000 trucks a month: a group is about two of them
ROW_GROUP_ROWS = 40_000
_BATCHES = {
    "terminal_id": pa.int32(),
    "first_seq": pa.int64(),
    "last_seq": pa.int64(),
    "received_at": pa.timestamp("ms", tz="UTC"),
    "prev": pa.binary(32),
    "head": pa.binary(32),
    "signature": pa.binary(64),
}
_RANDOM = ("digest", "files", "prev", "head", "signature")


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive numbers of a terminal in a file, and the digest of the record before them.

    `previous` is None where that record is not stored any more.
    """

    terminal_id: int
    first: int
    last: int
    previous: bytes | None


@dataclass
class Written:
    """What was written: to be compared with the seal."""

    digest: MonthDigest = field(default_factory=MonthDigest)
    runs: list[Run] = field(default_factory=list)


def file_name(month: date, part: int) -> str:
    return f"weighing-{month:%Y-%m}.{part}.parquet"


def batches_name(name: str) -> str:
    """The file of the batches beside a file of records."""
    return name.removesuffix(".parquet") + ".batches.parquet"


def write(
    cursor: Any, table: str, month: date, part: int, draft: Path, batches_draft: Path
) -> Written:
    """Write a partition's records and batches to two new files, neither of them synced yet.

    `cursor` is psycopg's own, in a transaction that sees one state of the database.
    """
    types = partition_rows.columns_of(cursor, table)
    schema = pa.schema([pa.field(name, kind) for name, kind in types.items()])
    written = Written()
    options = _options(schema)
    with (
        pq.ParquetWriter(draft, schema, **options) as records,
        pq.ParquetWriter(
            batches_draft,
            pa.schema([pa.field(name, kind) for name, kind in _BATCHES.items()]),
            compression="zstd",
            use_dictionary=["terminal_id"],
        ) as batches,
    ):
        for group in _groups(partition_rows.pieces(cursor, table)):
            for piece in group:
                written.digest.add(piece.rows)
                runs = list(_runs(piece))
                for first, last in runs:
                    previous = _digest_before(cursor, piece.terminal_id, first)
                    written.runs.append(Run(piece.terminal_id, first, last, previous))
                    batches.write_table(_batches_of(cursor, piece.terminal_id, first, last))
            records.write_table(
                pa.concat_tables([piece.rows for piece in group]), row_group_size=1 << 20
            )
        records.add_key_value_metadata(
            {METADATA.decode(): json.dumps(_about(cursor, month, part, written))}
        )
    return written


def _options(schema: pa.Schema) -> dict[str, Any]:
    return {
        "compression": "zstd",
        "compression_level": 9,
        "use_dictionary": [name for name in schema.names if name not in _RANDOM],
        "write_statistics": [name for name in schema.names if name not in _RANDOM],
        "write_page_checksum": True,
        "sorting_columns": [pq.SortingColumn(schema.get_field_index(name)) for name in SORTED_BY],
        # a plate may have been anywhere: the filter says of most groups that it was not there
        "bloom_filter_options": {"plate": {"ndv": 10_000, "fpp": 0.01}},
    }


def _groups(pieces: Iterator[Piece]) -> Iterator[list[Piece]]:
    """Terminals together until they fill a row group."""
    group: list[Piece] = []
    rows = 0
    for piece in pieces:
        group.append(piece)
        rows += piece.rows.num_rows
        if rows >= ROW_GROUP_ROWS:
            yield group
            group, rows = [], 0
    if group:
        yield group


def _runs(piece: Piece) -> Iterator[tuple[int, int]]:
    seqs = numbers(piece.rows, "seq")
    breaks = np.flatnonzero(np.diff(seqs) != 1) + 1
    for run in np.split(seqs, breaks):
        yield int(run[0]), int(run[-1])


def _digest_before(cursor: Any, terminal_id: int, first: int) -> bytes | None:
    """The digest that a stretch goes on from; of record 1 it follows from the enrolment."""
    from hengyuan.platform.weighing.models import Weighing

    if first == 1:
        return None
    before = Weighing.objects.filter(terminal_id=terminal_id, seq=first - 1).first()
    if before is not None:
        return bytes(before.digest)
    cursor.execute(
        "SELECT head FROM intake_batch WHERE terminal_id = %s AND last_seq = %s"
        " UNION ALL SELECT prev FROM intake_batch WHERE terminal_id = %s AND first_seq = %s",
        [terminal_id, first - 1, terminal_id, first],
    )
    row = cursor.fetchone()
    return None if row is None else bytes(row[0])


def _batches_of(cursor: Any, terminal_id: int, first: int, last: int) -> pa.Table:
    where = f"terminal_id = {terminal_id:d} AND last_seq >= {first:d} AND first_seq <= {last:d}"
    return partition_rows.read_table(cursor, "intake_batch", _BATCHES, where, "last_seq")


def _about(cursor: Any, month: date, part: int, written: Written) -> dict[str, Any]:
    terminals = sorted(written.digest.terminals)
    cursor.execute(
        "SELECT id, code, suite, public_key FROM terminals_terminal WHERE id = ANY(%s)",
        [terminals],
    )
    return {
        "form": FORM,
        "month": f"{month:%Y-%m}",
        "part": part,
        "sorted_by": SORTED_BY,
        "records": written.digest.records,
        "digest": written.digest.digest().hex(),
        "terminals": {
            str(pk): {"code": code, "suite": suite, "public_key": key}
            for pk, code, suite, key in cursor.fetchall()
        },
        "rule_packs": _rule_packs(cursor),
        "runs": [
            [run.terminal_id, run.first, run.last, run.previous.hex() if run.previous else None]
            for run in written.runs
        ],
    }


def _rule_packs(cursor: Any) -> dict[str, str]:
    cursor.execute("SELECT to_regclass('weighing_rule_pack')")
    if cursor.fetchone()[0] is None:
        return {}
    cursor.execute("SELECT id, name FROM weighing_rule_pack ORDER BY id")
    return {str(number): name for number, name in cursor.fetchall()}
