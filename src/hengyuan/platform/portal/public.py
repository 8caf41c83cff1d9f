"""What every page without a login has in common: limits, headers, and the frame around it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.constants import NONE, SELF
from csp.decorators import csp
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from hengyuan.platform.portal import queries
from hengyuan.platform.throttle import spend

MINUTE_S, HOUR_S = 60, 3600

# These pages run no script at all, so nothing that got into one of them could.
_POLICY = {
    "default-src": [NONE],
    "style-src": [SELF],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}

View = Callable[..., HttpResponse]


def public_page(
    *, methods: tuple[str, ...] = ("GET", "HEAD"), indexed: bool = False, per_minute: int = 240
) -> Callable[[View], View]:
    """Decorator of a view that anybody may open.

    `indexed` pages may be found by a search engine (never from its own copy, so that what is
    withdrawn is gone); all others hold what concerns one person and are kept by nobody.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def opened(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not spend(request, f"portal:{view.__name__}", per_minute, MINUTE_S):
                answer = too_many(request, MINUTE_S)
            else:
                try:
                    answer = view(request, *args, **kwargs)
                except Http404:
                    answer = show(request, "portal/not_found.html", {}, status=404)
            robots = "noarchive" if indexed and answer.status_code == 200 else "noindex, nofollow"
            answer.headers.setdefault("X-Robots-Tag", robots)
            answer.headers.setdefault(
                "Cache-Control", "private, no-cache" if indexed else "no-store"
            )
            return answer

        guarded: Any = require_http_methods(list(methods))(opened)
        return login_not_required(csp(_POLICY)(guarded))  # type: ignore[return-value]

    return decorate


def show(
    request: HttpRequest, template: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """A page in the public frame, which says whose it is."""
    framed = {"authority": queries.authority(), **context}
    return render(request, template, framed, status=status)


def too_many(request: HttpRequest, period_s: int) -> HttpResponse:
    """429, in words."""
    minutes = max(1, period_s // MINUTE_S)
    answer = show(request, "portal/too_many.html", {"minutes": minutes}, status=429)
    answer.headers["Retry-After"] = str(period_s)
    return answer
