"""Severity bands of the overload rate, and the lists of the heaviest trucks. Both are settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NONE_BAND = "none"

DEFAULT_BAND_BOUNDS_BP = (1_000, 3_000, 5_000, 10_000)
"""Upper bounds in basis points: (0,10], (10,30], (30,50], (50,100] and above 100 %."""

MONTHLY_REPORT_BOUNDS_BP = (2_000, 5_000, 10_000, 45_000)
"""As the provinces' monthly source-unit reports count: (20,50], (50,100], (100,450] %."""

HEAVY_LISTS_KG = (100_000, 90_000, 80_000)
"""百吨王 and the lists below it, which are kept apart."""


def _percent(basis_points: int) -> str:
    return f"{basis_points / 100:g}"


@dataclass(frozen=True, slots=True)
class Band:
    """One severity band, a half-open range of overload rates in basis points.

    It holds rates above ``above_bp`` up to and including ``upto_bp`` (None: without end). ``id``
    is stable and is what records and reports store: "none", "0-10", … "100+".
    """

    id: str
    above_bp: int | None
    upto_bp: int | None

    @property
    def zh(self) -> str:
        """Label for a Chinese page, e.g. 超限10%~30%."""
        if self.above_bp is None:
            return "未超限"
        if self.upto_bp is None:
            return f"超限{_percent(self.above_bp)}%以上"
        return f"超限{_percent(self.above_bp)}%~{_percent(self.upto_bp)}%"


def bands_of(bounds_bp: Sequence[int]) -> tuple[Band, ...]:
    """All bands for the given upper bounds, lightest first, "none" and the open end included.

    Raises ValueError unless the bounds are whole numbers above 0 in rising order.
    """
    if not bounds_bp:
        raise ValueError("at least one band bound is needed")
    lower_bp = 0
    bands = [Band(NONE_BAND, None, 0)]
    for bound_bp in bounds_bp:
        if isinstance(bound_bp, bool) or not isinstance(bound_bp, int) or bound_bp <= lower_bp:
            raise ValueError(
                "band bounds must be whole basis points above 0 in rising order, "
                f"got {tuple(bounds_bp)}"
            )
        bands.append(Band(f"{_percent(lower_bp)}-{_percent(bound_bp)}", lower_bp, bound_bp))
        lower_bp = bound_bp
    bands.append(Band(f"{_percent(lower_bp)}+", lower_bp, None))
    return tuple(bands)


DEFAULT_BANDS: tuple[Band, ...] = bands_of(DEFAULT_BAND_BOUNDS_BP)


def band_of(
    overload_kg: int, overload_rate_bp: int, bounds_bp: Sequence[int] = DEFAULT_BAND_BOUNDS_BP
) -> str:
    """Id of the band of an overload.

    The rate with its two decimals decides, so that whoever recomputes the band from a published
    rate gets the same one; an overload so small that its rate reads 0.00 is still not "none".
    """
    if overload_kg <= 0:
        return NONE_BAND
    lower_bp = 0
    for bound_bp in bounds_bp:
        if overload_rate_bp <= bound_bp:
            return f"{_percent(lower_bp)}-{_percent(bound_bp)}"
        lower_bp = bound_bp
    return f"{_percent(lower_bp)}+"


def heavy_list(gross_kg: int, lists_kg: Sequence[int] = HEAVY_LISTS_KG) -> str | None:
    """The list that a truck of this gross mass belongs on: "100t" (百吨王), "90t", "80t" or None.

    A truck is on one list only, the heaviest that it reaches.
    """
    for threshold_kg in sorted(lists_kg, reverse=True):
        if gross_kg >= threshold_kg:
            return f"{threshold_kg / 1000:g}t"
    return None
