"""Units that look like one: the list, two beside each other, and what is decided about them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.ledger import queries, services
from hengyuan.platform.ledger.forms import MergeForm, NotDuplicateForm
from hengyuan.platform.ledger.models import NotDuplicate, SourceUnit
from hengyuan.platform.ledger.unit_page import list_tabs, visible_unit
from hengyuan.platform.ledger.words import LIKENESS

_PAGE = 50
_COMPARED = (
    "code",
    "name",
    "credit_code",
    "kind",
    "grade",
    "state",
    "supervision_mode",
    "region",
    "township",
    "address",
    "longitude",
    "latitude",
    "legal_person",
    "contact_name",
    "contact_phone",
    "annual_throughput_t",
    "created_at",
)
_ALWAYS_DIFFER = {"code", "created_at"}
_BLANK: tuple[Any, ...] = (None, "", [])


@require_GET
@requires("units.merge")
def duplicates(request: HttpRequest) -> HttpResponse:
    """Pairs that nobody has decided about, and below them those that are no duplicates."""
    pairs = queries.suspected_duplicates(request.user)
    said = NotDuplicate.objects.visible_to(request.user).select_related(
        "first", "second", "said_by"
    )
    context = {
        "title": _("Entered twice?"),
        "page": Paginator(pairs, _PAGE).get_page(request.GET.get("page")),
        "count": len(pairs),
        "said": said[:20],
        "tabs": list_tabs(request),
    }
    return render(request, "ledger/duplicates.html", context)


@require_GET
@requires("units.merge")
def pair(request: HttpRequest, one: str, other: str) -> HttpResponse:
    """Two units beside each other, with both decisions."""
    units = _pair(request, one, other)
    return _show(request, units, MergeForm(pair=units), NotDuplicateForm())


@require_POST
@requires("units.merge")
def merge(request: HttpRequest, one: str, other: str) -> HttpResponse:
    units = _pair(request, one, other)
    form = MergeForm(request.POST, pair=units)
    if not form.is_valid():
        return _show(request, units, form, NotDuplicateForm())
    data = form.cleaned_data
    kept, merged = units if units[0].code == data.pop("kept") else (units[1], units[0])
    try:
        survivor = services.merge_units(request.user, kept, merged, **data)  # type: ignore[arg-type]
    except services.WrongState as error:
        messages.error(request, str(error))
        return redirect("ledger:pair", one, other)
    messages.success(
        request,
        _("%(merged)s is closed as a second entry of %(kept)s.")
        % {"merged": merged.code, "kept": survivor},
    )
    return redirect(survivor)


@require_POST
@requires("units.merge")
def not_duplicate(request: HttpRequest, one: str, other: str) -> HttpResponse:
    units = _pair(request, one, other)
    form = NotDuplicateForm(request.POST)
    if not form.is_valid():
        return _show(request, units, MergeForm(pair=units), form)
    services.not_duplicate(request.user, *units, **form.cleaned_data)  # type: ignore[arg-type]
    messages.success(request, _("Noted: they are two units. The pair is no longer shown."))
    return redirect(reverse("ledger:duplicates"))


def _pair(request: HttpRequest, one: str, other: str) -> tuple[SourceUnit, SourceUnit]:
    if one == other:
        raise Http404("a unit and itself")
    return visible_unit(request, one), visible_unit(request, other)


def _show(
    request: HttpRequest,
    units: tuple[SourceUnit, SourceUnit],
    merge_form: MergeForm,
    different_form: NotDuplicateForm,
) -> HttpResponse:
    first, second = units
    found = [
        shown
        for shown in queries.similar_units(
            name=first.name,
            county=first.region,
            credit_code=first.credit_code,
            longitude=first.longitude,
            latitude=first.latitude,
            except_for=first,
        )
        if shown.first.pk == second.pk
    ]
    context: dict[str, Any] = {
        "title": _("Entered twice?"),
        "first": first,
        "second": second,
        "rows": [_compared(name, first, second) for name in _COMPARED],
        "counts": [_counts(unit) for unit in units],
        "likeness": [LIKENESS[like] for like in found[0].likeness] if found else [],
        "apart_m": found[0].apart_m if found else None,
        "merge_form": merge_form,
        "different_form": different_form,
        "is_open": not first.is_closed and not second.is_closed,
    }
    status = 422 if merge_form.errors or different_form.errors else 200
    return render(request, "ledger/pair.html", context, status=status)


def _compared(name: str, first: SourceUnit, second: SourceUnit) -> dict[str, Any]:
    one, other = getattr(first, name), getattr(second, name)
    telling = name not in _ALWAYS_DIFFER and one not in _BLANK and other not in _BLANK
    return {"name": name, "differs": telling and one != other}


def _counts(unit: SourceUnit) -> dict[str, int]:
    return {
        "gates": unit.gates.count(),
        "scales": unit.scales.count(),
        "equipment": unit.equipment.count(),
        "terminals": unit.terminals.count(),
    }
