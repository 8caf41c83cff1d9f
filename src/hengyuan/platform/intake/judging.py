"""The platform's own verdict on a record, by its own rule pack: the second judgement."""

from datetime import date
from functools import lru_cache

from hengyuan.law.bands import DEFAULT_BANDS, band_of
from hengyuan.law.limits import NotInForce, NotInTable, limit_for
from hengyuan.law.vehicles import Combination, Vehicle, parse_layout
from hengyuan.law.verdict import overload_rate_bp
from hengyuan.record.model import Record

UNKNOWN_BAND = -1
# A rule comes into force on a Chinese day, which begins eight hours before the UTC one.
_LOCAL_MS = 8 * 3_600_000
_DAY_MS = 86_400_000
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_BAND_NO = {band.id: number for number, band in enumerate(DEFAULT_BANDS)}


@lru_cache(maxsize=4096)
def _limit_kg(
    axles: int,
    combination: str | None,
    layout: str | None,
    drive_axles: int | None,
    dual_tyres: bool | None,
    air_suspension: bool | None,
    licensed_total_kg: int | None,
    missing_tyres: int | None,
    on: date,
) -> int | None:
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
        return limit_for(vehicle, on).limit_kg
    except (NotInTable, NotInForce, ValueError):
        return None


def second_limit_kg(record: Record) -> int | None:
    """The limit by the platform's rule pack; None where the record does not allow a verdict."""
    if record.axles is None:
        return None
    day = date.fromordinal(_EPOCH_DAY + (record.weighed_at + _LOCAL_MS) // _DAY_MS)
    return _limit_kg(
        record.axles,
        record.combination,
        record.layout,
        record.drive_axles,
        record.dual_tyres,
        record.air_suspension,
        record.licensed_total_kg,
        record.missing_tyres,
        day,
    )


def second_verdict(gross_kg: int | None, limit_kg: int | None) -> str:
    """`pass`, `over` or `unknown`; over means a single kilogram above the limit."""
    if gross_kg is None or limit_kg is None:
        return "unknown"
    return "over" if gross_kg > limit_kg else "pass"


def band_no(gross_kg: int | None, limit_kg: int | None) -> int:
    """The place of the overload rate among the severity bands; UNKNOWN_BAND without a limit."""
    if gross_kg is None or limit_kg is None:
        return UNKNOWN_BAND
    overload_kg = max(0, gross_kg - limit_kg)
    return _BAND_NO[band_of(overload_kg, overload_rate_bp(overload_kg, limit_kg))]
