"""What a live board shows, read from the counts: today's figures, hours, parts, terminals' lights.

Everything is asked for by area, never by person: people with the same scope share one board.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, Sum
from django.urls import reverse
from django.utils.timezone import get_current_timezone, localdate, now

from hengyuan.platform.accounts.scope import Scope, scope_of
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.regions.models import Level, Region
from hengyuan.platform.terminals.models import ONLINE_WITHIN, Terminal, TerminalState
from hengyuan.platform.weighing import columns
from hengyuan.platform.weighing import queries as weighing
from hengyuan.platform.weighing.models import WeighingCount

HOURS = 24
MOST_LINES = 20
MOST_LIGHTS = 60

_EXIT = columns.kind_no("exit")


@dataclass(frozen=True, slots=True)
class Area:
    """A region as one scope sees it. Equal areas show the same board."""

    region: str
    name: str
    level: str
    scope: Scope

    @property
    def is_county(self) -> bool:
        return self.level == Level.COUNTY

    @property
    def is_one_unit(self) -> bool:
        return self.scope.unit_id is not None

    @property
    def parts(self) -> str:
        """What the region is divided into on its board: "unit", "county" or "city"."""
        return {Level.COUNTY: "unit", Level.CITY: "county"}.get(Level(self.level), "city")


def area_of(user: Any, region: Region) -> Area | None:
    """The region as this person sees it; None if it lies outside their scope.

    A source unit's people see their county's board with their own unit alone on it.
    """
    scope = scope_of(user)
    if region.level == Level.TOWNSHIP:
        return None
    if scope.unit_id is not None:
        own = SourceUnit.objects.filter(pk=scope.unit_id, region=region)
        return Area(region.code, region.name, region.level, scope) if own.exists() else None
    if not scope.covers(region.code):
        return None
    narrowed = Scope(region_prefix=region.scope_prefix)
    return Area(region.code, region.name, region.level, narrowed)


def default_region(user: Any) -> str | None:
    """The region whose board a person sees first; None without an office."""
    scope = scope_of(user)
    return None if scope.is_empty else str(user.office.region_id)


@dataclass
class Tally:
    """Trucks weighed on their way out, and what they weighed."""

    trucks: int = 0
    over: int = 0
    unknown: int = 0
    gross_kg: int = 0
    overload_kg: int = 0

    def add(self, band: int, trucks: int, gross_kg: int, overload_kg: int) -> None:
        self.trucks += trucks
        self.over += trucks if band > 0 else 0
        self.unknown += trucks if band < 0 else 0
        self.gross_kg += gross_kg
        self.overload_kg += overload_kg

    @property
    def share(self) -> str:
        """Trucks over the limit in per cent of all that were judged, two decimals."""
        judged = self.trucks - self.unknown
        return f"{100 * self.over / judged:.2f}" if judged else "0.00"

    @property
    def rate(self) -> float | None:
        """The same as a number; None where no truck was judged."""
        judged = self.trucks - self.unknown
        return 100 * self.over / judged if judged else None

    @property
    def tonnes(self) -> str:
        return f"{self.gross_kg / 1000:,.1f}"

    @property
    def overload_tonnes(self) -> str:
        return f"{self.overload_kg / 1000:,.1f}"


@dataclass
class Part:
    """A city, county or source unit of the area: its figures, and its terminals."""

    code: str
    name: str
    tally: Tally = field(default_factory=Tally)
    online: int = 0
    terminals: int = 0
    board: str = ""
    links: Links | None = None


@dataclass(frozen=True)
class Figures:
    """The board of a day."""

    area: Area
    day: date
    total: Tally
    hours: list[Tally]
    parts: list[Part]
    online: int
    terminals: int

    @property
    def links(self) -> Links:
        return Links(self.day, self.area.region, unit=None)

    @property
    def terminals_url(self) -> str:
        query = {"heard": "online"} | ({"county": self.area.region} if self.area.is_county else {})
        return f"{reverse('terminals:terminals')}?{urlencode(query)}"

    @property
    def hour_links(self) -> list[tuple[int, Tally, Links]]:
        return [
            (hour, tally, Links(self.day, self.area.region, unit=None, hour=hour))
            for hour, tally in enumerate(self.hours)
        ]


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses of the records behind a figure."""

    day: date
    region: str
    unit: str | None
    hour: int | None = None

    def _records(self, **more: str) -> str:
        query = {
            "from_day": self.day.isoformat(),
            "to_day": self.day.isoformat(),
            "region": self.region,
            "kind": "exit",
        }
        if self.unit:
            query["unit"] = self.unit
        if self.hour is not None:
            query["hour"] = str(self.hour)
        return f"{reverse('weighing:records')}?{urlencode(query | more)}"

    @property
    def all(self) -> str:
        """Every weighing of the day, also arrivals, re-weighings and voids."""
        return self._records(kind="")

    @property
    def trucks(self) -> str:
        return self._records()

    @property
    def over(self) -> str:
        return self._records(verdict="over")

    @property
    def unknown(self) -> str:
        return self._records(verdict="unknown")

    def in_band(self, band: str) -> str:
        """The trucks of a severity band, by its id."""
        return self._records(band=band)


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """First instant of a local day, and of the next."""
    begin = datetime.combine(day, time.min, tzinfo=get_current_timezone())
    return begin, begin + timedelta(days=1)


def figures(area: Area) -> Figures:
    """Today's figures of an area, from the counts alone."""
    day = localdate()
    by = {"unit": F("unit_id"), "county": F("county"), "city": F("county") / 100}[area.parts]
    rows = (
        WeighingCount.objects.in_scope(area.scope)
        .filter(day=day, kind=_EXIT)
        .values("hour", "band", part=by)
        .annotate(n=Sum("trucks"), gross=Sum("gross_kg"), overload=Sum("overload_kg"))
    )
    total, hours = Tally(), [Tally() for _ in range(HOURS)]
    tallies: dict[int, Tally] = defaultdict(Tally)
    for row in rows:
        counted = (row["band"], row["n"], row["gross"], row["overload"])
        total.add(*counted)
        hours[row["hour"]].add(*counted)
        tallies[row["part"]].add(*counted)
    parts = _parts(area, day, tallies)
    return Figures(
        area,
        day,
        total,
        hours,
        parts,
        online=sum(part.online for part in parts),
        terminals=sum(part.terminals for part in parts),
    )


def _parts(area: Area, day: date, tallies: dict[int, Tally]) -> list[Part]:
    parts = _parts_by_key(area, day)
    for key, tally in tallies.items():
        if key in parts:
            parts[key].tally = tally
    for row in _terminal_counts(area):
        key = row["part"] if area.parts == "unit" else _number(row["part"], area.parts)
        if key in parts:
            parts[key].terminals += row["enrolled"]
            parts[key].online += row["online"]
    return list(parts.values())


def _parts_by_key(area: Area, day: date) -> dict[int, Part]:
    """Every part of the area, also those where nothing was weighed today."""
    if area.parts == "unit":
        units = SourceUnit.objects.filter(where(area.scope, "region", "pk"))
        return {
            pk: Part(code, name, links=Links(day, area.region, unit=code))
            for pk, code, name in units.order_by("code").values_list("pk", "code", "name")
        }
    level = Level.COUNTY if area.parts == "county" else Level.CITY
    regions = Region.objects.within(area.region).filter(level=level)
    return {
        _number(code, area.parts): Part(
            code,
            name,
            board=reverse("board:board", args=[code]),
            links=Links(day, code, unit=None),
        )
        for code, name in regions.values_list("code", "name")
    }


def _number(code: str, part: str) -> int:
    return int(code[:6]) if part == "county" else int(code[:4])


def where(scope: Scope, region: str, unit: str) -> Q:
    """The filter of an area for what has no queryset of its own: paths to region and unit."""
    if scope.unit_id is not None:
        return Q(**{unit: scope.unit_id})
    return Q(**{f"{region}__code__startswith": scope.region_prefix or "-"})


def _terminal_counts(area: Area) -> Any:
    since = now() - ONLINE_WITHIN
    part = F("unit_id") if area.parts == "unit" else F("unit__region_id")
    return (
        Terminal.objects.filter(where(area.scope, "unit__region", "unit"))
        .filter(state=TerminalState.ENROLLED)
        .order_by()
        .values(part=part)
        .annotate(
            enrolled=Count("pk"),
            online=Count("pk", filter=Q(last_seen_at__gte=since)),
        )
    )


def lights(area: Area) -> tuple[list[Any], int]:
    """The terminals of an area, those that are silent first, and how many more there are."""
    since = now() - ONLINE_WITHIN
    found = (
        Terminal.objects.filter(where(area.scope, "unit__region", "unit"))
        .filter(state__in=(TerminalState.ENROLLED, TerminalState.SUSPENDED))
        .select_related("unit__region")
        .annotate(heard=Q(last_seen_at__gte=since))
        .order_by(F("heard").asc(nulls_first=True), "code")
    )
    rows = list(found[: MOST_LIGHTS + 1])
    if len(rows) <= MOST_LIGHTS:
        return rows, 0
    return rows[:MOST_LIGHTS], found.count() - MOST_LIGHTS


def newest_lines(area: Area) -> list[weighing.Line]:
    """The trucks weighed last today, newest first."""
    return weighing.newest(area.scope, *day_bounds(localdate()), MOST_LINES)


def arrived_lines(area: Area, after: int, upto: int) -> list[weighing.Line] | None:
    """Today's trucks that the batches behind `after` brought; None if there are too many."""
    return weighing.arrived(area.scope, after, upto, *day_bounds(localdate()), MOST_LINES)
