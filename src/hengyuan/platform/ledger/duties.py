"""What the ledger asks of somebody today, and its figures."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import Department, OfficeKind, Role
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.duties import Duty, Figure, Urgency, some
from hengyuan.platform.ledger import queries
from hengyuan.platform.ledger.models import SourceUnit, WorkingState

_NAMED = 4


def duties(user: Any) -> list[Duty]:
    """Certificates, equipment and doubles in scope; in at most seven queries."""
    if not may(user, "units.view"):
        return []
    keeps = may(user, "units.edit")
    found = _certificates(user)
    if keeps or user.office.kind == OfficeKind.SOURCE_UNIT:
        found.append(_incomplete(user, keeps))
    # a city's clerks leave the doubles of a county to the county
    if keeps and user.office.kind == OfficeKind.COUNTY:
        found.append(_doubles(user))
    return found


def figures(user: Any) -> list[Figure]:
    """Units that are not closed, and how many of them are key."""
    if not may(user, "units.view"):
        return []
    counts = queries.figures(user)
    note = _("%(working)s working, %(key)s key") % counts
    url = f"{reverse('ledger:units')}?state=open"
    return [Figure(_("Source units"), counts["all"], url, note)]


def _certificates(user: Any) -> list[Duty]:
    counts = queries.certificate_figures(user)
    due = queries.certificates_due(user)
    today, url = localdate(), reverse("ledger:certificates")
    none = due.none()
    expired = due.filter(certificate_expires_on__lt=today) if counts["expired"] else none
    soon = due.filter(certificate_expires_on__gte=today) if counts["soon"] else none
    sees_to_it = _sees_to_scales(user)
    return [
        Duty(
            _("Scales whose verification certificate has ended"),
            counts["expired"],
            f"{url}?due=expired",
            Urgency.NOW,
            due=expired[0].certificate_expires_on if expired else None,
            detail=some(scale.unit.name for scale in expired[:_NAMED]),
            is_mine=sees_to_it,
            icon="certificate-off",
        ),
        Duty(
            _("Scales whose verification certificate ends soon: have them verified"),
            counts["soon"],
            f"{url}?due=due",
            Urgency.SOON,
            due=soon[0].certificate_expires_on if soon else None,
            detail=some(scale.unit.name for scale in soon[:_NAMED]),
            is_mine=sees_to_it,
            icon="certificate",
        ),
    ]


def _sees_to_scales(user: Any) -> bool:
    """The unit itself, its county, and the department of weights and measures."""
    kind = user.office.kind
    if kind == OfficeKind.SOURCE_UNIT:
        return bool(user.role == Role.MANAGER)
    if kind == OfficeKind.DEPARTMENT:
        is_metrology = user.office.department == Department.MARKET
        return is_metrology and bool(user.role != Role.READONLY)
    return bool(kind == OfficeKind.COUNTY and user.role != Role.READONLY)


def _incomplete(user: Any, keeps: bool) -> Duty:
    working = SourceUnit.objects.visible_to(user).filter(state=WorkingState.WORKING)
    lacking = queries.incomplete(working)
    return Duty(
        _("Working units without scale, camera or display in the ledger"),
        lacking.count(),
        f"{reverse('ledger:units')}?state=working&equipment=incomplete",
        Urgency.SOON,
        is_mine=(keeps and user.office.kind == OfficeKind.COUNTY) or user.role == Role.MANAGER,
        icon="scale-outline",
    )


def _doubles(user: Any) -> Duty:
    pairs = queries.suspected_duplicates(user)
    return Duty(
        _("Pairs of units that look like one: merge them, or say that they are two"),
        len(pairs),
        reverse("ledger:duplicates"),
        Urgency.SOON,
        detail=some(f"{pair.first.name} / {pair.second.name}" for pair in pairs),
        icon="copy",
    )
