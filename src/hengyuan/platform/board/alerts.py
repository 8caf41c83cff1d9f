"""What on a wall display asks for somebody: heavy overloads, silent terminals, refused uploads,
certificates that have ended. Listed as they are stored; nothing is concluded from them here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from hengyuan.law.bands import DEFAULT_BANDS
from hengyuan.platform.board.queries import Area, Links, day_bounds, where
from hengyuan.platform.intake.models import RefusedBatch
from hengyuan.platform.ledger.models import Scale, WorkingState
from hengyuan.platform.terminals.models import ONLINE_WITHIN, Terminal, TerminalState
from hengyuan.platform.weighing import columns
from hengyuan.platform.weighing.models import Weighing, WeighingCount
from hengyuan.platform.weighing.queries import Line
from hengyuan.platform.weighing.words import band_words

MOST_ALERTS = 6
HIGH_BANDS = DEFAULT_BANDS[-2:]
"""The severity bands whose trucks are among the alerts: above 50 % and above 100 %."""
HIGH_FROM = len(DEFAULT_BANDS) - len(HIGH_BANDS)
"""The number under which the first of them is counted."""

_EXIT = columns.kind_no("exit")


@dataclass(frozen=True, slots=True)
class Alert:
    """One line. `tone` "over" is for overloads alone; `at` decides the order, newest first."""

    at: datetime
    when: str
    what: str
    where: str
    detail: str
    url: str
    tone: str = "warn"
    plate: str | None = None
    plate_colour: str | None = None


@dataclass(frozen=True, slots=True)
class Counter:
    """How many of a kind there are, and where all of them stand."""

    label: str
    count: int
    url: str
    tone: str = "warn"


@dataclass(frozen=True)
class Alerts:
    """Some of the newest of each kind, and how many there are of each."""

    newest: list[Alert]
    counters: list[Counter]


def alerts(area: Area, high: Sequence[int], unheard: int, at: datetime) -> Alerts:
    """What asks for somebody in the area. At most eight queries.

    `high` and `unheard` are counted already: trucks in each of the upper bands, terminals that are
    silent or off line.
    """
    day = localtime(at).date()
    refused, refusals = _refused(area, day)
    ended, certificates = _certificates(area, day)
    kinds = [
        _overloads(area, day) if any(high) else [],
        _silent(area, at) if unheard else [],
        refusals,
        certificates,
    ]
    terminals = reverse("terminals:terminals")
    links = Links(day, area.region, unit=None)
    counters = [
        *(
            Counter(
                _("Over by %(band)s") % {"band": band_words(band.above_bp, band.upto_bp)},
                count,
                links.in_band(band.id),
                "over",
            )
            for band, count in zip(HIGH_BANDS, high, strict=True)
        ),
        Counter(_("Silent or off line"), unheard, f"{terminals}?{_query(area, heard='silent')}"),
        Counter(_("Uploads refused"), refused, terminals),
        Counter(
            _("Certificates ended"),
            ended,
            f"{reverse('ledger:certificates')}?{_query(area, due='expired')}",
        ),
    ]
    return Alerts(_newest(kinds), counters)


def _newest(kinds: list[list[Alert]]) -> list[Alert]:
    """One of each kind by turns, so that many of one do not hide the others; newest first."""
    turns = [alert for row in zip_longest(*kinds) for alert in row if alert is not None]
    return sorted(turns[:MOST_ALERTS], key=lambda alert: alert.at, reverse=True)


def _query(area: Area, **wanted: str) -> str:
    return urlencode(({"county": area.region} if area.is_county else {}) | wanted)


def _overloads(area: Area, day: date) -> list[Alert]:
    """The newest trucks of the upper bands. The counts say in which hours of which units."""
    cells = (
        WeighingCount.objects.in_scope(area.scope)
        .filter(day=day, kind=_EXIT, band__gte=HIGH_FROM)
        .order_by("-hour")
        .values_list("unit_id", "hour")[:MOST_ALERTS]
    )
    begin, _end = day_bounds(day)
    there = Q()
    for unit_id, hour in cells:
        first = begin + timedelta(hours=hour)
        there |= Q(
            unit_id=unit_id, weighed_at__gte=first, weighed_at__lt=first + timedelta(hours=1)
        )
    if not there:
        return []
    rows = (
        Weighing.objects.in_scope(area.scope)
        .filter(there, kind=_EXIT, corrects__isnull=True, gross_kg__gt=F("platform_limit_kg"))
        .prefetch_related("unit__region", "terminal")
        .order_by("-weighed_at")
    )
    found = []
    for row in rows:
        line = Line(row)
        band = line.judgement.band
        if band is None or DEFAULT_BANDS.index(band) < HIGH_FROM:
            continue
        found.append(
            Alert(
                row.weighed_at,
                _time(row.weighed_at),
                _("Over by %(rate)s%%") % {"rate": line.judgement.rate},
                row.unit.region.name if not area.is_county else "",
                row.unit.name,
                line.url,
                "over",
                row.plate,
                row.plate_colour_name,
            )
        )
        if len(found) == MOST_ALERTS:
            break
    return found


def _silent(area: Area, at: datetime) -> list[Alert]:
    """Enrolled terminals that are not heard, the latest to fall silent first."""
    rows = (
        Terminal.objects.filter(where(area.scope, "unit__region", "unit"))
        .filter(state=TerminalState.ENROLLED)
        .annotate(since=Coalesce("last_seen_at", "enrolled_at"))
        .filter(Q(last_seen_at__lt=at - ONLINE_WITHIN) | Q(last_seen_at=None))
        .select_related("unit__region")
        .order_by("-since", "code")[:MOST_ALERTS]
    )
    return [
        Alert(
            terminal.since,
            _time(terminal.since),
            _("Terminal silent") if terminal.last_seen_at else _("Terminal never heard"),
            terminal.unit.region.name if not area.is_county else "",
            f"{terminal.unit.name} {terminal.name}",
            terminal.get_absolute_url(),
        )
        for terminal in rows
    ]


def _refused(area: Area, day: date) -> tuple[int, list[Alert]]:
    """Uploads that intake refused today and kept as evidence: how many, and the newest."""
    begin, end = day_bounds(day)
    refused = RefusedBatch.objects.filter(
        where(area.scope, "terminal__unit__region", "terminal__unit"),
        last_at__gte=begin,
        last_at__lt=end,
    )
    rows = refused.select_related("terminal__unit__region").defer("body").order_by("-last_at")
    newest = list(rows[:MOST_ALERTS])
    count = len(newest) if len(newest) < MOST_ALERTS else refused.count()
    return count, [
        Alert(
            row.last_at,
            _time(row.last_at),
            _("Upload refused"),
            row.terminal.unit.region.name if not area.is_county else "",
            f"{row.terminal.unit.name} {row.get_code_display()}",
            row.terminal.get_absolute_url(),
        )
        for row in newest
    ]


def _certificates(area: Area, day: date) -> tuple[int, list[Alert]]:
    """Scales in use whose verification certificate has ended: how many, and the latest."""
    scales = (
        Scale.objects.filter(where(area.scope, "unit__region", "unit"))
        .exclude(unit__state=WorkingState.CLOSED)
        .filter(certificate_expires_on__lt=day)
    )
    rows: Any = scales.select_related("unit__region").order_by("-certificate_expires_on", "pk")
    newest = list(rows[:MOST_ALERTS])
    count = len(newest) if len(newest) < MOST_ALERTS else scales.aggregate(n=Count("pk"))["n"]
    return count, [
        Alert(
            day_bounds(scale.certificate_expires_on)[1],
            f"{scale.certificate_expires_on:%m-%d}",
            _("Certificate ended"),
            scale.unit.region.name if not area.is_county else "",
            scale.unit.name,
            f"{reverse('ledger:certificates')}?due=expired",
        )
        for scale in newest
    ]


def _time(moment: datetime) -> str:
    """The time of day, or the day where it is another one."""
    here = localtime(moment)
    return f"{here:%H:%M}" if here.date() == localtime().date() else f"{here:%m-%d}"
