"""The log of coming in, being refused and taking data out; and the lock after failed tries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.models import Max, Sum
from django.http import HttpRequest
from django.utils import timezone
from simple_history.models import HistoricalRecords

from hengyuan.platform.accounts.clients import address_of, agent_of
from hengyuan.platform.accounts.models import AccessEntry, AccessKind, User

LEAST_KEPT_DAYS = 180
"""Logs are kept for six months at least: Cybersecurity Law (网络安全法), article 21."""
_SAME_WITHIN_S = 60
_ONCE_A_DAY_S = 24 * 3600
# kinds that a browser left open could repeat for ever
_REPEATING = {AccessKind.REFUSED, AccessKind.LOCKED}
_DETAIL_CHARS = 300
_USERNAME_CHARS = 150


def note(
    kind: AccessKind,
    person: User | None,
    *,
    request: HttpRequest | None = None,
    username: str = "",
    about: User | None = None,
    detail: str = "",
) -> None:
    """Write an entry. Without `request` it is the one that is being answered, if there is any.

    The same refusal of the same person within a minute is written once.
    """
    request = request or getattr(HistoricalRecords.context, "request", None)
    address = address_of(request) if request is not None else None
    name = (person.username if person else username)[:_USERNAME_CHARS].replace("\0", "")
    detail = detail[:_DETAIL_CHARS].replace("\0", "")
    if kind in _REPEATING:
        same = f"access:{kind}:{hash((name, address, detail))}"
        if not cache.add(same, 1, _SAME_WITHIN_S):
            return
    AccessEntry.objects.create(
        kind=kind,
        person=person,
        username=name,
        office_id=_office_of(person, about),
        about=about,
        address=address,
        agent=agent_of(request) if request is not None else "",
        detail=detail,
    )
    forget_once_a_day()


def _office_of(person: User | None, about: User | None) -> int | None:
    concerned = person or about
    return concerned.office_id if concerned else None


def person_named(username: str) -> User | None:
    """Whose account a typed user name is; None for a name that nobody has."""
    found: User | None = User.objects.filter(
        username=username[:_USERNAME_CHARS].replace("\0", "")
    ).first()
    return found


# what is old goes


def kept_days() -> int:
    """How long entries are kept."""
    return max(LEAST_KEPT_DAYS, settings.ACCOUNTS_ACCESS_LOG_DAYS)


def forget_once_a_day() -> None:
    """Remove what is older than the office keeps; one of the entries of a day sees to it."""
    if cache.add("access:forgotten", 1, _ONCE_A_DAY_S):
        forget_old(timezone.now() - timedelta(days=kept_days()))


def forget_old(before: datetime) -> int:
    """Remove the entries before that time; the database keeps those of the last six months."""
    table = connection.ops.quote_name(AccessEntry._meta.db_table)
    # a day more than the trigger asks for: the two clocks need not agree to the second
    least = timezone.now() - timedelta(days=LEAST_KEPT_DAYS + 1)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE at < %s", [min(before, least)])  # noqa: S608
        return int(cursor.rowcount)


# locks


def cool_off() -> timedelta:
    """How long a login stays locked after the last failed try."""
    return timedelta(hours=settings.AXES_COOLOFF_TIME)


def locked_until(usernames: Iterable[str], address: str | None = None) -> dict[str, datetime]:
    """Those of the user names whose login is locked, with the time until which it is.

    Login is locked for a name from an address; `address` asks about that one alone.
    """
    failed = AccessAttempt.objects.filter(
        username__in=list(usernames), attempt_time__gt=timezone.now() - cool_off()
    )
    if address is not None:
        failed = failed.filter(ip_address=address)
    return _locked(failed)


def all_locked() -> dict[str, datetime]:
    """Every locked user name with the time until which it is; also names that nobody has."""
    since = timezone.now() - cool_off()
    return _locked(AccessAttempt.objects.filter(attempt_time__gt=since))


def _locked(failed: Any) -> dict[str, datetime]:
    counted = (
        failed.order_by()
        .values("username", "ip_address")
        .annotate(tries=Sum("failures_since_start"), last=Max("attempt_time"))
        .filter(tries__gte=settings.AXES_FAILURE_LIMIT)
    )
    until: dict[str, datetime] = {}
    for row in counted:
        ends = row["last"] + cool_off()
        until[row["username"]] = max(ends, until.get(row["username"], ends))
    return until


def unlock(by: User, person: User) -> bool:
    """Let the person try again at once; False if there was nothing to lift."""
    if not reset(username=person.username):
        return False
    note(AccessKind.UNLOCKED, by, about=person)
    return True
