"""Reads about terminals, always within a person's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, F, Q, QuerySet, TextField
from django.db.models.functions import Cast
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


CLOCK_OFF_MS = 5_000
"""A clock further off than this flags the records that it dates (docs/protocol.md)."""
DISK_LOW_MB = 2_048
"""Less free space than this wants somebody: pictures of some days fill it."""


def in_trouble(kind: str) -> Q:
    """Terminals whose last heartbeat told of trouble: "clock", "disk" or "device"."""
    return {
        "clock": Q(clock_offset_ms__gt=CLOCK_OFF_MS)
        | Q(clock_offset_ms__lt=-CLOCK_OFF_MS)
        | Q(clock_offset_ms__isnull=True),
        "disk": Q(disk_free_mb__lt=DISK_LOW_MB),
        "device": Q(states_text__contains='"fault"') | Q(states_text__contains='"offline"'),
    }[kind]


def troubled(terminals: TerminalQuerySet, kind: str) -> TerminalQuerySet:
    """Those of the terminals that are heard and in that trouble; silent ones say nothing new."""
    since = timezone.now() - ONLINE_WITHIN
    heard = terminals.enrolled().filter(last_seen_at__gte=since)
    return heard.annotate(states_text=Cast("device_states", TextField())).filter(in_trouble(kind))


def trouble_figures(user: User | AnonymousUser) -> dict[str, int]:
    """How many of the terminals that are heard have a wrong clock, a full disk, a faulty device."""
    since = timezone.now() - ONLINE_WITHIN
    heard = Terminal.objects.visible_to(user).enrolled().filter(last_seen_at__gte=since)
    return heard.annotate(states_text=Cast("device_states", TextField())).aggregate(
        clock=Count("pk", filter=in_trouble("clock")),
        disk=Count("pk", filter=in_trouble("disk")),
        device=Count("pk", filter=in_trouble("device")),
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
