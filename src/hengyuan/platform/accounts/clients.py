"""Where a request comes from."""

from __future__ import annotations

import ipaddress

from django.http import HttpRequest

from hengyuan.platform.accounts.models.access import AccessEntry

_AGENT_CHARS: int = AccessEntry._meta.get_field("agent").max_length or 0


def address_of(request: HttpRequest) -> str | None:
    """The client's address; None where the server says something that is none."""
    try:
        return str(ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")))
    except ValueError:
        return None


def agent_of(request: HttpRequest) -> str:
    """What the browser says of itself, cut to what is kept."""
    return str(request.META.get("HTTP_USER_AGENT", ""))[:_AGENT_CHARS].replace("\0", "")
