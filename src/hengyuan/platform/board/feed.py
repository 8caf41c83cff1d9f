"""From figures to what an open board is sent: pieces of the page, and only what has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.timezone import localdate, localtime, now

from hengyuan.platform.board import queries
from hengyuan.platform.board.queries import MOST_LINES, Area
from hengyuan.platform.weighing.columns import milliseconds
from hengyuan.platform.weighing.queries import Line, last_batch

PARTS = ("figures", "summary", "lights", "hours")


@dataclass
class Message:
    """What a board is told: new rows, pieces of the page to replace, the hours for the chart.

    `id` is the last batch that is taken account of; a browser that lost the connection names it.
    `is_whole` is True for everything at once, in place of what the page shows.
    """

    id: int
    at: str
    day: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)
    chart: dict[str, list[int]] | None = None
    is_whole: bool = False

    def merged(self, later: Message) -> Message:
        """Both in one, for a browser that takes its time."""
        if later.is_whole:
            return later
        keys = {row["key"] for row in later.rows}
        return Message(
            id=later.id,
            at=later.at,
            day=later.day,
            rows=[*later.rows, *(row for row in self.rows if row["key"] not in keys)][:MOST_LINES],
            parts=self.parts | later.parts,
            chart=later.chart or self.chart,
            is_whole=self.is_whole,
        )

    def as_dict(self) -> dict[str, Any]:
        return {
            "at": self.at,
            "day": self.day,
            "rows": self.rows,
            "parts": self.parts,
            "chart": self.chart,
        }


class Feed:
    """The board of one area in one language: remembers what was sent last.

    Another screen of the same trucks, such as the wall display, is a subclass: it has its own
    `action` (who may watch it), its own row and its own pieces.
    """

    action: ClassVar[str] = "board.view"
    row_template: ClassVar[str] = "board/parts/row.html"
    again_after_s: float | None = None
    """Asks to be read again so soon, where pieces were left out of the last message."""

    def __init__(self, area: Area, language: str) -> None:
        self.area = area
        self.language = language
        self._sent_upto: int | None = None
        self._sent_parts: dict[str, str] = {}
        self._sent_chart: dict[str, list[int]] | None = None

    def whole(self, after: int | None = None) -> Message:
        """Everything; of the rows only what came behind batch `after`, where that is not much."""
        upto = last_batch()
        with translation.override(self.language):
            lines = None if after is None else queries.arrived_lines(self.area, after, upto)
            if lines is None:
                lines = queries.newest_lines(self.area)
            message, chart = self._message(upto, lines, is_whole=True)
            message.chart = chart
        message.is_whole = True
        return message

    def changes(self) -> Message | None:
        """What is new since the last call; None if nothing is."""
        upto = last_batch()
        with translation.override(self.language):
            lines: list[Line] | None = []
            if self._sent_upto is not None and upto > self._sent_upto:
                lines = queries.arrived_lines(self.area, self._sent_upto, upto)
                if lines is None:
                    lines = queries.newest_lines(self.area)
            message, chart = self._message(upto, lines or [], is_whole=False)
        self._sent_upto = upto
        new = {
            name: html for name, html in message.parts.items() if self._sent_parts.get(name) != html
        }
        self._sent_parts = message.parts
        message.parts = new
        message.chart = chart if chart != self._sent_chart else None
        self._sent_chart = chart
        return message if message.rows or message.parts or message.chart else None

    def _message(
        self, upto: int, lines: list[Line], *, is_whole: bool
    ) -> tuple[Message, dict[str, list[int]] | None]:
        parts, chart = self._pieces(is_whole=is_whole)
        message = Message(
            id=upto,
            at=time_now(),
            day=localdate().isoformat(),
            rows=[rendered(self.area, line, self.row_template) for line in lines],
            parts=parts,
        )
        return message, chart

    def _pieces(self, *, is_whole: bool) -> tuple[dict[str, str], dict[str, list[int]] | None]:
        """The pieces of the page by name, and the hours of the chart."""
        found = queries.figures(self.area)
        terminals, further = queries.lights(self.area)
        context = {
            "area": self.area,
            "board": found,
            "terminals": terminals,
            "further": further,
            "terminals_url": found.terminals_url,
        }
        parts: dict[str, str] = {
            name: render_to_string(f"board/parts/{name}.html", context) for name in PARTS
        }
        chart: dict[str, list[int]] | None = {
            "trucks": [tally.trucks for tally in found.hours],
            "over": [tally.over for tally in found.hours],
        }
        return parts, chart


def time_now() -> str:
    """The local time of day, for the light that says how old the figures are."""
    return f"{localtime(now()):%H:%M:%S}"


def rendered(area: Area, line: Line, template: str) -> dict[str, Any]:
    """A row of the board: its name, its place in the order of time, its HTML."""
    ms = milliseconds(line.row.weighed_at)
    context = {"line": line, "area": area, "ms": ms}
    return {
        "key": line.key,
        "ms": ms,
        "is_over": line.is_over,
        "html": render_to_string(template, context),
    }
