"""Records that somebody looks for: over the limit, not judged, marked, corrected, very heavy, or
judged otherwise at the gate.

They are a small part of all, and have an index of their own (`weighing_remarkable`) that holds
everything that such a search decides by. A filter that asks for any of it is answered from there.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField
from django.db.models.expressions import RawSQL

WHERE = (
    "flags <> 0 OR platform_verdict <> 0 OR kind > 1 OR corrects IS NOT NULL"
    " OR gross_kg >= 80000 OR verdict <> platform_verdict OR limit_kg <> platform_limit_kg"
    " OR (verdict IS NOT NULL AND limit_kg IS NULL)"
)
"""The condition of the index, word for word: PostgreSQL takes it only for queries that say it."""

IS_REMARKABLE = RawSQL(WHERE, (), output_field=BooleanField())  # noqa: S611 - words of our own

_KINDS = {"reweigh", "void", "correction"}


def is_asked_for(wanted: dict[str, Any]) -> bool:
    """True when a filter can only be fitted by remarkable records."""
    return (
        wanted.get("verdict") in ("over", "unknown")
        or wanted.get("kind") in _KINDS
        or any(wanted.get(name) for name in ("band", "flag", "differs", "heavy"))
    )
