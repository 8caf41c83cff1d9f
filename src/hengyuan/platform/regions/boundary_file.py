"""Reading a boundary file: a GeoJSON that an authority has approved, checked as a whole.

Nothing is mended silently. What is wrong is said with the feature, the ring and the remedy, and
as long as anything is wrong the file is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

MAX_BYTES = 20_000_000
MAX_POSITIONS = 500_000
MAX_PROBLEMS = 20

Point = tuple[int, int]
"""Longitude and latitude in units of 1e-7 degree: whole numbers, so that borders meet exactly."""
Ring = tuple[Point, ...]
"""A closed line; its first point is not repeated at the end."""

UNITS_PER_DEGREE = 10_000_000
# Longitude and latitude of China, with a margin: metres, feet and swapped axes fall outside.
_LONGITUDES = (73.0, 136.0)
_LATITUDES = (3.0, 54.0)
# What a file may call itself: without a name it is longitude and latitude by RFC 7946.
_CRS_NAMES = ("CRS84", "EPSG:4326", "EPSG::4326", "EPSG:4490", "EPSG::4490", "CGCS2000")
# Names under which the division's code stands in files of the usual makers.
CODE_PROPERTIES = ("adcode", "code", "gb", "PAC", "XZQDM", "xzqdm")


class BoundaryFileWrong(ValueError):
    """The file is refused; `problems` says why, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class BoundaryFile:
    """Rings of each county by its code; outer rings and holes alike, drawn by the even-odd rule."""

    rings: dict[str, tuple[Ring, ...]]

    @property
    def positions(self) -> int:
        """How many points the file has."""
        return sum(len(ring) for rings in self.rings.values() for ring in rings)


def read(
    content: bytes, known_codes: Collection[str], code_property: str | None = None
) -> BoundaryFile:
    """Check a GeoJSON FeatureCollection of counties.

    `known_codes` are the six-digit codes of the counties there are; `code_property` names the
    property that has them, otherwise the usual names are looked for. BoundaryFileWrong lists what
    is wrong.
    """
    if len(content) > MAX_BYTES:
        size = {"found": len(content) // 1_000_000, "most": MAX_BYTES // 1_000_000}
        raise BoundaryFileWrong(
            [
                _("The file has %(found)s MB, more than %(most)s MB: simplify it first.") % size,
            ]
        )
    features = _features(_decoded(content))
    problems: list[str] = []
    rings: dict[str, tuple[Ring, ...]] = {}
    positions = 0
    for number, feature in enumerate(features, start=1):
        try:
            code = _code(feature, known_codes, code_property)
            if code in rings:
                raise _Fault(_("the code %s comes twice; join its parts in one feature") % code)
            rings[code] = tuple(_rings(feature.get("geometry")))
        except _Fault as fault:
            problems.append(_("Feature %(number)s: %(fault)s") % {"number": number, "fault": fault})
            if len(problems) == MAX_PROBLEMS:
                problems.append(_("… and perhaps more: only the first are listed."))
                break
            continue
        positions += sum(len(ring) for ring in rings[code])
        if positions > MAX_POSITIONS:
            too_many = _("The file has more than %s points: simplify it first.") % MAX_POSITIONS
            raise BoundaryFileWrong([*problems, too_many])
    if not problems and len({code[:4] for code in rings}) > 1:
        problems.append(_("The file has counties of several cities: import one city at a time."))
    if problems:
        raise BoundaryFileWrong(problems)
    return BoundaryFile(rings)


class _Fault(Exception):
    """One thing that is wrong in one feature."""


def _decoded(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise BoundaryFileWrong([_("The file is no JSON in UTF-8: %s") % error]) from None


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _features(document: Any) -> list[Any]:
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        raise BoundaryFileWrong([_("The file is no GeoJSON FeatureCollection (RFC 7946).")])
    named = _crs_name(document.get("crs"))
    if named and not named.endswith(_CRS_NAMES):
        raise BoundaryFileWrong(
            [
                _(
                    "The coordinates are in %s. Convert them to longitude and latitude "
                    "(CGCS2000, EPSG:4490)."
                )
                % named
            ]
        )
    features = document.get("features")
    if not isinstance(features, list) or not features:
        raise BoundaryFileWrong([_("The file has no features.")])
    return features


def _crs_name(crs: Any) -> str:
    if not isinstance(crs, dict):
        return ""
    properties = crs.get("properties")
    name = properties.get("name") if isinstance(properties, dict) else None
    return str(name or _("a reference system without a name"))[:100]


def _code(feature: Any, known_codes: Collection[str], code_property: str | None) -> str:
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        raise _Fault(_("no GeoJSON feature"))
    properties = feature.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    names = (code_property,) if code_property else CODE_PROPERTIES
    for name in names:
        if properties.get(name) not in (None, ""):
            code = _six_digits(properties[name])
            if code not in known_codes:
                wrong = {"property": name, "code": str(properties[name])[:30]}
                raise _Fault(
                    _("%(property)s = %(code)s is no county of the list of divisions") % wrong
                )
            return code
    raise _Fault(_("without a code: none of the properties %s") % "、".join(names))


def _six_digits(value: Any) -> str:
    """A code as it is written: as a number, with the 156 of China before it, zeros behind it."""
    text = str(value) if isinstance(value, str | int) else ""
    if len(text) == 9 and text.startswith("156"):
        return text[3:]
    return text[:6] if len(text) in (9, 12) and not text[6:].strip("0") else text


def _rings(geometry: Any) -> Iterator[Ring]:
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    coordinates = geometry.get("coordinates") if isinstance(geometry, dict) else None
    if kind == "Polygon":
        polygons = [coordinates]
    elif kind == "MultiPolygon" and isinstance(coordinates, list):
        polygons = coordinates
    else:
        raise _Fault(_("its geometry is no Polygon or MultiPolygon"))
    number = 0
    for polygon in polygons:
        if not isinstance(polygon, list) or not polygon:
            raise _Fault(_("a polygon without rings"))
        for line in polygon:
            number += 1
            try:
                yield _ring(line)
            except _Fault as fault:
                ring = {"ring": number, "fault": fault}
                raise _Fault(_("ring %(ring)s %(fault)s") % ring) from None
    if not number:
        raise _Fault(_("a polygon without rings"))


def _ring(line: Any) -> Ring:
    if not isinstance(line, list) or len(line) < 4:
        raise _Fault(_("has fewer than four positions"))
    points = [_point(position) for position in line]
    if points[0] != points[-1]:
        raise _Fault(_("is not closed: its last position must repeat the first"))
    ring: list[Point] = []
    for point in points[:-1]:
        if not ring or point != ring[-1]:
            ring.append(point)
    if ring[0] == ring[-1]:
        ring.pop()
    if len(set(ring)) < 3 or doubled_area(ring) == 0:
        raise _Fault(_("encloses no area"))
    return tuple(ring)


def doubled_area(ring: Collection[Point]) -> int:
    """Twice the signed area of a ring, in squared units."""
    points = list(ring)
    return sum(
        x0 * y1 - x1 * y0
        for (x0, y0), (x1, y1) in zip(points, [*points[1:], points[0]], strict=True)
    )


def _point(position: Any) -> Point:
    if (
        not isinstance(position, list)
        or len(position) < 2
        or not all(isinstance(n, int | float) and not isinstance(n, bool) for n in position[:2])
        or not all(math.isfinite(n) for n in position[:2])
    ):
        raise _Fault(_("has a position that is no pair of numbers"))
    longitude, latitude = position[:2]
    if _within(longitude, _LONGITUDES) and _within(latitude, _LATITUDES):
        return round(longitude * UNITS_PER_DEGREE), round(latitude * UNITS_PER_DEGREE)
    where = {"x": f"{longitude:.6g}", "y": f"{latitude:.6g}"}
    if _within(latitude, _LONGITUDES) and _within(longitude, _LATITUDES):
        raise _Fault(_("has latitude before longitude (%(x)s, %(y)s): swap them") % where)
    raise _Fault(
        _(
            "lies outside of China (%(x)s, %(y)s): longitude and latitude in degrees are needed, "
            "not metres"
        )
        % where
    )


def _within(value: float, bounds: tuple[float, float]) -> bool:
    return bounds[0] <= value <= bounds[1]
