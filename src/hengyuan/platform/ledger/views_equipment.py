"""Entering, changing and removing what stands at a unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.ledger import services
from hengyuan.platform.ledger.forms_equipment import (
    EquipmentForm,
    GateForm,
    LaneForm,
    ScaleForm,
)
from hengyuan.platform.ledger.models import Equipment, Gate, Lane, Scale, SourceUnit
from hengyuan.platform.ledger.unit_page import visible_unit

_BOTH = ["GET", "POST"]


@require_http_methods(_BOTH)
@requires("units.edit")
def new_gate(request: HttpRequest, code: str) -> HttpResponse:
    unit = visible_unit(request, code)
    return _enter(request, unit, GateForm(request.POST or None), _("New gate"), services.add_gate)


@require_http_methods(_BOTH)
@requires("units.edit")
def edit_gate(request: HttpRequest, code: str, number: int) -> HttpResponse:
    gate = _gate(request, code, number)
    form = GateForm(request.POST or None, instance=gate)
    title = _("Gate %(number)s: %(name)s") % {"number": gate.number, "name": gate.name}
    return _change(request, gate.unit, gate, form, title, services.change_gate)


@require_POST
@requires("units.edit")
def remove_gate(request: HttpRequest, code: str, number: int) -> HttpResponse:
    gate = _gate(request, code, number)
    return _remove(request, gate.unit, gate, services.remove_gate)


@require_http_methods(_BOTH)
@requires("units.edit")
def new_lane(request: HttpRequest, code: str, number: int) -> HttpResponse:
    gate = _gate(request, code, number)
    form = LaneForm(request.POST or None)
    title = _("New lane of %s") % gate.name
    return _enter(request, gate.unit, form, title, services.add_lane, at=gate)


@require_http_methods(_BOTH)
@requires("units.edit")
def edit_lane(request: HttpRequest, code: str, number: int, lane: int) -> HttpResponse:
    found = _lane(request, code, number, lane)
    form = LaneForm(request.POST or None, instance=found)
    title = _("Lane %(number)s of %(gate)s") % {"number": found.number, "gate": found.gate.name}
    return _change(request, found.gate.unit, found, form, title, services.change_lane)


@require_POST
@requires("units.edit")
def remove_lane(request: HttpRequest, code: str, number: int, lane: int) -> HttpResponse:
    found = _lane(request, code, number, lane)
    return _remove(request, found.gate.unit, found, services.remove_lane)


@require_http_methods(_BOTH)
@requires("units.edit")
def new_scale(request: HttpRequest, code: str) -> HttpResponse:
    unit = visible_unit(request, code)
    form = ScaleForm(request.POST or None, unit=unit)
    return _enter(request, unit, form, _("New scale"), services.add_scale)


@require_http_methods(_BOTH)
@requires("units.edit")
def edit_scale(request: HttpRequest, code: str, number: int) -> HttpResponse:
    scale = _device(request, Scale, code, number)
    form = ScaleForm(request.POST or None, instance=scale, unit=scale.unit)
    return _change(request, scale.unit, scale, form, str(scale), services.change_device)


@require_POST
@requires("units.edit")
def remove_scale(request: HttpRequest, code: str, number: int) -> HttpResponse:
    scale = _device(request, Scale, code, number)
    return _remove(request, scale.unit, scale, services.remove_device)


@require_http_methods(_BOTH)
@requires("units.edit")
def new_thing(request: HttpRequest, code: str) -> HttpResponse:
    unit = visible_unit(request, code)
    form = EquipmentForm(request.POST or None, unit=unit)
    return _enter(request, unit, form, _("New equipment"), services.add_equipment)


@require_http_methods(_BOTH)
@requires("units.edit")
def edit_thing(request: HttpRequest, code: str, number: int) -> HttpResponse:
    thing = _device(request, Equipment, code, number)
    form = EquipmentForm(request.POST or None, instance=thing, unit=thing.unit)
    return _change(request, thing.unit, thing, form, str(thing), services.change_device)


@require_POST
@requires("units.edit")
def remove_thing(request: HttpRequest, code: str, number: int) -> HttpResponse:
    thing = _device(request, Equipment, code, number)
    return _remove(request, thing.unit, thing, services.remove_device)


def _enter(
    request: HttpRequest,
    unit: SourceUnit,
    form: Any,
    title: str,
    service: Callable[..., Any],
    at: Gate | None = None,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        made = service(request.user, at or unit, **form.cleaned_data)
        messages.success(request, _("%s is entered.") % made)
        return redirect("ledger:unit_equipment", unit.code)
    return _form(request, unit, form, title)


def _change(
    request: HttpRequest,
    unit: SourceUnit,
    record: Any,
    form: Any,
    title: str,
    service: Callable[..., Any],
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        service(request.user, record, **form.cleaned_data)
        messages.success(request, _("The changes to %(unit)s are saved.") % {"unit": record})
        return redirect("ledger:unit_equipment", unit.code)
    return _form(request, unit, form, title, removes=f"{request.path}remove/")


def _form(
    request: HttpRequest, unit: SourceUnit, form: Any, title: str, removes: str = ""
) -> HttpResponse:
    context = {"form": form, "unit": unit, "title": title, "removes": removes}
    return render(request, "ledger/part_form.html", context)


def _remove(
    request: HttpRequest, unit: SourceUnit, record: Any, service: Callable[..., Any]
) -> HttpResponse:
    name = str(record)
    try:
        service(request.user, record)
    except services.InUse as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("%s is removed. The history keeps it.") % name)
    return redirect("ledger:unit_equipment", unit.code)


def _gate(request: HttpRequest, code: str, number: int) -> Gate:
    gates = Gate.objects.visible_to(request.user).select_related("unit__region")
    return get_object_or_404(gates, unit__code=code, number=number)


def _lane(request: HttpRequest, code: str, number: int, lane: int) -> Lane:
    lanes = Lane.objects.visible_to(request.user).select_related("gate__unit__region")
    return get_object_or_404(lanes, gate__unit__code=code, gate__number=number, number=lane)


def _device(request: HttpRequest, model: Any, code: str, number: int) -> Any:
    devices = model.objects.visible_to(request.user).select_related("unit__region")
    return get_object_or_404(devices, unit__code=code, number=number)
