"""The gross-mass limit of a vehicle on a day, with the clause that sets it.

Two kinds of unknown facts are treated differently, and deliberately so:

- Facts that choose a *cell* of the table (combination, layout, drive axles): the lowest of the
  cells that remain possible applies, and :attr:`Limit.assumed` names the fact.
- Facts that a *note* needs to change the cell's figure (tyres, suspension, spacing, licensed
  total): the note applies only when its fact is known, and nothing is "assumed". The +1 t is a
  privilege that has to be shown. The −3 t for missing tyres is an exception that has to be seen:
  were it deducted whenever nobody looked at the tyres, every train in the land would lose up to
  a third of its limit, and the table itself would never apply.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from hengyuan.law.axle_limits import axle_limits_sum_kg
from hengyuan.law.rule_packs import CN_2016_1, PACKS, Cell, RulePack
from hengyuan.law.vehicles import Combination, Layout, Vehicle

__all__ = [
    "RULE_PACK",
    "Limit",
    "NoLimit",
    "NotInForce",
    "NotInTable",
    "axle_limits_sum_kg",
    "limit_for",
    "pack_for",
]

RULE_PACK = CN_2016_1.version
"""Version of the newest rule pack, written into every record."""

_T = TypeVar("_T")


class NoLimit(LookupError):
    """The table sets no limit; ``zh`` says in Chinese what ``str()`` says in English."""

    def __init__(self, message: str, zh: str = "") -> None:
        super().__init__(message)
        self.zh = zh or message


class NotInTable(NoLimit):
    """The table has no row for such a vehicle; GB 1589-2016 sets its limit (table note 5)."""


class NotInForce(NoLimit):
    """No rule pack was in force on that day."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A gross-mass limit and where it comes from.

    ``clause`` names the instrument and the row (Chinese); ``notes`` are the notes of the table
    that applied (Chinese); ``assumed`` names the facts that were unknown, so that the lowest
    possible cell was taken: "combination", "layout", "drive_axles".
    """

    limit_kg: int
    clause: str
    assumed: tuple[str, ...]
    notes: tuple[str, ...]
    rule_pack: str


def pack_for(on: date, packs: Sequence[RulePack] = PACKS) -> RulePack:
    """The rule pack in force on a calendar day (China's).

    Raises NotInForce before the first pack, TypeError for a datetime: an instant has no
    calendar day until a time zone is chosen, and that choice is the caller's.
    """
    if isinstance(on, datetime) or not isinstance(on, date):
        raise TypeError("on must be a calendar date, not a datetime")
    begun = [pack for pack in packs if pack.effective_from <= on]
    if not begun:
        first = min(pack.effective_from for pack in packs)
        raise NotInForce(
            f"no limit table for {on.isoformat()}: the earliest one known here "
            f"is in force from {first.isoformat()}",
            f"{on.isoformat()} 没有可用的限值表：已知最早的限值表自 {first.isoformat()} 起施行",
        )
    return max(begun, key=lambda pack: pack.effective_from)


def limit_for(vehicle: Vehicle, on: date, packs: Sequence[RulePack] = PACKS) -> Limit:
    """The gross-mass limit of ``vehicle`` on the day ``on``, in kg.

    See the module for what unknown facts do. Raises NotInTable for a vehicle that the table
    does not list, NotInForce for a day before the first table.
    """
    pack = pack_for(on, packs)
    row = pack.row(vehicle.axles)
    known = vehicle.combination
    combinations = _in_order(cell.combination for cell in row) if known is None else [known]
    limits = [_limit_as(combination, vehicle, row, pack) for combination in combinations]
    lowest = min(limits, key=lambda limit: limit.limit_kg)
    if lowest.limit_kg <= 0:
        raise NotInTable(
            f"{vehicle.missing_tyres} missing tyres leave no limit in the table; "
            "GB 1589-2016 applies (sum of the axle limits)",
            f"减少 {vehicle.missing_tyres} 个轮胎后限值表已无限值；"
            "应按 GB 1589-2016 各轴最大允许轴荷之和确定",
        )
    return lowest


def _limit_as(
    combination: Combination, vehicle: Vehicle, row: Sequence[Cell], pack: RulePack
) -> Limit:
    cells = [cell for cell in row if cell.combination is combination]
    if not cells:
        raise NotInTable(
            f"the table has no {combination.value} vehicle with {vehicle.axles} axles; "
            "GB 1589-2016 applies: check axle count and combination, "
            "or judge it by the sum of its axle limits",
            f"限值表中没有{vehicle.axles}轴{combination.zh}，应按 GB 1589-2016 确定限值："
            "请核对轴数和车型，或按各轴最大允许轴荷之和认定",
        )
    cell, assumed = _lowest_cell(cells, vehicle)
    if vehicle.combination is None:
        assumed = ("combination", *assumed)
    limit_kg, notes = _with_notes(cell, vehicle, pack)
    return Limit(limit_kg, _clause(cell, pack), assumed, notes, pack.version)


def _lowest_cell(cells: Sequence[Cell], vehicle: Vehicle) -> tuple[Cell, tuple[str, ...]]:
    possible = []
    for cell in cells:
        unknown = _unknown(cell, vehicle)
        if unknown is not None:
            possible.append((cell, unknown))
    if not possible:
        # A layout that no picture shows: which picture it is closest to is nobody's to say.
        possible = [(cell, ("layout",)) for cell in cells]
    cell = min((cell for cell, _ in possible), key=lambda each: each.limit_kg)
    return cell, _in_order(fact for _, unknown in possible for fact in unknown)


def _unknown(cell: Cell, vehicle: Vehicle) -> tuple[str, ...] | None:
    """Facts that ``cell`` depends on and nobody knows; None when a known fact rules it out."""
    unknown = []
    if cell.layout is not None or cell.other_than is not None:
        if vehicle.layout is None:
            unknown.append("layout")
        elif not _shows(cell, vehicle.layout):
            return None
    if cell.single_drive_axle is not None:
        if vehicle.drive_axles is None:
            unknown.append("drive_axles")
        elif (vehicle.drive_axles == 1) is not cell.single_drive_axle:
            return None
    return tuple(unknown)


def _shows(cell: Cell, layout: Layout) -> bool:
    return layout == cell.layout if cell.layout is not None else layout != cell.other_than


def _with_notes(cell: Cell, vehicle: Vehicle, pack: RulePack) -> tuple[int, tuple[str, ...]]:
    notes: list[str] = []
    limit_kg = cell.limit_kg + _air_sprung_kg(cell, vehicle, pack, notes)
    limit_kg -= _missing_tyres_kg(cell, vehicle, pack, notes)
    licensed_kg = vehicle.licensed_total_kg
    if cell.axles == pack.notes.licence_capped_axles and licensed_kg is not None:
        if licensed_kg < limit_kg:
            notes.append(f"备注1：二轴货车车货总重不得超过行驶证标明的总质量（{licensed_kg}千克）")
        limit_kg = min(limit_kg, licensed_kg)
    return limit_kg, tuple(notes)


def _air_sprung_kg(cell: Cell, vehicle: Vehicle, pack: RulePack, notes: list[str]) -> int:
    if not (vehicle.dual_tyres and vehicle.air_suspension):
        return 0
    rules = pack.notes
    if cell.combination is Combination.RIGID and cell.axles in rules.air_sprung_rigid_axles:
        notes.append(
            "备注4：驱动轴为每轴每侧双轮胎且装备空气悬架，总质量限值增加"
            f"{_tonnes(rules.air_sprung_kg)}吨"
        )
        return rules.air_sprung_kg
    spacing_mm = vehicle.trailer_axle_spacing_mm
    if (
        cell.combination is Combination.ARTICULATED
        and cell.axles == rules.spread_articulated_axles
        and spacing_mm is not None
        and spacing_mm >= rules.spread_articulated_mm
    ):
        notes.append(
            "备注4：驱动轴为每轴每侧双轮胎并装备空气悬架、且半挂车的两轴之间的距离"
            f"d≥{rules.spread_articulated_mm}mm，总质量限值为"
            f"{_tonnes(rules.spread_articulated_kg)}吨"
        )
        return rules.spread_articulated_kg - cell.limit_kg
    return 0


def _missing_tyres_kg(cell: Cell, vehicle: Vehicle, pack: RulePack, notes: list[str]) -> int:
    if not vehicle.missing_tyres:
        return 0
    rules = pack.notes
    wide_trailer = (
        cell.combination is not Combination.RIGID
        and (vehicle.trailer_tyre_width_mm or 0) >= rules.wide_trailer_tyre_mm
    )
    wide_drive = (vehicle.drive_tyre_width_mm or 0) >= rules.wide_drive_tyre_mm
    if wide_trailer or wide_drive:
        which, width_mm = (
            ("挂车", rules.wide_trailer_tyre_mm)
            if wide_trailer
            else ("驱动轴", rules.wide_drive_tyre_mm)
        )
        notes.append(f"备注3：{which}安装名义断面宽度不小于{width_mm}mm的轮胎，总质量限值不予核减")
        return 0
    deduction_kg = vehicle.missing_tyres // 2 * rules.pair_of_tyres_kg
    notes.append(
        f"备注2：减少{vehicle.missing_tyres}个轮胎，总质量限值减少{_tonnes(deduction_kg)}吨"
    )
    return deduction_kg


def _clause(cell: Cell, pack: RulePack) -> str:
    name = pack.row_words[cell.axles] + cell.combination.zh
    detail = f"（{cell.words}）" if cell.words else ""
    return f"{pack.instrument}：{name}{detail}，总质量限值{_tonnes(cell.limit_kg)}吨"


def _tonnes(mass_kg: int) -> str:
    return f"{mass_kg / 1000:g}"


def _in_order(values: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(values))
