"""Closing a unit and opening it again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.ledger import services
from hengyuan.platform.ledger.forms import CloseForm, ReopenForm
from hengyuan.platform.ledger.unit_page import visible_unit


@require_http_methods(["GET", "POST"])
@requires("units.close")
def close(request: HttpRequest, code: str) -> HttpResponse:
    found = visible_unit(request, code)
    form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.close_unit(request.user, found, **form.cleaned_data)  # type: ignore[arg-type]
        except services.WrongState as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("%s is closed. Its records stay.") % found)
        return redirect(found)
    context = {
        "form": form,
        "unit": found,
        "title": _("Close %s") % found,
        "button": _("Close the unit"),
        "terminals": found.terminals.exclude(state="retired"),
    }
    return render(request, "ledger/close.html", context)


@require_http_methods(["GET", "POST"])
@requires("units.close")
def reopen(request: HttpRequest, code: str) -> HttpResponse:
    found = visible_unit(request, code)
    form = ReopenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.reopen_unit(request.user, found, **form.cleaned_data)  # type: ignore[arg-type]
        except services.WrongState as error:
            messages.error(request, str(error))
        else:
            messages.success(request, _("%s is open again.") % found)
        return redirect(found)
    context = {
        "form": form,
        "unit": found,
        "title": _("Re-open %s") % found,
        "button": _("Re-open the unit"),
    }
    return render(request, "ledger/close.html", context)
