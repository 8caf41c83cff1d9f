"""The place of a record in the order of time, as pages and searches name it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from hengyuan.platform.weighing import columns

NEWEST_FIRST = ("-weighed_at", "-terminal_id", "-seq")
OLDEST_FIRST = ("weighed_at", "terminal_id", "seq")


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place of a record in the order of time; written `ms.terminal.seq` in addresses."""

    weighed_at: datetime
    terminal_id: int
    seq: int

    @classmethod
    def of(cls, row: Any) -> Cursor:
        return cls(row.weighed_at, row.terminal_id, row.seq)

    @classmethod
    def parse(cls, text: str | None) -> Cursor | None:
        """The cursor of an address; None for anything that is none."""
        parts = (text or "").split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            return None
        ms, terminal_id, seq = (int(part[:19]) for part in parts)
        try:
            return cls(columns.instant(ms), min(terminal_id, 2**31 - 1), min(seq, 2**63 - 1))
        except OverflowError:
            return None

    def __str__(self) -> str:
        return f"{columns.milliseconds(self.weighed_at)}.{self.terminal_id}.{self.seq}"

    def beyond(self, way: str) -> Q:
        """What lies behind it on the way `lt` (earlier) or `gt` (later).

        The first condition is the one that the index on time serves; the others only decide
        among records of the same millisecond.
        """
        return Q(**{f"weighed_at__{way}e": self.weighed_at}) & (
            Q(**{f"weighed_at__{way}": self.weighed_at})
            | Q(**{f"terminal_id__{way}": self.terminal_id})
            | Q(terminal_id=self.terminal_id, **{f"seq__{way}": self.seq})
        )
