"""A ceiling on how often one address may ask for something, for what is open without a login."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, JsonResponse


def throttled(
    name: str, limit: int, period_s: int
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """At most `limit` requests of one client address within `period_s`; beyond that 429 as JSON.

    Counted per process.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            key = f"throttle:{name}:{request.META.get('REMOTE_ADDR', '')}"
            cache.add(key, 0, period_s)
            try:
                count = cache.incr(key)
            except ValueError:  # it ran out between the two calls
                cache.set(key, 1, period_s)
                count = 1
            if count > limit:
                answer = {
                    "error": "too_many_requests",
                    "detail": f"more than {limit} requests in {period_s} s; wait and try again",
                }
                return JsonResponse(answer, status=429, headers={"Retry-After": str(period_s)})
            return view(request, *args, **kwargs)

        return counted

    return decorate
