"""Pages of the platform as a whole: the first one after login, and the choice of light or dark."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from hengyuan.platform.duties import duties_of, figures_of

_THEMES = {"light", "dark"}


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What this person must do today, what to keep an eye on, and the figures of their scope."""
    found = duties_of(request.user) if request.user.is_authenticated else []
    context = {
        "todo": [duty for duty in found if duty.is_mine],
        "watched": [duty for duty in found if not duty.is_mine],
        "figures": figures_of(request.user),
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
