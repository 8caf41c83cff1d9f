"""What kind of vehicle a measured truck is: the world's own rule, by the truck's real distances.

The measurements do not say what was driving there. The rule says it where the distances leave no
doubt, and leaves it open elsewhere; what is open, the law judges by the lower limit. It is written
apart from `hengyuan.law.layouts` on purpose: what the terminal concludes is compared with it.
"""

from itertools import pairwise

from hengyuan.law.vehicles import Combination, Vehicle

GROUP_BELOW_MM = 1_800
"""Axles closer than this are one axle group (GB 1589)."""
BOGIE_MAX_MM = 2_500
"""Axles no further apart than this stand at the same end of the same vehicle."""
TRACTOR_WHEELBASE_MAX_MM = 4_200
"""Steering to drive axle: a semi-trailer's tractor is short, a truck that carries is longer."""


def vehicle_of(spacings_mm: tuple[int, ...]) -> Vehicle:
    """The vehicle as the limit table sees it, from the distances between its axles."""
    axles = len(spacings_mm) + 1
    bogies = cut(spacings_mm, BOGIE_MAX_MM + 1)
    combination = _combination(axles, bogies, spacings_mm)
    return Vehicle(
        axles=axles,
        combination=combination,
        layout=cut(spacings_mm, GROUP_BELOW_MM),
        drive_axles=_drive_axles(bogies) if axles > 2 else 1,
    )


def cut(spacings_mm: tuple[int, ...], from_mm: int) -> tuple[int, ...]:
    """Axles per group, front first, cutting wherever a distance is at least `from_mm`."""
    cuts = [index for index, spacing in enumerate(spacings_mm, start=1) if spacing >= from_mm]
    return tuple(after - before for before, after in pairwise([0, *cuts, len(spacings_mm) + 1]))


def completed_spacings(axles: int, length_mm: int) -> tuple[int, ...]:
    """Distances for a truck whose own were not measured: a rigid truck's, or evenly spread."""
    if axles == 2:
        return (max(2_600, length_mm * 55 // 100),)
    if axles == 3:
        return (max(2_600, length_mm * 55 // 100 - 1_350), 1_350)
    return (max(2_600, length_mm * 80 // 100 // (axles - 1)),) * (axles - 1)


def _combination(
    axles: int, bogies: tuple[int, ...], spacings_mm: tuple[int, ...]
) -> Combination | None:
    front = bogies[0]
    if axles == 2:
        return Combination.RIGID
    if front > 2:
        return None
    if len(bogies) == 2 and axles <= 4:
        return Combination.RIGID
    if len(bogies) == 3 and spacings_mm[front - 1] <= TRACTOR_WHEELBASE_MAX_MM:
        return Combination.ARTICULATED
    return None


def _drive_axles(bogies: tuple[int, ...]) -> int | None:
    """A single axle behind the steering axles drives alone; whether two do, nothing measured."""
    if len(bogies) > 1 and bogies[0] <= 2 and bogies[1] == 1:
        return 1
    return None
