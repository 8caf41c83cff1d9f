"""Reads about terminals, always within a person's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from hengyuan.platform.ledger.models import SourceUnit
from hengyuan.platform.terminals.models import (
    ONLINE_WITHIN,
    Terminal,
    TerminalQuerySet,
    TerminalState,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


def figures(user: User | AnonymousUser) -> dict[str, int]:
    """Terminals in scope: enrolled, of these online and silent, planned, suspended."""
    since = timezone.now() - ONLINE_WITHIN
    enrolled = Q(state=TerminalState.ENROLLED)
    counts = Terminal.objects.visible_to(user).aggregate(
        enrolled=Count("pk", filter=enrolled),
        online=Count("pk", filter=enrolled & Q(last_seen_at__gte=since)),
        planned=Count("pk", filter=Q(state=TerminalState.PLANNED)),
        suspended=Count("pk", filter=Q(state=TerminalState.SUSPENDED)),
    )
    return counts | {"silent": counts["enrolled"] - counts["online"]}


def silent(user: User | AnonymousUser) -> TerminalQuerySet:
    """Enrolled terminals that have not been heard for three heartbeats, longest silence first."""
    since = timezone.now() - ONLINE_WITHIN
    return (
        Terminal.objects.visible_to(user)
        .enrolled()
        .filter(Q(last_seen_at__lt=since) | Q(last_seen_at=None))
        .select_related("unit__region")
        .order_by(F("last_seen_at").asc(nulls_first=True), "code")
    )


def planned(user: User | AnonymousUser) -> TerminalQuerySet:
    """Terminals that are entered but not enrolled yet, oldest first."""
    return (
        Terminal.objects.visible_to(user)
        .filter(state=TerminalState.PLANNED)
        .select_related("unit__region")
        .order_by("created_at")
    )


def with_terminal_counts(units: QuerySet[SourceUnit]) -> QuerySet[SourceUnit]:
    """Adds to each unit `terminal_count` (those not retired) and `online_count`."""
    since = timezone.now() - ONLINE_WITHIN
    return units.annotate(
        terminal_count=Count("terminals", filter=~Q(terminals__state=TerminalState.RETIRED)),
        online_count=Count(
            "terminals",
            filter=Q(terminals__state=TerminalState.ENROLLED, terminals__last_seen_at__gte=since),
        ),
    )
