"""Stored records inside a test's own transaction: the rows that intake would have written.

Quicker than uploading and undone with the test; what intake itself does has its own tests.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.utils.timezone import now

from hengyuan.platform.weighing.columns import (
    COLUMNS,
    cargo_no,
    combination_no,
    flags_bits,
    instant,
    kind_no,
    pack_files,
    pack_numbers,
    plate_colour_no,
    verdict_no,
)
from hengyuan.platform.weighing.models import RulePackNumber
from hengyuan.record.batch import parse
from hengyuan.record.canonical import read_line
from hengyuan.record.model import Record
from tests.platform.records import TestTerminal

if TYPE_CHECKING:
    from hengyuan.platform.ledger.models import SourceUnit
    from hengyuan.platform.terminals.models import Terminal

_ROW = f"INSERT INTO weighing ({', '.join(COLUMNS)}) VALUES ({', '.join(['%s'] * len(COLUMNS))})"
_BATCH = """
INSERT INTO intake_batch (terminal_id, first_seq, last_seq, received_at, prev, head, signature)
VALUES (%s, %s, %s, %s, %s, %s, %s)
"""
_COUNT = """
INSERT INTO weighing_count AS c
       (unit_id, day, hour, kind, band, county, trucks, gross_kg, overload_kg)
VALUES (%s, (%s AT TIME ZONE 'Asia/Shanghai')::date,
        extract(hour FROM %s AT TIME ZONE 'Asia/Shanghai'), 1, %s, %s, 1, %s, %s)
ON CONFLICT (unit_id, day, hour, kind, band) DO UPDATE SET trucks = c.trucks + 1
"""

_HEAD = """
INSERT INTO intake_chainhead (terminal_id, last_seq, head) VALUES (%s, %s, %s)
ON CONFLICT (terminal_id) DO UPDATE SET last_seq = excluded.last_seq, head = excluded.head
"""


def store(
    signer: TestTerminal, terminal: Terminal, unit: SourceUnit, each: Iterable[dict[str, Any]]
) -> None:
    """One batch of further records of this terminal; each dict replaces fields of a usual one.

    They are weighed a minute apart, up to now.
    """
    wanted = list(each)
    first = len(signer.lines) + 1
    begin_ms = int(now().timestamp() * 1000) - 60_000 * len(wanted)
    for number, fields in enumerate(wanted):
        signer.weigh(1, **({"weighed_at": begin_ms + number * 60_000} | fields))
    header = parse(signer.batch(first)).header
    with connection.cursor() as cursor:
        for seq in range(first, len(signer.lines) + 1):
            record = read_line(signer.lines[seq - 1])
            row = to_row(
                record,
                terminal_id=terminal.pk,
                county=int(unit.region_id),
                unit_id=unit.pk,
                digest=signer.digests[seq],
                platform_limit_kg=record.limit_kg,
                platform_verdict=record.verdict or "unknown",
                rule_pack_no=_number_of(record.rule_pack),
            )
            cursor.execute(_ROW, row)
            at = row[COLUMNS.index("weighed_at")]
            over_kg = max(0, (record.gross_kg or 0) - (record.limit_kg or 0))
            figures = [1 if over_kg else 0, int(unit.region_id), record.gross_kg, over_kg]
            cursor.execute(_COUNT, [unit.pk, at, at, *figures])
        prev, head, signature = (
            bytes.fromhex(text) for text in (header.prev, header.head, header.signature)
        )
        last = len(signer.lines)
        cursor.execute(_BATCH, [terminal.pk, first, last, now(), prev, head, signature])
        cursor.execute(_HEAD, [terminal.pk, last, head])


def _number_of(rule_pack: str | None) -> int | None:
    if rule_pack is None:
        return None
    return RulePackNumber.objects.get_or_create(name=rule_pack)[0].pk


def to_row(
    record: Record,
    *,
    terminal_id: int,
    county: int,
    unit_id: int,
    digest: bytes,
    platform_limit_kg: int | None,
    platform_verdict: str,
    rule_pack_no: int | None,
) -> tuple[Any, ...]:
    """The row of a record in the order of COLUMNS: the values, which intake packs for COPY."""
    r = record
    return (
        terminal_id,
        r.seq,
        instant(r.weighed_at),
        county,
        unit_id,
        r.gross_kg,
        r.tare_kg,
        r.net_kg,
        r.raw_kg,
        r.limit_kg,
        r.licensed_total_kg,
        platform_limit_kg,
        flags_bits(r.flags),
        r.corrects,
        r.height_mm,
        r.length_mm,
        r.width_mm,
        kind_no(r.kind),
        r.lane,
        r.axles,
        r.drive_axles,
        r.missing_tyres,
        None if r.combination is None else combination_no(r.combination),
        None if r.plate_colour is None else plate_colour_no(r.plate_colour),
        None if r.verdict is None else verdict_no(r.verdict),
        verdict_no(platform_verdict),
        r.air_suspension,
        r.dual_tyres,
        r.assumed,
        digest,
        pack_files(r.files) if r.files else None,
        pack_numbers(r.axle_kg),
        pack_numbers(r.group_kg),
        pack_numbers(r.spacing_mm),
        r.plate,
        r.trailer_plate,
        r.layout,
        rule_pack_no,
        None if r.cargo is None else cargo_no(r.cargo),
        r.note_no,
        r.carrier,
        r.destination,
        r.operator,
        r.witness,
        r.reason,
    )
