"""The limit table as data, one pack for each state of the law. A new state is a new pack.

Source of ``cn-2016.1``: 《公路货运车辆超限超载认定标准》 (交公路发〔2016〕124号, annex), with
《超限运输车辆行驶公路管理规定》 (交通运输部令2016年第62号, art. 3); in force from 2016-09-21.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from hengyuan.law.vehicles import Combination, Layout

_RIGID = Combination.RIGID
_ARTICULATED = Combination.ARTICULATED
_CENTRE_AXLE = Combination.CENTRE_AXLE
_FULL_TRAILER = Combination.FULL_TRAILER


@dataclass(frozen=True, slots=True)
class Cell:
    """One picture of the limit table.

    ``layout``: the cell holds for this layout only; ``other_than``: for every layout but this.
    ``single_drive_axle``: it holds when the tractor has one drive axle (True), more (False), or
    regardless (None). ``words`` is the Chinese name of the cell within its row.
    """

    axles: int
    combination: Combination
    limit_kg: int
    words: str
    layout: Layout | None = None
    other_than: Layout | None = None
    single_drive_axle: bool | None = None


@dataclass(frozen=True, slots=True)
class Notes:
    """The numbers in the notes (备注) to the table, masses in kg, sizes in mm."""

    pair_of_tyres_kg: int
    wide_trailer_tyre_mm: int
    wide_drive_tyre_mm: int
    air_sprung_kg: int
    air_sprung_rigid_axles: frozenset[int]
    spread_articulated_axles: int
    spread_articulated_kg: int
    spread_articulated_mm: int
    licence_capped_axles: int


@dataclass(frozen=True, slots=True)
class RulePack:
    """A limit table in force from ``effective_from`` on; the last row also serves more axles.

    ``row_words`` are the Chinese names of the rows, for the clause.
    """

    version: str
    effective_from: date
    instrument: str
    row_words: Mapping[int, str]
    cells: tuple[Cell, ...]
    notes: Notes

    @property
    def last_row(self) -> int:
        """The axle count of the row that reads "and more" (6轴及以上)."""
        return max(cell.axles for cell in self.cells)

    def row(self, axles: int) -> tuple[Cell, ...]:
        """The cells for a vehicle with so many axles."""
        wanted = min(axles, self.last_row)
        return tuple(cell for cell in self.cells if cell.axles == wanted)


def _six(combination: Combination) -> tuple[Cell, Cell]:
    return (
        Cell(6, combination, 49_000, "牵引车驱动轴为双轴", single_drive_axle=False),
        Cell(6, combination, 46_000, "牵引车驱动轴为单轴", single_drive_axle=True),
    )


CN_2016_1 = RulePack(
    version="cn-2016.1",
    effective_from=date(2016, 9, 21),
    instrument="《公路货运车辆超限超载认定标准》（交公路发〔2016〕124号）附表",
    row_words={2: "二轴", 3: "三轴", 4: "四轴", 5: "五轴", 6: "六轴及以上"},
    cells=(
        Cell(2, _RIGID, 18_000, ""),
        Cell(3, _RIGID, 25_000, ""),
        Cell(3, _ARTICULATED, 27_000, ""),
        Cell(3, _CENTRE_AXLE, 27_000, ""),
        Cell(4, _RIGID, 31_000, ""),
        Cell(4, _ARTICULATED, 36_000, ""),
        Cell(4, _CENTRE_AXLE, 36_000, "轴组1+1+2", layout=(1, 1, 2)),
        Cell(4, _CENTRE_AXLE, 35_000, "轴组1+2+1", layout=(1, 2, 1)),
        Cell(4, _FULL_TRAILER, 36_000, ""),
        Cell(5, _ARTICULATED, 43_000, "", other_than=(1, 1, 3)),
        Cell(5, _ARTICULATED, 42_000, "轴组1+1+3", layout=(1, 1, 3)),
        Cell(5, _CENTRE_AXLE, 43_000, ""),
        Cell(5, _FULL_TRAILER, 43_000, ""),
        *_six(_ARTICULATED),
        *_six(_CENTRE_AXLE),
        *_six(_FULL_TRAILER),
    ),
    notes=Notes(
        pair_of_tyres_kg=3_000,
        wide_trailer_tyre_mm=425,
        wide_drive_tyre_mm=445,
        air_sprung_kg=1_000,
        air_sprung_rigid_axles=frozenset({3, 4}),
        spread_articulated_axles=4,
        spread_articulated_kg=37_000,
        spread_articulated_mm=1_800,
        licence_capped_axles=2,
    ),
)

PACKS: tuple[RulePack, ...] = (CN_2016_1,)
"""Every pack, oldest first. The one in force on a day is the last that had begun by then."""
