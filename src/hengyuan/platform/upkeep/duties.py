"""What the upkeep of terminals asks of somebody today."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import OfficeKind, Role
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.duties import Duty, Urgency
from hengyuan.platform.upkeep import queries


def duties(user: Any) -> list[Duty]:
    """What stands at the terminals in scope and wants somebody; in one query."""
    if not may(user, "upkeep.view"):
        return []
    counts = queries.wanted_counts(user)
    lists = reverse("upkeep:matters")
    office = user.office
    sees_to_it = office.kind == OfficeKind.SOURCE_UNIT or (
        office.kind == OfficeKind.COUNTY and user.role != Role.READONLY
    )
    return [
        Duty(
            _("Emergency plans that run at gates"),
            counts["plan"],
            f"{lists}?kind=plan",
            Urgency.NOW,
            is_mine=sees_to_it,
            icon="alert-triangle",
        ),
        Duty(
            _("Verifications of scales that end or have ended"),
            counts["verification"],
            f"{lists}?kind=verification",
            Urgency.TODAY,
            is_mine=sees_to_it,
            icon="certificate",
        ),
        Duty(
            _("Scales whose zero has drifted"),
            counts["zero"],
            f"{lists}?kind=zero",
            Urgency.TODAY,
            is_mine=sees_to_it,
            icon="scale",
        ),
        Duty(
            _("Repairs under way at gates"),
            counts["ticket"],
            f"{lists}?kind=ticket",
            Urgency.SOON,
            is_mine=sees_to_it,
            icon="tool",
        ),
    ]
