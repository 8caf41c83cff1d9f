"""Who writes and why, on every row that the history keeps."""

from __future__ import annotations

from typing import Any

from django.db.models import Max

from hengyuan.platform.accounts.models import User

REASON_CHARS = 100


def sign(record: Any, by: User | None, reason: Any) -> None:
    """Mark a record with its author and reason; the next save puts both into the history."""
    record._history_user = by
    record._change_reason = str(reason)[:REASON_CHARS]


def checked_save(record: Any, by: User | None, reason: Any) -> None:
    """Check all fields (ValidationError names what is wrong), sign and store."""
    record.full_clean()
    sign(record, by, reason)
    record.save()


def signed_delete(record: Any, by: User | None, reason: Any) -> None:
    """Remove a row; its history says who did it and why."""
    sign(record, by, reason)
    record.delete()


def lock(model: Any, pk: int) -> None:
    """Hold the row until the transaction ends."""
    model.objects.select_for_update().filter(pk=pk).values_list("pk").get()


def next_number(siblings: Any) -> int:
    """One more than the highest number among them."""
    return (siblings.aggregate(last=Max("number"))["last"] or 0) + 1
