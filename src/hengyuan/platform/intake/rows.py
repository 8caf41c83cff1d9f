"""What a verified batch puts into the database: its rows, each judged again, and its counts."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from hengyuan.platform.intake.judging import (
    LOCAL_MS,
    UNKNOWN_BAND,
    band_no,
    limit_on,
    second_verdict,
)
from hengyuan.platform.rule_packs import issued
from hengyuan.platform.weighing.columns import REPLACING, kind_no
from hengyuan.platform.weighing.copying import FACTS, facts_of, pack_facts, pack_row, pack_start
from hengyuan.platform.weighing.partitions import month_of
from hengyuan.platform.weighing.rule_pack_numbers import number_of
from hengyuan.record.batch import Verified

_HOUR_MS = 3_600_000
_LOCAL_HOURS = LOCAL_MS // _HOUR_MS
# What each distinct truck costs in memory is about 1 kB; those that come again are some hundred.
_REMEMBERED_FACTS = 8_192

# (local hour since 1970, kind, band) -> trucks, gross_kg, overload_kg
Counts = dict[tuple[int, int, int], list[int]]


@dataclass(slots=True)
class Prepared:
    """A batch ready to be stored: its rows in the form of binary COPY, and what it adds to counts.

    Local hours are those of the Chinese clock, numbered from 1970-01-01 00:00 there.
    """

    rows: bytes
    counts: Counts
    """Without records that replace another: these are of a truck that was counted already."""
    records: int
    hours: frozenset[int]
    """Local hours of all records."""

    def months(self) -> set[date]:
        """The months (UTC) whose partitions the rows go to."""
        return {_month_of_hour(hour) for hour in self.hours}


def prepare(terminal_id: int, county: int, unit_id: int, verified: Verified) -> Prepared:
    """Judge the records of a batch again and pack their rows.

    UnknownRulePack if one names a rule pack that has no number in the table of records yet.
    """
    start = pack_start(terminal_id, county, unit_id)
    pieces: list[bytes] = []
    add = pieces.append
    counts: Counts = {}
    hours: set[int] = set()
    for record, digest in zip(verified.records, verified.digests, strict=True):
        hour = (record.weighed_at + LOCAL_MS) // _HOUR_MS
        packed, kind, limit_kg = _judged(facts_of(record), hour // 24)
        gross_kg = record.gross_kg
        band = band_no(gross_kg, limit_kg)
        pack_row(add, start, record, digest, packed, second_verdict(gross_kg, limit_kg))
        hours.add(hour)
        if record.corrects is not None and kind in REPLACING:
            continue
        entry = counts.get((hour, kind, band))
        if entry is None:
            entry = counts[hour, kind, band] = [0, 0, 0]
        entry[0] += 1
        if gross_kg is not None:
            entry[1] += gross_kg
            if band > 0 and limit_kg is not None:
                entry[2] += gross_kg - limit_kg
    return Prepared(b"".join(pieces), counts, len(verified.records), frozenset(hours))


def local_day_and_hour(hour: int) -> tuple[date, int]:
    """The Chinese day and the hour in it."""
    day, hour_of_day = divmod(hour, 24)
    return date.fromordinal(_EPOCH_DAY + day), hour_of_day


_EPOCH_DAY = date(1970, 1, 1).toordinal()
assert UNKNOWN_BAND < 0


@lru_cache(maxsize=_REMEMBERED_FACTS)
def _judged(facts: tuple[Any, ...], day: int) -> tuple[bytes, int, int | None]:
    """Packed columns of these facts, number of the kind, and the platform's limit on that day."""
    named = dict(zip(FACTS, facts, strict=True))
    limit_kg = limit_on(
        day,
        named["axles"],
        named["combination"],
        named["layout"],
        named["drive_axles"],
        named["dual_tyres"],
        named["air_suspension"],
        named["licensed_total_kg"],
        named["missing_tyres"],
        issued(named["rule_pack"]),
    )
    packed = pack_facts(facts, limit_kg, number_of(named["rule_pack"]))
    return packed, kind_no(named["kind"]), limit_kg


def forget_judged() -> None:
    """Another rule pack has become known: judge anew."""
    _judged.cache_clear()


@lru_cache(maxsize=4096)
def _month_of_hour(hour: int) -> date:
    return month_of(datetime.fromtimestamp((hour - _LOCAL_HOURS) * 3600, UTC))
