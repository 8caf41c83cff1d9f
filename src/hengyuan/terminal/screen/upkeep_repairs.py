"""Repairs: maintenance tickets with what was done about them, spare parts, swapped devices."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.screen.forms import Form
from hengyuan.terminal.screen.upkeep import Section
from hengyuan.terminal.store import repairs

MAX_TEXT = 200
MAX_PART = 38
MAX_SERIAL = 60
MAX_COUNT = 9_999
_SHOWN_TICKETS = 60
_SHOWN_MOVES = 30
_SHOWN_SWAPS = 30
Work = Callable[[sqlite3.Connection], object]


class RepairPages(Section):
    """`/upkeep/tickets…` and `/upkeep/parts…`."""

    def routes(self) -> list[Route]:
        """Where they are."""
        guard = self.pages.guard
        ticket = "/upkeep/tickets/{number:int}"
        return [
            Route("/upkeep/tickets", guard(self.tickets)),
            Route("/upkeep/tickets", guard(self.open), methods=["POST"]),
            Route(ticket, guard(self.ticket)),
            Route(ticket + "/{what}", guard(self.work_on), methods=["POST"]),
            Route("/upkeep/parts", guard(self.parts)),
            Route("/upkeep/parts", guard(self.new_part), methods=["POST"]),
            Route("/upkeep/parts/{number:int}", guard(self.move), methods=["POST"]),
        ]

    # tickets

    async def tickets(self, request: Request) -> Response:
        """GET /upkeep/tickets: what is under way, what was done; a new one."""
        device = request.query_params.get("device", "")
        return await self._list(request, Form.empty(self.pages, request, device=device))

    async def open(self, request: Request) -> Response:
        """POST /upkeep/tickets"""
        _ = self.gettext
        form = await Form.read(self.pages, request)
        if form.done is not None:
            return form.done
        device = form.choice("device", self.device_names(), _("Which device?"))
        problem = form.text("problem", MAX_TEXT, _("What is wrong with it?"))
        by = self.signs(form, request)
        if form.problems or device is None:
            return await self._list(request, form, 422)
        at_ms = self.now_ms()
        number = await self.write(
            form, lambda db: repairs.open_ticket(db, at_ms, device, problem, by)
        )
        if number is None:
            return await self._list(request, form, 503)
        return form.finish(f"/upkeep/tickets/{number}?said=ticket_opened")

    async def ticket(self, request: Request) -> Response:
        """GET /upkeep/tickets/{number}: to work on, or to be printed."""
        form = Form.empty(self.pages, request)
        return await self._one(request, request.path_params["number"], form)

    async def work_on(self, request: Request) -> Response:
        """POST /upkeep/tickets/{number}/note, part, swap or close"""
        number, what = request.path_params["number"], request.path_params["what"]
        read = {"note": self._note, "part": self._part, "swap": self._swap, "close": self._close}
        if what not in read:
            return self.pages.missing(request, self.gettext("There is no such page"))
        form = await Form.read(self.pages, request)
        if form.done is not None:
            return form.done
        form.fields["what"] = what
        by = self.signs(form, request)
        work = read[what](form, number, by)
        if form.problems or work is None:
            return await self._one(request, number, form, 422)
        await self.write(form, work)
        if form.problems:
            return await self._one(request, number, form, 409)
        return form.finish(f"/upkeep/tickets/{number}?said=ticket_{what}")

    def _note(self, form: Form, number: int, by: str) -> Work:
        note = form.text("note", MAX_TEXT, self.gettext("What was done?"))
        at_ms = self.now_ms()
        return lambda db: repairs.note_on(db, at_ms, number, note, by)

    def _part(self, form: Form, number: int, by: str) -> Work | None:
        part = form.number("part", 1, 10**9)
        count = form.number("count", 1, MAX_COUNT)
        if part is None or count is None:
            return None
        at_ms = self.now_ms()
        return lambda db: repairs.move_part(db, at_ms, part, -count, by, number)

    def _swap(self, form: Form, number: int, by: str) -> Work | None:
        _ = self.gettext
        device = form.choice("device", self.device_names(), _("Which device?"))
        old = form.text("old_serial", MAX_SERIAL, _("What was its serial number?"))
        new = form.text("new_serial", MAX_SERIAL, _("What is its serial number?"))
        reason = form.text("reason", MAX_TEXT, _("Why?"))
        if device is None:
            return None
        at_ms = self.now_ms()
        return lambda db: repairs.swap(db, at_ms, device, old, new, reason, by, number)

    def _close(self, form: Form, number: int, by: str) -> Work:
        _ = self.gettext
        done = form.text("done", MAX_TEXT, _("What was done?"))
        test = form.text("test", MAX_TEXT, _("How was it tested, and with what result?"))
        at_ms = self.now_ms()
        return lambda db: repairs.close_ticket(db, at_ms, number, done, test, by)

    async def _list(self, request: Request, form: Form, status: int = 200) -> Response:
        read = self.terminal.worker.read
        return self.show(
            request,
            "tickets.html",
            status,
            form=form,
            tickets=await read(lambda db: repairs.tickets(db, _SHOWN_TICKETS)),
            swaps=await read(lambda db: repairs.swaps(db, _SHOWN_SWAPS)),
            devices=[(name, name) for name in self.device_names()],
            most=MAX_TEXT,
        )

    async def _one(self, request: Request, number: int, form: Form, status: int = 200) -> Response:
        read = self.terminal.worker.read
        found = await read(lambda db: repairs.ticket(db, number))
        if found is None:
            what = self.gettext("There is no ticket {number} here").format(number=number)
            return self.pages.missing(request, what)
        return self.show(
            request,
            "ticket.html",
            status,
            form=form,
            ticket=found,
            notes=await read(lambda db: repairs.notes_of(db, number)),
            moves=await read(lambda db: repairs.moves(db, _SHOWN_MOVES, number)),
            swaps=await read(lambda db: repairs.swaps(db, _SHOWN_SWAPS, number)),
            parts=[
                (str(part.id), f"{part.title} ({part.count})")
                for part in await read(repairs.parts)
                if part.count
            ],
            devices=[(name, name) for name in self.device_names()],
            most=MAX_TEXT,
            most_serial=MAX_SERIAL,
        )

    # spare parts

    async def parts(self, request: Request) -> Response:
        """GET /upkeep/parts: what is in stock."""
        return await self._stock(request, Form.empty(self.pages, request))

    async def new_part(self, request: Request) -> Response:
        """POST /upkeep/parts: a further kind of part."""
        _ = self.gettext
        form = await Form.read(self.pages, request)
        if form.done is not None:
            return form.done
        name = form.text("name", MAX_PART, _("What is it called?"))
        model = form.text("model", MAX_PART)
        count = form.number("count", 0, MAX_COUNT)
        minimum = form.number("minimum", 0, MAX_COUNT)
        by = self.signs(form, request)
        if form.problems or count is None or minimum is None:
            return await self._stock(request, form, 422)
        at_ms = self.now_ms()
        try:
            await self.upkeep.do(
                lambda db: repairs.new_part(db, at_ms, name, model, count, minimum, by)
            )
        except repairs.Impossible:
            form.problem("name", _("This part is in the list already"))
            return await self._stock(request, form, 409)
        except (sqlite3.Error, OSError) as error:
            form.problem("", _("It could not be stored: {error}").format(error=error))
            return await self._stock(request, form, 503)
        return form.finish("/upkeep/parts?said=part")

    async def move(self, request: Request) -> Response:
        """POST /upkeep/parts/{number}: parts in or out, or another minimum."""
        _ = self.gettext
        number = request.path_params["number"]
        form = await Form.read(self.pages, request)
        if form.done is not None:
            return form.done
        by = self.signs(form, request)
        what = form.choice("what", ("in", "out", "minimum"), _("What is to be done?"))
        count = form.number("change", 0 if what == "minimum" else 1, MAX_COUNT)
        if form.problems or count is None:
            form.problem("", " ".join(form.problems.values()))
            return await self._stock(request, form, 422)
        at_ms = self.now_ms()
        if what == "minimum":
            await self.write(form, lambda db: repairs.set_minimum(db, at_ms, number, count))
        else:
            change = count if what == "in" else -count
            await self.write(form, lambda db: repairs.move_part(db, at_ms, number, change, by))
        if form.problems:
            form.problems[""] = _("There are not so many in stock")
            return await self._stock(request, form, 409)
        return form.finish("/upkeep/parts?said=part")

    async def _stock(self, request: Request, form: Form, status: int = 200) -> Response:
        read = self.terminal.worker.read
        return self.show(
            request,
            "parts.html",
            status,
            form=form,
            parts=await read(repairs.parts),
            moves=await read(lambda db: repairs.moves(db, _SHOWN_MOVES)),
            most=MAX_PART,
        )
