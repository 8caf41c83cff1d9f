"""What is drawn keeps the borders where they are, and keeps neighbours together."""

import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hengyuan.platform.regions.outlines import MARGIN, SIDE, TOLERANCE, draw
from tests.platform.regions.polygons import EAST, NORTH, WEST, neighbours
from tests.platform.regions.test_boundary_file import COUNTIES, read

UNIT = 10_000_000


def ring(*points: tuple[float, float]) -> tuple[tuple[int, int], ...]:
    """Degrees east of 111 and north of 36."""
    return tuple((round((111 + x) * UNIT), round((36 + y) * UNIT)) for x, y in points)


def points(path: str) -> list[list[tuple[float, float]]]:
    """The rings of a path as points."""
    return [
        [(float(x), float(y)) for x, y in re.findall(r"([0-9.-]+) ([0-9.-]+)", part)]
        for part in path.split("Z")
        if part
    ]


def area(line: list[tuple[float, float]]) -> float:
    pairs = zip(line, [*line[1:], line[0]], strict=True)
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in pairs)) / 2


def test_north_is_up_and_east_is_right():
    drawn = draw(read(neighbours(), COUNTIES).rings)
    assert drawn.labels[WEST][0] < drawn.labels[EAST][0]
    assert drawn.labels[NORTH][1] < drawn.labels[WEST][1]


def test_the_drawing_fills_its_box():
    drawn = draw(read(neighbours(), COUNTIES).rings)
    every = [point for path in drawn.outlines.values() for line in points(path) for point in line]
    assert max(drawn.width, drawn.height) == SIDE
    assert min(x for x, _ in every) == pytest.approx(MARGIN, abs=0.1)
    assert min(y for _, y in every) == pytest.approx(MARGIN, abs=0.1)
    assert max(x for x, _ in every) <= drawn.width
    assert max(y for _, y in every) <= drawn.height


def test_a_degree_of_longitude_is_shortened_as_at_that_latitude():
    drawn = draw({WEST: (ring((0, 0), (0.1, 0), (0.1, 0.1), (0, 0.1)),)})
    assert drawn.width / drawn.height == pytest.approx(math.cos(math.radians(36.05)), abs=0.02)


def test_a_straight_border_loses_the_points_that_say_nothing():
    side = [(n / 100, 0.0) for n in range(11)]
    drawn = draw({WEST: (ring(*side, (0.1, 0.1), (0, 0.1)),)})
    assert len(points(drawn.outlines[WEST])[0]) == 4


@settings(deadline=None)
@given(st.lists(st.integers(-12, 12), min_size=12, max_size=60))
def test_neighbours_keep_the_same_points_of_their_border(offsets):
    """A border as ragged as the tolerance, in the one ring upwards, in the other downwards."""
    # 0.00002 degrees are a tenth of a unit of the drawing; steps of equal size make ties likely
    ragged = [
        (0.1 + 0.00002 * offset, 0.1 * (n + 1) / (len(offsets) + 1))
        for n, offset in enumerate(offsets)
    ]
    west = ring((0, 0), (0.1, 0), *ragged, (0.1, 0.1), (0, 0.1))
    east = ring((0.1, 0.1), *reversed(ragged), (0.1, 0), (0.2, 0), (0.2, 0.1))
    drawn = draw({WEST: (west,), EAST: (east,)})
    own, other = (
        {point for point in points(drawn.outlines[code])[0] if abs(point[0] - 500) < 100}
        for code in (WEST, EAST)
    )
    assert own == other
    assert len(own) >= 2


def test_an_island_in_a_neighbour_fits_its_hole():
    island = [
        (0.05 + 0.02 * math.cos(n / 40 * math.tau), 0.05 + 0.02 * math.sin(n / 40 * math.tau))
        for n in range(40)
    ]
    hole = ring(*island[13:], *island[:13])
    outer = ring((0, 0), (0.1, 0), (0.1, 0.1), (0, 0.1))
    drawn = draw({WEST: (outer, tuple(reversed(hole))), EAST: (ring(*island),)})
    assert set(points(drawn.outlines[WEST])[1]) == set(points(drawn.outlines[EAST])[0])


def test_a_part_smaller_than_the_tolerance_is_not_lost():
    speck = ring((0.5, 0.5), (0.50001, 0.5), (0.50001, 0.50001))
    drawn = draw({WEST: (ring((0, 0), (0.1, 0), (0.1, 0.1)), speck)})
    assert len(points(drawn.outlines[WEST])[1]) == 3


def test_a_name_stands_inside_its_county():
    bow = ring(
        (0, 0), (0.3, 0), (0.3, 0.3), (0.2, 0.3), (0.2, 0.1), (0.1, 0.1), (0.1, 0.3), (0, 0.3)
    )
    drawn = draw({WEST: (bow,)})
    x, y = drawn.labels[WEST]
    line = points(drawn.outlines[WEST])[0]
    crossings = sum(
        (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        for (x0, y0), (x1, y1) in zip(line, [*line[1:], line[0]], strict=True)
    )
    assert crossings % 2


@settings(deadline=None)
@given(
    st.lists(st.floats(0.6, 1.0), min_size=12, max_size=120),
    st.integers(min_value=0, max_value=11),
)
def test_a_simplified_area_is_the_area_within_the_tolerance(radii, turn):
    """Any star: its outline moves by less than the tolerance, its area by less than that band."""
    shape = [
        (
            0.1 * radius * math.cos(n / len(radii) * math.tau),
            0.1 * radius * math.sin(n / len(radii) * math.tau),
        )
        for n, radius in enumerate(radii)
    ]
    plain = draw({WEST: (ring(*shape),)})
    turned = draw({WEST: (ring(*shape[turn:], *shape[:turn]),)})
    exact = _drawn_exactly(shape)
    length = sum(math.dist(a, b) for a, b in zip(exact, [*exact[1:], exact[0]], strict=True))
    for drawn in (plain, turned):
        assert area(points(drawn.outlines[WEST])[0]) == pytest.approx(
            area(exact), abs=(TOLERANCE + 0.1) * length
        )


def _drawn_exactly(shape: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The projection worked out anew, without simplification."""
    xs, ys = [x for x, _ in shape], [y for _, y in shape]
    shorten = math.cos(math.radians(36 + (min(ys) + max(ys)) / 2))
    wide, high = (max(xs) - min(xs)) * shorten, max(ys) - min(ys)
    scale = (SIDE - 2 * MARGIN) / max(wide, high)
    return [
        (MARGIN + (x - min(xs)) * shorten * scale, MARGIN + (max(ys) - y) * scale) for x, y in shape
    ]
