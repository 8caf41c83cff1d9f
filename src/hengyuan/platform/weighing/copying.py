"""Rows of the record table as PostgreSQL's binary COPY takes them, made straight from records.

A row goes from the record to the wire without a Python object for each of its columns in between,
which is what a driver's own row writer costs. The columns stand in the order in which they are
cheap to write: what a batch shares, what each record has of its own, what many records have in
common (packed once and remembered by the caller), and last what few records have.

The format: https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format".
"""

from collections.abc import Callable
from operator import attrgetter
from struct import Struct
from typing import Any

from hengyuan.platform.weighing.columns import (
    cargo_no,
    combination_no,
    flags_bits,
    kind_no,
    pack_files,
    pack_numbers,
    plate_colour_no,
    verdict_no,
)
from hengyuan.record.model import Record

_SHARED = ("terminal_id", "county", "unit_id")
_OWN = ("seq", "weighed_at", "digest", "gross_kg", "tare_kg", "net_kg", "raw_kg")
FACTS = (
    "kind",
    "lane",
    "axles",
    "drive_axles",
    "missing_tyres",
    "combination",
    "plate_colour",
    "verdict",
    "air_suspension",
    "dual_tyres",
    "assumed",
    "flags",
    "limit_kg",
    "licensed_total_kg",
    "layout",
    "rule_pack",
    "cargo",
)
"""Fields that many records have in common; `facts_of` takes them out of a record."""
_OWN_LISTS = ("platform_verdict", "files", "axle_kg", "group_kg", "spacing_mm", "plate")
_RARE_INT8 = ("corrects",)
_RARE_INT4 = ("height_mm", "length_mm", "width_mm")
_RARE_TEXT = (
    "trailer_plate",
    "note_no",
    "carrier",
    "destination",
    "operator",
    "witness",
    "reason",
)
COPY_COLUMNS = (
    *_SHARED,
    *_OWN,
    *FACTS,
    "platform_limit_kg",
    *_OWN_LISTS,
    *_RARE_INT8,
    *_RARE_INT4,
    *_RARE_TEXT,
)
"""All columns of the table, in the order of the packed rows."""

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"

_NULL = b"\xff\xff\xff\xff"
# PostgreSQL counts microseconds from 2000-01-01.
_POSTGRES_EPOCH_US = 946_684_800_000_000

_length = Struct(">i").pack
_int2 = Struct(">ih").pack
_int4 = Struct(">ii").pack
_int8 = Struct(">iq").pack
_bool = Struct(">i?").pack
_start = Struct(">hiiiiii").pack
_seq_time_digest = Struct(">iqiqi32s").pack
_four_masses = Struct(">iiiiiiii").pack
_gross_and_raw = Struct(">iiiiii").pack
_VERDICT = {name: _int2(2, verdict_no(name)) for name in ("pass", "over", "unknown")}

facts_of: Callable[[Record], tuple[Any, ...]] = attrgetter(*FACTS)
_rare_of: Callable[[Record], tuple[Any, ...]] = attrgetter(*_RARE_INT8, *_RARE_INT4, *_RARE_TEXT)
_NOTHING_RARE = (None,) * (len(_RARE_INT8) + len(_RARE_INT4) + len(_RARE_TEXT))
_NO_RARE = _NULL * len(_NOTHING_RARE)


def pack_start(terminal_id: int, county: int, unit_id: int) -> bytes:
    """How each row of a batch begins: the number of columns, and what the batch shares."""
    return _start(len(COPY_COLUMNS), 4, terminal_id, 4, county, 4, unit_id)


def pack_facts(
    facts: tuple[Any, ...], platform_limit_kg: int | None, rule_pack_no: int | None
) -> bytes:
    """The columns of FACTS and the platform's limit; the same bytes serve each such record.

    `rule_pack_no` is the number of the named rule pack, by `rule_pack_numbers`.
    """
    (
        kind,
        lane,
        axles,
        drive_axles,
        missing_tyres,
        combination,
        plate_colour,
        verdict,
        air_suspension,
        dual_tyres,
        assumed,
        flags,
        limit_kg,
        licensed_total_kg,
        layout,
        _rule_pack,
        cargo,
    ) = facts
    return b"".join(
        (
            _int2(2, kind_no(kind)),
            _int2(2, lane),
            _small(axles),
            _small(drive_axles),
            _small(missing_tyres),
            _small(None if combination is None else combination_no(combination)),
            _small(None if plate_colour is None else plate_colour_no(plate_colour)),
            _small(None if verdict is None else verdict_no(verdict)),
            _NULL if air_suspension is None else _bool(1, air_suspension),
            _NULL if dual_tyres is None else _bool(1, dual_tyres),
            _bool(1, assumed),
            _int4(4, flags_bits(flags)),
            _whole(limit_kg),
            _whole(licensed_total_kg),
            _text(layout),
            _whole(rule_pack_no),
            _small(None if cargo is None else cargo_no(cargo)),
            _whole(platform_limit_kg),
        )
    )


def pack_row(
    add: Callable[[bytes], None],
    start: bytes,
    record: Record,
    digest: bytes,
    facts: bytes,
    platform_verdict: str,
) -> None:
    """Hand the pieces of a record's row to `add`; joined they are the row.

    `start` comes from `pack_start`, `facts` from `pack_facts`; `digest` has 32 bytes.
    """
    add(start)
    at_us = record.weighed_at * 1000 - _POSTGRES_EPOCH_US
    add(_seq_time_digest(8, record.seq, 8, at_us, 32, digest))
    add(_masses(record.gross_kg, record.tare_kg, record.net_kg, record.raw_kg))
    add(facts)
    add(_VERDICT[platform_verdict])
    if record.files:
        files = pack_files(record.files)
        add(_length(len(files)))
        add(files)
    else:
        add(_NULL)
    for numbers in (record.axle_kg, record.group_kg, record.spacing_mm):
        packed = pack_numbers(numbers)
        if packed is None:
            add(_NULL)
        else:
            add(_length(len(packed)))
            add(packed)
    add(_text(record.plate))
    rare = _rare_of(record)
    add(_NO_RARE if rare == _NOTHING_RARE else _pack_rare(rare))


def _masses(
    gross_kg: int | None, tare_kg: int | None, net_kg: int | None, raw_kg: int | None
) -> bytes:
    if gross_kg is not None and raw_kg is not None:
        if tare_kg is None and net_kg is None:
            return _gross_and_raw(4, gross_kg, -1, -1, 4, raw_kg)
        if tare_kg is not None and net_kg is not None:
            return _four_masses(4, gross_kg, 4, tare_kg, 4, net_kg, 4, raw_kg)
    return _whole(gross_kg) + _whole(tare_kg) + _whole(net_kg) + _whole(raw_kg)


def _pack_rare(rare: tuple[Any, ...]) -> bytes:
    corrects, height_mm, length_mm, width_mm, *texts = rare
    return b"".join(
        (
            _NULL if corrects is None else _int8(8, corrects),
            _whole(height_mm),
            _whole(length_mm),
            _whole(width_mm),
            *(_text(text) for text in texts),
        )
    )


def _small(value: int | None) -> bytes:
    return _NULL if value is None else _int2(2, value)


def _whole(value: int | None) -> bytes:
    return _NULL if value is None else _int4(4, value)


def _text(value: str | None) -> bytes:
    if value is None:
        return _NULL
    data = value.encode()
    return _length(len(data)) + data
