"""Pages of the ledger."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods

from hengyuan.law.codes import CARGO_TYPES
from hengyuan.platform.accounts.permissions import may, requires
from hengyuan.platform.audit import trail
from hengyuan.platform.ledger import services
from hengyuan.platform.ledger.filters import UnitFilter
from hengyuan.platform.ledger.forms import GateForm, LaneForm, UnitForm
from hengyuan.platform.ledger.models import Gate, SourceUnit
from hengyuan.platform.ledger.tables import UnitTable
from hengyuan.platform.listing import ListPage
from hengyuan.platform.terminals.queries import with_terminal_counts


class UnitList(ListPage):
    required_action = "units.view"
    model = SourceUnit
    table_class = UnitTable
    filterset_class = UnitFilter
    title = gettext_lazy("Source units")
    empty_text = gettext_lazy("No source unit has been entered in your region yet.")
    template_name = "ledger/units.html"

    def get_queryset(self) -> QuerySet[Any]:
        units = super().get_queryset().select_related("region", "township")
        return with_terminal_counts(units).order_by("code")


@require_GET
@requires("units.view")
def unit(request: HttpRequest, code: str) -> HttpResponse:
    visible = SourceUnit.objects.visible_to(request.user).select_related("region", "township")
    found = get_object_or_404(visible, code=code)
    gates = list(found.gates.prefetch_related("lanes"))
    lanes = [lane for gate in gates for lane in gate.lanes.all()]
    context = {
        "unit": found,
        "gates": gates,
        "terminals": found.terminals.select_related("gate"),
        "cargo": [CARGO_TYPES.get(cargo, cargo) for cargo in found.cargo_codes],
        "trail": trail(found, *gates, *lanes) if may(request.user, "units.edit") else [],
    }
    return render(request, "ledger/unit.html", context)


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
            return redirect(made)
    return render(request, "ledger/unit_form.html", {"form": form, "unit": None})


@require_http_methods(["GET", "POST"])
@requires("units.edit")
def edit_unit(request: HttpRequest, code: str) -> HttpResponse:
    found = get_object_or_404(SourceUnit.objects.visible_to(request.user), code=code)
    form = UnitForm(request.POST or None, instance=found, user=request.user)
    if request.method == "POST" and form.is_valid():
        services.change_unit(request.user, found, **form.fields_to_save())  # type: ignore[arg-type]
        messages.success(request, _("The changes to %(unit)s are saved.") % _named(found))
        return redirect(found)
    return render(request, "ledger/unit_form.html", {"form": form, "unit": found})


@require_http_methods(["GET", "POST"])
@requires("units.edit")
def new_gate(request: HttpRequest, code: str) -> HttpResponse:
    found = get_object_or_404(SourceUnit.objects.visible_to(request.user), code=code)
    form = GateForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.add_gate(request.user, found, **form.cleaned_data)  # type: ignore[arg-type]
        return redirect(found)
    context = {"form": form, "unit": found, "title": _("New gate")}
    return render(request, "ledger/part_form.html", context)


@require_http_methods(["GET", "POST"])
@requires("units.edit")
def new_lane(request: HttpRequest, code: str, number: int) -> HttpResponse:
    gates = Gate.objects.visible_to(request.user).select_related("unit")
    gate = get_object_or_404(gates, unit__code=code, number=number)
    form = LaneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.add_lane(request.user, gate, **form.cleaned_data)  # type: ignore[arg-type]
        return redirect(gate.unit)
    context = {"form": form, "unit": gate.unit, "title": _("New lane of %s") % gate.name}
    return render(request, "ledger/part_form.html", context)


def _named(found: SourceUnit) -> dict[str, str]:
    return {"unit": found.name, "code": found.code}
