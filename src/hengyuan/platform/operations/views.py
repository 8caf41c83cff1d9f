"""The page on which the platform's keeper sees how it stands."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from hengyuan.platform.accounts.permissions import requires
from hengyuan.platform.operations import queries


@require_GET
@requires("operations.view")
def overview(request: HttpRequest) -> HttpResponse:
    """Health, last backup, disks, queue of intake, database and versions."""
    context = {"title": _("Operations"), "overview": queries.overview()}
    return render(request, "operations/overview.html", context)
