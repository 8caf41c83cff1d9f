"""From what an axle identifier measures to layout, combination and tyres.

An axle identifier sees axles, the distances between them and, some of them, whether a wheel is
single or dual. It does not see a fifth wheel or a drawbar. The thresholds below are our own
reading of how trucks are built: settings, not truths.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hengyuan.law.vehicles import Combination, Layout

TANDEM_MAX_MM = 1_800
"""From this distance on two axles are no longer one group (GB 1589: d < 1800 mm)."""


@dataclass(frozen=True, slots=True)
class LayoutSettings:
    """Distances, in mm, by which :func:`combination_from_layout` reads a combination.

    ``cluster_max_mm``: axles no further apart than this belong to one end of one vehicle: twin
    steering axles (about 1.8 to 2.2 m), tandem and spread bogies.
    ``tractor_wheelbase_max_mm``: a semi-trailer tractor's first drive axle is no further than
    this behind its (last) steering axle; the wheelbase of a load-carrying truck is longer.
    """

    cluster_max_mm: int = 2_500
    tractor_wheelbase_max_mm: int = 4_200

    def __post_init__(self) -> None:
        if not 0 < self.cluster_max_mm < self.tractor_wheelbase_max_mm:
            raise ValueError("cluster_max_mm must be above 0 and below tractor_wheelbase_max_mm")


DEFAULT_LAYOUT_SETTINGS = LayoutSettings()


@dataclass(frozen=True, slots=True)
class AxleGroup:
    """One axle group. ``None`` means: not known.

    ``single_tyred_axles``: how many of its axles have one tyre on each side.
    ``spacing_mm``: smallest distance between neighbouring axles of the group.
    ``drive``: it contains a drive axle. ``air_suspension``: it is air-sprung.
    """

    axles: int
    single_tyred_axles: int | None = None
    spacing_mm: int | None = None
    drive: bool | None = None
    air_suspension: bool | None = None

    def __post_init__(self) -> None:
        if self.axles < 1:
            raise ValueError(f"an axle group has at least one axle, got {self.axles}")
        if self.single_tyred_axles is not None and not 0 <= self.single_tyred_axles <= self.axles:
            raise ValueError(
                f"single_tyred_axles must be 0 to {self.axles}, got {self.single_tyred_axles}"
            )


def groups_from_spacings(spacings_mm: Sequence[int], tandem_max_mm: int = TANDEM_MAX_MM) -> Layout:
    """Layout from the distances between neighbouring axles, front to back.

    ``[3500, 1350]`` is three axles, layout ``(1, 2)``. Raises ValueError when a distance is not
    above 0, or when there is none (a single axle is no vehicle).
    """
    _check_spacings(spacings_mm)
    return _grouped(spacings_mm, tandem_max_mm - 1)


def combination_from_layout(
    layout: Layout,
    spacings_mm: Sequence[int] | None = None,
    settings: LayoutSettings = DEFAULT_LAYOUT_SETTINGS,
) -> Combination | None:
    """The combination that a layout speaks for, or None where it could be several.

    Without distances only these are clear: two axles are a rigid truck (the table has no other);
    so is a group at the very rear that leaves room for nothing between it and the steering
    axle(s): 1+2, 2+1, 2+2, 1+3; and a tri-axle group behind two others, from five axles on, is a
    semi-trailer's. 1+1+1 (tractor and one-axle semi-trailer, truck and trailer, or twin-steered
    truck), 1+1+2 (8×4 tipper or 4-axle semi-trailer train: 31 or 36 t!), 1+2+1, 1+2+2 and all
    longer ones stay ambiguous.

    With distances, axles close together are merged to clusters first. Two clusters are a rigid
    truck, up to the four axles that the table knows. Three are truck or tractor with a trailer:
    a semi-trailer train when the wheelbase is a tractor's, otherwise unclear (centre-axle
    trailer, or a long-nosed tractor). Four and more (full trailers, spread axles, doubles) stay
    ambiguous.

    Raises ValueError when the number of distances does not fit the layout.
    """
    if spacings_mm is not None:
        if len(spacings_mm) + 1 != sum(layout):
            raise ValueError(
                f"{sum(layout)} axles have {sum(layout) - 1} distances between them, "
                f"got {len(spacings_mm)}"
            )
        _check_spacings(spacings_mm)
        return _combination_by_distance(spacings_mm, settings)
    axles = sum(layout)
    if axles == 2 or (axles <= 4 and len(layout) == 2 and layout[0] <= 2 and layout != (1, 1)):
        return Combination.RIGID
    if axles >= 5 and len(layout) == 3 and layout[-1] == 3:
        return Combination.ARTICULATED
    return None


def _combination_by_distance(
    spacings_mm: Sequence[int], settings: LayoutSettings
) -> Combination | None:
    clusters = _grouped(spacings_mm, settings.cluster_max_mm)
    axles = sum(clusters)
    if axles == 2:
        return Combination.RIGID
    if len(clusters) == 2 and axles <= 4 and clusters[0] <= 2:
        return Combination.RIGID
    if len(clusters) == 3 and clusters[0] <= 2:
        wheelbase_mm = spacings_mm[clusters[0] - 1]
        if wheelbase_mm <= settings.tractor_wheelbase_max_mm:
            return Combination.ARTICULATED
    return None


def _grouped(spacings_mm: Sequence[int], largest_mm: int) -> Layout:
    groups = [1]
    for spacing_mm in spacings_mm:
        if spacing_mm <= largest_mm:
            groups[-1] += 1
        else:
            groups.append(1)
    return tuple(groups)


def _check_spacings(spacings_mm: Sequence[int]) -> None:
    if not spacings_mm:
        raise ValueError("at least one distance between axles is needed")
    for spacing_mm in spacings_mm:
        if spacing_mm <= 0:
            raise ValueError(f"distances between axles must be above 0 mm, got {spacing_mm}")


_AXLE_CODES: dict[str, AxleGroup] = {
    "1": AxleGroup(1, single_tyred_axles=1),
    "2": AxleGroup(1, single_tyred_axles=0),
    "3": AxleGroup(2, single_tyred_axles=2),
    "4": AxleGroup(2, single_tyred_axles=1),
    "5": AxleGroup(2, single_tyred_axles=0),
    "6": AxleGroup(3, single_tyred_axles=3),
    "7": AxleGroup(3, single_tyred_axles=0),
    # 三联轴双单胎: mixed; one single-tyred axle is what its name makes certain.
    "8": AxleGroup(3, single_tyred_axles=1),
    "9": AxleGroup(3, single_tyred_axles=0),
}


def groups_from_axle_code(code: str) -> tuple[AxleGroup, ...]:
    """Axle groups of the field's digit code, one digit a group: 1 单轴单胎, 2 单轴双胎, 3/4/5
    双联轴单胎/单双胎/双胎, 6/7/8/9 三联轴单胎/双胎/双单胎/双双胎.

    One six-axle train reads "157" on one device and "159" on another; both are 1+2+3.
    Raises ValueError for other signs ("0" is the devices' own word for "not recognised").
    """
    groups = [_AXLE_CODES.get(digit) for digit in code]
    if not code or None in groups:
        raise ValueError(
            f"axle code {code[:20]!r} is not made of the digits 1 to 9, one for each axle group"
        )
    return tuple(group for group in groups if group is not None)


def layout_from_axle_code(code: str) -> Layout:
    """Layout of a digit code: both "157" and "159" are ``(1, 2, 3)``."""
    return tuple(group.axles for group in groups_from_axle_code(code))


def missing_tyres(
    groups: Iterable[AxleGroup], combination: Combination, truck_groups: int = 2
) -> int:
    """Tyres fewer than dual on the axles that note 2 of the table names.

    ``truck_groups``: how many groups belong to the truck or tractor, steering group included.
    Counted are the single-tyred axles of the trailer and, in a mixed group of the truck (a dual
    drive axle with a single-tyred tag axle), the tag axle. Steering axles never count, nor do
    unknown tyres: a deduction needs a fact.
    """
    axles = 0
    for position, group in enumerate(groups):
        single = group.single_tyred_axles or 0
        on_trailer = combination is not Combination.RIGID and position >= truck_groups
        mixed = group.axles > 1 and 0 < single < group.axles
        if on_trailer or (position > 0 and mixed):
            axles += single
    return 2 * axles
