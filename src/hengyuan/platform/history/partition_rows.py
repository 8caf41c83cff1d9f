"""A month's partition as Arrow tables, terminal by terminal in the order of the chain.

The order is (county, unit, terminal, number): what a county, a unit or a terminal is asked for
lies together, times rise within it, and a chain can be followed by reading on. Each piece comes
by COPY through the partition's own key, so that nothing has to be sorted.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

SORTED_BY = ("county", "unit_id", "terminal_id", "seq")
_TYPES = {
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "text": pa.string(),
    "character varying": pa.string(),
    "bytea": pa.binary(),
    "timestamp with time zone": pa.timestamp("ms", tz="UTC"),
}
_READ_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Piece:
    """The records of one terminal while it stood at one unit."""

    county: int
    unit_id: int
    terminal_id: int
    rows: pa.Table


def columns_of(cursor: Any, table: str) -> dict[str, pa.DataType]:
    """The table's columns in their order, as they are written."""
    cursor.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = current_schema() AND table_name = %s ORDER BY ordinal_position",
        [table],
    )
    return {
        name: pa.binary(32) if name == "digest" else _TYPES[kind]
        for name, kind in cursor.fetchall()
    }


def pieces(cursor: Any, table: str, wanted: Sequence[str] = ()) -> Iterator[Piece]:
    """All records of a partition; `wanted` columns, by default all.

    `cursor` is psycopg's own, in a transaction that sees one state of the database.
    """
    types = columns_of(cursor, table)
    types = {name: types[name] for name in wanted or types}
    cursor.execute(
        f"SELECT DISTINCT county, unit_id, terminal_id FROM {table}"  # noqa: S608
        " ORDER BY county, unit_id, terminal_id"
    )
    for county, unit_id, terminal_id in cursor.fetchall():
        rows = read_table(
            cursor,
            table,
            types,
            f"terminal_id = {terminal_id:d} AND unit_id = {unit_id:d} AND county = {county:d}",
            "seq",
        )
        yield Piece(county, unit_id, terminal_id, rows)


def read_table(
    cursor: Any, table: str, types: dict[str, pa.DataType], where: str, order: str
) -> pa.Table:
    """Rows by COPY. The names and the condition are the program's own, never anybody's input."""
    selected = ", ".join(_written(name, kind) for name, kind in types.items())
    statement = (
        f"COPY (SELECT {selected} FROM {table} WHERE {where} ORDER BY {order})"  # noqa: S608
        " TO STDOUT (FORMAT csv)"
    )
    with cursor.copy(statement) as copy:
        data = b"".join(bytes(block) for block in copy)
    names = list(types)
    if not data:
        schema = pa.schema([pa.field(name, kind) for name, kind in types.items()])
        return schema.empty_table()
    found = pa.csv.read_csv(
        io.BytesIO(data),
        read_options=pa.csv.ReadOptions(column_names=names, block_size=_READ_BYTES),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types={name: _read_as(kind) for name, kind in types.items()},
            true_values=["t"],
            false_values=["f"],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    columns = [_as(found.column(name).combine_chunks(), kind) for name, kind in types.items()]
    return pa.table(columns, names=names)


def _written(name: str, kind: pa.DataType) -> str:
    if _is_bytes(kind):
        return f"encode({name}, 'hex')"
    if pa.types.is_timestamp(kind):
        return f"(extract(epoch FROM {name}) * 1000)::bigint"
    return name


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind))


def _read_as(kind: pa.DataType) -> pa.DataType:
    if _is_bytes(kind):
        return pa.string()
    return pa.int64() if pa.types.is_timestamp(kind) else kind


def _as(column: Any, kind: pa.DataType) -> Any:
    if _is_bytes(kind):
        return unhex(column).cast(kind)
    return column.cast(kind) if pa.types.is_timestamp(kind) else column


def unhex(column: Any) -> Any:
    """Texts of hex digits as bytes, all of a column at once."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    count = len(column)
    lengths = np.asarray(
        pa.compute.binary_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    )
    offsets = np.zeros(count + 1, dtype=np.int32)
    np.cumsum(lengths // 2, out=offsets[1:])
    buffers = column.buffers()
    begin = int(np.frombuffer(buffers[1], np.int32)[column.offset]) if count else 0
    text = buffers[2].to_pybytes()[begin : begin + int(lengths.sum())] if count else b""
    validity = pa.array(~np.asarray(column.is_null())).buffers()[1] if column.null_count else None
    return pa.Array.from_buffers(
        pa.binary(),
        count,
        [validity, pa.py_buffer(offsets), pa.py_buffer(bytes.fromhex(text.decode("ascii")))],
        null_count=column.null_count,
    )
