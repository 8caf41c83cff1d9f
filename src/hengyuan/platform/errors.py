"""Error pages that say what happened and what to do."""

import structlog
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from hengyuan.platform.accounts.access import note
from hengyuan.platform.accounts.models import AccessKind
from hengyuan.platform.observing import request_id

log = structlog.get_logger(__name__)


def _page(request: HttpRequest, status: int, title: str, advice: str) -> HttpResponse:
    number = request_id()
    context = {"status": status, "title": title, "advice": advice, "request_id": number}
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        # whoever is logged in may quote the page's number: the log then knows it, too
        match = request.resolver_match
        log.info("page.error", status=status, route=match.route if match else "", user=user.pk)
    return render(request, "error.html", context, status=status)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(
        request,
        404,
        _("Not found"),
        _("The address is wrong, or what it names lies outside your region."),
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    user = getattr(request, "user", None)
    if user is not None and user.is_authenticated:
        detail = f"{request.method} {request.path} ({exception})"
        note(AccessKind.REFUSED, user, request=request, detail=detail)
    return _page(
        request,
        403,
        _("Not allowed"),
        _("Your office or role may not do this. The head of your office can change your role."),
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, 400, _("Bad request"), _("Go back, load the page again and retry."))


def server_error(request: HttpRequest) -> HttpResponse:
    return _page(
        request,
        500,
        _("Something failed here"),
        _("The fault is on the platform's side and has been logged. Try again in a minute."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(
        request,
        403,
        _("The page was too old"),
        _("Load the page again and repeat what you did. Cookies must be allowed."),
    )
