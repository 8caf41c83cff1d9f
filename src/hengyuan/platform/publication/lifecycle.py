"""A list's way from the draft to the list that supersedes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hengyuan.platform.accounts.models import User
from hengyuan.platform.publication import drafting, printing, transitions
from hengyuan.platform.publication.checks import findings
from hengyuan.platform.publication.locking import locked_list, save
from hengyuan.platform.publication.models import ListState, Objection, PublicationList, Stage
from hengyuan.platform.publication.queries import rules_for
from hengyuan.platform.publication.rules import check_document_no, normal_document_no


class Incomplete(ValueError):
    """The draft cannot be submitted; `problems` says what is missing."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__(_("The draft is not complete yet."))
        self.problems = problems


class SecondPersonNeeded(ValueError):
    """Whoever drafted or submitted a list does not publish it."""


class NotYet(ValueError):
    """Something must happen first: the period must end, objections be answered, a list be final."""


@dataclass(frozen=True, slots=True)
class Publishing:
    """What is decided on publishing."""

    document_no: str
    published_on: date
    objection_until: date


@transaction.atomic
def submit(by: User, pk: int, version: int) -> PublicationList:
    """Hand the draft over for review, with the ledger's entries of this moment."""
    found = _step(pk, version, "submit")
    drafting.refresh(by, found.pk)
    problems = [finding.text for finding in findings(found) if finding.stops]
    if problems:
        raise Incomplete(problems)
    found.submitted_by, found.submitted_at = by, timezone.now()
    return _move(found, ListState.IN_REVIEW, by, gettext_lazy("submitted for review"))


@transaction.atomic
def recall(by: User, pk: int, version: int, reason: str) -> PublicationList:
    """The office that submitted takes the list back to change it."""
    return _move(_step(pk, version, "recall"), ListState.DRAFT, by, _needed(reason))


@transaction.atomic
def send_back(by: User, pk: int, version: int, reason: str) -> PublicationList:
    """The reviewer wants it changed, and says what."""
    return _move(_step(pk, version, "send_back"), ListState.DRAFT, by, _needed(reason))


@transaction.atomic
def publish(by: User, pk: int, version: int, how: Publishing) -> PublicationList:
    """Publish: the list is fixed, its documents are made, the objection period runs.

    Raises SecondPersonNeeded, NotYet while another list is open to objections, ValidationError
    for number and dates, and what issuing documents raises; then nothing has happened.
    """
    found = _step(pk, version, "publish")
    rules = rules_for(found.region)
    if not rules.own_review and by.pk in {found.drafted_by_id, found.submitted_by_id}:
        raise SecondPersonNeeded(
            _("Whoever drafted or submitted a list does not publish it. A second person does.")
        )
    _check_none_open(found)
    found.document_no = _checked_number(found, how.document_no, how.published_on, "document_no")
    _check_dates(how, rules.earliest_end(how.published_on))
    found.published_by = by
    found.published_on, found.objection_until = how.published_on, how.objection_until
    _move(found, ListState.PUBLISHED, by, gettext_lazy("published"))
    printing.issue(by, found, Stage.PUBLISHED)
    return found


@transaction.atomic
def finalise(by: User, pk: int, version: int, final_document_no: str = "") -> PublicationList:
    """After the objection period, all objections answered: the final list, and its documents.

    The list that was final before is superseded. Raises NotYet.
    """
    found = _step(pk, version, "finalise")
    today = timezone.localdate()
    if found.objection_until is not None and today <= found.objection_until:
        raise NotYet(
            _("The objection period runs until the end of %s.") % found.objection_until.isoformat()
        )
    waiting = found.objections.filter(state=Objection.State.OPEN).count()
    if waiting:
        raise NotYet(_("Objections that are not answered yet: %s.") % waiting)
    if final_document_no:
        found.final_document_no = _checked_number(
            found, final_document_no, today, "final_document_no"
        )
    found.final_on = today
    _supersede_final(by, found)
    _move(found, ListState.FINAL, by, gettext_lazy("made final"))
    printing.issue(by, found, Stage.FINAL)
    return found


@transaction.atomic
def report(by: User, pk: int, version: int) -> PublicationList:
    """Report the publication to the city with its document (T2); once."""
    found = _step(pk, version, "report")
    if found.reported_to_city_at is not None:
        raise transitions.WrongState(_("This list has been reported to the city already."))
    if not found.attachments.exists():
        raise NotYet(_("There is no document to report yet."))
    found.reported_to_city_at, found.reported_by = timezone.now(), by
    return save(found, by, gettext_lazy("reported to the city"))


@transaction.atomic
def discard(by: User, pk: int, version: int, reason: str) -> PublicationList:
    """Give a list up that never went out."""
    return _move(_step(pk, version, "discard"), ListState.WITHDRAWN, by, _needed(reason))


@transaction.atomic
def withdraw(by: User, pk: int, version: int, reason: str) -> PublicationList:
    """Take a list back that is in public. Its documents stay on file."""
    return _move(_step(pk, version, "withdraw"), ListState.WITHDRAWN, by, _needed(reason))


def _step(pk: int, version: int, name: str) -> PublicationList:
    found = locked_list(pk, version)
    transitions.check(found, name)
    return found


def _move(found: PublicationList, state: ListState, by: User, reason: Any) -> PublicationList:
    found.state = state
    return save(found, by, reason)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ValidationError({"reason": _("Say why: it stays readable in the history.")})
    return reason.strip()


def _supersede_final(by: User, successor: PublicationList) -> None:
    final = PublicationList.objects.select_for_update(of=("self",)).filter(
        region=successor.region, state=ListState.FINAL
    )
    for old in final:
        transitions.check(old, "supersede")
        _move(old, ListState.SUPERSEDED, by, gettext_lazy("superseded by a new list"))


def _check_none_open(found: PublicationList) -> None:
    other = PublicationList.objects.filter(region=found.region, state=ListState.PUBLISHED).first()
    if other is not None:
        raise NotYet(
            _("“%s” is still open to objections: make it final or withdraw it first.") % other
        )


def _checked_number(found: PublicationList, text: str, issued_on: date, field: str) -> str:
    number = normal_document_no(text)
    if problem := check_document_no(number, issued_on):
        raise ValidationError({field: problem})
    others = PublicationList.objects.filter(region=found.region).exclude(pk=found.pk)
    taken = others.filter(document_no=number) | others.filter(final_document_no=number)
    if taken.exists() or (field == "final_document_no" and number == found.document_no):
        raise ValidationError({field: _("This number has been given to another document.")})
    return number


def _check_dates(how: Publishing, earliest_end: date) -> None:
    if how.published_on > timezone.localdate():
        raise ValidationError({"published_on": _("This day has not come yet.")})
    if how.objection_until < earliest_end:
        raise ValidationError(
            {
                "objection_until": _("The objection period lasts at least until %s.")
                % earliest_end.isoformat()
            }
        )
