"""Scales: their certificates, and how their zero moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hengyuan.terminal.screen.forms import Form
from hengyuan.terminal.screen.upkeep import Section
from hengyuan.terminal.store import upkeep as store
from hengyuan.terminal.upkeep.verification import validity

MAX_CERTIFICATE = 60
_SHOWN_ZEROS = 24 * 14
_NEWEST_ZEROS = 12
WIDE, HIGH = 720, 140


@dataclass(frozen=True, slots=True)
class Chart:
    """A line of zeros in a box of WIDE × HIGH, with the bounds above and below."""

    points: str
    zero_y: float
    upper_y: float
    lower_y: float
    top_kg: int


def chart(readings: Sequence[store.ZeroReading], bound_kg: int) -> Chart | None:
    """None for fewer than two readings: a line needs two ends."""
    if len(readings) < 2:
        return None
    top_kg = max(bound_kg, *(abs(reading.kg) for reading in readings)) * 5 // 4 + 1
    middle = HIGH / 2

    def y(kg: float) -> float:
        return round(middle - kg / top_kg * middle, 1)

    step = WIDE / (len(readings) - 1)
    points = " ".join(f"{index * step:.1f},{y(each.kg)}" for index, each in enumerate(readings))
    return Chart(points, middle, y(bound_kg), y(-bound_kg), top_kg)


class ScalePages(Section):
    """`/upkeep/scales`."""

    def routes(self) -> list[Route]:
        """Where they are."""
        guard = self.pages.guard
        return [
            Route("/upkeep/scales", guard(self.scales)),
            Route("/upkeep/scales", guard(self.enter), methods=["POST"]),
        ]

    async def scales(self, request: Request) -> Response:
        """GET /upkeep/scales"""
        return await self._show(request, Form.empty(self.pages, request))

    async def enter(self, request: Request) -> Response:
        """POST /upkeep/scales: a certificate."""
        _ = self.gettext
        form = await Form.read(self.pages, request)
        if form.done is not None:
            return form.done
        scale = form.choice("scale", self.upkeep.scale_names, _("Which scale?"))
        certificate = form.text("certificate", MAX_CERTIFICATE, _("What is its number?"))
        verified_by = form.text("verified_by", MAX_CERTIFICATE)
        until = form.text("valid_until", 10)
        try:
            day = date.fromisoformat(until)
        except ValueError:
            form.problem("valid_until", _("A day, like 2027-05-01"))
            day = None
        by = self.signs(form, request)
        if form.problems or scale is None or day is None:
            return await self._show(request, form, 422)
        at_ms = self.now_ms()
        await self.write(
            form,
            lambda db: store.enter_verification(
                db, at_ms, scale, certificate, verified_by, day.isoformat(), by
            ),
        )
        if form.problems:
            return await self._show(request, form, 503)
        return form.finish("/upkeep/scales?said=verified")

    async def _show(self, request: Request, form: Form, status: int = 200) -> Response:
        read = self.terminal.worker.read
        certificates = await read(store.verifications)
        today = self.upkeep.today()
        scales = []
        for name in self.upkeep.scale_names:
            readings = await self._zeros(name)
            found = certificates.get(name)
            watch = self.upkeep.zeros[name]
            scales.append(
                {
                    "name": name,
                    "certificate": found,
                    "validity": validity(found.valid_until if found else None, today),
                    "chart": chart(readings, watch.bound_kg),
                    "readings": list(reversed(readings[-_NEWEST_ZEROS:])),
                    "drifting": watch.drifting,
                    "bound_kg": watch.bound_kg,
                }
            )
        return self.show(
            request,
            "scales.html",
            status,
            form=form,
            scales=scales,
            scale_pairs=[(name, name) for name in self.upkeep.scale_names],
            whys=self._whys(),
            most=MAX_CERTIFICATE,
            wide=WIDE,
            high=HIGH,
        )

    async def _zeros(self, name: str) -> list[store.ZeroReading]:
        return await self.terminal.worker.read(lambda db: store.zeros(db, name, _SHOWN_ZEROS))

    def _whys(self) -> dict[str, str]:
        _ = self.gettext
        return {
            "hourly": _("regular"),
            "drifted": _("beyond its bound"),
            "returned": _("back within its bound"),
        }
