"""What 62号令 says of fines and outer dimensions. Information only: the platform fines nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hengyuan.law.vehicles import Combination

FINE_CLAUSE = "《超限运输车辆行驶公路管理规定》（交通运输部令2016年第62号）第四十三条"
DIMENSION_CLAUSE = "《超限运输车辆行驶公路管理规定》（交通运输部令2016年第62号）第三条"


@dataclass(frozen=True, slots=True)
class FineSettings:
    """Figures of art. 43, in kg and yuan.

    ``partial_step``: the article says ¥500 for each 1000 kg over and is silent on what is left of
    a thousand. "drop" (default) counts full thousands only, in the offender's favour; "count"
    counts a begun thousand as a whole one, as some offices do.
    """

    warning_upto_kg: int = 1_000
    step_kg: int = 1_000
    yuan_per_step: int = 500
    most_yuan: int = 30_000
    partial_step: Literal["drop", "count"] = "drop"

    def __post_init__(self) -> None:
        if self.partial_step not in ("drop", "count"):
            raise ValueError(f"partial_step is 'drop' or 'count', got {self.partial_step!r}")
        if self.step_kg <= 0:
            raise ValueError(f"step_kg must be above 0, got {self.step_kg}")


DEFAULT_FINE_SETTINGS = FineSettings()


@dataclass(frozen=True, slots=True)
class FineInformation:
    """What the article would lead to: nothing, a warning, or a fine of ``yuan``."""

    kind: Literal["none", "warning", "fine"]
    yuan: int
    clause: str


def fine_information(
    overload_kg: int, settings: FineSettings = DEFAULT_FINE_SETTINGS
) -> FineInformation:
    """Estimate by 62号令 art. 43 for an overload in kg; an office's decision is another matter."""
    if overload_kg <= 0:
        return FineInformation("none", 0, FINE_CLAUSE)
    if overload_kg <= settings.warning_upto_kg:
        return FineInformation("warning", 0, FINE_CLAUSE)
    steps, rest = divmod(overload_kg, settings.step_kg)
    if rest and settings.partial_step == "count":
        steps += 1
    return FineInformation(
        "fine", min(steps * settings.yuan_per_step, settings.most_yuan), FINE_CLAUSE
    )


@dataclass(frozen=True, slots=True)
class OuterLimits:
    """Largest outer dimensions in mm."""

    height_mm: int = 4_000
    width_mm: int = 2_550
    length_mm: int = 18_100


ORDER_62_LIMITS = OuterLimits()
TRAIN_LENGTH_MM = 20_000
REFRIGERATED_WIDTH_MM = 2_600


def outer_limits(
    combination: Combination | None = None, *, refrigerated: bool = False
) -> OuterLimits:
    """Outer limits of 62号令 art. 3, widened for what GB 1589-2016 allows.

    Drawbar trains (centre-axle, full trailer) may be 20 m long, refrigerated bodies 2.6 m wide.
    """
    train = combination in (Combination.CENTRE_AXLE, Combination.FULL_TRAILER)
    base = ORDER_62_LIMITS
    return OuterLimits(
        height_mm=base.height_mm,
        width_mm=REFRIGERATED_WIDTH_MM if refrigerated else base.width_mm,
        length_mm=TRAIN_LENGTH_MM if train else base.length_mm,
    )


@dataclass(frozen=True, slots=True)
class DimensionOverrun:
    """One outer dimension ("height", "width" or "length") above its limit, in mm."""

    dimension: Literal["height", "width", "length"]
    measured_mm: int
    limit_mm: int
    clause: str

    @property
    def over_mm(self) -> int:
        return self.measured_mm - self.limit_mm

    @property
    def over_rate_bp(self) -> int:
        """Overrun / limit in 1/100 %, rounded half up."""
        return (20_000 * self.over_mm + self.limit_mm) // (2 * self.limit_mm)


def dimension_overruns(
    height_mm: int | None = None,
    width_mm: int | None = None,
    length_mm: int | None = None,
    limits: OuterLimits = ORDER_62_LIMITS,
) -> tuple[DimensionOverrun, ...]:
    """The measured dimensions that are above ``limits``; what was not measured is left out."""
    overruns = []
    if height_mm is not None and height_mm > limits.height_mm:
        overruns.append(DimensionOverrun("height", height_mm, limits.height_mm, DIMENSION_CLAUSE))
    if width_mm is not None and width_mm > limits.width_mm:
        overruns.append(DimensionOverrun("width", width_mm, limits.width_mm, DIMENSION_CLAUSE))
    if length_mm is not None and length_mm > limits.length_mm:
        overruns.append(DimensionOverrun("length", length_mm, limits.length_mm, DIMENSION_CLAUSE))
    return tuple(overruns)
