"""Invented things to show the parts with. Nothing here is read from or written to the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from hengyuan.law.divisions import LINFEN_COUNTIES, LOCAL_COUNTIES
from hengyuan.platform.charts import Chart, Kind, Series, Sparkline, Tone
from hengyuan.platform.county_map import CountyFigure, CountyMap, county_map
from hengyuan.platform.weighing import words

CITY = "141000"
ROWS = 137
NO_DATA = "141032"
_BEGIN = datetime(2026, 9, 21, 6, 13, 20, tzinfo=UTC)
_COLOURS = ("yellow", "yellow", "yellow", "blue", "yellow_green")
_LIMITS_KG = (18_000, 25_000, 31_000, 43_000, 49_000)


@dataclass(frozen=True, slots=True)
class Passage:
    """An invented weighing, for the sample table."""

    at: datetime
    unit: str
    plate: str
    plate_colour: str
    axles: int
    gross_kg: int
    limit_kg: int

    @property
    def verdict(self) -> str:
        return "over" if self.gross_kg > self.limit_kg else "pass"


def passages() -> list[Passage]:
    """The same ones every time: a page whose figures jump cannot be compared with its picture."""
    made = []
    for number in range(ROWS):
        axles = 2 + number * 7 % 5
        limit_kg = _LIMITS_KG[axles - 2]
        share = 62 + number * 31 % 41 if number % 9 else 104 + number % 30
        made.append(
            Passage(
                at=_BEGIN - timedelta(minutes=17 * number),
                unit=_("Sample unit %s") % (number % 12 + 1),
                plate=f"晋L{(number * 7919) % 90000 + 10000}",
                plate_colour=_COLOURS[number % len(_COLOURS)],
                axles=axles,
                gross_kg=limit_kg * share // 100 // 20 * 20,
                limit_kg=limit_kg,
            )
        )
    return made


def counties(over: bool = False) -> CountyMap:
    """A figure for every county but one, which has no data."""
    figures: dict[str, CountyFigure] = {}
    for number, code in enumerate([*LINFEN_COUNTIES, *LOCAL_COUNTIES]):
        trucks = 0 if number == 7 else 120 + number * 373 % 1900
        value = round(number * 17 % 53 / 10, 1) if over else trucks
        figures[code] = CountyFigure(
            None if code == NO_DATA else value,
            url=f"#county-{code}",
            note=_("since midnight"),
        )
    if over:
        return county_map(
            _("Share over the limit"),
            figures,
            city=CITY,
            unit="%",
            over=True,
            decimals=1,
            slug="share",
        )
    title, unit = _("Trucks out today"), _("trucks")
    return county_map(title, figures, city=CITY, unit=unit, slug="trucks")


def day_chart() -> Chart:
    """Bars by the hour, those over the limit on top."""
    trucks = [3, 2, 0, 0, 1, 9, 22, 41, 58, 63, 60, 47, 31, 44, 62, 66, 59, 48, 30, 21, 14, 9, 6, 4]
    over = [0, 0, 0, 0, 0, 1, 0, 2, 1, 0, 3, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 0, 1, 0]
    return Chart(
        Kind.BAR,
        _("Trucks by the hour"),
        [f"{hour:02d}" for hour in range(24)],
        [
            Series(_("Within the limit"), [a - b for a, b in zip(trucks, over, strict=True)]),
            Series(_("Over the limit"), over, Tone.OVER),
        ],
        unit=_("trucks"),
        label_heading=_("Hour"),
        stacked=True,
        slug="hours",
    )


def month_chart() -> Chart:
    """A line with the month before beside it, and a gap where a day is unknown."""
    days = [date(2026, 9, 1) + timedelta(days=n) for n in range(30)]
    now: list[float | None] = [700 + n * 137 % 311 for n in range(30)]
    now[11] = now[12] = None
    return Chart(
        Kind.LINE,
        _("Trucks by the day"),
        [f"{day:%m-%d}" for day in days],
        [
            Series(_("This month"), now),
            Series(_("Last month"), [640 + n * 89 % 270 for n in range(30)], Tone.BESIDE),
        ],
        unit=_("trucks"),
        label_heading=_("Day"),
        slug="month",
    )


def county_chart() -> Chart:
    """Lying bars: the five counties with the most."""
    names = list(LINFEN_COUNTIES.items())[:5]
    return Chart(
        Kind.ROWS,
        _("Most overloads"),
        [name for _code, name in names],
        [Series(_("Over the limit"), [41, 33, 20, 12, 5], Tone.OVER)],
        unit=_("trucks"),
        label_heading=_("County"),
        urls=[f"#county-{code}" for code, _name in names],
        slug="most",
    )


def empty_chart() -> Chart:
    """Nothing to draw."""
    return Chart(Kind.LINE, _("Trucks by the day"), [], [Series(_("This month"), [])], slug="none")


def sparklines() -> list[tuple[str, int, Sparkline]]:
    """Name, sum and course of a few units."""
    courses: list[tuple[str, list[float | None], Tone]] = [
        (_("Sample unit %s") % 1, [12, 14, 9, 16, 18, 11, 15], Tone.MAIN),
        (_("Sample unit %s") % 2, [4, 6, None, None, 5, 7, 6], Tone.MAIN),
        (_("Sample unit %s") % 3, [0, 1, 0, 2, 5, 3, 4], Tone.OVER),
    ]
    return [
        (
            name,
            int(sum(value or 0 for value in values)),
            Sparkline(values, _("%(unit)s: the last seven days") % {"unit": name}, tone),
        )
        for name, values, tone in courses
    ]


def timeline() -> list[dict[str, Any]]:
    """Steps of a case: done, on and overdue, to come."""
    return [
        {
            "title": _("Case opened"),
            "state": "done",
            "at": _BEGIN - timedelta(days=3),
            "by": _("Clerk of the county"),
            "text": _("from the record of the weighing"),
        },
        {
            "title": _("Looked into"),
            "state": "now",
            "due": _("until 2026-09-20"),
            "late": True,
            "by": _("Inspector of the county"),
            "text": "",
        },
        {"title": _("Handed over"), "state": "next", "due": "", "by": "", "text": ""},
    ]


def plates() -> list[tuple[str, str]]:
    """A plate of every colour, and none."""
    return [
        ("" if colour == "none" else f"晋L{12345 + number}", colour)
        for number, colour in enumerate([*words.PLATE_COLOURS, "none"])
    ]
