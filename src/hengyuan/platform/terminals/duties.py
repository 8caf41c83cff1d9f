"""What terminals ask of somebody today, and their figures."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hengyuan.platform.accounts.models import OfficeKind, Role
from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.duties import Duty, Figure, Urgency, once, some
from hengyuan.platform.terminals import queries

_NAMED = 4
_figures = once(queries.figures)


def duties(user: Any) -> list[Duty]:
    """Terminals in scope that want somebody's hands; in five queries."""
    if not may(user, "terminals.view"):
        return []
    lists = reverse("terminals:terminals")
    figures = _figures(user)
    troubles = queries.trouble_figures(user)
    sees_to_it = _sees_to_it(user)
    return [
        Duty(
            _("Terminals that are silent: look to power and network, then call"),
            figures["silent"],
            f"{lists}?heard=silent",
            Urgency.NOW,
            detail=_named(queries.silent(user)) if figures["silent"] else "",
            is_mine=sees_to_it,
            icon="plug-connected-x",
        ),
        Duty(
            _("Terminals with a faulty device"),
            troubles["device"],
            f"{lists}?trouble=device",
            Urgency.TODAY,
            is_mine=sees_to_it,
            icon="device-desktop-analytics",
        ),
        Duty(
            _("Terminals whose clock is wrong or unchecked: their records are flagged"),
            troubles["clock"],
            f"{lists}?trouble=clock",
            Urgency.TODAY,
            is_mine=sees_to_it,
            icon="clock",
        ),
        Duty(
            _("Terminals whose disk is nearly full"),
            troubles["disk"],
            f"{lists}?trouble=disk",
            Urgency.TODAY,
            is_mine=sees_to_it,
            icon="database",
        ),
        Duty(
            _("Terminals to be enrolled: their code is handed over by the county"),
            figures["planned"],
            f"{lists}?state=planned",
            Urgency.SOON,
            detail=_named(queries.planned(user)) if figures["planned"] else "",
            is_mine=may(user, "terminals.manage") or user.role == Role.MANAGER,
            icon="key",
        ),
    ]


def figures(user: Any) -> list[Figure]:
    """How many are online of those enrolled."""
    if not may(user, "terminals.view"):
        return []
    counts = _figures(user)
    url = reverse("terminals:terminals")
    return [
        Figure(
            _("Terminals online"),
            counts["online"],
            f"{url}?heard=online",
            _("of those enrolled"),
            of=counts["enrolled"],
        ),
        Figure(
            _("Terminals silent"),
            counts["silent"],
            f"{url}?heard=silent",
            _("not heard for 90 seconds"),
            tone="warn" if counts["silent"] else "",
        ),
    ]


def _sees_to_it(user: Any) -> bool:
    """The source unit's own people, and whoever supervises it from the county."""
    if user.office.kind == OfficeKind.SOURCE_UNIT:
        return True
    return bool(user.office.kind == OfficeKind.COUNTY and user.role != Role.READONLY)


def _named(terminals: Any) -> str:
    return some(terminal.unit.name for terminal in terminals[:_NAMED])
