"""Reads of the ledger, always within a person's scope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Q

from hengyuan.platform.ledger.models import Grade, SourceUnit, WorkingState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from hengyuan.platform.accounts.models import User


def figures(user: User | AnonymousUser) -> dict[str, int]:
    """How many units are in scope: all that are not closed, the working, the key ones."""
    kept = SourceUnit.objects.visible_to(user).exclude(state=WorkingState.CLOSED)
    return kept.aggregate(
        all=Count("pk"),
        working=Count("pk", filter=Q(state=WorkingState.WORKING)),
        key=Count("pk", filter=Q(grade=Grade.KEY)),
    )
