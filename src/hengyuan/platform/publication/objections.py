"""Objections to a published list: taking them in and answering them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hengyuan.platform.accounts.models import User
from hengyuan.platform.publication.locking import check_version, locked_list, save
from hengyuan.platform.publication.models import Objection, PublicationList, PublishedUnit
from hengyuan.platform.publication.transitions import WrongState

# without 0, O, 1, I and L, which are misread when a receipt is told by telephone
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_RECEIPT_CHARS = 10


class ObjectionPeriodOver(ValueError):
    """The list is not open to objections, or was not on the day it was received."""


@dataclass(frozen=True, slots=True)
class Objecting:
    """Who objects, how they are reached (kept private), and what they say."""

    name: str
    contact: str
    text: str


@transaction.atomic
def file_objection(
    list_pk: int,
    who: Objecting,
    via: Objection.Via,
    *,
    unit: PublishedUnit | None = None,
    by: User | None = None,
    received_on: date | None = None,
) -> Objection:
    """Take an objection in; its receipt number is what the person asks with later.

    `by` is the clerk who enters a letter or call, None for the portal. Raises ObjectionPeriodOver,
    and ValidationError for what is missing or too long.
    """
    found = locked_list(list_pk)
    today = timezone.localdate()
    received_on = received_on or today
    _check_period(found, received_on, today)
    if unit is not None and unit.list_id != found.pk:
        raise ValidationError({"unit": _("This unit is not on the list.")})
    objection = Objection(
        list=found,
        receipt="".join(secrets.choice(_ALPHABET) for _ in range(_RECEIPT_CHARS)),
        unit=unit,
        name=who.name.strip(),
        contact=who.contact.strip(),
        text=who.text.strip(),
        via=via,
        received_on=received_on,
    )
    objection.full_clean(validate_constraints=False)
    return save(objection, by, gettext_lazy("objection received"))


@transaction.atomic
def answer_objection(
    by: User, pk: int, version: int, *, upheld: bool, answer: str, strike: bool = False
) -> Objection:
    """Decide on an objection, once. `strike` takes the unit concerned off the list.

    The published document stays as it was; the final one leaves the unit out. Raises Conflict,
    WrongState, ValidationError.
    """
    objection = Objection.objects.select_related("list").get(pk=pk)
    found = locked_list(objection.list_id)
    objection = Objection.objects.select_for_update(of=("self",)).get(pk=pk)
    check_version(objection, version)
    if not objection.is_open:
        raise WrongState(_("This objection is answered already."))
    if not found.is_open_to_objections:
        raise WrongState(_("Objections are answered until the list is final."))
    answer = answer.strip()
    if not answer:
        raise ValidationError({"answer": _("Say what was found and decided.")})
    if strike and not (upheld and objection.unit_id):
        raise ValidationError(
            {"strike": _("Only a unit whose objection is upheld can be taken off.")}
        )
    objection.state = Objection.State.UPHELD if upheld else Objection.State.REJECTED
    objection.answer = answer
    objection.answered_by, objection.answered_at = by, timezone.now()
    objection.full_clean(validate_constraints=False)
    save(objection, by, gettext_lazy("objection answered"))
    if strike:
        _strike(by, objection)
    return objection


def _strike(by: User, objection: Objection) -> None:
    assert objection.unit_id is not None
    row = PublishedUnit.objects.select_for_update(of=("self",)).get(pk=objection.unit_id)
    row.struck_by = objection
    save(row, by, gettext_lazy("taken off after an objection"))


def _check_period(found: PublicationList, received_on: date, today: date) -> None:
    if not found.is_open_to_objections or found.published_on is None:
        raise ObjectionPeriodOver(_("This list is not open to objections."))
    if received_on > today:
        raise ValidationError({"received_on": _("This day has not come yet.")})
    until = found.objection_until
    if received_on < found.published_on or (until is not None and received_on > until):
        raise ObjectionPeriodOver(
            _("Objections were taken from %(begin)s to %(end)s.")
            % {"begin": found.published_on, "end": until}
        )
