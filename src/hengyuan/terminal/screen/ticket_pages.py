"""Tickets to be looked at, printed and taken along."""

from __future__ import annotations

import sqlite3
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.screen.forms import Form
from hengyuan.terminal.screen.pages import Pages
from hengyuan.terminal.screen.printing import NotPrinted, Printer
from hengyuan.terminal.screen.records import read_passage
from hengyuan.terminal.screen.ticket_pdf import NoChineseFont, NotSet, qr_svg, ticket_pdf
from hengyuan.terminal.screen.tickets import PAPERS, Issuer, Paper, Ticket, make_ticket
from hengyuan.terminal.screen.tickets import Form as TicketForm


class TicketPages:
    """`/records/{seq}/ticket`, its PDF, its QR code, and the printer."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._terminal = pages.terminal
        settings = pages.terminal.config.printer
        self.printer = None if settings is None else Printer(settings)
        enrolment = pages.terminal.identity.enrolment
        self._issuer = Issuer(
            unit=enrolment.unit_name or enrolment.unit,
            terminal=enrolment.terminal,
            platform_url=pages.terminal.config.platform.url,
        )

    def routes(self) -> list[Route]:
        """Where they are."""
        guard = self._pages.guard
        return [
            Route("/records/{seq:int}/ticket", guard(self.page)),
            Route("/records/{seq:int}/ticket.pdf", guard(self.pdf)),
            Route("/records/{seq:int}/qr.svg", guard(self.qr)),
            Route("/records/{seq:int}/print", guard(self.print), methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """GET /records/{seq}/ticket?form=weigh|loading&paper=80mm|58mm|a5"""
        ticket = await self._ticket(request)
        if ticket is None:
            return self._missing(request)
        return self._show(request, ticket)

    async def pdf(self, request: Request) -> Response:
        """GET /records/{seq}/ticket.pdf"""
        ticket = await self._ticket(request)
        if ticket is None:
            return self._missing(request)
        _ = self._pages.gettext
        try:
            data = await ticket_pdf(ticket, _paper(request))
        except NoChineseFont:
            why = _("No Chinese font is installed on this machine, so no PDF can be made")
            return self._show(request, ticket, why, 503)
        except NotSet as error:
            why = _("No PDF could be made: {error}").format(error=error)
            return self._show(request, ticket, why, 503)
        disposition = f'inline; filename="{ticket.number}.pdf"'
        headers = {"content-disposition": disposition, "cache-control": "no-store"}
        return Response(data, media_type="application/pdf", headers=headers)

    async def qr(self, request: Request) -> Response:
        """GET /records/{seq}/qr.svg"""
        ticket = await self._ticket(request)
        if ticket is None:
            return Response(status_code=404)
        headers = {"cache-control": "no-store"}
        svg = qr_svg(ticket.address).replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
        return Response(svg, media_type="image/svg+xml", headers=headers)

    async def print(self, request: Request) -> Response:
        """POST /records/{seq}/print: on the receipt printer."""
        form = await Form.read(self._pages, request)
        if form.done is not None:
            return form.done
        _ = self._pages.gettext
        ticket = await self._ticket(request)
        if ticket is None:
            return self._missing(request)
        if self.printer is None:
            why = _("There is no [printer] in the configuration; print from the browser")
            form.problem("", why)
            return self._show(request, ticket, why, 409)
        try:
            await self.printer.print(ticket)
        except NotPrinted as error:
            why = _("Not printed: {error}").format(error=error)
            form.problem("", why)
            return self._show(request, ticket, why, 502)
        seq = request.path_params["seq"]
        return form.finish(f"/records/{seq}/ticket?said=printed&form={_form(request) or ''}")

    async def _ticket(self, request: Request) -> Ticket | None:
        seq = request.path_params["seq"]
        found = await self._terminal.worker.read(lambda db: _chain(db, seq))
        if found is None:
            return None
        newest, digest, weighed = found
        return make_ticket(
            newest,
            digest,
            self._issuer,
            self._pages.vocabulary,
            self._terminal.words,
            self._terminal.clock.now_ms(),
            form=_form(request),
            last_weighed=weighed,
        )

    def _show(
        self, request: Request, ticket: Ticket, problem: str = "", status: int = 200
    ) -> Response:
        return self._pages.render(
            request,
            "ticket.html",
            status,
            ticket=ticket,
            seq=request.path_params["seq"],
            chosen=_form(request) or "",
            paper=_paper(request),
            papers=PAPERS,
            printer=self.printer is not None,
            form=Form.empty(self._pages, request),
            problem=problem,
        )

    def _missing(self, request: Request) -> Response:
        what = self._pages.gettext("There is no record {seq} here")
        return self._pages.missing(request, what.format(seq=request.path_params["seq"]))


def _chain(connection: sqlite3.Connection, seq: int):  # type: ignore[no-untyped-def]
    """Newest record of the passage with its digest, and the newest one that has weights."""
    found = read_passage(connection, seq)
    if found is None:
        return None
    _, chain = found
    weighed = [each.record for each in chain if each.record.kind != "void"]
    return chain[-1].record, chain[-1].digest, weighed[-1] if weighed else None


def _form(request: Request) -> TicketForm | None:
    form = request.query_params.get("form")
    return cast("TicketForm", form) if form in ("weigh", "loading") else None


def _paper(request: Request) -> Paper:
    paper = request.query_params.get("paper")
    return paper if paper in PAPERS else "80mm"
