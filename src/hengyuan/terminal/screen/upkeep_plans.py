"""Emergency plans: begun by hand or by a failed device, gone through step by step, ended."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.screen.forms import Form
from hengyuan.terminal.screen.upkeep import Section
from hengyuan.terminal.store import plans

MAX_CAUSE = 100
_SHOWN_RUNS = 40
_RESULTS = ("done", "impossible")


class PlanPages(Section):
    """`/upkeep/plans…`."""

    def routes(self) -> list[Route]:
        """Where they are."""
        guard = self.pages.guard
        plan = "/upkeep/plans/{number:int}"
        return [
            Route("/upkeep/plans", guard(self.plans)),
            Route("/upkeep/plans", guard(self.begin), methods=["POST"]),
            Route(plan, guard(self.plan)),
            Route(plan + "/steps/{step:int}", guard(self.step), methods=["POST"]),
            Route(plan + "/end", guard(self.end), methods=["POST"]),
        ]

    async def plans(self, request: Request) -> Response:
        """GET /upkeep/plans: those that run, those there are, those that were."""
        return await self._list(request, Form.empty(self.pages, request))

    async def begin(self, request: Request) -> Response:
        """POST /upkeep/plans: begin one by hand."""
        _ = self.gettext
        form = await Form.read(self.pages, request)
        if form.done is not None:
            return form.done
        chosen = form.number("plan", 0, len(self.upkeep.plans) - 1)
        cause = form.text("cause", MAX_CAUSE)
        by = self.signs(form, request)
        if form.problems or chosen is None:
            return await self._list(request, form, 422)
        plan, at_ms = self.upkeep.plans[chosen], self.now_ms()
        number = await self.write(
            form, lambda db: plans.begin_plan(db, at_ms, plan.title, cause, plan.steps, by)
        )
        if number is None:
            return await self._list(request, form, 503)
        return form.finish(f"/upkeep/plans/{number}?said=plan_begun")

    async def plan(self, request: Request) -> Response:
        """GET /upkeep/plans/{number}: the checklist."""
        form = Form.empty(self.pages, request)
        return await self._one(request, request.path_params["number"], form)

    async def step(self, request: Request) -> Response:
        """POST /upkeep/plans/{number}/steps/{step}: done, or not possible."""
        number, step = request.path_params["number"], request.path_params["step"]
        form = await Form.read(self.pages, request)
        if form.done is not None:
            return form.done
        result = form.choice("result", _RESULTS, self.gettext("Done, or not possible?"))
        by = self.signs(form, request)
        if form.problems or result is None:
            return await self._one(request, number, form, 422)
        at_ms = self.now_ms()
        await self.write(form, lambda db: plans.go_through(db, at_ms, number, step, result, by))
        if form.problems:
            return await self._one(request, number, form, 409)
        return form.finish(f"/upkeep/plans/{number}")

    async def end(self, request: Request) -> Response:
        """POST /upkeep/plans/{number}/end"""
        number = request.path_params["number"]
        form = await Form.read(self.pages, request)
        if form.done is not None:
            return form.done
        known = tuple(self.journal_words.outcomes)
        outcome = form.choice("outcome", known, self.gettext("How did it end?"))
        by = self.signs(form, request)
        if form.problems or outcome is None:
            return await self._one(request, number, form, 422)
        at_ms, words = self.now_ms(), self.journal_words.outcomes[outcome]
        await self.write(form, lambda db: plans.end_plan(db, at_ms, number, words, by))
        if form.problems:
            return await self._one(request, number, form, 409)
        return form.finish(f"/upkeep/plans/{number}?said=plan_ended")

    async def _list(self, request: Request, form: Form, status: int = 200) -> Response:
        runs = await self.terminal.worker.read(lambda db: plans.plan_runs(db, _SHOWN_RUNS))
        return self.show(
            request,
            "plans.html",
            status,
            form=form,
            plans=self.upkeep.plans,
            runs=runs,
            most=MAX_CAUSE,
        )

    async def _one(self, request: Request, number: int, form: Form, status: int = 200) -> Response:
        read = self.terminal.worker.read
        found = await read(lambda db: plans.plan_run(db, number))
        if found is None:
            what = self.gettext("There is no emergency plan {number} here").format(number=number)
            return self.pages.missing(request, what)
        steps = await read(lambda db: plans.steps_of(db, number))
        return self.show(
            request,
            "plan.html",
            status,
            form=form,
            run=found,
            steps=[(index, text, steps.get(index)) for index, text in enumerate(found.steps, 1)],
            results=self.journal_words.results,
            outcomes=list(self.journal_words.outcomes.items()),
            by_hand=[
                (f"/lanes/{lane.config.table.number}/manual", lane.config.title)
                for lane in self.terminal.lanes.values()
            ],
        )
