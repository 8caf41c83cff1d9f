"""From boundaries to what a page draws: projected, simplified, as SVG paths.

Simplified is each border once, between the points where three counties (or two and the outside)
meet, so that neighbours keep sharing their border and no slivers open between them. The tolerance
is below what the drawing can show: nothing of the approved map changes to the eye.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hengyuan.platform.regions.boundary_file import UNITS_PER_DEGREE, Point, Ring, doubled_area

SIDE = 1000
"""The longer side of a drawing, in its own units."""
MARGIN = 6
TOLERANCE = 0.4
"""How far a simplified border may lie from the given one, in units of the drawing."""
_LABEL_STEPS = 24

Position = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Paths and places for names, by county code, in a box of `width` × `height` units."""

    width: int
    height: int
    outlines: dict[str, str]
    labels: dict[str, Position]


def draw(counties: dict[str, tuple[Ring, ...]]) -> Drawing:
    """The drawing of these boundaries; at least one county."""
    paper = _Paper(point for rings in counties.values() for ring in rings for point in ring)
    corners = _corners(counties.values())
    outlines, labels = {}, {}
    for code, rings in counties.items():
        drawn = [_simplified(ring, corners, paper) for ring in rings]
        outlines[code] = "".join(_path(ring) for ring in drawn)
        labels[code] = _label_place(drawn)
    return Drawing(paper.width, paper.height, outlines, labels)


class _Paper:
    """Puts points on the drawing: a degree of longitude is shortened as at the middle latitude."""

    def __init__(self, points: Iterable[Point]) -> None:
        all_points = list(points)
        xs = [x for x, _ in all_points]
        ys = [y for _, y in all_points]
        self._left, self._top = min(xs), max(ys)
        middle = math.radians((min(ys) + max(ys)) / 2 / UNITS_PER_DEGREE)
        self._shorten = math.cos(middle)
        wide, high = (max(xs) - self._left) * self._shorten, self._top - min(ys)
        self._scale = (SIDE - 2 * MARGIN) / max(wide, high)
        self.width = math.ceil(wide * self._scale + 2 * MARGIN)
        self.height = math.ceil(high * self._scale + 2 * MARGIN)

    def place(self, point: Point) -> Position:
        x, y = point
        return (
            MARGIN + (x - self._left) * self._shorten * self._scale,
            MARGIN + (self._top - y) * self._scale,
        )


def _corners(counties: Iterable[tuple[Ring, ...]]) -> set[Point]:
    """The points where borders part: not every ring through them goes on to the same two others."""
    neighbours: dict[Point, set[frozenset[Point]]] = defaultdict(set)
    for rings in counties:
        for ring in rings:
            for index, point in enumerate(ring):
                around = frozenset((ring[index - 1], ring[(index + 1) % len(ring)]))
                neighbours[point].add(around)
    return {point for point, ways in neighbours.items() if len(ways) > 1}


def _simplified(ring: Ring, corners: set[Point], paper: _Paper) -> list[Position]:
    drawn: list[Position] = []
    for border in _borders(ring, corners):
        # the same way round for both neighbours, so that both keep the same points
        forward = border[0] <= border[-1]
        line = [paper.place(point) for point in (border if forward else border[::-1])]
        kept = _thinned(line)
        drawn += (kept if forward else kept[::-1])[:-1]
    if len(drawn) < 3:
        # smaller than the tolerance: an approved map loses no part of itself
        return [paper.place(point) for point in ring]
    return drawn


def _borders(ring: Ring, corners: set[Point]) -> Iterator[list[Point]]:
    """The ring cut at its corners; where it has none, at two points that neighbours find too."""
    cuts = [index for index, point in enumerate(ring) if point in corners]
    if len(cuts) < 2:
        cuts = sorted({*cuts, ring.index(min(ring)), ring.index(max(ring))})
    turned = [*ring[cuts[0] :], *ring[: cuts[0]], ring[cuts[0]]]
    ends = [cut - cuts[0] for cut in cuts[1:]] + [len(ring)]
    begin = 0
    for end in ends:
        yield turned[begin : end + 1]
        begin = end


def _thinned(line: list[Position]) -> list[Position]:
    """Douglas and Peucker's simplification; both ends stay."""
    keep = {0, len(line) - 1}
    open_parts = [(0, len(line) - 1)]
    while open_parts:
        first, last = open_parts.pop()
        distance, furthest = max(
            ((_distance(line[n], line[first], line[last]), n) for n in range(first + 1, last)),
            default=(0.0, first),
        )
        if distance > TOLERANCE:
            keep.add(furthest)
            open_parts += [(first, furthest), (furthest, last)]
    return [line[index] for index in sorted(keep)]


def _distance(point: Position, begin: Position, end: Position) -> float:
    """From a point to a segment."""
    (x, y), (x0, y0), (x1, y1) = point, begin, end
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    along = 0.0 if not length else max(0.0, min(1.0, ((x - x0) * dx + (y - y0) * dy) / length))
    return math.hypot(x - x0 - along * dx, y - y0 - along * dy)


def _path(ring: list[Position]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in ring) + "Z"


def _label_place(rings: list[list[Position]]) -> Position:
    """The point of the largest part that is furthest from every border."""
    largest = max(rings, key=lambda ring: abs(_area(ring)))
    xs, ys = [x for x, _ in largest], [y for _, y in largest]
    best = (0.0, (sum(xs) / len(xs), sum(ys) / len(ys)))
    for row in range(1, _LABEL_STEPS):
        for column in range(1, _LABEL_STEPS):
            place = (
                min(xs) + (max(xs) - min(xs)) * column / _LABEL_STEPS,
                min(ys) + (max(ys) - min(ys)) * row / _LABEL_STEPS,
            )
            if _is_inside(place, rings):
                room = min(_distance(place, *edge) for ring in rings for edge in _edges(ring))
                best = max(best, (room, place))
    x, y = best[1]
    return round(x, 1), round(y, 1)


def _area(ring: list[Position]) -> float:
    return doubled_area([(round(x * 10), round(y * 10)) for x, y in ring]) / 200


def _edges(ring: list[Position]) -> Iterator[tuple[Position, Position]]:
    return zip(ring, [*ring[1:], ring[0]], strict=True)


def _is_inside(place: Position, rings: list[list[Position]]) -> bool:
    """By the even-odd rule over all rings."""
    x, y = place
    inside = False
    for ring in rings:
        for (x0, y0), (x1, y1) in _edges(ring):
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                inside = not inside
    return inside
