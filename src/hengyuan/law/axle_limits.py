"""Axle-group limits of GB 1589-2016 and their sum, which no gross mass may exceed.

Who needs it: a vehicle outside the limit table (note 5 of the table), and 62号令 art. 3 (三). The
figures are general knowledge of the field rather than checked against the printed standard, so
they are a setting (:class:`AxleLimits`), and the table never consults them on its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hengyuan.law.layouts import AxleGroup


@dataclass(frozen=True, slots=True)
class AxleLimits:
    """Limits in kg by kind of axle group; spacings are between neighbouring axles, in mm."""

    single_kg: int = 7_000
    single_dual_kg: int = 10_000
    single_drive_kg: int = 11_500
    tandem_close_kg: int = 11_500
    tandem_middle_kg: int = 16_000
    tandem_wide_kg: int = 18_000
    tandem_air_kg: int = 19_000
    tandem_middle_mm: int = 1_000
    tandem_wide_mm: int = 1_300
    tandem_end_mm: int = 1_800
    triple_close_kg: int = 21_000
    triple_wide_kg: int = 24_000
    triple_wide_mm: int = 1_300


GB_1589_2016 = AxleLimits()


def axle_limits_sum_kg(groups: Iterable[AxleGroup], limits: AxleLimits = GB_1589_2016) -> int:
    """Sum of the limits of the axle groups, in kg. An unknown fact takes the lower figure.

    Raises ValueError without groups, for a group of more than three axles (the standard has no
    figure for it) and for a "group" whose axles are so far apart that they are single axles.
    """
    limits_kg = [axle_group_limit_kg(group, limits) for group in groups]
    if not limits_kg:
        raise ValueError("no axle groups were given")
    return sum(limits_kg)


def axle_group_limit_kg(group: AxleGroup, limits: AxleLimits = GB_1589_2016) -> int:
    """Limit of one axle group in kg; errors as in :func:`axle_limits_sum_kg`."""
    if group.axles == 1:
        return _single_kg(group, limits)
    if group.axles == 2:
        return _tandem_kg(group, limits)
    if group.axles == 3:
        wide = group.spacing_mm is not None and group.spacing_mm > limits.triple_wide_mm
        return limits.triple_wide_kg if wide else limits.triple_close_kg
    raise ValueError(f"GB 1589-2016 has no limit for a group of {group.axles} axles")


def _single_kg(group: AxleGroup, limits: AxleLimits) -> int:
    if group.single_tyred_axles != 0:
        return limits.single_kg
    return limits.single_drive_kg if group.drive else limits.single_dual_kg


def _tandem_kg(group: AxleGroup, limits: AxleLimits) -> int:
    spacing_mm = group.spacing_mm
    if spacing_mm is None or spacing_mm < limits.tandem_middle_mm:
        return limits.tandem_close_kg
    if spacing_mm < limits.tandem_wide_mm:
        return limits.tandem_middle_kg
    if spacing_mm >= limits.tandem_end_mm:
        raise ValueError(
            f"axles {spacing_mm} mm apart are two single axles, not a tandem group "
            f"(it ends at {limits.tandem_end_mm} mm)"
        )
    air_sprung_drive = group.drive and group.air_suspension and group.single_tyred_axles == 0
    return limits.tandem_air_kg if air_sprung_drive else limits.tandem_wide_kg
