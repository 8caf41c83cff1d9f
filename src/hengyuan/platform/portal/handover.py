"""Reports that somebody looks into, and who takes them over."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.handover import Holding
from hengyuan.platform.accounts.models import User
from hengyuan.platform.portal import services
from hengyuan.platform.portal.models import Report, ReportState


def _held(person: User) -> int:
    return Report.objects.filter(state=ReportState.ASSIGNED, assigned_to=person).count()


def _take_over(by: User | None, person: User, successor: User) -> int:
    return services.take_over(by, person, successor)


HOLDINGS = (
    Holding("portal.reports", _("Reports from the public to be looked into"), _held, _take_over),
)
