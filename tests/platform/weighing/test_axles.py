"""The drawing of the axles."""

import pytest

from hengyuan.platform.weighing.axles import draw_axles


def test_the_groups_of_a_layout_stand_closer_than_the_groups_apart() -> None:
    drawing = draw_axles("1+2+3", 6)
    assert drawing is not None
    x = [axle.x for axle in drawing.axles]
    assert len(x) == 6
    assert x == sorted(x)
    assert x[2] - x[1] < x[1] - x[0]
    assert [(group.x1, group.x2) for group in drawing.groups] == [
        (x[0], x[0]),
        (x[1], x[2]),
        (x[3], x[5]),
    ]
    assert drawing.width > x[-1]


def test_measured_distances_are_drawn_to_scale() -> None:
    drawing = draw_axles("1+1+2", 4, spacing_mm=(3_500, 7_000, 1_350))
    assert drawing is not None
    x = [axle.x for axle in drawing.axles]
    assert x[2] - x[1] == 2 * (x[1] - x[0])
    assert x[3] - x[2] < x[1] - x[0]


def test_a_group_weighs_what_was_weighed_else_the_sum_of_its_axles() -> None:
    weighed = draw_axles("1+2", 3, group_kg=(6_000, 15_000))
    summed = draw_axles("1+2", 3, axle_kg=(6_000, 7_000, 8_100))
    partly = draw_axles("1+2", 3, axle_kg=(6_000, 7_000))
    assert weighed is not None and summed is not None and partly is not None
    assert [group.mass_kg for group in weighed.groups] == [6_000, 15_000]
    assert [group.mass_kg for group in summed.groups] == [None, 15_100]
    assert [axle.label for axle in summed.axles] == ["6,000", "7,000", "8,100"]
    assert [group.mass_kg for group in partly.groups] == [None, None]


@pytest.mark.parametrize(
    ("layout", "axles", "axle_kg", "count"),
    [(None, 4, (), 4), (None, None, (1, 2, 3), 3), ("nonsense", 2, (), 2), (None, None, (), None)],
)
def test_without_a_layout_the_axles_stand_apart(
    layout: str | None, axles: int | None, axle_kg: tuple[int, ...], count: int | None
) -> None:
    drawing = draw_axles(layout, axles, axle_kg)
    assert (None if drawing is None else len(drawing.axles)) == count
