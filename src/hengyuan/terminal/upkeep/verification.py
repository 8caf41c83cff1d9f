"""Certificates of scales: how long each still holds, and when it is to be said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

WARN_DAYS = 30
"""So long before its end a certificate is warned of (docs/protocol.md §12.1)."""

Standing = Literal["none", "valid", "due", "expired"]


@dataclass(frozen=True, slots=True)
class Validity:
    """How it stands with a scale's certificate; `days` until its end, negative behind it."""

    standing: Standing
    days: int = 0


def validity(valid_until: str | None, today: date) -> Validity:
    """A certificate holds on its last day too; None: there is none."""
    if valid_until is None:
        return Validity("none")
    days = (date.fromisoformat(valid_until) - today).days
    if days < 0:
        return Validity("expired", days)
    return Validity("due" if days <= WARN_DAYS else "valid", days)


def warning_due(standing: Standing, warned: str) -> str | None:
    """The warning that has to be given now; None where it was given or none is due."""
    if standing == "expired" and warned != "expired":
        return "expired"
    if standing == "due" and not warned:
        return "due"
    return None
