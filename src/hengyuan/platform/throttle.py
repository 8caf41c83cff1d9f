"""A ceiling on how often one address may ask for something, for what is open without a login."""

from collections.abc import Callable
from functools import wraps
from ipaddress import IPv6Address, ip_address
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse

# one customer of a provider has at least a /64 of IPv6 addresses to himself
_IPV6_CUSTOMER_BITS = 64

Refusal = Callable[[HttpRequest, int, int], HttpResponse]


def as_json(request: HttpRequest, limit: int, period_s: int) -> HttpResponse:
    """The refusal that a program reads."""
    answer = {
        "error": "too_many_requests",
        "detail": f"more than {limit} requests in {period_s} s; wait and try again",
    }
    return JsonResponse(answer, status=429)


def throttled(
    name: str, limit: int, period_s: int, refuse: Refusal = as_json
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """At most `limit` requests of one client address within `period_s`; beyond that 429.

    Counted per process.
    """

    def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(view)
        def counted(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if spend(request, name, limit, period_s):
                return view(request, *args, **kwargs)
            answer = refuse(request, limit, period_s)
            answer.headers["Retry-After"] = str(period_s)
            return answer

        return counted

    return decorate


def spend(request: HttpRequest, name: str, limit: int, period_s: int) -> bool:
    """Count one more of `name` for this client; False once there were more than `limit`."""
    key = f"throttle:{name}:{client_of(request)}"
    cache.add(key, 0, period_s)
    try:
        count = cache.incr(key)
    except ValueError:  # it ran out between the two calls
        cache.set(key, 1, period_s)
        count = 1
    return count <= limit


def client_of(request: HttpRequest) -> str:
    """Who asks, as far as an address tells: the address, of IPv6 the customer's part of it."""
    address = str(request.META.get("REMOTE_ADDR", ""))
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(int(found) >> (128 - _IPV6_CUSTOMER_BITS))
    return address
