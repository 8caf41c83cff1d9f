"""Who answers for a township: appointed, corrected, released."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hengyuan.platform.accounts.models import TownshipLead, User
from hengyuan.platform.accounts.signing import checked_save
from hengyuan.platform.regions.models import Region
from hengyuan.platform.versioning import locked


@transaction.atomic
def appoint_lead(
    by: User | None,
    township: Region,
    *,
    name: str,
    duty_phone: str,
    since: date,
    position: str = "",
) -> TownshipLead:
    """Somebody answers for the township from that day on; who did so before is released then.

    ValidationError names what is wrong.
    """
    Region.objects.select_for_update().get(pk=township.pk)  # two appointments wait for each other
    before = TownshipLead.objects.in_office().filter(township=township).first()
    if before is not None:
        _release(by, before, since, gettext_lazy("succeeded by %s") % name)
    lead = TownshipLead(
        township=township, name=name, position=position, duty_phone=duty_phone, since=since
    )
    checked_save(lead, by, gettext_lazy("appointed"))
    return lead


@transaction.atomic
def change_lead(
    by: User | None, lead: TownshipLead, version: int | None = None, **fields: Any
) -> TownshipLead:
    """Correct what was entered of a term. Stale, ValidationError."""
    lead = locked(TownshipLead.objects.all(), lead.pk, version)
    for name, value in fields.items():
        setattr(lead, name, value)
    checked_save(lead, by, gettext_lazy("changed"))
    return lead


@transaction.atomic
def release_lead(by: User | None, lead: TownshipLead, until: date, reason: str) -> TownshipLead:
    """The term ends and nobody has followed yet."""
    lead = locked(TownshipLead.objects.all(), lead.pk)
    if lead.until is not None:
        raise ValidationError(_("This term has ended already."))
    _release(by, lead, until, reason)
    return lead


def _release(by: User | None, lead: TownshipLead, until: date, reason: Any) -> None:
    if until < lead.since:
        raise ValidationError(
            {
                "since": _("%(name)s is in office since %(day)s: the next term begins later.")
                % {"name": lead.name, "day": lead.since.isoformat()}
            }
        )
    lead.until = until
    checked_save(lead, by, reason)
