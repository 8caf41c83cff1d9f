"""Who asks: for views, which nobody reaches without a login."""

from __future__ import annotations

from django.http import HttpRequest

from hengyuan.platform.accounts.models import User


def person_of(request: HttpRequest) -> User:
    """The person who is logged in."""
    assert isinstance(request.user, User)
    return request.user
