"""In which browsers people are logged in: keeping the list, ending one or all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.http import HttpRequest
from django.utils import timezone

from hengyuan.platform.accounts.clients import address_of, agent_of
from hengyuan.platform.accounts.models import LoginSession, User

SEEN_EVERY_S = 60


def note_seen(request: HttpRequest) -> None:
    """Write down that this session is in use; at most once a minute for each."""
    key = request.session.session_key
    if not key or not cache.add(f"seen:{key}", 1, SEEN_EVERY_S):
        return
    now = timezone.now()
    seen = {"seen_at": now, "address": address_of(request), "agent": agent_of(request)}
    if LoginSession.objects.filter(session_key=key, person=request.user.pk).update(**seen):
        return
    # two first requests of one session come at the same time: the second finds it entered
    first: dict[str, Any] = {"session_key": key, "person_id": request.user.pk, "began_at": now}
    LoginSession.objects.bulk_create([LoginSession(**first, **seen)], ignore_conflicts=True)


def of_person(person: User) -> list[LoginSession]:
    """The person's sessions that are still open, the one seen last first.

    Those that have run out or were logged out meanwhile leave the list for good.
    """
    listed = LoginSession.objects.filter(person=person)
    still_open = Session.objects.filter(expire_date__gt=timezone.now()).values("session_key")
    listed.exclude(session_key__in=still_open).delete()
    return list(listed)


def end(session: LoginSession) -> None:
    """Log that browser out."""
    _end([session.session_key])


def end_others(person: User, kept_key: str | None) -> int:
    """Log the person out everywhere but in the session of that key; how many there were."""
    others = LoginSession.objects.filter(person=person).exclude(session_key=kept_key or "")
    return _end(list(others.values_list("session_key", flat=True)))


def end_all(people: Iterable[User]) -> int:
    """Log these people out everywhere; how many sessions there were."""
    listed = LoginSession.objects.filter(person__in=people)
    return _end(list(listed.values_list("session_key", flat=True)))


def _end(keys: list[str]) -> int:
    Session.objects.filter(session_key__in=keys).delete()
    LoginSession.objects.filter(session_key__in=keys).delete()
    cache.delete_many([f"seen:{key}" for key in keys])
    return len(keys)
