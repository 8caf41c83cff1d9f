"""Pages of the ledger: the lists, a unit with its tabs, entering and changing it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.platform.accounts.access import note
from hengyuan.platform.accounts.models import AccessKind
from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.excel import attachment
from hengyuan.platform.ledger import queries, services
from hengyuan.platform.ledger.exporting import export_workbook
from hengyuan.platform.ledger.filters import ScaleFilter, UnitFilter
from hengyuan.platform.ledger.forms import BulkForm, UnitForm
from hengyuan.platform.ledger.history import history_of_unit
from hengyuan.platform.ledger.models import Scale, SourceUnit
from hengyuan.platform.ledger.positions import extent_of, is_plausible
from hengyuan.platform.ledger.sketch import sketch
from hengyuan.platform.ledger.tables import ScaleTable, UnitTable
from hengyuan.platform.ledger.unit_page import list_tabs, unit_page, visible_unit
from hengyuan.platform.listing import ListPage
from hengyuan.platform.terminals.queries import with_terminal_counts
from hengyuan.platform.versioning import Stale


class UnitList(ListPage):
    required_action = "units.view"
    model = SourceUnit
    table_class = UnitTable
    filterset_class = UnitFilter
    title = gettext_lazy("Source units")
    empty_text = gettext_lazy("No source unit has been entered in your region yet.")
    template_name = "ledger/units.html"
    part_template_name = "ledger/parts/units.html"

    def get_queryset(self) -> QuerySet[Any]:
        return with_terminal_counts(listed_units(self.request)).order_by("code")

    def get_table_kwargs(self) -> dict[str, Any]:
        return {} if may(self.request.user, "units.edit") else {"exclude": ("chosen",)}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        more = {
            "bulk": BulkForm(),
            "tabs": list_tabs(self.request),
            "warn_days": settings.LEDGER_CERTIFICATE_DAYS,
        }
        return context | more


class ScaleList(ListPage):
    """Verification certificates, those first that end first."""

    required_action = "units.view"
    model = Scale
    table_class = ScaleTable
    filterset_class = ScaleFilter
    title = gettext_lazy("Verification certificates")
    empty_text = gettext_lazy("No scale has been entered in your region yet.")
    template_name = "ledger/certificates.html"

    def get_queryset(self) -> QuerySet[Any]:
        scales = super().get_queryset().exclude(unit__state="closed")
        return scales.select_related("unit__region").order_by("certificate_expires_on", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return context | {
            "tabs": list_tabs(self.request),
            "warn_days": settings.LEDGER_CERTIFICATE_DAYS,
        }


def listed_units(request: HttpRequest) -> QuerySet[SourceUnit]:
    """The units in scope with all that the list shows and filters by."""
    units = SourceUnit.objects.visible_to(request.user).select_related("region", "township")
    return queries.with_publication(queries.with_equipment(units))


@require_POST
@requires("units.export")
def export(request: HttpRequest) -> HttpResponse:
    """What the list shows with the filter of the address, in the template's form.

    A POST, because it is noted who took it.
    """
    shown = UnitFilter(request.GET, queryset=listed_units(request), request=request)
    units = SourceUnit.objects.filter(pk__in=shown.qs.order_by().values("pk"))
    note(
        AccessKind.EXPORT,
        request.user,  # type: ignore[arg-type]
        request=request,
        detail=f"{UnitList.title}; {request.GET.urlencode()}".rstrip("; "),
    )
    counties = list(visible_regions(request.user).counties())
    return attachment(export_workbook(units, counties), "source-units")


@require_POST
@requires("units.edit")
def change_units(request: HttpRequest) -> HttpResponse:
    """The same change for all units that are ticked."""
    form = BulkForm(request.POST)
    back = f"{reverse('ledger:units')}?{request.GET.urlencode()}".rstrip("?")
    codes = request.POST.getlist("unit")
    if not codes or not form.is_valid():
        messages.warning(request, _("Tick the units first, then choose what becomes of them."))
        return redirect(back)
    units = SourceUnit.objects.visible_to(request.user).filter(code__in=codes)
    changed = services.change_units(request.user, units, **form.changes())  # type: ignore[arg-type]
    messages.success(
        request,
        _("%(changed)s of %(chosen)s units were changed.")
        % {"changed": changed, "chosen": len(codes)},
    )
    return redirect(back)


@require_GET
@requires("units.view")
def unit(request: HttpRequest, code: str) -> HttpResponse:
    """Facts, and a word on what is missing."""
    found = visible_unit(request, code, listed_units(request))
    merged = found.merged_into
    context = {
        "cargo": [CARGO_TYPES.get(cargo, cargo) for cargo in found.cargo_codes],
        "merged_into": merged if merged and _may_see(request, merged) else None,
        "merged_units": SourceUnit.objects.visible_to(request.user).filter(merged_into=found),
        "today": timezone.localdate(),
    }
    return unit_page(request, found, "ledger/unit.html", context)


@require_GET
@requires("units.view")
def unit_equipment(request: HttpRequest, code: str) -> HttpResponse:
    found = visible_unit(request, code)
    context = {
        "gates": queries.gates_with_equipment(found),
        "scales": found.scales.select_related("gate", "lane"),
        "things": found.equipment.select_related("gate", "lane"),
        "today": timezone.localdate(),
        "warn_days": settings.LEDGER_CERTIFICATE_DAYS,
    }
    return unit_page(request, found, "ledger/unit_equipment.html", context)


@require_GET
@requires("units.view")
def unit_terminals(request: HttpRequest, code: str) -> HttpResponse:
    found = visible_unit(request, code)
    merged = SourceUnit.objects.visible_to(request.user).filter(merged_into=found)
    context = {
        "terminals": found.terminals.select_related("gate"),
        "of_merged": [
            (other, list(other.terminals.all()))
            for other in merged.prefetch_related("terminals")
            if other.terminals.all()
        ],
    }
    return unit_page(request, found, "ledger/unit_terminals.html", context)


@require_GET
@requires("units.view")
def unit_position(request: HttpRequest, code: str) -> HttpResponse:
    found = visible_unit(request, code)
    near = queries.neighbours(request.user, found)
    plausible = (
        found.longitude is None
        or found.latitude is None
        or is_plausible(found.region_id, found.longitude, found.latitude)
    )
    context = {
        "near": near[:12],
        "sketch": sketch(found, near),
        "is_plausible": plausible,
        "extent": extent_of(found.region_id),
    }
    return unit_page(request, found, "ledger/unit_position.html", context)


@require_GET
@requires("audit.view")
def unit_history(request: HttpRequest, code: str) -> HttpResponse:
    found = visible_unit(request, code)
    return unit_page(request, found, "ledger/unit_history.html", {"trail": history_of_unit(found)})


@require_http_methods(["GET", "POST"])
@requires("units.edit")
def new_unit(request: HttpRequest) -> HttpResponse:
    form = UnitForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            made = services.register_unit(request.user, **form.fields_to_save())  # type: ignore[arg-type]
        except services.LedgerFull as error:
            form.add_error("region", str(error))
        else:
            messages.success(
                request, _("%(unit)s is entered, its code is %(code)s.") % _named(made)
            )
            _warn_of_position(request, made)
            return redirect(made)
    return render(request, "ledger/unit_form.html", {"form": form, "unit": None})


@require_http_methods(["GET", "POST"])
@requires("units.edit")
def edit_unit(request: HttpRequest, code: str) -> HttpResponse:
    found = get_object_or_404(SourceUnit.objects.visible_to(request.user), code=code)
    form = UnitForm(request.POST or None, instance=found, user=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            changed = services.change_unit(
                request.user,  # type: ignore[arg-type]
                found,
                form.cleaned_data["read_at"],
                **form.fields_to_save(),
            )
        except Stale as stale:
            form.tell_stale(stale)
        else:
            messages.success(request, _("The changes to %(unit)s are saved.") % _named(changed))
            if {"longitude", "latitude"} & set(form.changed_data):
                _warn_of_position(request, changed)
            return redirect(changed)
    return render(request, "ledger/unit_form.html", {"form": form, "unit": found})


def _warn_of_position(request: HttpRequest, changed: SourceUnit) -> None:
    longitude, latitude = changed.longitude, changed.latitude
    if longitude is None or latitude is None:
        return
    if not is_plausible(changed.region_id, longitude, latitude):
        messages.warning(
            request,
            _("The position lies outside of %s. Compare it with the place.") % changed.region,
        )


def _may_see(request: HttpRequest, other: SourceUnit) -> bool:
    return SourceUnit.objects.visible_to(request.user).filter(pk=other.pk).exists()


def _named(found: SourceUnit) -> dict[str, str]:
    return {"unit": found.name, "code": found.code}
