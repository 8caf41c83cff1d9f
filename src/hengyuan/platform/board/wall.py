"""What a wall display shows of an area: today against yesterday, its parts, its terminals, a month.

Everything is read from the counts; only the hour of yesterday that is not over yet is read from
the records, so that both days are cut off at the same minute.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.core.cache import cache
from django.db.models import Count, F, Q, Sum
from django.urls import reverse
from django.utils.timezone import localtime

from hengyuan.platform.board.alerts import HIGH_BANDS, HIGH_FROM
from hengyuan.platform.board.queries import HOURS, Area, Links, Tally, where
from hengyuan.platform.county_map import short_name
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.regions.models import Level, Region
from hengyuan.platform.terminals.models import ONLINE_WITHIN, Terminal, TerminalState
from hengyuan.platform.weighing import columns
from hengyuan.platform.weighing.models import Weighing, WeighingCount

TREND_DAYS = 30
MOST_PARTS = 18
"""Lines of the list that fit the screen: the counties of a city."""
OFFLINE_AFTER = timedelta(days=1)
"""A terminal that is silent for longer counts as off line."""
DAYS_KEPT = timedelta(minutes=10)

# Column and row of the province's cities from the north-west, drawn by us after their centres.
_CITY_TILES = {
    "140600": (1, 0),  # 朔州
    "140200": (2, 0),  # 大同
    "140900": (1, 1),  # 忻州
    "141100": (0, 2),  # 吕梁
    "140100": (1, 2),  # 太原
    "140300": (2, 2),  # 阳泉
    "140700": (1, 3),  # 晋中
    "141000": (0, 4),  # 临汾
    "140400": (2, 4),  # 长治
    "140800": (0, 5),  # 运城
    "140500": (2, 5),  # 晋城
}
_EXIT = columns.kind_no("exit")
_OVER = columns.verdict_no("over")
_UNKNOWN = columns.verdict_no("unknown")
_LEVELS = {"county": Level.COUNTY, "city": Level.CITY}


@dataclass(frozen=True, slots=True)
class Against:
    """A figure of today beside that of yesterday at the same time; None: there was none."""

    today: float
    yesterday: float | None

    @property
    def sign(self) -> str:
        """Is "up", "down" or "same"; "" where nothing can be compared."""
        if self.yesterday is None:
            return ""
        return (
            "up"
            if self.today > self.yesterday
            else "down"
            if self.today < self.yesterday
            else "same"
        )

    @property
    def per_cent(self) -> str:
        """How much more or less, in per cent of yesterday's; "" where yesterday had nothing."""
        if not self.yesterday:
            return ""
        return f"{abs(self.today - self.yesterday) / self.yesterday:.1%}"

    @property
    def points(self) -> str:
        """How much more or less, for figures that are per cent themselves."""
        return "" if self.yesterday is None else f"{abs(self.today - self.yesterday):.2f}"


@dataclass(slots=True)
class Terminals:
    """Enrolled terminals by when they were heard last."""

    online: int = 0
    silent: int = 0
    offline: int = 0

    @property
    def all(self) -> int:
        return self.online + self.silent + self.offline

    @property
    def share(self) -> str:
        """Those that are online in per cent of all."""
        return f"{self.online / self.all:.1%}" if self.all else ""

    def add(self, online: int, silent: int, offline: int) -> None:
        self.online += online
        self.silent += silent
        self.offline += offline


@dataclass
class Part:
    """A county, city or source unit of the area, and the addresses behind its figures."""

    key: int
    code: str
    name: str
    url: str
    links: Links
    terminals_url: str
    region: Region | None = None
    tally: Tally = field(default_factory=Tally)
    terminals: Terminals = field(default_factory=Terminals)

    @property
    def rank(self) -> tuple[float, int, int]:
        rate = self.tally.rate
        return (-1.0 if rate is None else rate, self.tally.over, self.tally.trucks)


@dataclass(frozen=True)
class Ranked:
    """A part in the list; `bar` is the length of its bar in per cent of the longest."""

    number: int
    part: Part
    bar: float


@dataclass(frozen=True)
class Before:
    """What does not change with the next truck: yesterday until now, and the days of the month."""

    yesterday: Tally
    days: dict[date, Tally]


@dataclass(frozen=True)
class Wall:
    """Everything that the wall display of an area shows, but for its trucks and alerts."""

    area: Area
    day: date
    total: Tally
    before: Before
    hours: list[Tally]
    parts: list[Part]
    terminals: Terminals
    high: list[int]
    """Trucks in each of the upper severity bands."""

    @property
    def links(self) -> Links:
        return Links(self.day, self.area.region, unit=None)

    @property
    def trucks(self) -> Against:
        return Against(self.total.trucks, self.before.yesterday.trucks)

    @property
    def over(self) -> Against:
        return Against(self.total.over, self.before.yesterday.over)

    @property
    def rate(self) -> Against:
        return Against(self.total.rate or 0.0, self.before.yesterday.rate)

    @property
    def tonnes(self) -> Against:
        return Against(self.total.gross_kg, self.before.yesterday.gross_kg)

    @property
    def ranked(self) -> list[Ranked]:
        """The parts, the largest share over the limit first."""
        order = sorted(self.parts, key=lambda part: part.rank, reverse=True)[:MOST_PARTS]
        most = max((part.tally.rate or 0 for part in order), default=0) or 1
        return [
            Ranked(number, part, round(100 * (part.tally.rate or 0) / most, 1))
            for number, part in enumerate(order, 1)
        ]

    @property
    def further(self) -> int:
        """Parts that the list has no line for."""
        return max(0, len(self.parts) - MOST_PARTS)

    @property
    def days(self) -> dict[date, Tally]:
        """The last days, today among them as far as it is."""
        first = self.day - timedelta(days=TREND_DAYS - 1)
        days = [first + timedelta(days=number) for number in range(TREND_DAYS)]
        return {day: self.before.days.get(day, Tally()) for day in days[:-1]} | {
            self.day: self.total
        }


def before(area: Area, at: datetime) -> Before:
    """Yesterday until the same time of day, and the days of the trend; three queries at most."""
    here = localtime(at)
    yesterday = here.date() - timedelta(days=1)
    tally = Tally()
    counted = _counted(area).filter(day=yesterday, hour__lt=here.hour)
    for row in counted.values("band").annotate(**_SUMS):
        tally.add(row["band"], row["n"], row["gross"], row["overload"])
    _add_broken_hour(tally, area, here)
    return Before(tally, _kept_days(area, here.date()))


def _add_broken_hour(tally: Tally, area: Area, here: datetime) -> None:
    """Yesterday's records of the hour that is running today, up to this minute."""
    upto = here - timedelta(days=1)
    begin = upto.replace(minute=0, second=0, microsecond=0)
    sums = (
        Weighing.objects.in_scope(area.scope)
        .filter(weighed_at__gte=begin, weighed_at__lt=upto, kind=_EXIT, corrects__isnull=True)
        .aggregate(
            n=Count("seq"),
            over=Count("seq", filter=Q(platform_verdict=_OVER)),
            unknown=Count("seq", filter=Q(platform_verdict=_UNKNOWN)),
            gross=Sum("gross_kg"),
        )
    )
    tally.trucks += sums["n"]
    tally.over += sums["over"]
    tally.unknown += sums["unknown"]
    tally.gross_kg += sums["gross"] or 0


def _kept_days(area: Area, today: date) -> dict[date, Tally]:
    """The days before today; only a late upload changes them, so they are kept for a while."""
    key = f"board.wall.days.{area.region}.{area.scope.unit_id}.{today}"
    found: dict[date, Tally] | None = cache.get(key)
    if found is None:
        found = _days(area, today)
        cache.set(key, found, DAYS_KEPT.total_seconds())
    return found


def _days(area: Area, today: date) -> dict[date, Tally]:
    first = today - timedelta(days=TREND_DAYS - 1)
    days: dict[date, Tally] = defaultdict(Tally)
    rows = _counted(area).filter(day__gte=first, day__lt=today)
    for row in rows.values("day", "band").annotate(**_SUMS):
        days[row["day"]].add(row["band"], row["n"], row["gross"], row["overload"])
    return dict(days)


def wall(area: Area, past: Before, at: datetime) -> Wall:
    """The wall display of an area as it stands; three queries beside those of `past`."""
    day = localtime(at).date()
    parts = _parts(area, day)
    total, hours = Tally(), [Tally() for _ in range(HOURS)]
    high = [0] * len(HIGH_BANDS)
    by = {"unit": F("unit_id"), "county": F("county"), "city": F("county") / 100}[area.parts]
    rows = _counted(area).filter(day=day).values("hour", "band", part=by).annotate(**_SUMS)
    for row in rows:
        counted = (row["band"], row["n"], row["gross"], row["overload"])
        total.add(*counted)
        hours[row["hour"]].add(*counted)
        if row["band"] >= HIGH_FROM:
            high[row["band"] - HIGH_FROM] += row["n"]
        if row["part"] in parts:
            parts[row["part"]].tally.add(*counted)
    terminals = _add_terminals(area, parts, at)
    return Wall(area, day, total, past, hours, list(parts.values()), terminals, high)


def _add_terminals(area: Area, parts: dict[int, Part], at: datetime) -> Terminals:
    since, lately = at - ONLINE_WITHIN, at - OFFLINE_AFTER
    heard = Q(last_seen_at__gte=since)
    silent = Q(last_seen_at__lt=since, last_seen_at__gte=lately)
    rows = (
        Terminal.objects.filter(where(area.scope, "unit__region", "unit"))
        .filter(state=TerminalState.ENROLLED)
        .order_by()
        .values(part=F("unit_id") if area.parts == "unit" else F("unit__region_id"))
        .annotate(
            enrolled=Count("pk"),
            online=Count("pk", filter=heard),
            silent=Count("pk", filter=silent),
        )
    )
    total = Terminals()
    for row in rows:
        counted = (row["online"], row["silent"], row["enrolled"] - row["online"] - row["silent"])
        total.add(*counted)
        key = row["part"] if area.parts == "unit" else _number(row["part"], area.parts)
        if key in parts:
            parts[key].terminals.add(*counted)
    return total


def _parts(area: Area, day: date) -> dict[int, Part]:
    """Every part of the area, also those where nothing was weighed today."""
    terminals = reverse("terminals:terminals")
    if area.parts == "unit":
        units = SourceUnit.objects.filter(where(area.scope, "region", "pk"))
        return {
            pk: Part(
                pk,
                code,
                name,
                reverse("ledger:unit", args=[code]),
                Links(day, area.region, unit=code),
                f"{terminals}?search={code}",
            )
            for pk, code, name in units.order_by("code").values_list("pk", "code", "name")
        }
    regions = Region.objects.within(area.region).filter(level=_LEVELS[area.parts])
    parts = {}
    for region in regions:
        if area.parts == "city":
            region.tile_col, region.tile_row = _CITY_TILES.get(region.code, (None, None))
        key = _number(region.code, area.parts)
        parts[key] = Part(
            key,
            region.code,
            short_name(region),
            reverse("board:wall", args=[region.code]),
            Links(day, region.code, unit=None),
            f"{terminals}?county={region.code}" if area.parts == "county" else terminals,
            region,
        )
    return parts


def _counted(area: Area) -> Any:
    return WeighingCount.objects.in_scope(area.scope).filter(kind=_EXIT).order_by()


def _number(code: str, part: str) -> int:
    return int(code[:6]) if part == "county" else int(code[:4])


_SUMS = {"n": Sum("trucks"), "gross": Sum("gross_kg"), "overload": Sum("overload_kg")}
