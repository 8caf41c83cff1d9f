"""What was weighed today and asks for somebody's eyes, and the day's figures."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, Q, Sum
from django.urls import reverse
from django.utils.timezone import get_current_timezone, localdate
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import Department, OfficeKind, Role
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.duties import Duty, Figure, Urgency, once, some
from hengyuan.platform.intake.models import RefusalCode, RefusedBatch
from hengyuan.platform.weighing import columns
from hengyuan.platform.weighing.models import WeighingCount

_TAMPERING = [RefusalCode.CONFLICT, RefusalCode.BROKEN_CHAIN, RefusalCode.BAD_SIGNATURE]
# departments that act on trucks over the limit
_ENFORCING = {Department.TRANSPORT, Department.PUBLIC_SECURITY}


def duties(user: Any) -> list[Duty]:
    """Trucks over the limit and refused uploads of today; in three queries."""
    if not may(user, "records.view"):
        return []
    over = _today(user)["over"]
    return [
        Duty(
            _("Trucks over the limit today: find out why they were let out"),
            over,
            _records(verdict="over"),
            Urgency.NOW,
            is_mine=_follows_overloads(user),
            icon="scale",
        ),
        *_refused(user),
    ]


def figures(user: Any) -> list[Figure]:
    """Trucks that went out today, and those over the limit."""
    if not may(user, "records.view"):
        return []
    today = _today(user)
    return [
        Figure(_("Trucks out today"), today["out"], _records(), _("weighed at the gates")),
        Figure(
            _("Over the limit today"),
            today["over"],
            _records(verdict="over"),
            _("of those weighed out"),
            tone="over" if today["over"] else "",
        ),
    ]


@once
def _today(user: Any) -> dict[str, int]:
    counted = WeighingCount.objects.visible_to(user).filter(
        day=localdate(), kind=columns.kind_no("exit")
    )
    sums = counted.aggregate(out=Sum("trucks"), over=Sum("trucks", filter=Q(band__gt=0)))
    return {name: value or 0 for name, value in sums.items()}


def _refused(user: Any) -> list[Duty]:
    midnight = datetime.combine(localdate(), time.min, tzinfo=get_current_timezone())
    refused = list(
        RefusedBatch.objects.visible_to(user)
        .filter(last_at__gte=midnight)
        .order_by("terminal__code", "code")
        .values("code", terminal_code=F("terminal__code"), unit=F("terminal__unit__name"))
        .annotate(batches=Count("id"))
    )
    tampered = [row for row in refused if row["code"] in _TAMPERING]
    others = [row for row in refused if row["code"] not in _TAMPERING]
    is_mine = user.office.kind == OfficeKind.COUNTY and user.role != Role.READONLY
    return [
        Duty(
            _("Uploads refused today that look like tampering: secure the terminal"),
            sum(row["batches"] for row in tampered),
            _terminal_of(tampered),
            Urgency.NOW,
            detail=some(dict.fromkeys(row["unit"] for row in tampered)),
            is_mine=is_mine,
            icon="alert-triangle",
        ),
        Duty(
            _("Uploads refused today for their form: tell the maker of the terminal"),
            sum(row["batches"] for row in others),
            _terminal_of(others),
            Urgency.TODAY,
            detail=some(dict.fromkeys(row["unit"] for row in others)),
            is_mine=is_mine,
            icon="plug-connected-x",
        ),
    ]


def _terminal_of(refused: list[Any]) -> str:
    terminals = {row["terminal_code"] for row in refused}
    if len(terminals) == 1:
        return reverse("terminals:terminal", args=[terminals.pop()])
    return reverse("terminals:terminals")


def _records(**more: str) -> str:
    day = localdate().isoformat()
    query = {"from_day": day, "to_day": day, "kind": "exit"} | more
    return f"{reverse('weighing:records')}?{urlencode(query)}"


def _follows_overloads(user: Any) -> bool:
    """Whoever deals with the truck or its gate; the levels above watch."""
    if user.role == Role.READONLY:
        return False
    if user.office.kind == OfficeKind.DEPARTMENT:
        return user.office.department in _ENFORCING
    return user.office.kind in (OfficeKind.COUNTY, OfficeKind.SOURCE_UNIT)
