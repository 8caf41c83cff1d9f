"""A packed row says what the row of values says, for any record."""

from datetime import UTC, datetime, timedelta
from struct import unpack_from
from typing import Any

from hypothesis import given, settings

from hengyuan.platform.weighing.columns import COLUMNS
from hengyuan.platform.weighing.copying import (
    COPY_COLUMNS,
    facts_of,
    pack_facts,
    pack_row,
    pack_start,
)
from hengyuan.record.model import Record
from tests.platform.rows import to_row
from tests.record.strategies import records

POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def fields_of(row: bytes) -> list[bytes | None]:
    """The fields of one row of binary COPY, taken apart as its documentation says."""
    (count,) = unpack_from(">h", row)
    at, fields = 2, []
    for _ in range(count):
        (length,) = unpack_from(">i", row, at)
        at += 4
        fields.append(None if length < 0 else row[at : at + length])
        at += max(0, length)
    assert at == len(row)
    return fields


def means(packed: bytes | None, value: Any) -> bool:
    """Whether the packed field is this value of a column."""
    if packed is None or value is None:
        return packed is None and value is None
    if isinstance(value, bool):
        return packed == bytes([value])
    if isinstance(value, int):
        return int.from_bytes(packed, "big", signed=True) == value
    if isinstance(value, datetime):
        microseconds = (value - POSTGRES_EPOCH) // timedelta(microseconds=1)
        return packed == microseconds.to_bytes(8, "big", signed=True)
    return packed == (value.encode() if isinstance(value, str) else value)


def test_every_column_is_copied_once() -> None:
    assert sorted(COPY_COLUMNS) == sorted(COLUMNS)


@settings(max_examples=300, deadline=None)
@given(record=records())
def test_a_packed_row_is_the_row(record: Record) -> None:
    digest = bytes(range(32))
    pieces: list[bytes] = []
    facts = pack_facts(facts_of(record), 49_000, 5)
    pack_row(pieces.append, pack_start(7, 141024, 3), record, digest, facts, "over")
    row = to_row(
        record,
        terminal_id=7,
        county=141024,
        unit_id=3,
        digest=digest,
        platform_limit_kg=49_000,
        platform_verdict="over",
        rule_pack_no=5,
    )
    expected = dict(zip(COLUMNS, row, strict=True))
    found = dict(zip(COPY_COLUMNS, fields_of(b"".join(pieces)), strict=True))
    for column in COLUMNS:
        assert means(found[column], expected[column]), column
