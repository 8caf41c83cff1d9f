"""Writes about reports: taking them in, and every step that a county takes with one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from hengyuan.platform.accounts.models import User
from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.portal import queries
from hengyuan.platform.portal.models import (
    ContactView,
    Outcome,
    Report,
    ReportContact,
    ReportPicture,
    ReportState,
    Topic,
)
from hengyuan.platform.portal.pictures import MAX_PICTURES, Redrawn
from hengyuan.platform.portal.receipts import new_receipt
from hengyuan.platform.regions.models import Level, Region
from hengyuan.platform.versioning import locked
from hengyuan.record.suites import SM2_SM3

_REASON_MAX = 100

STEPS: dict[str, frozenset[ReportState]] = {
    "assign": frozenset({ReportState.RECEIVED, ReportState.ASSIGNED}),
    "check": frozenset({ReportState.ASSIGNED, ReportState.CHECKED}),
    "answer": frozenset({ReportState.CHECKED}),
    "close": frozenset({ReportState.RECEIVED, ReportState.ASSIGNED}),
    "pass_on": frozenset({ReportState.RECEIVED, ReportState.ASSIGNED}),
}
"""In which states a report can take which step."""


class WrongState(ValueError):
    """The report is in a state in which this cannot be done."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What somebody reports. `submission` is of one form that was sent, perhaps twice."""

    submission: str
    region: Region
    topic: Topic
    place: str
    happened_at: datetime
    description: str
    plate: str = ""
    unit: SourceUnit | None = None
    contact_name: str = ""
    contact: str = ""
    pictures: Sequence[Redrawn] = field(default=())


def file_report(filing: Filing) -> Report:
    """Take a report in; the same form sent again gives the report that it gave before.

    Raises ValidationError for what is missing, too long or does not fit together.
    """
    known = Report.objects.filter(submission=filing.submission).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            return _file(filing)
    except IntegrityError:
        # the second of two at once; anything else that clashed is told
        return Report.objects.get(submission=filing.submission)


def _file(filing: Filing) -> Report:
    if filing.region.level != Level.COUNTY:
        raise ValidationError({"region": _("Choose a county.")})
    if filing.unit is not None and filing.unit.region_id != filing.region.pk:
        raise ValidationError({"unit": _("This source unit does not lie in this county.")})
    if len(filing.pictures) > MAX_PICTURES:
        raise ValidationError({"pictures": _("At most %s pictures.") % MAX_PICTURES})
    report = Report(
        receipt=new_receipt(),
        submission=filing.submission,
        region=filing.region,
        topic=filing.topic,
        unit=filing.unit,
        place=filing.place.strip(),
        plate=filing.plate.strip(),
        happened_at=filing.happened_at,
        description=filing.description.strip(),
    )
    report.full_clean(validate_unique=False, validate_constraints=False)
    _save(report, None, gettext_lazy("received through the portal"))
    if filing.contact.strip():
        contact = ReportContact(
            report=report, name=filing.contact_name.strip(), reach=filing.contact.strip()
        )
        contact.full_clean(validate_unique=False)
        contact.save()
    ReportPicture.objects.bulk_create(
        ReportPicture(
            report=report,
            number=number,
            content=picture.content,
            width=picture.width,
            height=picture.height,
            digest=SM2_SM3.digest(picture.content).hex(),
        )
        for number, picture in enumerate(filing.pictures, start=1)
    )
    return report


@transaction.atomic
def assign(by: User, pk: int, version: int, to: User) -> Report:
    """Give the report to somebody of the county's office who will look into it."""
    report = _step(pk, version, "assign")
    if not queries.checkers_of(report).filter(pk=to.pk).exists():
        raise ValidationError({"to": _("Choose somebody of the county's office.")})
    report.state, report.assigned_to = ReportState.ASSIGNED, to
    report.assigned_at = timezone.now()
    return _save(report, by, pgettext_lazy("report", "assigned"))


@transaction.atomic
def record_check(by: User, pk: int, version: int, outcome: Outcome, findings: str) -> Report:
    """What was found; for the office alone. It can be added to until the report is answered."""
    report = _step(pk, version, "check")
    if not findings.strip():
        raise ValidationError({"findings": _("Say what was found.")})
    report.state, report.outcome, report.findings = ReportState.CHECKED, outcome, findings.strip()
    report.checked_at = report.checked_at or timezone.now()
    return _save(report, by, pgettext_lazy("report", "checked"))


@transaction.atomic
def answer(by: User, pk: int, version: int, text: str) -> Report:
    """Answer, once; whoever has the receipt number reads it."""
    report = _step(pk, version, "answer")
    return _finish(report, by, ReportState.ANSWERED, text, pgettext_lazy("report", "answered"))


@transaction.atomic
def close(by: User, pk: int, version: int, text: str) -> Report:
    """End a report that cannot be looked into, and say publicly why."""
    report = _step(pk, version, "close")
    return _finish(report, by, ReportState.CLOSED, text, pgettext_lazy("report", "closed"))


@transaction.atomic
def pass_on(by: User, pk: int, version: int, to: Region, reason: str) -> Report:
    """Hand a report that came to the wrong county to the right one of the same city."""
    report = _step(pk, version, "pass_on")
    if to.level != Level.COUNTY or to.pk == report.region_id:
        raise ValidationError({"to": _("Choose another county.")})
    if to.parent_id != report.region.parent_id:
        raise ValidationError({"to": _("Choose a county of the same city.")})
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: it stays readable in the history.")})
    report.region, report.unit = to, None
    report.state = ReportState.RECEIVED
    report.assigned_to = report.assigned_at = None
    return _save(report, by, reason.strip())


@transaction.atomic
def look_at_contact(by: User, report: Report) -> ReportContact | None:
    """How the person can be reached; the look is noted before it is given."""
    contact = ReportContact.objects.filter(report=report).first()
    if contact is not None:
        ContactView.objects.create(report=report, by=by)
    return contact


@transaction.atomic
def take_over(by: User | None, person: User, successor: User) -> int:
    """Give what `person` looks into to somebody else, because they leave; how many there were."""
    held = Report.objects.select_for_update(of=("self",)).filter(
        state=ReportState.ASSIGNED, assigned_to=person
    )
    reports = list(held)
    for report in reports:
        report.assigned_to = successor
        _save(report, by, pgettext_lazy("report", "taken over"))
    return len(reports)


def _finish(report: Report, by: User, state: ReportState, text: str, reason: Any) -> Report:
    if not text.strip():
        raise ValidationError({"answer": _("Write what the person may read.")})
    report.state, report.answer = state, text.strip()
    report.finished_by, report.finished_at = by, timezone.now()
    report.full_clean(validate_unique=False, validate_constraints=False)
    return _save(report, by, reason)


def _step(pk: int, version: int, name: str) -> Report:
    """The report, locked, in a state that allows the step. Raises Stale, WrongState."""
    report = locked(Report.objects.select_related("region"), pk, version)
    if report.state not in STEPS[name]:
        raise WrongState(
            _("Not possible: the report is in the state “%s”.") % report.get_state_display()
        )
    return report


def _save(report: Report, by: User | None, reason: Any) -> Report:
    report.step()
    report._history_user = by  # type: ignore[attr-defined]
    report._change_reason = str(reason)[:_REASON_MAX]  # type: ignore[attr-defined]
    report.save()
    return report
