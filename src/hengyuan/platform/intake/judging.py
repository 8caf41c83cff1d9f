"""The platform's own verdict on a record, by its own rule pack: the second judgement."""

from bisect import bisect_left
from datetime import date
from functools import lru_cache

from hengyuan.law.bands import DEFAULT_BAND_BOUNDS_BP
from hengyuan.law.limits import NotInForce, NotInTable, limit_for
from hengyuan.law.rule_packs import PACKS
from hengyuan.law.vehicles import Combination, Vehicle, parse_layout
from hengyuan.platform.rule_packs import issued, pack_named
from hengyuan.record.model import Record

UNKNOWN_BAND = -1
# A rule comes into force on a Chinese day, which begins eight hours before the UTC one.
LOCAL_MS = 8 * 3_600_000
_DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=4096)
def limit_on(
    day: int,
    axles: int | None,
    combination: str | None,
    layout: str | None,
    drive_axles: int | None,
    dual_tyres: bool | None,
    air_suspension: bool | None,
    licensed_total_kg: int | None,
    missing_tyres: int | None,
    pack: str | None = None,
) -> int | None:
    """The limit by the platform's rule pack on a Chinese day (its number since 1970).

    `pack` names one that this platform has issued itself, in place of those that come along. None
    where the facts do not allow a verdict.
    """
    if axles is None:
        return None
    try:
        vehicle = Vehicle(
            axles=axles,
            combination=None if combination is None else Combination(combination),
            layout=None if layout is None else parse_layout(layout),
            drive_axles=drive_axles,
            dual_tyres=dual_tyres,
            air_suspension=air_suspension,
            licensed_total_kg=licensed_total_kg,
            missing_tyres=missing_tyres or 0,
        )
        packs = PACKS if pack is None else (pack_named(pack),)
        return limit_for(vehicle, date.fromordinal(_EPOCH_DAY + day), packs).limit_kg
    except (NotInTable, NotInForce, ValueError):
        return None


def second_limit_kg(record: Record) -> int | None:
    """The limit by the platform's rule pack; None where the record does not allow a verdict."""
    return limit_on(
        (record.weighed_at + LOCAL_MS) // _DAY_MS,
        record.axles,
        record.combination,
        record.layout,
        record.drive_axles,
        record.dual_tyres,
        record.air_suspension,
        record.licensed_total_kg,
        record.missing_tyres,
        issued(record.rule_pack),
    )


def second_verdict(gross_kg: int | None, limit_kg: int | None) -> str:
    """`pass`, `over` or `unknown`; over means a single kilogram above the limit."""
    if gross_kg is None or limit_kg is None:
        return "unknown"
    return "over" if gross_kg > limit_kg else "pass"


@lru_cache(maxsize=4096)
def band_tops_kg(limit_kg: int) -> tuple[int, ...]:
    """The heaviest gross mass of each severity band but the last, which has no end.

    The rate is rounded half up to 1/100 %, so a mass is in a band up to b when
    (20000 * overload + limit) // (2 * limit) <= b: solved here for the overload, once a limit
    instead of once a record.
    """
    over = [(limit_kg * (2 * bound + 1) - 1) // 20_000 for bound in DEFAULT_BAND_BOUNDS_BP]
    return (limit_kg, *(limit_kg + overload_kg for overload_kg in over))


def band_no(gross_kg: int | None, limit_kg: int | None) -> int:
    """The place of the overload rate among the severity bands; UNKNOWN_BAND without a limit."""
    if gross_kg is None or limit_kg is None:
        return UNKNOWN_BAND
    return bisect_left(band_tops_kg(limit_kg), gross_kg)
