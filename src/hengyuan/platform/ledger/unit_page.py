"""What the pages about one unit share: its head, its tabs, and who may open it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from hengyuan.platform.accounts.permissions import may
from hengyuan.platform.ledger import queries
from hengyuan.platform.ledger.models import SourceUnit


def visible_unit(
    request: HttpRequest, code: str, units: QuerySet[SourceUnit] | None = None
) -> SourceUnit:
    """The unit, if the person may see it; 404 else."""
    if units is None:
        visible = SourceUnit.objects.visible_to(request.user)
        units = visible.select_related("region", "township", "merged_into")
    return get_object_or_404(units, code=code)


def unit_page(
    request: HttpRequest, unit: SourceUnit, template: str, context: dict[str, Any]
) -> HttpResponse:
    """One tab of a unit."""
    tabs = [
        (_("Particulars"), "ledger:unit"),
        (_("Gates and equipment"), "ledger:unit_equipment"),
        (_("Terminals"), "ledger:unit_terminals"),
        (_("Position"), "ledger:unit_position"),
    ]
    if may(request.user, "audit.view"):
        tabs.append((_("History"), "ledger:unit_history"))
    shown = [{"label": label, "url": reverse(name, args=[unit.code])} for label, name in tabs]
    return render(request, template, {"unit": unit, "tabs": shown} | context)


def list_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The pages over all units."""
    due = queries.certificate_figures(request.user)
    tabs: list[dict[str, Any]] = [
        {"label": _("Ledger"), "url": reverse("ledger:units")},
        {
            "label": _("Certificates"),
            "url": reverse("ledger:certificates"),
            "count": due["expired"] + due["soon"],
        },
    ]
    if may(request.user, "units.merge"):
        tabs.append({"label": _("Entered twice?"), "url": reverse("ledger:duplicates")})
    if may(request.user, "units.import"):
        tabs.append({"label": _("Import"), "url": reverse("ledger:imports")})
    return tabs
