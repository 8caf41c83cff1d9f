"""Hand-over of a shift: both sign with their PINs, and the sums are kept as they were signed."""

from __future__ import annotations

import sqlite3

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.messages import tonnes
from hengyuan.terminal.screen.forms import Form
from hengyuan.terminal.screen.pages import Pages
from hengyuan.terminal.screen.vocabulary import moment
from hengyuan.terminal.store import shifts

SHOWN = 30


class ShiftPages:
    """`/shifts` and `/shifts/{id}`."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._terminal = pages.terminal

    def routes(self) -> list[Route]:
        """Where they are."""
        guard = self._pages.guard
        return [
            Route("/shifts", guard(self.shifts)),
            Route("/shifts", guard(self.hand_over), methods=["POST"]),
            Route("/shifts/{number:int}", guard(self.shift)),
        ]

    async def shifts(self, request: Request) -> Response:
        """GET /shifts: the running one, the form, the last ones."""
        return await self._show(request, Form.empty(self._pages, request))

    async def hand_over(self, request: Request) -> Response:
        """POST /shifts"""
        _ = self._pages.gettext
        form = await Form.read(self._pages, request)
        if form.done is not None:
            return form.done
        gave = await form.person("gave", "gave_pin")
        took = await form.person("took", "took_pin")
        if gave and took and gave.name == took.name:
            form.problem("took", _("Another person takes over"))
        remarks = form.text("remarks", shifts.MAX_REMARKS)
        if form.problems or gave is None or took is None:
            return await self._show(request, form, 422)
        at_ms = self._terminal.clock.now_ms()
        worker = self._terminal.worker
        try:
            shift = await worker.do(
                worker.store.within,
                lambda db: shifts.hand_over(db, at_ms, gave.name, took.name, remarks),
            )
        except (sqlite3.Error, OSError) as error:
            form.problem("", _("It could not be stored: {error}").format(error=error))
            return await self._show(request, form, 503)
        answer = form.finish(f"/shifts/{shift.id}?said=handed_over")
        self._pages.log_in(answer, request, took.name)
        return answer

    async def shift(self, request: Request) -> Response:
        """GET /shifts/{number}: what both signed, to be printed."""
        number = request.path_params["number"]
        shift = await self._terminal.worker.read(lambda db: shifts.by_id(db, number))
        if shift is None:
            what = self._pages.gettext("There is no shift {number} here").format(number=number)
            return self._pages.missing(request, what)
        return self._pages.render(
            request, "shift.html", shift=shift, total=shift.totals, tonnes=tonnes, moment=moment
        )

    async def _show(self, request: Request, form: Form, status: int = 200) -> Response:
        def read(db: sqlite3.Connection) -> tuple[shifts.Running, list[shifts.Shift]]:
            return shifts.running(db), shifts.newest(db, SHOWN)

        running, past = await self._terminal.worker.read(read)
        return self._pages.render(
            request,
            "shifts.html",
            status,
            form=form,
            running=running,
            total=running.totals,
            past=past,
            keeper=running.keeper or self._pages.access.operator(request) or "",
            people_pairs=[(name, name) for name in self._pages.people.names],
            most=shifts.MAX_REMARKS,
            tonnes=tonnes,
            moment=moment,
        )
