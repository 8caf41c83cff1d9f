"""Reads about journals and what stands at terminals, always within a person's scope."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q, QuerySet
from django.utils.timezone import localdate

from hengyuan.platform.accounts.scope import visible_regions
from hengyuan.platform.regions.models import Region
from hengyuan.platform.terminals.models import Terminal, TerminalState
from hengyuan.platform.upkeep.models import VERIFICATION_WARNS, JournalEntry, Matter, MatterKind

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


@dataclass(frozen=True, slots=True)
class CountyMatters:
    """A county, and how many matters of each kind want somebody at its terminals."""

    region: Region
    counts: dict[str, int]

    @property
    def total(self) -> int:
        """Of all kinds."""
        return sum(self.counts.values())

    @property
    def cells(self) -> list[tuple[str, int]]:
        """The number of each kind, in the order of `MatterKind`."""
        return [(kind, self.counts.get(kind, 0)) for kind in MatterKind.values]


def wanting() -> Q:
    """Matters that want somebody: what is no verification by its mark, these by their day."""
    ends = localdate() + VERIFICATION_WARNS
    is_verification = Q(kind=MatterKind.VERIFICATION)
    return (~is_verification & Q(is_warning=True)) | (is_verification & Q(due__lte=ends))


def matters(user: User | AnonymousUser) -> QuerySet[Matter]:
    """What stands at the terminals in scope, retired ones left out; plans first."""
    return (
        Matter.objects.visible_to(user)
        .exclude(terminal__state=TerminalState.RETIRED)
        .select_related("terminal__unit__region")
        .order_by("kind", "since")
    )


def matters_of(terminal: Terminal) -> list[Matter]:
    """What stands at one terminal; the caller has checked that it may be seen."""
    return list(Matter.objects.filter(terminal=terminal).order_by("kind", "key"))


def newest_entries(
    terminal: Terminal, count: int = 10, of: tuple[str, ...] = ()
) -> list[JournalEntry]:
    """The last entries of one terminal, `of` these codes only where any are named; the caller has
    checked that it may be seen."""
    entries = JournalEntry.objects.filter(terminal=terminal)
    if of:
        entries = entries.filter(what__in=of)
    return list(entries.order_by("-number")[:count])


def wanted_counts(user: User | AnonymousUser) -> dict[str, int]:
    """How many matters of each kind want somebody, in scope."""
    counts = dict.fromkeys(MatterKind.values, 0)
    for kind in matters(user).filter(wanting()).values_list("kind", flat=True):
        counts[kind] += 1
    return counts


def by_county(user: User | AnonymousUser) -> list[CountyMatters]:
    """Each county in scope with what wants somebody there, the one with most of it first."""
    counts: dict[str, dict[str, int]] = {}
    found = matters(user).filter(wanting()).values_list("terminal__unit__region_id", "kind")
    for code, kind, number in found.annotate(n=Count("pk")).order_by():
        counts.setdefault(code, {})[kind] = number
    rows = [
        CountyMatters(region, counts.get(region.pk, {}))
        for region in visible_regions(user).counties()
    ]
    return sorted(rows, key=lambda row: (-row.total, row.region.pk))


def entries(user: User | AnonymousUser) -> QuerySet[Any]:
    """The journal in scope."""
    visible = JournalEntry.objects.visible_to(user)
    return visible.select_related("terminal__unit__region").order_by("-at", "-number")
