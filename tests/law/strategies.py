"""Vehicles for the properties, and the days on which they are judged."""

import datetime
from dataclasses import replace
from itertools import product

from hypothesis import strategies as st

from hengyuan.law.vehicles import Combination, Vehicle

ON = datetime.date(2024, 9, 15)

TABLE_AXLES = {
    Combination.RIGID: range(2, 5),
    Combination.ARTICULATED: range(3, 10),
    Combination.CENTRE_AXLE: range(3, 10),
    Combination.FULL_TRAILER: range(4, 10),
}


def layouts_of(axles: int) -> list[tuple[int, ...]]:
    """Every way to split the axles into groups."""
    layouts = []
    for cuts in product((False, True), repeat=axles - 1):
        groups = [1]
        for cut in cuts:
            if cut:
                groups.append(1)
            else:
                groups[-1] += 1
        layouts.append(tuple(groups))
    return layouts


@st.composite
def vehicles(draw: st.DrawFn) -> Vehicle:
    """A vehicle of the table with any of its facts known or unknown."""
    combination = draw(st.sampled_from(Combination))
    axles = draw(st.sampled_from(list(TABLE_AXLES[combination])))
    trailer = combination is not Combination.RIGID
    width = st.none() | st.integers(200, 600)
    vehicle = Vehicle(
        axles=axles,
        combination=combination,
        layout=draw(st.none() | st.sampled_from(layouts_of(axles))),
        drive_axles=draw(st.none() | st.integers(1, axles)),
        dual_tyres=draw(st.none() | st.booleans()),
        air_suspension=draw(st.none() | st.booleans()),
        trailer_axle_spacing_mm=draw(st.none() | st.integers(900, 3000)) if trailer else None,
        licensed_total_kg=draw(st.none() | st.integers(3_000, 60_000)),
        missing_tyres=2 * draw(st.integers(0, axles - 2)),
        trailer_tyre_width_mm=draw(width) if trailer else None,
        drive_tyre_width_mm=draw(width),
    )
    if draw(st.booleans()):
        return replace(vehicle, combination=None)
    return vehicle


masses_kg = st.integers(0, 250_000)
