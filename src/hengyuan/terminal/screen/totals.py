"""What passed: sums of a day or a month, by lane, by cargo, by shift."""

from __future__ import annotations

import sqlite3
from calendar import monthrange
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.screen.pages import Pages
from hengyuan.terminal.screen.vocabulary import date_of, day_number, moment
from hengyuan.terminal.store import search, shifts
from hengyuan.terminal.store.search import Total, Wanted, day_of

_LATEST = date(2099, 12, 31)
_EARLIEST = date(2000, 1, 1)


class TotalPages:
    """`/totals`, for `?day=2026-09-22` or `?month=2026-09`; today without either."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._terminal = pages.terminal
        self._words = pages.vocabulary

    def routes(self) -> list[Route]:
        """Where they are."""
        return [Route("/totals", self._pages.guard(self.totals))]

    async def totals(self, request: Request) -> Response:
        """GET /totals"""
        today = date_of(day_of(self._terminal.clock.now_ms()))
        month = _month(request.query_params.get("month", ""))
        first = month or _day(request.query_params.get("day", "")) or today
        last = first.replace(day=monthrange(first.year, first.month)[1]) if month else first
        wanted = Wanted(first_day=day_number(first), last_day=day_number(last))

        def read(db: sqlite3.Connection) -> dict[str, Any]:
            return {
                "all": search.total(db, wanted),
                "lane": search.totals(db, wanted, "lane"),
                "cargo": search.totals(db, wanted, "cargo"),
                "day": search.totals(db, wanted, "day") if month else {},
                "shifts": _shifts_of(db, wanted) if not month else [],
                "running": shifts.running(db) if not month and first == today else None,
            }

        found = await self._terminal.worker.read(read)
        words = self._words
        before, after = _neighbours(first, bool(month))
        return self._pages.render(
            request,
            "totals.html",
            first=first,
            last=last,
            month=bool(month),
            today=today,
            weekday=words.weekday(first),
            before=before,
            after=after if after <= today else None,
            total=found["all"],
            lanes=[
                (self._lane(number), each, f"lane={number}")
                for number, each in found["lane"].items()
            ],
            cargoes=[
                (words.cargo(code) or self._pages.gettext("Not given"), each, f"cargo={code or ''}")
                for code, each in found["cargo"].items()
            ],
            days=[
                (f"{date_of(day).isoformat()} {words.weekday(date_of(day))}", each, date_of(day))
                for day, each in found["day"].items()
            ],
            shifts=found["shifts"],
            running=found["running"],
            address=f"/records?from={first.isoformat()}&to={last.isoformat()}",
            tonnes=tonnes,
            moment=moment,
        )  # fmt: skip

    def _lane(self, number: int) -> str:
        view = self._terminal.board.lanes.get(number)
        return (
            f"{number}" if view is None or view.title == str(number) else f"{number} {view.title}"
        )


def _shifts_of(connection: sqlite3.Connection, wanted: Wanted) -> list[tuple[shifts.Shift, Total]]:
    """Shifts with trucks of these days, and what of these days was in them."""
    recent = shifts.newest(connection, 40)
    found = []
    for shift in recent:
        part = Wanted(
            first_day=wanted.first_day,
            last_day=wanted.last_day,
            above_seq=shift.above_seq,
            upto_seq=shift.upto_seq,
        )
        total = search.total(connection, part)
        if total.trucks or total.void:
            found.append((shift, total))
    return found


def _neighbours(first: date, month: bool) -> tuple[date, date]:
    if not month:
        return first - timedelta(days=1), first + timedelta(days=1)
    before = (first - timedelta(days=1)).replace(day=1)
    return before, first + timedelta(days=monthrange(first.year, first.month)[1])


def _day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if _EARLIEST < day < _LATEST else None


def _month(text: str) -> date | None:
    return _day(f"{text}-01")
