"""Whether a weigh ticket is genuine: by its number, or the address in its QR code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from psycopg.errors import QueryCanceled

from hengyuan.law.verdict import format_rate, overload_rate_bp
from hengyuan.platform.portal.forms import TicketForm
from hengyuan.platform.portal.public import public_page, show
from hengyuan.platform.weighing.queries import Standing, TicketRecord, record_of_ticket
from hengyuan.record.ticket import BadTicket, parse_ticket, ticket_path

ASKED_A_MINUTE = 30
_MASK = "*"
_FIRST_SHOWN, _LAST_SHOWN = 3, 2


@public_page()
def verify(request: HttpRequest) -> HttpResponse:
    """Where a number is typed in."""
    form = TicketForm(request.GET if "number" in request.GET else None)
    if form.is_bound and form.is_valid():
        return HttpResponseRedirect(ticket_path(form.cleaned_data["number"]))
    return show(request, "portal/verify.html", {"form": form}, status=422 if form.errors else 200)


@public_page(per_minute=ASKED_A_MINUTE)
def ticket(request: HttpRequest, number: str) -> HttpResponse:
    """What the public may know of the weighing; to a number that fits none, that it fits none."""
    context: dict[str, Any] = {"number": number[:80], "shown": None, "standing": "none"}
    try:
        asked = parse_ticket(number)
        context["number"] = str(asked)
        found = record_of_ticket(asked)
    except BadTicket:
        found = None
    except OperationalError as error:
        if not isinstance(error.__cause__, QueryCanceled):
            raise
        return show(request, "portal/ticket.html", context | {"standing": "busy"}, status=503)
    if found is None:
        return show(request, "portal/ticket.html", context, status=404)
    context |= {"standing": found.standing.value, "shown": shown_of(found)}
    return show(request, "portal/ticket.html", context)


@dataclass(frozen=True, slots=True)
class Shown:
    """The little of a record that the public sees."""

    weighed_at: datetime
    unit: str
    county: str
    plate: str
    gross_kg: int | None
    limit_kg: int | None
    verdict: str | None
    over_kg: int
    rate: str


def shown_of(found: TicketRecord) -> Shown | None:
    """None for a record that does not count or cannot be trusted: nothing of it is told."""
    if found.standing not in {Standing.SOUND, Standing.REPLACED}:
        return None
    row = found.row
    over_kg, rate = 0, ""
    if row.gross_kg is not None and row.limit_kg:
        over_kg = max(0, row.gross_kg - row.limit_kg)
        rate = format_rate(overload_rate_bp(over_kg, row.limit_kg))
    return Shown(
        weighed_at=row.weighed_at,
        unit=row.unit.name,
        county=row.unit.region.name,
        plate=masked(row.plate),
        gross_kg=row.gross_kg,
        limit_kg=row.limit_kg,
        verdict=row.verdict_name,
        over_kg=over_kg,
        rate=rate,
    )


def masked(plate: str | None) -> str:
    """A plate by its first three and last two characters: 晋L·1**45. One that is not of the usual
    length shows only where it is from."""
    if not plate:
        return ""
    own = plate[2:]
    hidden = len(plate) - _FIRST_SHOWN - _LAST_SHOWN
    if hidden < _LAST_SHOWN:
        return f"{plate[:2]}·{_MASK * len(own)}"
    return f"{plate[:2]}·{plate[2]}{_MASK * hidden}{plate[-_LAST_SHOWN:]}"
