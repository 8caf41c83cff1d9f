"""Writes of this room: the note of who took records out. The records themselves are intake's."""

from __future__ import annotations

from typing import Any

from hengyuan.platform.accounts import services as accounts
from hengyuan.platform.accounts.models import User
from hengyuan.platform.weighing.models import Export


def note_export(
    by: User | None,
    what: Export.What,
    wanted: dict[str, Any],
    description: str,
    records: int | None = None,
) -> Export:
    """Note an export before its first byte leaves; `records` where the number is known already.

    `by` is None for the command line alone.
    """
    if by is not None:
        accounts.note_export(by, f"{Export.What(what).label}; {description}")
    return Export.objects.create(
        by=by, what=what, wanted=wanted, description=description, records=records
    )


def note_exported(export: Export, records: int) -> None:
    """Add how many records the export held."""
    Export.objects.filter(pk=export.pk).update(records=records)
