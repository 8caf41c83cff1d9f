"""What the gatekeeper does to a truck or a lane: forms that give an order and say what came of it.

Each form shows the truck it is about, with its pictures. It carries the number of the record that
was shown: whoever looked at something that has changed meanwhile is told so, nothing is done.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.law.plate_colours import PlateColour
from hengyuan.record.model import MAX_MASS_KG
from hengyuan.terminal.judging import MAX_AXLES, MIN_AXLES
from hengyuan.terminal.lane.order_checks import MAX_REASON, MAX_TEXT
from hengyuan.terminal.lane.orders import ByHand, Loading, OrderRefused, Orders
from hengyuan.terminal.screen.forms import Form
from hengyuan.terminal.screen.pages import Pages
from hengyuan.terminal.screen.records import Stored, read_passage
from hengyuan.terminal.screen.vocabulary import mass, passage_level
from hengyuan.terminal.store import search
from hengyuan.terminal.store.search import Passage

MAX_PLATE = 10
Act = Callable[[Request, Form, "About"], Awaitable[str | None]]
"""Gives the order; where the page goes on, None where the form has problems."""


class About:
    """The truck that a form is about: its passage and its newest record that has a weight."""

    def __init__(self, passage: Passage, chain: list[Stored], orders: Orders) -> None:
        self.passage = passage
        self.chain = chain
        self.orders = orders
        self.record = chain[-1].record


class OrderPages:
    """`/records/{seq}/…` and `/lanes/{lane}/…`: one page for each order."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages
        self._terminal = pages.terminal
        self._words = pages.vocabulary

    def routes(self) -> list[Route]:
        """Where they are."""
        guard = self._pages.guard
        both = ["GET", "POST"]
        return [
            Route("/records/{seq:int}/plate", guard(self.plate), methods=both),
            Route("/records/{seq:int}/loading", guard(self.loading), methods=both),
            Route("/records/{seq:int}/override", guard(self.override), methods=both),
            Route("/records/{seq:int}/void", guard(self.void), methods=both),
            Route("/lanes/{lane:int}/manual", guard(self.manual), methods=both),
            Route("/lanes/{lane:int}/barrier", guard(self.barrier), methods=both),
            Route("/lanes/{lane:int}/alone", guard(self.alone), methods=both),
        ]

    # a truck that is recorded

    async def plate(self, request: Request) -> Response:
        """/records/{seq}/plate: type a plate that no camera read, or that it read wrongly."""

        async def act(request: Request, form: Form, about: About) -> str | None:
            _ = self._pages.gettext
            plate = form.text("plate", MAX_PLATE, _("Which plate is it?"))
            colour = form.choice("colour", tuple(PlateColour))
            if form.problems:
                return None
            operator = self._pages.operator(request)
            await about.orders.type_plate(about.record.seq, plate, colour, operator)
            return "plate"

        return await self._about_truck(request, "order_plate.html", act, self._plate_fields)

    async def loading(self, request: Request) -> Response:
        """/records/{seq}/loading: what the ticket needs beside the weight."""

        async def act(request: Request, form: Form, about: About) -> str | None:
            loading = _loading(form)
            if form.problems:
                return None
            await about.orders.loading(about.record.seq, loading, self._pages.operator(request))
            return "loading"

        return await self._about_truck(request, "order_loading.html", act, self._loading_fields)

    async def override(self, request: Request) -> Response:
        """/records/{seq}/override: let a truck out against the verdict; two people sign."""

        async def act(request: Request, form: Form, about: About) -> str | None:
            operator, witness, reason = await self._signed(form)
            if form.problems:
                return None
            await about.orders.override(about.record.seq, operator, witness, reason)
            return "override"

        return await self._about_truck(request, "order_override.html", act, self._signing_fields)

    async def void(self, request: Request) -> Response:
        """/records/{seq}/void: declare that a passage does not count; two people sign."""

        async def act(request: Request, form: Form, about: About) -> str | None:
            operator, witness, reason = await self._signed(form)
            if form.problems:
                return None
            await about.orders.void(about.record.seq, reason, operator, witness)
            return "void"

        return await self._about_truck(request, "order_void.html", act, self._signing_fields)

    async def _about_truck(
        self,
        request: Request,
        template: str,
        act: Act,
        fields: Callable[[Request, About], Awaitable[dict[str, Any]]],
    ) -> Response:
        _ = self._pages.gettext
        seq = request.path_params["seq"]
        form = await self._form(request)
        if form.done is not None:
            return form.done
        about = await self._find(seq)
        if about is None:
            form.problem("", "")
            return self._pages.missing(request, _("There is no record {seq} here").format(seq=seq))
        status = 200
        if request.method == "POST":
            if form.fields.get("seen") != str(about.record.seq):
                form.problem("", _("This truck has changed meanwhile: look at it again"))
            led_to = await self._try(request, form, about, act)
            if led_to is not None:
                return form.finish(f"/records/{about.passage.first_seq}?said={led_to}")
            status = 422
        return self._pages.render(
            request,
            template,
            status,
            form=form,
            about=about,
            truck=self._truck(about),
            **await fields(request, about),
        )

    async def _try(self, request: Request, form: Form, about: About, act: Act) -> str | None:
        if form.problems:
            return None
        try:
            return await act(request, form, about)
        except OrderRefused as refused:
            form.problem("", str(refused))
            return None

    async def _find(self, seq: int) -> About | None:
        found = await self._terminal.worker.read(lambda db: read_passage(db, seq))
        if found is None:
            return None
        passage, chain = found
        lane = self._terminal.lanes.get(passage.lane)
        return None if lane is None else About(passage, chain, lane.orders)

    def _truck(self, about: About) -> dict[str, Any]:
        words, record = self._words, about.record
        files = {file.digest: file for each in about.chain for file in each.record.files}
        return {
            "first_seq": about.passage.first_seq,
            "seen": record.seq,
            "plate": record.plate or self._pages.gettext("Plate not read"),
            "colour": words.colour(record.plate_colour),
            "gross": mass(about.passage.gross_kg),
            "limit": mass(about.passage.limit_kg),
            "verdict": words.verdict_of(about.passage),
            "level": passage_level(about.passage),
            "void": about.passage.kind == "void",
            "pictures": [
                {"url": f"/evidence/{file.digest}", "kind": file.kind,
                 "title": words.pictures[file.kind]}
                for file in files.values() if file.kind in words.pictures
            ],
        }  # fmt: skip

    # a lane

    async def manual(self, request: Request) -> Response:
        """/lanes/{lane}/manual: a weight that two people read off, while devices fail."""
        _ = self._pages.gettext
        lane = self._terminal.lanes.get(request.path_params["lane"])
        if lane is None:
            return self._no_lane(request)
        form = await self._form(request)
        if form.done is not None:
            return form.done
        status = 200
        if request.method == "POST":
            weight = self._weight(form)
            operator, witness, reason = await self._signed(form)
            if not form.problems and weight is not None:
                try:
                    record = await lane.orders.weigh_by_hand(
                        weight, operator, witness, reason, form.text("without_plan", MAX_REASON)
                    )
                    return form.finish(f"/records/{record.seq}?said=manual")
                except OrderRefused as refused:
                    form.problem("", str(refused))
            status = 422
        return self._pages.render(
            request,
            "order_manual.html",
            status,
            form=form,
            lane=lane.view,
            plan=await self._plan(lane.orders),
            **await self._loading_fields(request, None),
            **await self._plate_fields(request, None),
            **await self._signing_fields(request, None),
        )

    async def _plan(self, orders: Orders) -> str | None:
        try:
            return await orders.running_plan()
        except OrderRefused:
            return None

    def _weight(self, form: Form) -> ByHand | None:
        _ = self._pages.gettext
        gross_kg = form.number("gross_kg", 1, MAX_MASS_KG)
        tare_kg = form.number("tare_kg", 1, MAX_MASS_KG, needed=False)
        axles = form.number("axles", MIN_AXLES, MAX_AXLES, needed=False)
        plate = form.text("plate", MAX_PLATE, _("Which plate is it?"))
        colour = form.choice("colour", tuple(PlateColour))
        layout = form.text("layout", 31)
        kind = form.choice("kind", ("exit", "entry"))
        loading = _loading(form)
        if form.problems or gross_kg is None:
            return None
        return ByHand(
            gross_kg=gross_kg,
            plate=plate,
            colour=colour,
            axles=axles,
            layout=layout or None,
            tare_kg=tare_kg,
            kind="exit" if kind == "exit" else "entry" if kind == "entry" else None,
            loading=loading,
        )

    async def barrier(self, request: Request) -> Response:
        """/lanes/{lane}/barrier: open it by hand, with a reason."""
        _ = self._pages.gettext
        lane = self._terminal.lanes.get(request.path_params["lane"])
        if lane is None:
            return self._no_lane(request)
        form = await self._form(request)
        if form.done is not None:
            return form.done
        status = 200
        if request.method == "POST":
            reason = form.text("reason", MAX_REASON, _("A reason is needed"))
            if not form.problems:
                try:
                    await lane.orders.open_barrier(reason, self._pages.operator(request))
                    return form.finish("/?said=barrier")
                except OrderRefused as refused:
                    form.problem("", str(refused))
            status = 422
        return self._pages.render(
            request, "order_barrier.html", status, form=form, lane=lane.view, most=MAX_REASON
        )

    async def alone(self, request: Request) -> Response:
        """/lanes/{lane}/alone: say that one truck is on the scale, where it was taken for two."""
        lane = self._terminal.lanes.get(request.path_params["lane"])
        if lane is None:
            return self._no_lane(request)
        form = await self._form(request)
        if form.done is not None:
            return form.done
        status = 200
        if request.method == "POST":
            try:
                lane.orders.one_truck_only()
                return form.finish("/?said=alone")
            except OrderRefused as refused:
                form.problem("", str(refused))
            status = 422
        return self._pages.render(request, "order_alone.html", status, form=form, lane=lane.view)

    def _no_lane(self, request: Request) -> Response:
        what = self._pages.gettext("There is no lane {number} here")
        return self._pages.missing(request, what.format(number=request.path_params["lane"]))

    # fields that several forms have

    async def _form(self, request: Request) -> Form:
        if request.method == "POST":
            return await Form.read(self._pages, request)
        return Form.empty(self._pages, request)

    async def _signed(self, form: Form) -> tuple[Any, Any, str]:
        _ = self._pages.gettext
        reason = form.text("reason", MAX_REASON, _("A reason is needed"))
        operator = await form.person("operator", "operator_pin")
        witness = await form.person("witness", "witness_pin") if operator else None
        form.fields.pop("witness_pin", None)
        return operator, witness, reason

    async def _plate_fields(self, request: Request, about: About | None) -> dict[str, Any]:
        words = self._words
        colours = [(each.value, words.colour(each)) for each in PlateColour if words.colour(each)]
        standing = about is not None and self._stands(about)
        return {"colours": colours, "most_plate": MAX_PLATE, "standing": standing}

    def _stands(self, about: About) -> bool:
        view = self._terminal.board.lanes.get(about.passage.lane)
        return (
            view is not None
            and view.current is not None
            and view.current.record.seq == about.record.seq
        )

    async def _loading_fields(self, request: Request, about: About | None) -> dict[str, Any]:
        read = self._terminal.worker.read
        cargoes = await read(search.known_cargoes)
        codes = [*cargoes, *(code for code in CARGO_TYPES if code not in cargoes)]
        return {
            "cargoes": [(code, CARGO_TYPES[code]) for code in codes if code in CARGO_TYPES],
            "carriers": await read(lambda db: search.recent_texts(db, "carrier")),
            "destinations": await read(lambda db: search.recent_texts(db, "destination")),
            "most_text": MAX_TEXT,
        }

    async def _signing_fields(self, request: Request, about: About | None) -> dict[str, Any]:
        people = self._pages.people
        return {
            "operators": [(name, name) for name in people.names],
            "witnesses": [(name, name) for name in people.supervisors],
            "most_reason": MAX_REASON,
        }


def _loading(form: Form) -> Loading:
    cargo = form.choice("cargo", tuple(CARGO_TYPES))
    return Loading(
        cargo=cargo,
        note_no=form.text("note_no", MAX_TEXT) or None,
        destination=form.text("destination", MAX_TEXT) or None,
        carrier=form.text("carrier", MAX_TEXT) or None,
    )
