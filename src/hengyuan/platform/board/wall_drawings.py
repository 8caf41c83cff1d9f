"""What is drawn on a wall display: counties or hours, and the last 30 days."""

from __future__ import annotations

from django.utils.translation import gettext as _

from hengyuan.platform.board.queries import HOURS, Tally
from hengyuan.platform.board.wall import Part, Wall
from hengyuan.platform.charts import Chart, Kind, Series, Tone
from hengyuan.platform.county_map import CountyFigure, CountyMap


def map_of(wall: Wall) -> CountyMap | None:
    """The counties, or the province's cities, with their share; None for a county.

    Tiles alone: a switch to the approved map is of no use on a wall.
    """
    regions = tuple(part.region for part in wall.parts if part.region is not None)
    if not regions:
        return None
    figures = {
        part.code: CountyFigure(part.tally.rate, part.url, _note(part)) for part in wall.parts
    }
    title = _("Share over the limit today")
    return CountyMap(title, figures, regions, None, "%", over=True, decimals=1)


def by_hour(wall: Wall) -> Chart:
    """The trucks of the day by the hour, for an area that has no map."""
    return _stacked(
        "wall-hours",
        _("Trucks by the hour"),
        [f"{hour:02d}" for hour in range(HOURS)],
        wall.hours,
    )


def trend_of_trucks(wall: Wall) -> Chart:
    """Trucks of each of the last days, those over the limit apart."""
    days = wall.days
    labels = [f"{day:%m-%d}" for day in days]
    return _stacked("wall-trucks", _("Trucks out in the last 30 days"), labels, list(days.values()))


def trend_of_rate(wall: Wall) -> Chart:
    """The share over the limit of each of the last days; a gap where no truck was judged."""
    days = wall.days
    rates = [None if tally.rate is None else round(tally.rate, 2) for tally in days.values()]
    return Chart(
        Kind.LINE,
        _("Share over the limit in the last 30 days"),
        [f"{day:%m-%d}" for day in days],
        [Series(_("Share over the limit"), rates, Tone.OVER)],
        unit="%",
        label_heading=_("Day"),
        slug="wall-rate",
    )


def _stacked(slug: str, title: str, labels: list[str], tallies: list[Tally]) -> Chart:
    """Trucks as bars, within and over the limit; where there are none at all, nothing to draw."""
    is_empty = not any(tally.trucks for tally in tallies)
    within = [None if is_empty else tally.trucks - tally.over for tally in tallies]
    over = [None if is_empty else tally.over for tally in tallies]
    return Chart(
        Kind.BAR,
        title,
        labels,
        [
            Series(_("Within the limit or not judged"), within),
            Series(_("Over the limit"), over, Tone.OVER),
        ],
        label_heading=_("Time"),
        stacked=True,
        slug=slug,
    )


def _note(part: Part) -> str:
    if not part.tally.trucks:
        return ""
    return _("%(over)s of %(trucks)s trucks") % {
        "over": part.tally.over,
        "trucks": part.tally.trucks,
    }
