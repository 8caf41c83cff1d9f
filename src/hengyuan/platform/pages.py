"""Pages of the platform as a whole: the first one after login, and the choice of light or dark."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from hengyuan.platform.ledger import queries as ledger
from hengyuan.platform.terminals import queries as terminals

_THEMES = {"light", "dark"}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What asks for attention today in this person's scope."""
    context = {
        "units": ledger.figures(request.user),
        "terminals": terminals.figures(request.user),
        "silent": terminals.silent(request.user)[:10],
        "planned": terminals.planned(request.user)[:10],
    }
    return render(request, "pages/home.html", context)


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Light or dark, kept in a cookie of this browser."""
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    answer = HttpResponseRedirect(wanted if safe else "/")
    chosen = request.POST.get("theme")
    if chosen in _THEMES:
        answer.set_cookie(
            "hengyuan_theme",
            chosen,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            samesite="Lax",
            secure=settings.HTTPS,
            httponly=True,
        )
    return answer
