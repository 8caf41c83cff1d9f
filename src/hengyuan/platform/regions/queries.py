"""Reads about regions: what a map of a city's counties is drawn from."""

from __future__ import annotations

from hengyuan.platform.regions.models import BoundaryMap, Region


def counties_of(city: str) -> list[Region]:
    """The counties of a city in the order of their codes."""
    return list(Region.objects.counties().filter(parent_id=city).order_by("code"))


def boundary_map(city: str) -> BoundaryMap | None:
    """The boundaries that an office has brought for this city; None: the cartogram is all."""
    return BoundaryMap.objects.filter(region_id=city).first()


def boundary_maps() -> list[BoundaryMap]:
    """Every map there is."""
    return list(BoundaryMap.objects.select_related("region"))
