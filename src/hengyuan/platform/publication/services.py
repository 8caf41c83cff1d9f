"""Writes about publications: the door for pages, the portal, commands and other apps."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy

from hengyuan.platform.accounts.models import User
from hengyuan.platform.documents.services import NoChineseFont, UnusableWordFile
from hengyuan.platform.publication.drafting import (
    AlreadyInPreparation,
    draft_from_ledger,
    give_reason,
    leave_out,
    put_on,
    refresh,
    retitle,
    set_unit,
    set_units,
)
from hengyuan.platform.publication.lifecycle import (
    Incomplete,
    NotYet,
    Publishing,
    SecondPersonNeeded,
    discard,
    finalise,
    publish,
    recall,
    report,
    send_back,
    submit,
    withdraw,
)
from hengyuan.platform.publication.locking import Conflict, sign
from hengyuan.platform.publication.models import PublicationRules
from hengyuan.platform.publication.objections import (
    Objecting,
    ObjectionPeriodOver,
    answer_objection,
    file_objection,
)
from hengyuan.platform.publication.transitions import WrongState
from hengyuan.platform.regions.models import Level, Region

__all__ = [
    "AlreadyInPreparation",
    "Conflict",
    "Incomplete",
    "NoChineseFont",
    "NotYet",
    "Objecting",
    "ObjectionPeriodOver",
    "Publishing",
    "SecondPersonNeeded",
    "UnusableWordFile",
    "WrongState",
    "answer_objection",
    "discard",
    "draft_from_ledger",
    "file_objection",
    "finalise",
    "give_reason",
    "leave_out",
    "publish",
    "put_on",
    "recall",
    "refresh",
    "report",
    "retitle",
    "send_back",
    "set_rules",
    "set_unit",
    "set_units",
    "submit",
    "withdraw",
]


@transaction.atomic
def set_rules(by: User, city: Region, **fields: Any) -> PublicationRules:
    """What a city asks of its counties; ValidationError names what is wrong."""
    if city.level != Level.CITY:
        raise ValueError(f"{city} is no city")
    rules = PublicationRules.objects.select_for_update().filter(region=city).first()
    rules = rules or PublicationRules(region=city)
    for name, value in fields.items():
        setattr(rules, name, value)
    rules.full_clean(validate_unique=False)
    sign(rules, by, gettext_lazy("rules changed"))
    rules.save()
    return rules
