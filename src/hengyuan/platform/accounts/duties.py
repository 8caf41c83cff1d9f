"""What offices and people ask of somebody today."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts import queries
from hengyuan.platform.accounts.models import OfficeKind
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.duties import Duty, Urgency, some


def duties(user: Any) -> list[Duty]:
    """What waits in one's own office and those looked after; in at most six queries."""
    found: list[Duty] = []
    if may(user, "people.manage"):
        found += [*_locked(user), *_invited(user)]
    if may(user, "offices.manage"):
        found += _without_head(user)
        if user.office.kind != OfficeKind.COUNTY:
            found += _without_office(user)
    if may(user, "townships.edit") and user.office.kind == OfficeKind.COUNTY:
        found += _without_lead(user)
    return found


def _locked(user: Any) -> list[Duty]:
    locked = queries.locked_people(user)
    url = locked[0][0].get_absolute_url() if len(locked) == 1 else reverse("people:people")
    return [
        Duty(
            _("Logins locked after failed tries: ask, then lift the lock"),
            len(locked),
            url,
            Urgency.NOW,
            detail=some(person for person, _until in locked),
            icon="lock",
        )
    ]


def _invited(user: Any) -> list[Duty]:
    invitations = list(queries.pending_invitations(user))
    expired = [invitation for invitation in invitations if invitation.is_expired]
    waiting = [invitation for invitation in invitations if not invitation.is_expired]
    return [
        Duty(
            _("Invitations that have run out: hand over a new link, or withdraw"),
            len(expired),
            _office_of(expired),
            Urgency.SOON,
            detail=some(expired),
            icon="mail-off",
        ),
        Duty(
            _("Invitations that nobody has accepted yet: ask after them"),
            len(waiting),
            _office_of(waiting),
            Urgency.SOON,
            due=localdate(waiting[0].expires_at) if waiting else None,
            detail=some(waiting),
            icon="mail",
        ),
    ]


def _office_of(invitations: list[Any]) -> str:
    offices = {invitation.office_id: invitation.office for invitation in invitations}
    if len(offices) == 1:
        return str(next(iter(offices.values())).get_absolute_url())
    return reverse("offices:offices")


def _without_office(user: Any) -> list[Duty]:
    regions = list(queries.counties_without_office(user))
    return [
        Duty(
            _("Regions without an overload-control office: enter it"),
            len(regions),
            reverse("offices:new_office", args=[regions[0].level]) if regions else "",
            Urgency.SOON,
            detail=some(regions),
            icon="building-community",
        )
    ]


def _without_head(user: Any) -> list[Duty]:
    offices = list(queries.offices_without_head(user))
    url = offices[0].get_absolute_url() if len(offices) == 1 else reverse("offices:offices")
    return [
        Duty(
            _("Offices that nobody leads: invite somebody"),
            len(offices),
            url if len(offices) == 1 else f"{url}?state=headless",
            Urgency.SOON,
            detail=some(offices),
            # a clerk enters offices, their head invites people
            is_mine=may(user, "people.manage"),
            icon="user-question",
        )
    ]


def _without_lead(user: Any) -> list[Duty]:
    townships = list(queries.townships_without_lead(user))
    return [
        Duty(
            _("Townships for which nobody is named as responsible"),
            len(townships),
            f"{reverse('townships:townships')}?lead=none",
            Urgency.SOON,
            detail=some(townships),
            icon="map-pin",
        )
    ]
