"""Regions and what lies in what. A region is its code; a scope is a prefix of it.

Province, city and county codes have six digits (GB/T 2260), townships nine (the statistics
office's). The list behind the codes is complete downwards where the system is at home: the
mainland's provinces, Shanxi's cities, Linfen's counties and townships. Elsewhere a code is
checked for its shape and its province only, so that a truck or a company from anywhere can be
recorded.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hengyuan.law.divisions import LINFEN_COUNTIES, LOCAL_COUNTIES, PROVINCES, SHANXI_CITIES
from hengyuan.law.townships import LINFEN_TOWNSHIPS


class InvalidRegion(ValueError):
    """A text that is no region code, or one that its listed superior region does not have."""


class RegionLevel(StrEnum):
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"


@dataclass(frozen=True, slots=True)
class Region:
    """A listed region. ``local``: its code is a local suffix, not one of GB/T 2260."""

    code: str
    name: str
    level: RegionLevel
    parent: str | None
    local: bool = False


def _listed() -> dict[str, Region]:
    regions = [
        Region(code, name, RegionLevel.PROVINCE, None) for code, (name, _) in PROVINCES.items()
    ]
    regions += [
        Region(code, name, RegionLevel.CITY, "140000") for code, name in SHANXI_CITIES.items()
    ]
    regions += [
        Region(code, name, RegionLevel.COUNTY, "141000") for code, name in LINFEN_COUNTIES.items()
    ]
    regions += [
        Region(code, name, RegionLevel.COUNTY, "141000", local=True)
        for code, name in LOCAL_COUNTIES.items()
    ]
    regions += [
        Region(county + suffix, name, RegionLevel.TOWNSHIP, county)
        for county, townships in LINFEN_TOWNSHIPS.items()
        for suffix, name in townships.items()
    ]
    return {region.code: region for region in regions}


REGIONS: dict[str, Region] = _listed()
"""Every listed region by code, superiors first."""

_COMPLETE_BELOW = {region.parent for region in REGIONS.values()}


def level(code: str) -> RegionLevel:
    """The level that the shape of ``code`` says; raises InvalidRegion for another shape."""
    if not (code.isascii() and code.isdigit() and len(code) in (6, 9)):
        raise InvalidRegion(
            f"region code {code[:20]!r} is not 6 digits (province, city, county) "
            "or 9 digits (township)"
        )
    if len(code) == 9:
        if code[2:4] == "00" or code[4:6] == "00" or code[6:] == "000":
            raise InvalidRegion(f"township code {code} names no county or no township")
        return RegionLevel.TOWNSHIP
    if code[2:] == "0000":
        return RegionLevel.PROVINCE
    if code[4:] == "00":
        return RegionLevel.CITY
    if code[2:4] == "00":
        raise InvalidRegion(f"county code {code} names no city")
    return RegionLevel.COUNTY


def parent_code(code: str) -> str | None:
    """The code of the superior region; None for a province. Raises InvalidRegion."""
    match level(code):
        case RegionLevel.PROVINCE:
            return None
        case RegionLevel.CITY:
            return code[:2] + "0000"
        case RegionLevel.COUNTY:
            return code[:4] + "00"
        case RegionLevel.TOWNSHIP:
            return code[:6]


def check_region(code: str) -> None:
    """Raise InvalidRegion, saying why, unless ``code`` is a region as far as the lists go."""
    superior = parent_code(code)
    if superior is None:
        if code not in REGIONS:
            raise InvalidRegion(f"there is no province with the code {code}")
        return
    check_region(superior)
    if superior in _COMPLETE_BELOW and code not in REGIONS:
        raise InvalidRegion(f"{REGIONS[superior].name} ({superior}) has no region {code}")


def is_valid_region(code: str) -> bool:
    """Whether :func:`check_region` finds nothing wrong."""
    try:
        check_region(code)
    except InvalidRegion:
        return False
    return True


def region(code: str) -> Region:
    """The listed region with this code; raises InvalidRegion for one that is not listed."""
    try:
        return REGIONS[code]
    except KeyError:
        raise InvalidRegion(f"region {code[:20]!r} is not listed") from None


def children(code: str) -> tuple[Region, ...]:
    """The listed regions right below ``code``, by code; empty where none are listed."""
    below = [each for each in REGIONS.values() if each.parent == code]
    return tuple(sorted(below, key=lambda each: each.code))


def scope_prefix(code: str) -> str:
    """What all codes inside a region begin with: 140000 → "14", 141000 → "1410", a county or
    township its whole code. Raises InvalidRegion for what is no region code."""
    match level(code):
        case RegionLevel.PROVINCE:
            return code[:2]
        case RegionLevel.CITY:
            return code[:4]
        case _:
            return code


def contains(outer: str, inner: str) -> bool:
    """Whether ``inner`` is ``outer`` or lies in it. Raises InvalidRegion."""
    level(inner)
    return inner.startswith(scope_prefix(outer))
