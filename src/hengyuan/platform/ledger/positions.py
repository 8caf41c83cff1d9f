"""Where units lie: is a position plausible for its county, how far are two apart."""

from __future__ import annotations

import math
from decimal import Decimal

EARTH_RADIUS_M = 6_371_000

# West, south, east, north in degrees. Rounded outwards to a twentieth of a degree: enough to
# notice swapped or mistyped figures, not to say to which county a place belongs.
EXTENTS: dict[str, tuple[float, float, float, float]] = {
    "141002": (111.05, 35.90, 111.85, 36.35),
    "141021": (111.35, 35.55, 111.65, 35.90),
    "141022": (111.55, 35.35, 112.10, 35.90),
    "141023": (111.10, 35.65, 111.70, 36.10),
    "141024": (111.35, 36.05, 111.90, 36.55),
    "141025": (111.80, 36.00, 112.20, 36.60),
    "141026": (112.00, 35.85, 112.60, 36.55),
    "141027": (111.65, 35.80, 112.25, 36.15),
    "141028": (110.40, 35.85, 111.15, 36.40),
    "141029": (110.50, 35.65, 111.30, 36.20),
    "141030": (110.45, 36.25, 111.05, 36.65),
    "141031": (110.75, 36.45, 111.30, 36.95),
    "141032": (110.35, 36.50, 110.85, 36.95),
    "141033": (110.85, 36.15, 111.40, 36.65),
    "141034": (111.20, 36.45, 111.70, 36.85),
    "141071": (111.05, 35.90, 111.85, 36.35),
    "141081": (111.25, 35.50, 111.50, 35.75),
    "141082": (111.60, 36.40, 112.10, 36.75),
}
# for counties that are not listed: the provinces by the first two digits of the code
_PROVINCES: dict[str, tuple[float, float, float, float]] = {"14": (110.2, 34.5, 114.6, 40.8)}
_CHINA = (73.0, 3.0, 136.0, 54.0)


def extent_of(county_code: str) -> tuple[float, float, float, float]:
    """West, south, east, north within which positions of the county are plausible (degrees)."""
    return EXTENTS.get(county_code) or _PROVINCES.get(county_code[:2]) or _CHINA


def is_plausible(county_code: str, longitude: Decimal, latitude: Decimal) -> bool:
    """Whether the position can lie in the county."""
    west, south, east, north = extent_of(county_code)
    return west <= longitude <= east and south <= latitude <= north


def are_swapped(county_code: str, longitude: Decimal, latitude: Decimal) -> bool:
    """Whether the two figures fit the county once they are swapped, and only then."""
    return not is_plausible(county_code, longitude, latitude) and is_plausible(
        county_code, latitude, longitude
    )


def distance_m(
    one: tuple[Decimal | float, Decimal | float], other: tuple[Decimal | float, Decimal | float]
) -> float:
    """Metres between two positions (longitude, latitude in degrees), on the sphere."""
    (lon1, lat1), (lon2, lat2) = (
        (math.radians(float(lon)), math.radians(float(lat))) for lon, lat in (one, other)
    )
    half = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(half))


def bearing(
    one: tuple[Decimal | float, Decimal | float], other: tuple[Decimal | float, Decimal | float]
) -> int:
    """Degrees clockwise from north in which `other` is seen from `one`."""
    (lon1, lat1), (lon2, lat2) = (
        (math.radians(float(lon)), math.radians(float(lat))) for lon, lat in (one, other)
    )
    east = math.sin(lon2 - lon1) * math.cos(lat2)
    north = math.cos(lat1) * math.sin(lat2) - math.sin(lat1) * math.cos(lat2) * math.cos(
        lon2 - lon1
    )
    return round(math.degrees(math.atan2(east, north))) % 360
