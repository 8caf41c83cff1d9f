"""The two judgements of a record side by side: what the terminal said, what the law table says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from django.utils.translation import gettext as _

from hengyuan.law.bands import DEFAULT_BANDS, Band, band_of, heavy_list
from hengyuan.law.limits import Limit, NotInForce, NotInTable, limit_for
from hengyuan.law.penalties import FineInformation, fine_information
from hengyuan.law.vehicles import Combination, Vehicle, parse_layout
from hengyuan.law.verdict import format_rate, overload_rate_bp
from hengyuan.platform.weighing.columns import milliseconds

# The law speaks of calendar days in China, whatever clock a server runs on.
CHINA = timezone(timedelta(hours=8))
BANDS: dict[str, Band] = {band.id: band for band in DEFAULT_BANDS}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Limit, overload and verdict of one judge. None where it could not say."""

    verdict: str | None
    limit_kg: int | None
    overload_kg: int | None
    rate_bp: int | None
    band: Band | None

    @property
    def rate(self) -> str | None:
        """超限率 in per cent with two decimals."""
        return None if self.rate_bp is None else format_rate(self.rate_bp)

    @property
    def is_over(self) -> bool:
        return self.verdict == "over"


@dataclass(frozen=True, slots=True)
class Explained:
    """Both judgements of a record, and the clause behind the platform's.

    `problem` says in words why the table gives no limit; `stored_differs` is True when the
    platform's limit at intake was another than the table gives today.
    """

    terminal: Judgement
    platform: Judgement
    limit: Limit | None
    problem: str
    stored_differs: bool
    fine: FineInformation
    heavy: str | None

    @property
    def verdict_differs(self) -> bool:
        return self.terminal.verdict is not None and self.terminal.verdict != self.platform.verdict

    @property
    def limit_differs(self) -> bool:
        return (
            self.terminal.verdict is not None and self.terminal.limit_kg != self.platform.limit_kg
        )


def judgement_of(gross_kg: int | None, limit_kg: int | None, verdict: str | None) -> Judgement:
    """The judgement that a limit leads to; overload is never below 0."""
    if gross_kg is None or not limit_kg:
        return Judgement(verdict, limit_kg, None, None, None)
    overload_kg = max(0, gross_kg - limit_kg)
    rate_bp = overload_rate_bp(overload_kg, limit_kg)
    return Judgement(verdict, limit_kg, overload_kg, rate_bp, BANDS[band_of(overload_kg, rate_bp)])


def explain(row: Any) -> Explained:
    """Both judgements of a stored record (a row of `weighing`)."""
    platform = judgement_of(row.gross_kg, row.platform_limit_kg, row.platform_verdict_name)
    limit, problem = _limit_of(row)
    return Explained(
        terminal=judgement_of(row.gross_kg, row.limit_kg, row.verdict_name),
        platform=platform,
        limit=limit,
        problem=problem,
        stored_differs=(limit.limit_kg if limit else None) != row.platform_limit_kg,
        fine=fine_information(platform.overload_kg or 0),
        heavy=None if row.gross_kg is None else heavy_list(row.gross_kg),
    )


def _limit_of(row: Any) -> tuple[Limit | None, str]:
    if row.axles is None:
        return None, _("The number of axles is unknown.")
    try:
        vehicle = Vehicle(
            axles=row.axles,
            combination=None if row.combination is None else Combination(row.combination_name),
            layout=None if row.layout is None else parse_layout(row.layout),
            drive_axles=row.drive_axles,
            dual_tyres=row.dual_tyres,
            air_suspension=row.air_suspension,
            licensed_total_kg=row.licensed_total_kg,
            missing_tyres=row.missing_tyres or 0,
        )
        return limit_for(vehicle, _china_day(row.weighed_at)), ""
    except NotInTable:
        return None, _(
            "The limit table has no such vehicle; GB 1589-2016 applies (sum of the axle limits)."
        )
    except NotInForce:
        return None, _("No limit table known here was in force on that day.")
    except ValueError as error:
        return None, _("The vehicle's facts contradict each other: %s") % error


def _china_day(moment: datetime) -> Any:
    return datetime.fromtimestamp(milliseconds(moment) / 1000, CHINA).date()
