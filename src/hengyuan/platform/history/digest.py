"""The digest of a month: SM3 over all its records in their order, as anybody can make it again.

Each record gives 65 bytes, all numbers big-endian: terminal id (4), number (8), county (4), unit id
(4), the platform's limit in kg (4, -1 where there is none), the platform's verdict (1), the time
in ms since 1970 (8), and the digest of the record in its terminal's chain (32). The chain digest
stands for every byte that the terminal wrote, the others are what the platform added.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

COLUMNS = (
    "terminal_id",
    "seq",
    "county",
    "unit_id",
    "platform_limit_kg",
    "platform_verdict",
    "weighed_at",
    "digest",
    "gross_kg",
)
_OVER = 1
_ROW = np.dtype(
    [
        ("terminal_id", ">i4"),
        ("seq", ">i8"),
        ("county", ">i4"),
        ("unit_id", ">i4"),
        ("platform_limit_kg", ">i4"),
        ("platform_verdict", "i1"),
        ("weighed_at", ">i8"),
        ("digest", "S32"),
    ]
)


@dataclass
class MonthDigest:
    """Digest and totals of records that are added in their order."""

    records: int = 0
    over: int = 0
    gross_kg: int = 0
    first_ms: int | None = None
    last_ms: int | None = None
    terminals: set[int] = field(default_factory=set)
    _hash: Any = field(default_factory=lambda: hashlib.new("sm3"))

    def add(self, rows: pa.Table | pa.RecordBatch) -> None:
        """The next records; they have at least COLUMNS."""
        if not rows.num_rows:
            return
        packed = np.zeros(rows.num_rows, dtype=_ROW)
        for name in ("terminal_id", "seq", "county", "unit_id", "platform_verdict"):
            packed[name] = numbers(rows, name)
        packed["platform_limit_kg"] = numbers(rows, "platform_limit_kg", -1)
        packed["weighed_at"] = times = milliseconds_of(rows)
        raw = packed.view(np.uint8).reshape(rows.num_rows, _ROW.itemsize)
        raw[:, -32:] = digests(rows)
        self._hash.update(raw.tobytes())
        self.records += rows.num_rows
        self.over += int((packed["platform_verdict"] == _OVER).sum())
        self.gross_kg += int(numbers(rows, "gross_kg", 0).sum())
        self.terminals.update(np.unique(packed["terminal_id"]).tolist())
        first, last = int(times.min()), int(times.max())
        self.first_ms = first if self.first_ms is None else min(self.first_ms, first)
        self.last_ms = last if self.last_ms is None else max(self.last_ms, last)

    def digest(self) -> bytes:
        """32 bytes."""
        found: bytes = self._hash.digest()
        return found


def numbers(rows: Any, name: str, for_null: int | None = None) -> np.ndarray:
    """A column of whole numbers, in 8 bytes each."""
    column = _whole(rows, name).cast(pa.int64())
    if for_null is not None:
        column = column.fill_null(for_null)
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)


def milliseconds_of(rows: Any) -> np.ndarray:
    """The times, in ms since 1970."""
    column = _whole(rows, "weighed_at").cast(pa.timestamp("ms", tz="UTC")).cast(pa.int64())
    return np.asarray(column.to_numpy(zero_copy_only=False), dtype=np.int64)


def digests(rows: Any) -> np.ndarray:
    """The chain digests, a row of 32 bytes each. ValueError where one has another length."""
    data = b"".join(_whole(rows, "digest").to_pylist())
    if len(data) != 32 * rows.num_rows:
        raise ValueError("a record without a digest of 32 bytes")
    return np.frombuffer(data, dtype=np.uint8).reshape(rows.num_rows, 32)


def _whole(rows: Any, name: str) -> Any:
    column = rows.column(name)
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
