"""How far a report or an objection has come, as its receipt number tells: no person is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from hengyuan.platform.portal import queries, receipts
from hengyuan.platform.portal.models import Report, ReportState
from hengyuan.platform.publication.models import Objection
from hengyuan.platform.regions.models import Region

DONE, NOW, NEXT = "done", "now", "next"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the page shows. `steps` are those of the timeline part."""

    receipt: str
    what: str
    about: str | Promise
    region: Region
    steps: tuple[dict[str, Any], ...]
    result: str | Promise
    answer: str


def progress_of(receipt: str) -> Progress | None:
    """By a normal receipt number; None where there is nothing under it."""
    if queries.is_report_number(receipt):
        report = queries.report_by_receipt(receipt)
        return None if report is None else _of_report(report)
    objection = queries.objection_by_receipt(receipt)
    return None if objection is None else _of_objection(objection)


def _of_report(report: Report) -> Progress:
    is_closed = report.state == ReportState.CLOSED
    moments: list[tuple[str, datetime | None]] = [
        (pgettext("report", "Received"), report.received_at)
    ]
    if not is_closed or report.assigned_at:
        moments.append((_("Handed to an officer"), report.assigned_at))
    if not is_closed:
        moments.append((pgettext("report", "Checked"), report.checked_at))
    moments.append(
        (
            pgettext("report", "Closed") if is_closed else pgettext("report", "Answered"),
            report.finished_at,
        )
    )
    return Progress(
        receipt=report.shown_receipt,
        what=pgettext("report", "Report"),
        about=report.get_topic_display(),
        region=report.region,
        steps=_timeline(moments, report.due_at),
        result=report.get_state_display(),
        answer=report.answer,
    )


def _of_objection(objection: Objection) -> Progress:
    steps = (
        {
            "title": pgettext("report", "Received"),
            "state": DONE if objection.answered_at else NOW,
            "due": _day(objection.received_on),
        },
        {
            "title": pgettext("report", "Answered"),
            "state": DONE if objection.answered_at else NEXT,
            "at": objection.answered_at,
        },
    )
    return Progress(
        receipt=receipts.shown(objection.receipt),
        what=_("Objection"),
        about=str(objection.list),
        region=objection.list.region,
        steps=steps,
        result=objection.get_state_display(),
        answer=objection.answer,
    )


def _timeline(
    moments: list[tuple[str, datetime | None]], due_at: datetime
) -> tuple[dict[str, Any], ...]:
    """The last step that was taken is the one it stands at, until all are."""
    taken = [number for number, (_title, at) in enumerate(moments) if at is not None]
    last = max(taken)
    is_finished = last == len(moments) - 1
    steps = []
    for number, (title, at) in enumerate(moments):
        state = DONE if number < last or (is_finished and number == last) else NEXT
        if number == last and not is_finished:
            state = NOW
        due = ""
        if number == len(moments) - 1 and at is None:
            due = _("due by %s") % _day(due_at)
        steps.append({"title": title, "at": at, "state": state, "due": due})
    return tuple(steps)


def _day(moment: Any) -> str:
    return date_format(
        localtime(moment) if isinstance(moment, datetime) else moment, "SHORT_DATE_FORMAT"
    )
