"""From a weight to a verdict: overload, overload rate (超限率), band, pass or over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from hengyuan.law.bands import (
    DEFAULT_BAND_BOUNDS_BP,
    DEFAULT_BANDS,
    HEAVY_LISTS_KG,
    Band,
    band_of,
    bands_of,
    heavy_list,
)
from hengyuan.law.limits import Limit, limit_for
from hengyuan.law.penalties import (
    DEFAULT_FINE_SETTINGS,
    FineInformation,
    FineSettings,
    fine_information,
)
from hengyuan.law.rule_packs import PACKS, RulePack
from hengyuan.law.vehicles import Vehicle

__all__ = [
    "DEFAULT_BANDS",
    "DEFAULT_BAND_BOUNDS_BP",
    "DEFAULT_FINE_SETTINGS",
    "HEAVY_LISTS_KG",
    "Band",
    "FineInformation",
    "FineSettings",
    "JudgeSettings",
    "Judgement",
    "bands_of",
    "fine_information",
    "format_rate",
    "heavy_list",
    "judge",
    "overload_rate_bp",
]

Verdict = Literal["pass", "over"]


def _require_mass(name: str, value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{name} must be a whole number from 0 up, got {str(value)[:40]}")


@dataclass(frozen=True, slots=True)
class JudgeSettings:
    """What an authority may set about judging; the limits themselves are not settings.

    ``bands``: upper bounds of the severity bands in basis points (1/100 %).
    ``tolerance_kg``, ``tolerance_bp``: how far above the limit a truck may still leave, as a mass
    and as a share of the limit; the larger of the two counts. There is no national tolerance, so
    one needs its ``tolerance_basis``: the local document that grants it.

    Raises ValueError for a tolerance without a basis, a negative one, or bounds out of order.
    """

    bands: tuple[int, ...] = DEFAULT_BAND_BOUNDS_BP
    tolerance_kg: int = 0
    tolerance_bp: int = 0
    tolerance_basis: str = ""
    packs: tuple[RulePack, ...] = field(default=PACKS, compare=False, repr=False)
    """The limit tables; those that come along, unless the authority has given others."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "bands", tuple(self.bands))
        bands_of(self.bands)
        for name in ("tolerance_kg", "tolerance_bp"):
            _require_mass(name, getattr(self, name))
        if (self.tolerance_kg or self.tolerance_bp) and not self.tolerance_basis.strip():
            raise ValueError(
                "a tolerance needs tolerance_basis: the name and number of the document "
                "that grants it"
            )

    def tolerance_at_kg(self, limit_kg: int) -> int:
        """The mass above ``limit_kg`` that still passes, in kg."""
        return max(self.tolerance_kg, limit_kg * self.tolerance_bp // 10_000)


DEFAULT_JUDGE_SETTINGS = JudgeSettings()


@dataclass(frozen=True, slots=True)
class Judgement:
    """A weight judged.

    ``overload_kg`` is measured from the limit and never below 0; a tolerance changes ``over``
    only, never the overload. ``overload_rate_bp`` is the rate in 1/100 %: 1613 is 16.13 %.
    """

    gross_kg: int
    limit: Limit
    overload_kg: int
    overload_rate_bp: int
    band: str
    over: bool

    @property
    def limit_kg(self) -> int:
        return self.limit.limit_kg

    @property
    def overload_rate(self) -> str:
        """超限率 in per cent with two decimals, e.g. "16.13"."""
        return format_rate(self.overload_rate_bp)

    @property
    def verdict(self) -> Verdict:
        return "over" if self.over else "pass"

    @property
    def clause(self) -> str:
        return self.limit.clause

    @property
    def assumed(self) -> bool:
        """Whether an unknown fact made the lowest possible limit apply."""
        return bool(self.limit.assumed)

    @property
    def assumed_facts(self) -> tuple[str, ...]:
        return self.limit.assumed


def judge(
    vehicle: Vehicle,
    gross_kg: int,
    on: date,
    settings: JudgeSettings = DEFAULT_JUDGE_SETTINGS,
    packs: Sequence[RulePack] | None = None,
) -> Judgement:
    """Judge the gross mass of ``vehicle``, weighed on the day ``on``.

    ``packs`` are the settings' own unless given. Raises ValueError for a mass that is not a whole
    number of kg from 0 up; NotInTable and NotInForce as :func:`hengyuan.law.limits.limit_for` does.
    """
    _require_mass("gross_kg", gross_kg)
    limit = limit_for(vehicle, on, settings.packs if packs is None else packs)
    overload_kg = max(0, gross_kg - limit.limit_kg)
    rate_bp = overload_rate_bp(overload_kg, limit.limit_kg)
    return Judgement(
        gross_kg=gross_kg,
        limit=limit,
        overload_kg=overload_kg,
        overload_rate_bp=rate_bp,
        band=band_of(overload_kg, rate_bp, settings.bands),
        over=overload_kg > settings.tolerance_at_kg(limit.limit_kg),
    )


def overload_rate_bp(overload_kg: int, limit_kg: int) -> int:
    """超限率 = overload / limit in 1/100 %, rounded half up, in whole numbers throughout."""
    return (20_000 * overload_kg + limit_kg) // (2 * limit_kg)


def format_rate(rate_bp: int) -> str:
    """A rate in 1/100 % as per cent with two decimals: 1613 → "16.13"."""
    return f"{rate_bp // 100}.{rate_bp % 100:02d}"
