"""What an open wall display is sent: its trucks at once, its figures every few seconds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.template.loader import render_to_string
from django.utils.timezone import localdate, now

from hengyuan.platform.board.alerts import alerts
from hengyuan.platform.board.feed import Feed
from hengyuan.platform.board.queries import Area
from hengyuan.platform.board.wall import Before, before, wall
from hengyuan.platform.board.wall_drawings import (
    by_hour,
    map_of,
    trend_of_rate,
    trend_of_trucks,
)

PIECES = ("figures", "map", "parts", "alerts", "trend", "hours")
FIGURES_EVERY = timedelta(seconds=2)
"""Trucks come at once; all figures are not worked out anew for each of them."""
BEFORE_EVERY = timedelta(minutes=1)
"""Yesterday until now moves with the clock, the days of a month hardly at all."""


class WallFeed(Feed):
    """The wall displays of one area in one language."""

    action: ClassVar[str] = "board.wall"
    row_template: ClassVar[str] = "board/parts/wall/row.html"

    def __init__(self, area: Area, language: str) -> None:
        super().__init__(area, language)
        self._pieces_at: datetime | None = None
        self._kept: dict[str, str] = {}
        self._before: Before | None = None
        self._before_at: datetime | None = None

    def _pieces(self, *, is_whole: bool) -> tuple[dict[str, str], None]:
        at = now()
        known_since = None if self._pieces_at is None else at - self._pieces_at
        if not is_whole and known_since is not None and known_since < FIGURES_EVERY:
            self.again_after_s = (FIGURES_EVERY - known_since).total_seconds()
            return self._kept, None
        self.again_after_s = None
        self._kept = self._rendered(at)
        self._pieces_at = at
        return self._kept, None

    def _rendered(self, at: datetime) -> dict[str, str]:
        found = wall(self.area, self._past(at), at)
        unheard = found.terminals.silent + found.terminals.offline
        drawn = map_of(found)
        context: dict[str, Any] = {
            "area": self.area,
            "wall": found,
            "alerts": alerts(self.area, found.high, unheard, at),
            "map": drawn,
            "hours": by_hour(found),
            "trend": (trend_of_trucks(found), trend_of_rate(found)),
        }
        return {
            name: render_to_string(f"board/parts/wall/{name}.html", context)
            for name in PIECES
            if name != ("map" if drawn is None else "hours")
        }

    def _past(self, at: datetime) -> Before:
        is_fresh = (
            self._before_at is not None
            and at - self._before_at < BEFORE_EVERY
            and localdate(at) == localdate(self._before_at)
        )
        if self._before is None or not is_fresh:
            self._before, self._before_at = before(self.area, at), at
        return self._before
