"""A figure for each county of a city: a tile cartogram, or the approved map where there is one.

A page builds a CountyMap and hands it to `{% county_map %}`. The cartogram is drawn from the tiles
of the regions and shows no borders, so it needs no approval; the map is what an office has brought
with `hengyuan platform map import`, and its approval number stands under it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from hengyuan.law.divisions import SHANXI_CITIES
from hengyuan.platform.regions import queries
from hengyuan.platform.regions.models import BoundaryMap, Region

TILE_WIDTH, TILE_HEIGHT, GAP = 104, 68, 5
_COLUMNS_WITHOUT_TILES = 5
STEPS = 5
"""Colours of the scale, beside the one for nothing."""
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class CountyFigure:
    """What is known of a county. `value` None: no data; `url` leads to the records behind it."""

    value: float | None
    url: str = ""
    note: str = ""
    """A second figure in words, read out and shown on pointing: "3.2 % over the limit"."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A county as it is drawn; x and y are the middle of its text."""

    code: str
    name: str
    short_name: str
    css: str
    shown: str
    spoken: str
    url: str
    x: float
    y: float
    path: str = ""

    @property
    def left(self) -> float:
        return self.x - TILE_WIDTH / 2

    @property
    def top(self) -> float:
        return self.y - TILE_HEIGHT / 2


@dataclass(frozen=True, slots=True)
class LegendEntry:
    css: str
    label: str


@dataclass(frozen=True)
class Sheet:
    """One drawing: its cells and its size."""

    cells: tuple[Cell, ...]
    width: int
    height: int


@dataclass(frozen=True)
class CountyMap:
    """Figures by county code over the counties of a city.

    Counties that `figures` does not name lie outside of what the person may see: they are drawn
    without figure and link. `over` turns the scale red and is for measures of overload alone.
    """

    title: str | Promise
    figures: Mapping[str, CountyFigure]
    counties: tuple[Region, ...]
    boundaries: BoundaryMap | None = None
    unit: str | Promise = ""
    over: bool = False
    decimals: int = 0
    slug: str = "county-map"
    """Tells several of them on one page apart."""

    @cached_property
    def step(self) -> float:
        """Width of a class of the scale, a round number."""
        values = [f.value for f in self.figures.values() if f.value is not None]
        most = max(values, default=0)
        smallest = 10.0**-self.decimals
        if most <= 0:
            return smallest
        raw = max(most / STEPS, smallest)
        magnitude = 10.0 ** math.floor(math.log10(raw))
        for nice in _NICE:
            step = round(nice * magnitude, 6)
            # a step that the shown decimals cannot tell is none
            if step >= raw - 1e-9 and math.isclose(step / smallest, round(step / smallest)):
                return step
        return magnitude * 10

    @cached_property
    def tiles(self) -> Sheet:
        """The cartogram."""
        places = _tile_places(self.counties)
        cells = tuple(
            self._cell(
                county,
                (places[county.code][0] + 0.5) * (TILE_WIDTH + GAP),
                (places[county.code][1] + 0.5) * (TILE_HEIGHT + GAP),
            )
            for county in self.counties
        )
        columns = 1 + max((column for column, _ in places.values()), default=0)
        rows = 1 + max((row for _, row in places.values()), default=0)
        return Sheet(cells, columns * (TILE_WIDTH + GAP), rows * (TILE_HEIGHT + GAP))

    @cached_property
    def outline(self) -> Sheet | None:
        """The approved map; counties that its file lacks stand as tiles below it."""
        drawn = self.boundaries
        if drawn is None:
            return None
        missing = [county for county in self.counties if county.code not in drawn.outlines]
        cells = [
            self._cell(county, x, y, drawn.outlines[county.code])
            for county in self.counties
            if county.code in drawn.outlines
            for x, y in [drawn.labels[county.code]]
        ]
        per_row = max(1, drawn.width // (TILE_WIDTH + GAP))
        for number, county in enumerate(missing):
            row, column = divmod(number, per_row)
            x = (column + 0.5) * (TILE_WIDTH + GAP)
            y = drawn.height + GAP + (row + 0.5) * (TILE_HEIGHT + GAP)
            cells.append(self._cell(county, x, y))
        rows = math.ceil(len(missing) / per_row)
        height = drawn.height + (GAP + rows * (TILE_HEIGHT + GAP) if rows else 0)
        return Sheet(tuple(cells), drawn.width, height)

    @cached_property
    def legend(self) -> tuple[LegendEntry, ...]:
        """The classes that occur, and the hatching where a county has no data."""
        levels = [self._level(f.value) for f in self.figures.values() if f.value is not None]
        entries = []
        if 0 in levels:
            entries.append(LegendEntry(self._css(0), self._number(0)))
        smallest = 10.0**-self.decimals
        for level in range(1, max(levels, default=0) + 1):
            first, last = (level - 1) * self.step + smallest, level * self.step
            label = self._number(last)
            if not math.isclose(first, last):
                label = f"{self._number(first)}–{label}"
            entries.append(LegendEntry(self._css(level), label))
        if any(figure.value is None for figure in self.figures.values()):
            entries.append(LegendEntry("level-none", _("No data")))
        return tuple(entries)

    def _cell(self, county: Region, x: float, y: float, path: str = "") -> Cell:
        figure = self.figures.get(county.code)
        shown, css, spoken = "", "level-outside", county.name
        if figure is not None and figure.value is None:
            shown, css = "—", "level-none"
            spoken = _("%(county)s: no data") % {"county": county.name}
        elif figure is not None and figure.value is not None:
            shown, css = self._number(figure.value), self._css(self._level(figure.value))
            spoken = _("%(county)s: %(figure)s") % {
                "county": county.name,
                "figure": f"{shown} {self.unit}".strip(),
            }
        if figure is not None and figure.note:
            spoken = _("%(figure)s, %(note)s") % {"figure": spoken, "note": figure.note}
        return Cell(
            county.code,
            county.name,
            short_name(county),
            css,
            shown,
            spoken,
            figure.url if figure else "",
            round(x, 1),
            round(y, 1),
            path,
        )

    def _level(self, value: float) -> int:
        """The class of the figure that is shown, so that colour and number never differ."""
        shown = float(self._rounded(value))
        return 0 if shown <= 0 else min(STEPS, math.ceil(shown / self.step - 1e-9))

    def _css(self, level: int) -> str:
        return f"over-{level}" if self.over and level else f"level-{level}"

    def _number(self, value: float) -> str:
        rounded = self._rounded(value)
        return number_format(rounded, self.decimals, use_l10n=True, force_grouping=True)

    def _rounded(self, value: float) -> Decimal:
        # number_format cuts off what it does not show; half is rounded up, as on paper
        return Decimal(str(value)).quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)


def county_map(
    title: str | Promise,
    figures: Mapping[str, CountyFigure],
    *,
    city: str,
    unit: str | Promise = "",
    over: bool = False,
    decimals: int = 0,
    slug: str = "county-map",
) -> CountyMap:
    """The counties of `city` with these figures; two queries."""
    return CountyMap(
        title,
        figures,
        tuple(queries.counties_of(city)),
        queries.boundary_map(city),
        unit,
        over,
        decimals,
        slug,
    )


def short_name(county: Region) -> str:
    """A name that fits a tile: 临汾经济开发区 without the city that it is of."""
    if len(county.name) <= 4:
        return county.name
    city = SHANXI_CITIES.get(county.parent_id or "", "")
    return county.name.removeprefix(city.removesuffix("市"))


def _tile_places(counties: tuple[Region, ...]) -> dict[str, tuple[int, int]]:
    """Column and row of each county; those without a tile of their own fill rows below."""
    places = {
        county.code: (county.tile_col, county.tile_row)
        for county in counties
        if county.tile_col is not None and county.tile_row is not None
    }
    below = 1 + max((row for _, row in places.values()), default=-1)
    rest = [county for county in counties if county.code not in places]
    for number, county in enumerate(rest):
        row, column = divmod(number, _COLUMNS_WITHOUT_TILES)
        places[county.code] = (column, below + row)
    return places
