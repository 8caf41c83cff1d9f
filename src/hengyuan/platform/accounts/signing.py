"""Who writes and why, on every row that the history keeps."""

from __future__ import annotations

from typing import Any

from hengyuan.platform.accounts.models import User
from hengyuan.platform.versioning import Versioned

REASON_CHARS = 100


def sign(record: Any, by: User | None, reason: Any) -> None:
    """Mark a record with its author and reason; the next save puts both into the history."""
    record._history_user = by
    record._change_reason = str(reason)[:REASON_CHARS]


def checked_save(record: Any, by: User | None, reason: Any) -> None:
    """Check all fields (ValidationError names what is wrong), sign, count, store."""
    record.full_clean()
    signed_save(record, by, reason)


def signed_save(record: Any, by: User | None, reason: Any) -> None:
    """The same for what needs no check; the caller holds the lock of a versioned row."""
    sign(record, by, reason)
    if isinstance(record, Versioned):
        record.step()
    record.save()
