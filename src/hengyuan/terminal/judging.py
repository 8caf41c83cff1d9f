"""The verdict at the gate: from weight and axles to limit and finding, with nobody else asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from hengyuan.law.layouts import (
    combination_from_layout,
    groups_from_axle_code,
    groups_from_spacings,
    missing_tyres,
)
from hengyuan.law.limits import NotInForce, NotInTable
from hengyuan.law.vehicles import Combination, Layout, Vehicle, format_layout
from hengyuan.law.verdict import JudgeSettings, judge
from hengyuan.record.model import Flag, VerdictName
from hengyuan.terminal.lane.sightings import AxlesSeen

# The law speaks of days in China, wherever the clock of a server or a test thinks it is.
CHINA = timezone(timedelta(hours=8))
MIN_AXLES, MAX_AXLES = 2, 16
"""Outside of what a record can hold, an axle count is a fault of the identifier."""
_MAX_GROUP_KG = 200_000
_MAX_SPACING_MM = 100_000
_UNLOAD_STEP_KG = 100
"""Nobody unloads by the kilogram: the figure is rounded up to this."""


@dataclass(frozen=True, slots=True)
class VehicleFacts:
    """What is known of the vehicle, in the form in which a record holds it."""

    axles: int | None = None
    layout: Layout | None = None
    combination: Combination | None = None
    group_kg: tuple[int, ...] = ()
    spacing_mm: tuple[int, ...] = ()
    drive_axles: int | None = None
    missing_tyres: int | None = None
    """None where none is missing, or where nobody looked."""
    flags: frozenset[Flag] = frozenset()

    @property
    def layout_text(self) -> str | None:
        """The layout as a record writes it: 1+1+3."""
        return None if self.layout is None else format_layout(self.layout)


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with all that it rests on. `unknown` has no limit: nothing is guessed."""

    verdict: VerdictName
    limit_kg: int | None = None
    overload_kg: int = 0
    unload_kg: int = 0
    """At least so much less and it may leave, rounded up for a loader; 0 where it may."""
    overload_rate: str = ""
    """Per cent with two decimals."""
    clause: str = ""
    rule_pack: str | None = None
    assumed: bool = False
    why_unknown: str = ""


def facts_of(
    seen: AxlesSeen | None,
    gross_kg: int,
    differs_percent: int,
    *,
    count_tyres: bool = False,
    driven_bogie: bool = False,
) -> VehicleFacts:
    """What an axle reading says of the vehicle; flagged where it is missing or does not fit.

    `count_tyres`: the identifier's word on single tyres is taken for note 2 of the limit table.
    `driven_bogie`: two axles behind a tractor's steering axle are taken for two drive axles.
    """
    if seen is None or not MIN_AXLES <= seen.axles <= MAX_AXLES:
        return VehicleFacts(flags=frozenset({"axles_unknown"}))
    flags: set[Flag] = set()
    spacings = seen.spacings_mm if _sound_spacings(seen) else ()
    if seen.spacings_mm and not spacings:
        flags.add("axles_disagree")
    layout: Layout | None = seen.layout or None
    if layout is not None and sum(layout) != seen.axles:
        layout = None
        flags.add("axles_disagree")
    if layout is None and spacings:
        layout = groups_from_spacings(spacings)
    if layout is not None and any(group > 9 for group in layout):
        layout = None
    combination = None
    if layout is not None:
        combination = combination_from_layout(layout, spacings or None)
    group_kg = seen.group_kg if all(0 <= kg <= _MAX_GROUP_KG for kg in seen.group_kg) else ()
    if layout is not None and len(group_kg) != len(layout):
        group_kg = ()
    if group_kg and abs(sum(group_kg) - gross_kg) * 100 > gross_kg * differs_percent:
        flags.add("axles_disagree")
    return VehicleFacts(
        axles=seen.axles,
        layout=layout,
        combination=combination,
        group_kg=group_kg[:MAX_AXLES],
        spacing_mm=spacings if all(mm <= _MAX_SPACING_MM for mm in spacings) else (),
        drive_axles=2 if driven_bogie and _has_bogie(layout, combination) else None,
        missing_tyres=_missing_tyres(seen, layout, combination) if count_tyres else None,
        flags=frozenset(flags),
    )


def _has_bogie(layout: Layout | None, combination: Combination | None) -> bool:
    """A train whose tractor has two axles close together behind its steering axle."""
    if layout is None or combination in (None, Combination.RIGID):
        return False
    return layout[:2] == (1, 2)


def _missing_tyres(
    seen: AxlesSeen, layout: Layout | None, combination: Combination | None
) -> int | None:
    """By the codes of the groups, where these explain every axle and the combination is known."""
    if layout is None or combination is None:
        return None
    try:
        groups = groups_from_axle_code("".join(str(code) for code in seen.group_codes))
    except ValueError:
        return None
    if tuple(group.axles for group in groups) != layout:
        return None
    return missing_tyres(groups, combination) or None


def _sound_spacings(seen: AxlesSeen) -> bool:
    spacings = seen.spacings_mm
    return len(spacings) == seen.axles - 1 and all(spacing > 0 for spacing in spacings)


def to_unload_kg(gross_kg: int, limit_kg: int, settings: JudgeSettings) -> int:
    """What an overloaded truck has to unload at least, so that it passes; rounded up."""
    too_much_kg = max(0, gross_kg - limit_kg - settings.tolerance_at_kg(limit_kg))
    return -(-too_much_kg // _UNLOAD_STEP_KG) * _UNLOAD_STEP_KG


def find(facts: VehicleFacts, gross_kg: int, at_ms: int, settings: JudgeSettings) -> Finding:
    """Judge a weight on the day, in China, of `at_ms`."""
    if facts.axles is None:
        return Finding("unknown", why_unknown="axles")
    vehicle = Vehicle(
        facts.axles,
        facts.combination,
        facts.layout,
        drive_axles=facts.drive_axles,
        missing_tyres=facts.missing_tyres or 0,
    )
    day = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone(CHINA).date()
    try:
        judgement = judge(vehicle, gross_kg, day, settings)
    except NotInTable:
        return Finding("unknown", why_unknown="not_in_table")
    except NotInForce:
        return Finding("unknown", why_unknown="date")
    return Finding(
        verdict=judgement.verdict,
        limit_kg=judgement.limit_kg,
        overload_kg=judgement.overload_kg,
        unload_kg=to_unload_kg(gross_kg, judgement.limit_kg, settings) if judgement.over else 0,
        overload_rate=judgement.overload_rate,
        clause=judgement.clause,
        rule_pack=judgement.limit.rule_pack,
        assumed=judgement.assumed,
    )
