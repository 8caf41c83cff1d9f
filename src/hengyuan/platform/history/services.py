"""Writes of this room by people and by the platform's keeper."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.timezone import now
from django.utils.translation import gettext as _

from hengyuan.platform.history import partitions, retention, sealing
from hengyuan.platform.history.models import EvidenceHold, MonthSeal, SealState
from hengyuan.platform.weighing.partitions import next_month

log = structlog.get_logger(__name__)


def ask_to_seal(by: Any, month: date) -> MonthSeal:
    """Note that a month is to be sealed; the keeper does it within minutes. ValidationError."""
    try:
        return sealing.ask(month, by)
    except sealing.CannotSeal as error:
        said = {
            "not_ended": _("%(month)s has not ended yet."),
            "unknown": _("There are no records of %(month)s in the database."),
        }
        words = said.get(error.code, str(error))
        raise ValidationError(words % {"month": f"{month:%Y-%m}"}) from error


def set_hold(by: Any, hold: EvidenceHold) -> EvidenceHold:
    """Keep records as evidence. ValidationError where no stored record fits."""
    hold.set_by = by
    hold.full_clean(exclude=["set_by", "lifted_by"])
    if hold.first_seq and hold.last_seq and hold.first_seq > hold.last_seq:
        raise ValidationError({"last_seq": _("The last number lies before the first.")})
    if hold.from_day and hold.to_day and hold.from_day > hold.to_day:
        raise ValidationError({"to_day": _("The end of the period lies before its beginning.")})
    if (hold.first_seq or hold.last_seq) and hold.terminal is None:
        raise ValidationError({"terminal": _("Numbers are those of a terminal: name it.")})
    if not retention.records_of(hold).exists():
        raise ValidationError(_("No stored record fits, so there is nothing to keep."))
    hold._change_reason = hold.reason[:100]  # type: ignore[attr-defined]
    hold.save()
    return hold


def lift_hold(by: Any, hold: EvidenceHold, reason: str) -> EvidenceHold:
    """The case is closed: the records go the way of the others. ValidationError."""
    if not hold.is_in_force:
        raise ValidationError(_("This hold was lifted before."))
    if not reason.strip():
        raise ValidationError({"lift_reason": _("Say why it is lifted.")})
    hold.lifted_by = by
    hold.lifted_at = now()
    hold.lift_reason = reason.strip()
    hold._change_reason = hold.lift_reason[:100]  # type: ignore[attr-defined]
    hold.save()
    return hold


def months_due(today: date | None = None) -> list[tuple[str, date]]:
    """What the settings and people want done now: `seal` and `archive` with the month each."""
    today = today or datetime.now(UTC).date()
    asked = MonthSeal.objects.filter(state__in=(SealState.WANTED, SealState.SEALING))
    due = [("seal", month) for month in asked.values_list("month", flat=True)]
    if settings.HISTORY_SEAL_DAYS is not None:
        settled = today - timedelta(days=settings.HISTORY_SEAL_DAYS)
        due += [
            ("seal", part.month)
            for part in partitions.partitions()
            if next_month(part.month) <= settled
            and ("seal", part.month) not in due
            and sealing.current(part.month) is None
            and not partitions.is_empty(part.month)
        ]
    upto = retention.last_month_to_go(today, settings.HISTORY_ARCHIVE_MONTHS)
    if upto is not None:
        old = MonthSeal.objects.filter(state=SealState.SEALED, month__lte=upto)
        due += [("archive", month) for month in old.values_list("month", flat=True)]
    # one that was being handed over when the process ended is finished first of all
    handing = MonthSeal.objects.filter(state=SealState.HANDING).values_list("month", flat=True)
    return [*(("archive", month) for month in handing), *sorted(due, key=lambda one: one[1])]


def anything_due() -> bool:
    """True where the keeper has something to do."""
    return bool(months_due()) or any(not ending.holds for ending in retention.endings())


def do_what_is_due() -> list[str]:
    """Seal, archive and throw away what is due; what could not be done, in words."""
    problems = []
    for what, month in months_due():
        try:
            if what == "seal":
                sealing.seal(month)
            else:
                sealing.archive(month, drop=True)
        except sealing.CannotSeal as error:
            log.warning("history.not_done", what=what, month=str(month), reason=str(error))
            problems.append(str(error))
    for ending in retention.endings():
        if ending.holds:
            log.info("history.held", month=str(ending.seal), holds=len(ending.holds))
            continue
        try:
            retention.throw_away(ending.seal)
        except retention.Held as error:
            problems.append(str(error))
    retention.remove_left_files()
    return problems
