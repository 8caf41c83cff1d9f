"""What reports from the public ask of somebody today."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.timezone import localdate
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.duties import Duty, Urgency
from hengyuan.platform.portal import queries


def duties(user: Any) -> list[Duty]:
    """What waits in this person's scope; in two queries."""
    if not may(user, "reports.view"):
        return []
    waiting = queries.reports_waiting(user)
    inbox = reverse("portal:reports")
    handles = may(user, "reports.handle")
    return [
        Duty(
            _("Reports from the public to be assigned"),
            waiting.received,
            f"{inbox}?state=received",
            Urgency.TODAY,
            due=waiting.first_received_due,
            is_mine=handles,
            icon="speakerphone",
        ),
        Duty(
            _("Reports from the public that you look into"),
            waiting.mine,
            f"{inbox}?state=mine",
            Urgency.TODAY,
            due=waiting.first_mine_due,
            icon="speakerphone",
        ),
        Duty(
            _("Reports from the public to be answered"),
            waiting.checked,
            f"{inbox}?state=checked",
            Urgency.TODAY,
            due=waiting.first_checked_due,
            is_mine=handles,
            icon="speakerphone",
        ),
        Duty(
            _("Reports from the public that are overdue"),
            waiting.overdue,
            f"{inbox}?state=overdue",
            Urgency.NOW,
            due=localdate(),
            is_mine=handles,
            icon="alert-triangle",
        ),
    ]
